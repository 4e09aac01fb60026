"""The compiled search for a proof tree on one simplicial cone (docs/method.md, section 3b).

Cones are visited depth first. On each, `leaf` tries the two rules that end a branch; where neither proves the
premise, `cut` chooses an edge and a point on it, and `path` enters the two cones that the cut makes.

Everything is floating point and nothing is trusted: what comes out is a tree for the exact checker.
"""
