"""Exact problems and networks rounded to floats, for searches."""
