"""SDP-NN on parts of the space that share one dual point."""
