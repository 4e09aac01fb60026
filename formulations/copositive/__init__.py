"""Matrices that are nonnegative on z >= 0, and their duals: searches for proofs and for counterexamples.

A symmetric matrix M is copositive if z^T M z >= 0 for all z >= 0; A is completely positive if it is a sum of
b b^T with b >= 0. The modules propose sums, points and inequalities in floating point; `certify.matrices`
makes proofs of them (docs/method.md, sections 7 and 8).
"""
