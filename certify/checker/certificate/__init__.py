"""Certificates: what they consist of, how they are written, and how they are read as hostile input."""
