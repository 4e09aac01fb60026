"""SDP-NN to as many digits as are asked for, in arithmetic of any precision (python-flint).

It is what `--precision high` runs. Exact data goes in, exact rationals that prove the digits come out;
`solve` is the door, the other modules are its parts (docs/method.md, section 3a).
"""
