"""Conditions of the check of statements about a matrix."""

from __future__ import annotations

from conditions.mutant import Theories

MATRIX: Theories = {
    "numbers/Marks": (("indices ascend", "[] => Some [] | _ => <<None>> end", "Some []"),),
    "matrix/Copositive": (
        ("multipliers: S > 0", "owes (<<(0 <? scale)>> && (0 <? unit)) LEAF_SCALE"),
        ("multipliers: U > 0", "owes ((0 <? scale) && <<(0 <? unit)>>) LEAF_SCALE"),
        ("multipliers: none is negative", "owes <<(signs_fit m 0 rows)>>"),
        ("multipliers: indices exist", "owes <<(indices_fit m rows)>>", "true", "a product with none is 0"),
    ),
    "matrix/FaceSteps": (
        ("parts: no negative entry between them", "(p =? q) || <<(0 <=? a)>>"),
        ("Gaddum: T x is not negative", "(negb b || <<(0 <=? a)>>)"),
        ("Gaddum, strict: x^T T x > 0", "nonneg_where ms y && <<(negb strict || (0 <? zdot x y))>>"),
    ),
    "matrix/FaceMerge": (
        ("merge: entries are the least", "<<(nth c g 0 <=? a)>> && row_above"),
        (
            "merge: of whole rows",
            "row_above g places' r'\n  | [], [] => true\n  | _, _ => <<false>> end",
            "true",
        ),
        (
            "merge: of all rows",
            "rows_above G all places' A'\n  | [], [] => true\n  | _, _ => <<false>> end",
            "true",
        ),
        ("merge: classes exist", "<<Nat.ltb c (length G)>> && row_above"),
        ("merge: the classes' matrix passes", "scaled && <<check_entries hint strict G>>"),
    ),
    "matrix/Faces": (
        ("rows are not long", "if <<Nat.leb (length f) m>> then", "(Nat.leb (length f) m || true)", "memory"),
        ("entries: the submatrix passes", "owes <<(check_entries hint strict (face ms T))>>"),
        ("rows that are named exist", "<<(0 <? p)>> && match find"),
        ("rows that are named contain the set", "Some large => <<subset set large>>"),
        ("parts: rows are named", "owes <<(parts_named known f)>>"),
        ("parts: they are apart", "owes <<(separated (fill ms parts) (fill ms parts) T)>>"),
        ("Gaddum: x is not negative", "else if <<nonneg x>> then"),
        ("merge: x is positive", "owes <<(forallb (Z.ltb 0) x)>> FACE_ROW"),
        ("merge: it holds", "owes <<(merge hint strict x parts (face ms T))>>"),
        ("Gaddum: rows are named", "owes <<(faces_named known f)>> FACE_ROW (owes (gaddum"),
        ("Gaddum: it holds", "owes <<(gaddum strict ms (fill ms x) T)>>"),
        (
            "the set without k where x_k > 0",
            "if 0 <? x_of e then <<earlier known (p_of e) (without (index_of e) all)>>",
        ),
        ("the set without all k with x_k < 0", "else if x_of e <? 0 then <<earlier known (p_of e) rest>>"),
        ("p_k = 0 where x_k = 0", "else <<p_of e =? 0>>) f", "true", "one way to write a row"),
        ("exchange: rows are named", "owes <<(faces_named known f)>> FACE_ROW (owes (concave"),
        ("exchange: the form is concave", "owes <<(concave T f (index_of e) (x_of e))>>"),
        ("the last row's set is all", "owes <<(Nat.eqb (length f) (length T))>> FACE_INDEX"),
        ("there is a last row", "| [] => <<Some FACE_INDEX>>\n  | f :: fs'", "None"),
    ),
    "matrix/CopositiveTree": (
        ("split: K exists", "<<Nat.ltb k m>> && Nat.ltb l m && negb"),
        ("split: L exists", "Nat.ltb k m && <<Nat.ltb l m>> && negb"),
        ("split: K != L", "Nat.ltb l m && <<negb (Nat.eqb k l)>>"),
        ("split: A > 0", "owes (<<(0 <? a)>> && (0 <? b)) SPLIT"),
        ("split: B > 0", "owes ((0 <? a) && <<(0 <? b)>>) SPLIT"),
        (
            "generators are not long",
            "<=? <<max_generator_bits>>",
            "Z.max max_generator_bits (size_of w)",
            "memory",
        ),
        (
            "part: some, but not all",
            "if Nat.ltb 0 (length indices) && <<Nat.ltb (length indices) m>> then",
            "(Nat.ltb (length indices) m || true)",
            "such a node is of no use",
        ),
        ("part: T_kl >= 0", "if <<nonneg_block (block ms others T)>> &&"),
        ("part: T_lk >= 0", "&& <<nonneg_block (block others ms T)>> then"),
        ("witness: p entries", "owes (<<Nat.eqb (length z) (length M)>> &&"),
        ("witness: none is negative", "&& <<nonneg z>> && negb (iszero z)"),
        ("witness: not all are 0", "nonneg z && <<negb (iszero z)>>"),
        ("witness: its value is negative", "else <<zform M z <? 0>>)"),
        ("witness, strict: its value is not positive", "if strict then <<zform M z <=? 0>>"),
    ),
    "matrix/CompletePositivity": (
        ("terms: P > 0", "<<(0 <? weight_num t)>> && (0 <? weight_den t)"),
        ("terms: Q > 0", "(0 <? weight_num t) && <<(0 <? weight_den t)>>"),
        ("terms: p entries", "&& <<Nat.eqb (length (ray t)) p>> &&", "true", "missing entries are 0"),
        ("terms: none of the first q is negative", "&& <<nonneg (firstn q (ray t))>>."),
        ("terms: the multiple is one", "if <<rest =? 0>> then sum_of_terms"),
        ("terms: the multiple is positive", "owes (<<(0 <? common)>> && (0 <? den)"),
        (
            "terms: denominators are not long",
            "owes <<(bits common <=? max_denominator_bits)>>",
            "true",
            "time",
        ),
        (
            "terms: they take little work",
            "common t) terms 0 <=? <<max_matrix_work>>)",
            "fold_left (fun sum t => sum + term_work (length A) common t) terms 0",
            "time",
        ),
        (
            "terms: the sum is the matrix",
            "Some G => <<forallb iszero (tadd (tscale den G) (tscale (- common) A))>>",
        ),
        ("vector: p entries", "owes (<<Nat.eqb (length z) (length A)>> && (zform"),
        ("vector: its value is negative", "(length A) && <<(zform A z <? 0)>>)"),
        ("separator: q rows", "owes (<<Nat.eqb (length M) q>> &&"),
        ("separator: q columns", "&& <<forallb (fun r => Nat.eqb (length r) q) M>> &&"),
        ("separator: symmetric", "&& <<is_symmetric q M>>)", "true", "what the word matrix means here"),
        ("separator: its product with the matrix is negative", "owes <<(trace_product M A <? 0)>>"),
    ),
    "matrix/MatrixChecker": (
        ("denominator of the matrix > 0", "if <<0 <? denominator M>> then"),
        (
            "no more free coordinates than rows",
            "and_then (\n        owes <<(Nat.leb (free c) (order M))>> CONE",
            "true",
            "the statement has no meaning then",
        ),
    ),
}
