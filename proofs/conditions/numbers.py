"""Conditions of the theories of numbers and of trees."""

from __future__ import annotations

from conditions.mutant import Theories

NUMBERS: Theories = {
    "numbers/Vectors": (("vectors are equal where all entries are", "if <<a =? b>> then same_vector x' y'"),),
    "numbers/Semidefinite": (
        ("a pivot is not negative", "<<(p =? 0)>> && iszero o"),
        ("beside a pivot 0 all is 0", "(p =? 0) && <<iszero o>>"),
        ("divisions are exact", "if <<r =? 0>> then match zquot"),
        ("a residual's row is paid by its diagonal", "hd 0 r - hd 0 owed<< - zsum o>>", ""),
        ("what earlier rows owe is paid", "hd 0 r - <<hd 0 owed ->> zsum o", ""),
        ("sizes count, not values", "let o := <<map Z.abs (tl r)>> in\n      ((if", "tl r"),
        ("scales are positive", "<<forallb (Z.ltb 0) s>> && dominant"),
        ("definite: no pivot is 0", "if p <=? 0 then <<negb strict>> && (p"),
        ("definite: rows of a residual have something over", "((if strict then <<1>> else 0) <=?", "0"),
    ),
    "numbers/Orthant": (
        ("only positive entries become 0", "map (<<Z.min>> 0) o end", "fun _ =>"),
        ("the diagonal stays", "<<a>> :: map (Z.min 0) o end", "Z.max 1 a"),
        (
            "definite: without negative entries the diagonal is positive",
            "forallb nonneg T && <<(negb strict || forallb (fun r => 0 <? hd 0 r) T)>> ||",
        ),
    ),
    "tree/Tree": (
        (
            "no cone is left over",
            "<<[] => Covered spent number leaves | _ => Missed COVER None>> end",
            "_ => Covered spent number leaves",
        ),
        ("few cones wait", "if held' <=? <<max_pending>> then", "Z.max held' max_pending", "memory"),
        ("the tree takes little work", "if spent' <=? <<max_work>> then", "Z.max spent' max_work", "time"),
    ),
    "tree/Products": (
        ("multipliers are not negative", "<<(0 <=? snd e)>> || vanishes"),
        ("free ones only where alpha_i beta_i = 0", "<<Nat.eqb>> j (i + m)", "Nat.leb"),
        ("free ones not for the t_k", "<<Nat.leb s i &&>> Nat.ltb i (s + m)", ""),
        ("indices exist", "<<Nat.ltb (fst e) size>>", "true", "a product with none is 0"),
    ),
    "numbers/Logarithm": (
        (
            "the power of two counts against the bound where it is negative",
            "(if <<0 <=? k>> then two_below l",
        ),
        ("m is at least 1", "if <<a <? b>> then (k - 1, 2 * a)", "false"),
        ("the rest of the series of ln 2", "O => found <<+ (9 * power / (8 * odd) + 1)>>", ""),
        ("powers in the series of ln 2 are rounded up", "series_above terms (power / 9 <<+ 1>>)", ""),
        ("terms in the series of ln 2 are rounded up", "(found + (power / odd <<+ 1>>)) end", ""),
    ),
}
