"""One relaxation for the whole space: SDP-NN or Shor."""
