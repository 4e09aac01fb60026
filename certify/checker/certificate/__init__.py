"""Certificates as records and as text, read as hostile input."""
