"""Forgeries of certificates, which a checker must refuse."""
