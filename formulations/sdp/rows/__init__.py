"""SDP-NN of many samples by the few rows that carry its bound."""
