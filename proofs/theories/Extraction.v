(** * The checker as an OCaml program

    Writes build/checker.ml, from the definitions that the theorems are about. Coq's integers become those of Zarith
    ([checker/numbers/zint.ml]); natural numbers, which only count and index, become machine integers. *)
From Coq Require Import ZArith List ExtrOcamlBasic ExtrOcamlNatInt Extraction.
From Certify Require Import Tree Logarithm LossBounds OutputBias Leaves Premises Blocks Checker MatrixChecker CanonicalText.

Extract Inductive positive => "Zint.t"
  [ "(fun p -> Zint.succ (Zint.shift_left p 1))" "(fun p -> Zint.shift_left p 1)" "Zint.one" ]
  "(fun _ _ _ _ -> assert false)".
Extract Inductive Z => "Zint.t" [ "Zint.zero" "" "Zint.neg" ] "(fun _ _ _ _ -> assert false)".
Extract Inlined Constant Z.add => "Zint.add".
Extract Inlined Constant Z.sub => "Zint.sub".
Extract Inlined Constant Z.mul => "Zint.mul".
Extract Inlined Constant Z.opp => "Zint.neg".
Extract Inlined Constant Z.abs => "Zint.abs".
Extract Inlined Constant Z.eqb => "Zint.equal".
Extract Inlined Constant Z.leb => "Zint.leq".
Extract Inlined Constant Z.ltb => "Zint.lt".
Extract Inlined Constant Z.min => "Zint.min".
Extract Inlined Constant Z.max => "Zint.max".
Extract Inlined Constant Z.div_eucl => "Zint.floor_divide".
Extract Inlined Constant Z.log2 => "Zint.log2_floor".
Extract Inlined Constant Z.shiftl => "Zint.shift".
Extract Inlined Constant Z.gcd => "Zint.gcd".
Extract Inlined Constant Z.to_nat => "Zint.to_nat".
Extract Inlined Constant Z.of_nat => "Zint.of_int".
Extract Inlined Constant Nat.leb => "(<=)".
Extract Inlined Constant Nat.ltb => "(<)".
Extract Inlined Constant Nat.add => "(+)".
Extract Inlined Constant length => "List.length".
(* In OCaml an argument is computed before the function is called: what follows an unmet condition must not be. *)
Extraction Inline owes and_then.
Extraction "checker.ml" check check_matrix frees_hidden target_fits valid_loss weighted log_below log_above logarithms_to
  parse_problem fold_problem well_formed parse_matrix fold_matrix well_formed_matrix.
