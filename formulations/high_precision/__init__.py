"""SDP-NN in ball arithmetic."""
