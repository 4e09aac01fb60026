"""The mathematics behind certify, in floating point: arrays go in, numbers come out, and nothing is trusted.

What is found here becomes a proof elsewhere, in certificates that an exact checker decides on. `training`
finds networks and dual points, `sdp` solves the semidefinite relaxation SDP-NN, `partition` does so with the
space divided, `arbitrary_precision` to as many digits as are asked for, `rounding` makes networks of what
they find, and `copositive` is about matrices alone. docs/method.md explains all of it; its section 1 has the
symbols.
"""
