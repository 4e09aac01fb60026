"""Enclosing the global optimum of a training problem."""
