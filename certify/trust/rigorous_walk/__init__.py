"""The compiled walk of a proof tree in floating point with error bounds derived by hand.

In go the data, scaled to sizes of about 1, and a tree as tables (`tables`); out comes for each leaf whether
floating point settles it (`walk`). `path` has the cones on the way and `leaf` the leaf rules. Every number
that stands for an exact one comes with a bound on how far it may be off, in the terms of `rounding`, and
docs/method.md, section 5, derives each of them.

What such an enclosure proves holds for the exact cone; what it does not prove is left to the exact checker.
Every comparison is put so that it fails for NaN, and what fails proves nothing.
"""
