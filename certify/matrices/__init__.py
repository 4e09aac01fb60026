"""Is a symmetric matrix copositive, or completely positive? Answers with certificates.

The work of `certify copositive` and `certify cp`. M is copositive if z^T M z >= 0 for all z >= 0; A is
completely positive if it is a sum of b b^T with b >= 0 (docs/method.md, sections 7 and 8).
"""
