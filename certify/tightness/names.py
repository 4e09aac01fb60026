"""The words by which a user asks a tightness study for a quantity or a baseline, and what baselines are.

They stand apart from the methods so that the command line's help need not load a numerical library.
"""

from __future__ import annotations

from difflib import get_close_matches

from certify.checker.errors import DataError
from certify.checker.text.names import quoted

# Of short names to keys of `certify.tightness.quantities.QUANTITIES`, in their order.
OWN = {
    "optimum": "optimum",
    "sdp-nn": "SDP-NN",
    "cuts": "SDP-NN, copositive cuts",
    "shor": "Shor",
    "rounding": "rounding",
    "l-bfgs": "L-BFGS",
    "sgd": "SGD, full batch",
    "sgd-batches": "SGD, batches",
}
# Each of `certify.tightness.baselines.table.BASELINES`, in their order.
BASELINE_WORDS = {
    "nngp": "regression with the kernel of infinite width whose output layer alone is trained",
    "ntk": "regression with the kernel of infinite width whose two layers are trained",
    "convex": "the convex program over all activation patterns, exact for one output",
    "copositive": "its relaxation for any number of outputs",
    "admm": "ADMM on the convex program over sampled patterns",
    "frank-wolfe": "Frank-Wolfe over networks as heavy as a trained one",
    "burer-monteiro": "SDP-NN by descent in a factor of low rank",
}
USUAL, ALL = "usual", "all"
NAMES = (*OWN, *BASELINE_WORDS)


def quantities_of(words: str) -> tuple[str, ...]:
    """Read a list of methods, separated by commas, as keys, each once and in the order given.

    Args:
        words: names of `NAMES`; "usual" stands for those of `OWN`, "all" for all.

    Raises:
        DataError: if a name is unknown, or there is none.
    """
    groups = {USUAL: tuple(OWN), ALL: NAMES}
    found: list[str] = []
    for word in filter(None, (word.strip().lower() for word in words.split(","))):
        for name in groups.get(word, (word,)):
            if name not in NAMES:
                near = get_close_matches(name, [*NAMES, *groups], 1)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise DataError(
                    f"the method {quoted(name)} is unknown: use some of {', '.join(NAMES)}, or {USUAL}, or "
                    f"{ALL}{meant}"
                )
            found.append(OWN.get(name, name))
    if not found:
        raise DataError(f"there is no method in {quoted(words)}: name some, or {USUAL}, or {ALL}")
    return tuple(dict.fromkeys(found))
