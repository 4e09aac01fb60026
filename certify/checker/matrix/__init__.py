"""Certificates of a symmetric matrix."""
