"""The words by which a user names a method, a solver or a precision, with what they mean and do.

They stand apart from the methods so that the command line's help need not load a numerical library.
"""

from __future__ import annotations

AUTO = "auto"

# Each method of `certify.bounds.methods.METHODS`, in the order of the help.
DESCRIPTIONS = {
    "tree": "branch and bound over directions, for few features",
    "partition": "SDP-NN on regions, of the samples that matter most and of all",
    "sdp": "the relaxation SDP-NN",
    "shor": "Shor's relaxation, weak and quick",
}

# Up to so many features "auto" tries a tree; with more it proves less in minutes than the relaxations do.
LARGEST_TREE_FEATURES = 6

METHODS = (AUTO, *DESCRIPTIONS)

SOLVERS = (AUTO, "interior-point", "first-order", "mosek", "clarabel", "scs")

PRECISIONS = ("double", "high")
