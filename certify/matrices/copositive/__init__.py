"""Copositivity: a proof tree, or a witness."""
