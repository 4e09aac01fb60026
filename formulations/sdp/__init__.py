"""Semidefinite relaxations of training: lower bounds of the optimum, by their dual points and multipliers.

SDP-NN replaces the products of the neurons' weights and activations by one positive semidefinite matrix;
Shor's relaxation asks less of that matrix, and is for larger data. `multiplier_generation` and `shor` are the
project's own methods, `rows` finds the samples that carry the bound, and `conic` hands SDP-NN to a general
solver. What comes out are dual points N with multipliers, estimates that a certificate may prove
(docs/method.md, section 3a).
"""
