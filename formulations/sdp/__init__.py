"""Semidefinite relaxations of training: lower bounds of the optimum, by their dual points and multipliers.

SDP-NN replaces the products of the neurons' weights and activations by one positive semidefinite matrix;
Shor's relaxation asks less of that matrix, and is for larger data. `multiplier_generation` and `shor` are the
project's own methods, `reduced` and, with any loss, `reduced_losses` hand SDP-NN to a general solver, and
`paper_cvxpy` and `paper_picos` have it as the paper writes it, for comparison. What comes out are dual
points N with multipliers, estimates that a certificate may prove (docs/method.md, section 3a).
"""
