"""Conditions of the text of a problem, and of what is read from it."""

from __future__ import annotations

from conditions.mutant import Theories

READING: Theories = {
    "problems/Decimals": (
        ("numbers are not long", "Some z => if <<short z>> then", "true", "time"),
        ("a beginning is that of the text", "if <<a =? b>> then after beginning t else None"),
        ("a text has nothing else at its end", "[] => match t with [] => true | _ => <<false>> end", "true"),
    ),
    "problems/LossText": (
        ("the parameter is in lowest terms", "CrossEntropy p q => <<(Z.gcd p q =? 1)>> &&"),
        ("the parameter is not long", "(Z.gcd p q =? 1) && <<forallb short [p; q]>>"),
    ),
    "problems/CanonicalText": (
        ("the output bias is in the text", "++ bias_title ++ <<bias_word (bias p) ++>>", ""),
        ("a positive denominator", "(l : list A) (d : Z) : bool := <<(0 <? d)>> &&"),
        ("the least denominator", "(0 <? d) && <<(common row l d =? 1)>>"),
        ("entries are not long", "Nat.eqb (length r) width && <<forallb short r>>"),
        ("a problem has samples", "<<Nat.ltb 0 (length (rows p))>> && Nat.ltb 0 (features p)"),
        ("it has features", "<<Nat.ltb 0 (features p)>> && Nat.ltb 0 (targets p)"),
        ("it has targets", "<<Nat.ltb 0 (targets p)>> &&", "true", "what a problem is"),
        ("each sample has all features", "<<of_width (features p) (fst row)>> && of_width"),
        ("each sample has all targets", "(fst row) && <<of_width (targets p) (target_of row)>> &&"),
        ("weights are positive", "<<(0 <? fst (snd row))>> && short", "true", "what a weight is"),
        ("weights are not long", "&& <<short (fst (snd row))>>) (rows p)"),
        ("gamma is positive", "<<(0 <? gamma_num p)>> && (0 <? gamma_den p)", "true", "what a problem is"),
        ("gamma's denominator is positive", "(0 <? gamma_num p) && <<(0 <? gamma_den p)>>"),
        ("gamma is in lowest terms", "<<(Z.gcd (gamma_num p) (gamma_den p) =? 1)>> &&"),
        (
            "gamma and the denominators are not long",
            "<<forallb short [gamma_num p; gamma_den p; x_den p; y_den p]>> &&",
        ),
        (
            "the sizes are not long",
            "<<forallb short [Z.of_nat (length (rows p)); Z.of_nat (features p); Z.of_nat (targets p)]>> &&",
        ),
        ("the features' denominator", "<<least fst (rows p) (x_den p)>> &&"),
        ("the targets' denominator", "<<least target_of (rows p) (y_den p)>> &&"),
        ("the weights' denominator", "<<least weight_of (rows p) (w_den p)>> &&"),
        ("the weights' denominator is not long", "&& <<short (w_den p)>> &&"),
        ("the parameter is in its range", "<<valid_loss (loss p)>> && lowest_terms"),
        ("weights are in the text where a sample has one", "<<Bool.eqb (weighted p) with_weights>>"),
        ("a matrix has rows", "bool :=\n  <<Nat.ltb 0 (order M)>> &&", "true", "what a matrix is"),
        ("its rows have all entries", "<<forallb (of_width (order M)) (entries M)>> &&"),
        ("it is symmetric", "<<is_symmetric (order M) (entries M)>> &&", "true", "what its statements say"),
        ("its denominator is not long", "<<short (denominator M)>> && short (Z.of_nat"),
        ("its order is not long", "<<short (Z.of_nat (order M))>> && least"),
        ("its denominator is the least", "<<least (fun r => r) (entries M) (denominator M)>>."),
        (
            "the samples are those of the text",
            "Some t => <<consists_of (sample with_weights) (rows p) t>> &&",
        ),
        (
            "the problem is well-formed",
            "(rows p) t && <<well_formed p>> && Bool.eqb",
        ),
        (
            "the rows are those of the text",
            "if <<consists_of matrix_row (entries M) t>> && well_formed_matrix",
        ),
        (
            "the matrix is well-formed",
            "consists_of matrix_row (entries M) t && <<well_formed_matrix M>> then",
        ),
    ),
    "OverReals": (),
    "AsRead": (
        ("as read: denominators of the problem are positive", "(0 <? w_den p) && <<(0 <? y_den p)>> && (0"),
        ("as read: every row is the same", "&& <<all2 (same_sample p) (rows p) D>> && same"),
        ("as read: gamma is the same", "<<same (gamma_den p) (gamma_num p) gamma>>\n"),
        ("as read: the claim is the same", "&& <<same (claim_den c) (claim_num c) claim>>."),
        ("as read: features are the same", "<<same_row (x_den p) (fst row) (fst xy)>> &&"),
        ("as read: targets are the same", "&& <<same_row (y_den p) (snd (snd row)) (snd (snd xy))>>."),
        ("as read: weights are the same", "&& <<same (w_den p) (fst (snd row)) (fst (snd xy))>>\n"),
        (
            "as read: none is left over",
            "=> f a b && all2 f x' y' | _, _ => <<false>>",
        ),
        ("as read: the matrix is the same", "&& <<all2 (same_row (denominator I)) (entries I) M>>."),
        ("as read: the matrix's denominator is positive", "<<(0 <? denominator I)>> && all2"),
    ),
}
