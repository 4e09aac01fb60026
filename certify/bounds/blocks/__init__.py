"""Bounds that are proved block by block of samples."""
