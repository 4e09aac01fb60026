"""Take away one condition of the checker after another and see which proof fails: `python proofs/mutants.py`.

A condition whose absence no proof notices is not there for soundness; the table says what it is there for.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

FOLDER = Path(__file__).parent / "theories"
ORDER = ("OrderedField", "Vectors", "Forms", "Duality", "Cones", "Leaves", "Checker")


class Mutant(NamedTuple):
    """A condition taken away.

    Attributes:
        condition: in words.
        theory: the module that it stands in.
        old: its text there, which occurs once.
        new: what is there without it.
        purpose: what a condition is there for that is not needed for soundness; empty for the others.
    """

    condition: str
    theory: str
    old: str
    new: str
    purpose: str = ""


MUTANTS = (
    Mutant("a pivot is not negative", "Forms", "(p =? 0) && iszero o", "true && iszero o"),
    Mutant("beside a pivot 0 all is 0", "Forms", "(p =? 0) && iszero o", "(p =? 0) && true"),
    Mutant("divisions are exact", "Forms", "if r =? 0 then match zquot", "if true then match zquot"),
    Mutant(
        "a residual's row is paid by its diagonal",
        "Forms",
        "hd 0 r - hd 0 owed - zsum o",
        "hd 0 r - hd 0 owed",
    ),
    Mutant("what earlier rows owe is paid", "Forms", "hd 0 r - hd 0 owed - zsum o", "hd 0 r - zsum o"),
    Mutant("sizes count, not values", "Forms", "let o := map Z.abs (tl r) in", "let o := tl r in"),
    Mutant("scales are positive", "Forms", "forallb (Z.ltb 0) s && dominant", "true && dominant"),
    Mutant("only positive entries become 0", "Forms", "map (Z.min 0) o end", "map (fun _ => 0) o end"),
    Mutant("the diagonal stays", "Forms", "a :: map (Z.min 0) o end", "Z.max 1 a :: map (Z.min 0) o end"),
    Mutant("unknown signs count both ways", "Cones", "then a <? 0 else true", "then a <? 0 else a <? 0"),
    Mutant(
        "negative rows are not active",
        "Cones",
        "else if hd false fl then a <? 0",
        "else if hd false fl then false",
    ),
    Mutant("S > 0", "Leaves", "owes ((0 <? scale) && (0 <? unit))", "owes (true && (0 <? unit))"),
    Mutant("U > 0", "Leaves", "owes ((0 <? scale) && (0 <? unit))", "owes ((0 <? scale) && true)"),
    Mutant("multipliers are not negative", "Leaves", "(0 <=? snd e) || vanishes", "true || vanishes"),
    Mutant("free ones only where alpha_i beta_i = 0", "Leaves", "Nat.eqb j (i + m)", "Nat.leb j (i + m)"),
    Mutant("free ones not for the t_k", "Leaves", "Nat.leb s i && Nat.ltb i (s + m)", "Nat.ltb i (s + m)"),
    Mutant("indices exist", "Leaves", "Nat.ltb (fst e) size", "true", "a product with none is 0"),
    Mutant("leaves are not large", "Leaves", "owes (Z.of_nat (d + m) <=? max_order)", "owes true", "time"),
    Mutant(
        "tau > 0 (A)",
        "Leaves",
        "owes ((0 <? a) && (0 <? b)) TAU_POSITIVE",
        "owes (true && (0 <? b)) TAU_POSITIVE",
    ),
    Mutant(
        "tau > 0 (B)",
        "Leaves",
        "owes ((0 <? a) && (0 <? b)) TAU_POSITIVE",
        "owes ((0 <? a) && true) TAU_POSITIVE",
    ),
    Mutant("tau: U > 0", "Leaves", "owes (0 <? unit) LEAF_SCALE", "owes true LEAF_SCALE"),
    Mutant("tau: multipliers are not negative", "Leaves", "owes (signs_fit d 0 rows)", "owes true"),
    Mutant("tau: the radius counts", "Leaves", "if forallb iszero R then", "if true then"),
    Mutant("envelope: all signs known", "Leaves", "bool := forallb (fun b => b) (signed c)", "bool := true"),
    Mutant("an interval is wide enough", "Leaves", "then 0 else - a) p", "then 0 else 0) p"),
    Mutant(
        "active rows count twice, as mixed ones do",
        "Leaves",
        "(tscale 2 (active c)) [].\nDefinition",
        "(active c) [].\nDefinition",
    ),
    Mutant("envelope: moduli", "Leaves", "tadd (map (map Z.abs) C) R in", "tadd C R in"),
    Mutant(
        "sign: K exists",
        "Checker",
        "owes (Nat.ltb k d && negb (nth k (signed c) false))",
        "owes (true && negb (nth k (signed c) false))",
    ),
    Mutant(
        "sign: unknown before",
        "Checker",
        "owes (Nat.ltb k d && negb (nth k (signed c) false))",
        "owes (Nat.ltb k d && true)",
        "such a node is of no use",
    ),
    Mutant("split: K exists", "Checker", "Nat.ltb k d && Nat.ltb l d && negb", "true && Nat.ltb l d && negb"),
    Mutant("split: L exists", "Checker", "Nat.ltb k d && Nat.ltb l d && negb", "Nat.ltb k d && true && negb"),
    Mutant("split: K != L", "Checker", "Nat.ltb l d && negb (Nat.eqb k l)", "Nat.ltb l d && true"),
    Mutant(
        "split: sign of t_K known",
        "Checker",
        "owes (nth k (signed c) false && nth l (signed c) false)",
        "owes (true && nth l (signed c) false)",
    ),
    Mutant(
        "split: sign of t_L known",
        "Checker",
        "owes (nth k (signed c) false && nth l (signed c) false)",
        "owes (nth k (signed c) false && true)",
    ),
    Mutant("split: A > 0", "Checker", "owes ((0 <? a) && (0 <? b)) SPLIT", "owes (true && (0 <? b)) SPLIT"),
    Mutant("split: B > 0", "Checker", "owes ((0 <? a) && (0 <? b)) SPLIT", "owes ((0 <? a) && true) SPLIT"),
    Mutant(
        "generators are not long",
        "Checker",
        "<=? max_generator_bits",
        "<=? Z.max max_generator_bits (size_of (combination k l a b (generators c)))",
        "memory",
    ),
    Mutant(
        "no cone is left over",
        "Checker",
        "[] => Proved leaves | _ => Failed COVER None end",
        "_ => Proved leaves end",
    ),
    Mutant(
        "few cones wait",
        "Checker",
        "if held' <=? max_pending then",
        "if held' <=? Z.max held' max_pending then",
        "memory",
    ),
    Mutant("denominator of the claim > 0", "Checker", "&& (0 <? claim_den c)", "&& true"),
    Mutant("gamma > 0", "Checker", "(0 <? gamma_num p) &&", "true &&"),
    Mutant(
        "rows of the dual point",
        "Checker",
        "Nat.eqb (length (dual c)) (length (rows p)) && forallb",
        "true && forallb",
        "missing rows are 0",
    ),
    Mutant(
        "free output bias: sums are 0",
        "Checker",
        "FreeBias => iszero (zsums (rows p) (dual c))",
        "FreeBias => true",
    ),
    Mutant(
        "decayed output bias: its toll",
        "Checker",
        "y_den p * gamma_den p * zdot (zsums D N) (zsums D N)",
        "0",
    ),
    Mutant(
        "the claim is what N proves",
        "Checker",
        "claim_num c * bound_den p c =? bound_num p c * claim_den c",
        "true",
    ),
    Mutant("the inverse has d rows", "Checker", "square d (inverse c) &&", "true &&"),
    Mutant(
        "the frame has d generators", "Checker", "square d (frame c) &&", "true &&", "the inverse proves it"
    ),
    Mutant("scale of the frame > 0", "Checker", "&& (0 <? frame_scale c))", "&& true)"),
    Mutant(
        "the inverse is one", "Checker", "owes (inverts (frame_scale c) (frame c) (inverse c) 0)", "owes true"
    ),
)


def compiles(folder: Path, theory: str) -> str | None:
    """Compile a theory; return None, or the theorem whose proof fails."""
    run = subprocess.run(
        ["coqc", "-w", "none", "-R", str(folder), "Certify", str(folder / f"{theory}.v")],
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return None
    place = re.search(r"line (\d+)", run.stderr)
    if place is None:
        raise RuntimeError(run.stderr)
    above = (folder / f"{theory}.v").read_text().splitlines()[: int(place[1])]
    stated = [m[1] for line in above if (m := re.match(r"(?:Lemma|Theorem) (\w+)", line))]
    if not stated:
        raise RuntimeError(f"{theory} does not even state its theorems: {run.stderr}")
    return stated[-1]


def failure(mutant: Mutant) -> str | None:
    """Return the theorem that cannot be proved without a condition; None if there is none."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for file in FOLDER.iterdir():
            shutil.copy(file, folder)
        path = folder / f"{mutant.theory}.v"
        text = path.read_text()
        if text.count(mutant.old) != 1:
            raise RuntimeError(f"{mutant.condition}: its text occurs {text.count(mutant.old)} times")
        path.write_text(text.replace(mutant.old, mutant.new))
        for theory in ORDER[ORDER.index(mutant.theory) :]:
            theorem = compiles(folder, theory)
            if theorem is not None:
                return theorem
    return None


def main() -> int:
    """Print the table; return 1 if a condition that should be needed is not, or the other way round."""
    print("| condition taken away | of | what fails |\n| --- | --- | --- |")
    wrong = 0
    for mutant in MUTANTS:
        theorem = failure(mutant)
        wrong += (theorem is None) != bool(mutant.purpose)
        outcome = (
            f"the proof of `{theorem}`" if theorem else f"nothing; it is there for: {mutant.purpose or '?'}"
        )
        print(f"| {mutant.condition} | {mutant.theory} | {outcome} |", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
