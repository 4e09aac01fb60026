"""Integers, rationals, and when a form of them is nonnegative."""
