"""Exact problems and networks rounded to floats, for the searches; proofs go back to the exact ones."""
