"""What a certificate proves of a training problem: a lower bound on the loss of every network."""
