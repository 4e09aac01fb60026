"""SDP-NN as a program for general conic solvers: reduced, with every loss, and as the paper has it."""
