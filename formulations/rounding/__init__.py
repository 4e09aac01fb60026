"""From a relaxation's matrix to a network, and from a network to a narrower one that computes the same.

`splitting` makes neurons of the matrix, `rounding` repairs them, `caratheodory` drops neurons that others can
stand in for, in floats or exactly (docs/method.md, section 6).
"""
