"""SDP-NN on a partition of the space of directions."""
