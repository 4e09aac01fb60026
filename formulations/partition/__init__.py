"""A stronger bound than SDP-NN's: the space of hidden weights is divided, one dual point serves all parts.

Where the signs of some x_i . u are known, fewer activations have to be relaxed (docs/method.md, section 3c).
"""
