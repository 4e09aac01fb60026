"""The proved program on proofs in blocks of samples: certificates written by hand, as text."""

import hashlib
import json
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.certify.trust.extracted.test_training import PROGRAM, needs_program

# Samples e_1, e_2 and e_1 + e_2 with the targets 3, 4, 5; gamma = 5/4.
PROBLEM = """certify problem 1
loss squared
output_bias none
gamma 5/4
size 3 2 1
denominators 1 1
1 0 ; 3
0 1 ; 4
1 1 ; 5
"""
TARGETS = (3, 4, 5)
# Each tree asks for the sign of its u_k; where it is positive, the output is T N_k u_k = 5/4 u_k, and
# gamma^2 G(u) - (5/4 u_k)^2 is 0.
LEAVES = ["leaf 1 1 0", "leaf 1 1 0"]
TREE = ["sign 0", *LEAVES, "sign 1", *LEAVES]
# N = (5/8, 1, 0); the first sample has T = 2, H = 1/4 and G = u_1^2, the second T = 5/4, H = 3/4, G = u_2^2.
NONE = {"cross": ["0", "0"]}
FIRST = {"rows": "0", "inputs": ["4", "0 0"], "outputs": ["1"], **NONE, "output_frame": ["8"], "nodes": 3}
SECOND = {"rows": "1", "inputs": ["0", "0 4"], "outputs": ["3"], **NONE, "output_frame": ["5"], "nodes": 3}


def blocks(*parts: object, **entries: Any) -> dict[str, Any]:
    return {"share_exponent": 2, "frame_exponent": 2, "parts": list(parts), **entries}


def certificate(
    of: object, tree: list[str] = TREE, over_eight: tuple[int, ...] = (5, 8, 0), **entries: Any
) -> str:
    """The text of a certificate of these blocks, whose claim is what its dual point, over 8, proves."""
    claim = sum(Fraction(a * y, 8) - Fraction(a * a, 128) for a, y in zip(over_eight, TARGETS, strict=True))
    header = {
        "format": "certify-certificate",
        "version": 1,
        "statement": "training",
        "problem_sha256": hashlib.sha256(PROBLEM.encode()).hexdigest(),
        "gamma": "5/4",
        "loss": "squared",
        "output_bias": "none",
        "preprocessing": None,
        "bound": f"{claim.numerator}/{claim.denominator}",
        "dual_exponent": 3,
        "dual_point": list(map(str, over_eight)),
        "frame": {"generators": ["1 0", "0 1"], "inverse": ["1 0", "0 1"], "scale": "1"},
        "blocks": of,
        "nodes": len(tree),
        "method": "by hand",
        **entries,
    }
    return "\n".join([json.dumps(header), *tree, ""])


def checked(text: str, folder: Path) -> tuple[int, dict[str, Any]]:
    """Return the program's exit code and what it says."""
    path, problem = folder / "c.cert", folder / "p.txt"
    path.write_text(text)
    problem.write_text(PROBLEM)
    command = [str(PROGRAM), str(path), "--text", str(problem), "--json"]
    run = subprocess.run(command, capture_output=True, timeout=60)
    return run.returncode, json.loads(run.stdout or "{}")


FORGERIES: dict[str, tuple[str, str, int | None]] = {
    "a sample of two blocks": (certificate(blocks(FIRST, {**SECOND, "rows": "0 1"})), "BLOCK_ROWS", None),
    "no such sample": (certificate(blocks(FIRST, {**SECOND, "rows": "1 3"})), "BLOCK_ROWS", None),
    "a sample beyond all": (
        certificate(blocks(FIRST, {**SECOND, "rows": f"1 {2**80}"})),
        "BLOCK_ROWS",
        None,
    ),
    "a sample of no block": (certificate(blocks(FIRST, SECOND), over_eight=(5, 8, 1)), "BLOCK_ROWS", None),
    "a block is missing": (certificate(blocks(FIRST), TREE[:3]), "BLOCK_ROWS", None),
    "too many inputs": (
        certificate(blocks({**FIRST, "inputs": ["4", "0 0", "0 0 0"]}, SECOND)),
        "BLOCK_SHAPE",
        None,
    ),
    "a square of inputs": (
        certificate(blocks({**FIRST, "inputs": ["4 0", "0 0"]}, SECOND)),
        "BLOCK_SHAPE",
        None,
    ),
    "too many outputs": (
        certificate(blocks(FIRST, {**SECOND, "outputs": ["3", "0 0"]})),
        "BLOCK_SHAPE",
        None,
    ),
    "no outputs": (certificate(blocks(FIRST, {**SECOND, "outputs": []})), "BLOCK_SHAPE", None),
    "too wide a frame": (
        certificate(blocks(FIRST, {**SECOND, "output_frame": ["5 0"]})),
        "BLOCK_SHAPE",
        None,
    ),
    "too few cross terms": (certificate(blocks(FIRST, {**SECOND, "cross": ["0"]})), "BLOCK_SHAPE", None),
    "too wide cross terms": (
        certificate(blocks(FIRST, {**SECOND, "cross": ["0", "0 0"]})),
        "BLOCK_SHAPE",
        None,
    ),
    "too large cross terms": (
        certificate(blocks(FIRST, {**SECOND, "cross": ["0", "1"]})),
        "SHARES",
        None,
    ),
    "no frame": (certificate(blocks(FIRST, {**SECOND, "output_frame": []})), "BLOCK_SHAPE", None),
    "all of |u|^2 twice": (certificate(blocks({**FIRST, "inputs": ["4", "0 4"]}, SECOND)), "SHARES", None),
    "more inputs off the diagonal": (
        certificate(blocks({**FIRST, "inputs": ["4", "1 0"]}, SECOND)),
        "SHARES",
        None,
    ),
    "more than |v|^2": (certificate(blocks({**FIRST, "outputs": ["2"]}, SECOND)), "SHARES", None),
    "too small a frame": (
        certificate(blocks({**FIRST, "output_frame": ["7"]}, SECOND)),
        "BLOCK_OUTPUT",
        None,
    ),
    "too small a share": (certificate(blocks({**FIRST, "outputs": ["0"]}, SECOND)), "BLOCK_OUTPUT", None),
    "too large a frame": (certificate(blocks(FIRST, {**SECOND, "output_frame": ["6"]})), "LEAF_FORM", 4),
    "too small an input": (certificate(blocks(FIRST, {**SECOND, "inputs": ["0", "0 3"]})), "LEAF_FORM", 4),
    "a tree is not complete": (
        certificate(blocks({**FIRST, "nodes": 2}, {**SECOND, "nodes": 4})),
        "COVER",
        None,
    ),
    "a tree has a node over": (
        certificate(blocks({**FIRST, "nodes": 4}, {**SECOND, "nodes": 2})),
        "COVER",
        3,
    ),
    "rows come before shapes": (
        certificate(blocks({**FIRST, "rows": "1", "outputs": []}, SECOND)),
        "BLOCK_ROWS",
        None,
    ),
    "the frame comes before rows": (
        certificate(
            blocks(FIRST),
            frame={"generators": ["1 0", "0 1"], "inverse": ["1 0", "0 2"], "scale": "1"},
            nodes=3,
            tree=TREE[:3],
        ),
        "FRAME_INVERSE",
        None,
    ),
}
MALFORMED: dict[str, object] = {
    "null": None,
    "a list": [],
    "no parts": blocks(),
    "parts are no list": blocks(parts={}),
    "a part is no object": blocks(FIRST, "0"),
    "an exponent is a text": blocks(FIRST, SECOND, share_exponent="2"),
    "an exponent is vast": blocks(FIRST, SECOND, frame_exponent=10_001),
    "an exponent is negative": blocks(FIRST, SECOND, share_exponent=-1),
    "an unknown entry": blocks(FIRST, SECOND, shares=2),
    "an unknown entry of a part": blocks(FIRST, {**SECOND, "tree": 3}),
    "an entry is missing": blocks(FIRST, {key: SECOND[key] for key in SECOND if key != "outputs"}),
    "rows descend": blocks(FIRST, {**SECOND, "rows": "2 1"}),
    "rows twice": blocks(FIRST, {**SECOND, "rows": "1 1"}),
    "a row is negative": blocks(FIRST, {**SECOND, "rows": "-1"}),
    "no row": blocks(FIRST, {**SECOND, "rows": ""}),
    "rows are a list": blocks(FIRST, {**SECOND, "rows": ["1"]}),
    "rows are a number": blocks(FIRST, {**SECOND, "rows": 1}),
    "shares are numbers": blocks(FIRST, {**SECOND, "outputs": [3]}),
    "nodes do not add up": blocks(FIRST, {**SECOND, "nodes": 4}),
}


@needs_program
class TestBlocks:
    def test_proof_by_hand(self, tmp_path: Path) -> None:
        code, said = checked(certificate(blocks(FIRST, SECOND)), tmp_path)
        assert (code, said["bound"], said["leaves"]) == (0, "663/128", 4)

    def test_order_of_blocks_does_not_matter(self, tmp_path: Path) -> None:
        code, said = checked(certificate(blocks(SECOND, FIRST), TREE[3:] + TREE[:3]), tmp_path)
        assert (code, said["bound"]) == (0, "663/128")

    def test_one_block_of_all_samples(self, tmp_path: Path) -> None:
        """N = (5/8, 0, 0), H = T = 1 and G = I."""
        whole = {
            "rows": "0 1 2",
            "inputs": ["4", "0 4"],
            "outputs": ["4"],
            **NONE,
            "output_frame": ["4"],
            "nodes": 3,
        }
        code, _ = checked(certificate(blocks(whole), TREE[:3], (5, 0, 0)), tmp_path)
        assert code == 0

    @pytest.mark.parametrize("name", FORGERIES)
    def test_forgeries(self, name: str, tmp_path: Path) -> None:
        text, obligation, node = FORGERIES[name]
        code, said = checked(text, tmp_path)
        assert (code, said["obligation"], said["node"]) == (1, obligation, node)

    @pytest.mark.parametrize("name", MALFORMED)
    def test_malformed(self, name: str, tmp_path: Path) -> None:
        assert checked(certificate(MALFORMED[name]), tmp_path) == (2, {})

    def test_a_small_stack_is_enough_for_many_blocks(self, tmp_path: Path) -> None:
        """30 000 times the sample e_1 with the target 1, two for each block."""
        n, parts = 30_000, 15_000
        problem = PROBLEM[: PROBLEM.index("size")] + f"size {n} 2 1\ndenominators 1 1\n" + "1 0 ; 1\n" * n
        # Shares 2^-14, a frame 2^7, outputs 2^7 * 2 N_i u_1 with N_i = 2^-15.
        pairs = [
            {
                "rows": f"{2 * k} {2 * k + 1}",
                "inputs": ["1", "0 1"],
                "outputs": ["1"],
                **NONE,
                "output_frame": ["128"],
                "nodes": 3,
            }
            for k in range(parts)
        ]
        claim = Fraction(n, 2**15) - Fraction(n, 2**31)
        text = certificate(
            blocks(*pairs, share_exponent=14, frame_exponent=0),
            TREE[:3] * parts,
            problem_sha256=hashlib.sha256(problem.encode()).hexdigest(),
            bound=f"{claim.numerator}/{claim.denominator}",
            dual_exponent=15,
            dual_point=["1"] * n,
        )
        (tmp_path / "c.cert").write_text(text)
        (tmp_path / "p.txt").write_text(problem)
        command = 'ulimit -s 256; exec "$0" "$@"'
        run = subprocess.run(
            ["sh", "-c", command, str(PROGRAM), str(tmp_path / "c.cert"), "--text", str(tmp_path / "p.txt")],
            capture_output=True,
            timeout=600,
        )
        assert run.stdout.startswith(b"VALID"), (run.stdout, run.stderr)
