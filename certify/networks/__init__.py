"""Trained networks with exact weights, and the files that hold them."""
