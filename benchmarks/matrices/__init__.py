"""Measurements of the decisions on matrices and of a general solver on the same question."""
