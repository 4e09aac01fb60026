"""Losses in floats: what training, the dual point and its bound ask of a loss (docs/method.md, section 2).

`loss` says what that is, and each module beside it has a family: `squared`, `piecewise` (all that are made of
straight lines and parabolas, output by output), `multiclass`, and `entropy` (logistic, cross-entropy,
Poisson), whose duals are entropies. `reading` makes a loss of its text; `in_cvxpy` and `in_picos`
write losses down for general solvers, and nothing else here imports those packages.
"""
