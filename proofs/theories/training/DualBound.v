(** * The number that a dual point proves, in integers

    It is the sum of what the loss says of each row, less the toll of the output bias ([Duality.v]). The bounds of all
    samples have one denominator, so a million of them are summed in integers, row by row; see [Long.v]. Where they have
    to be rounded, a claim is tried with more and more digits. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Logarithm Losses LossBounds Weights OutputBias Objective Duality.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
(** A sample: its features, and its weight and target. *)
Local Notation samples := (list (list Z * (Z * list Z))).
(** The sum of the rows of N. *)
Fixpoint sum_of_rows_onto (N : list (list Z)) (found : list Z) : list Z :=
  match N with nu :: N' => sum_of_rows_onto N' (zadd found nu) | [] => found end.
Definition zsum_of_rows (N : list (list Z)) : list Z := sum_of_rows_onto N [].
(** Are all rows in the domain? *)
Fixpoint rows_fit (fits : list Z -> Z * list Z -> bool) (D : samples) (N : list (list Z)) : bool :=
  match D, N with
  | (_, wy) :: D', nu :: N' => if fits nu wy then rows_fit fits D' N' else false
  | _, _ => true end.
(** The sum of the bounds at the rows. *)
Fixpoint bounds_onto (bound : list Z -> Z * list Z -> Z) (D : samples) (N : list (list Z)) (found : Z) : Z :=
  match D, N with
  | (_, wy) :: D', nu :: N' => bounds_onto bound D' N' (found + bound nu wy)
  | _, _ => found end.

(** How to round: bounds are over a multiple of [common], and logarithms have so many digits. *)
Definition rounding : Set := Z * Z.
(** 64, 128, ... digits, and some for the roundings themselves. *)
Definition digits_tried : list Z := [80; 144; 272; 528; 1040].
(** A common multiple of the weights, or what is already too long for one. *)
Definition max_common_bits : Z := 14000.
Definition multiple_onto (found : Z) (row : list Z * (Z * list Z)) : Z :=
  if bits found <=? max_common_bits then found * (fst (snd row) / Z.gcd found (fst (snd row))) else found.
Definition roundings (kind : loss_kind) (D : samples) : list rounding :=
  if entropic kind then map (pair 1) digits_tried
  else if quadratic kind then
    let common := fold_left multiple_onto D 1 in
    if bits common <=? max_common_bits then [(common, 0)]
    else map (fun digits => (Z.shiftl 1 digits, 0)) digits_tried
  else [(1, 0)].

(** Numerator and denominator, of c targets over y_den, weights over w_den, N over nu_den and gamma = gamma_num / gamma_den. *)
Definition dual_bound (kind : loss_kind) (bias : output_bias) (c y_den w_den nu_den gamma_num gamma_den : Z)
    (D : samples) (N : list (list Z)) (up : bool) (how : rounding) : Z * Z :=
  let (common, digits) := how in
  let total := bounds_onto (row_bound up kind common (logarithms_to digits) c nu_den y_den w_den) D N 0 in
  let scale := weighted_scale kind common digits c nu_den y_den w_den in
  let den := toll_den bias gamma_num nu_den in
  (total * den - toll_num bias gamma_den (zsum_of_rows N) * scale, scale * den).
(** Is a number at most the bound, rounded in one of these ways? What is above all that logarithms may be is not tried
    with more digits. *)
Fixpoint at_most (kind : loss_kind) (bound : bool -> rounding -> Z * Z) (tried : list rounding) (num den : Z) : bool :=
  match tried with
  | [] => false
  | how :: tried' =>
    let (bound_num, bound_den) := bound false how in
    if (0 <? fst how) && (0 <=? snd how) && (0 <? bound_den) && (num * bound_den <=? bound_num * den) then true
    else
      if (if entropic kind then let (most_num, most_den) := bound true how in most_num * den <? num * most_den else false)
      then false
      else at_most kind bound tried' num den end.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** What is handed on is added. *)
Lemma zadd_nil x : zadd x [] = x.
Proof. now rewrite zadd_comm. Qed.
Lemma sum_of_rows_onto_eq N found : sum_of_rows_onto N found = zadd found (zsum_of_rows N).
Proof.
  unfold zsum_of_rows. revert found; induction N as [|nu N IH]; intro found; cbn [sum_of_rows_onto]; rewrite ?zadd_nil; auto.
  rewrite IH, (IH (zadd [] nu)). apply zadd_assoc. Qed.
Lemma zsum_of_rows_cons nu N : zsum_of_rows (nu :: N) = zadd nu (zsum_of_rows N).
Proof. unfold zsum_of_rows at 1. cbn [sum_of_rows_onto]. now rewrite sum_of_rows_onto_eq. Qed.

Variables (kind : loss_kind) (bias : output_bias) (c x_den y_den w_den nu_den gamma_num gamma_den : Z).
Hypothesis Hy : (0 < y_den)%Z.
Hypothesis Hw : (0 < w_den)%Z.
Hypothesis Hn : (0 < nu_den)%Z.
Hypothesis Hgn : (0 < gamma_num)%Z.
Hypothesis Hgd : (0 < gamma_den)%Z.
Variable l : loss_function K vec.
Hypothesis R : represents kind l.
Let samples := map (fun row : list Z * (Z * list Z) => (vQ K x_den (fst row), weight_and_target K w_den y_den (snd row))).
Let point := map (vQ K nu_den).

Lemma sum_of_rows_eq N w : dot (sum_of_rows (point N)) w = dot (vQ K nu_den (zsum_of_rows N)) w.
Proof.
  rewrite dot_vQ. induction N as [|nu N IH]; rewrite ?zsum_of_rows_cons; cbn [point map sum_of_rows zsum_of_rows sum_of_rows_onto].
  - cbn [dot lin]. ring.
  - fold (point N). rewrite dot_vadd, IH, dot_vQ, lin_zadd. ring. Qed.
Lemma bounds_sound common digits D N found : (0 < common)%Z -> (0 <= digits)%Z -> length N = length D ->
  forallb (fun row => 0 <? fst (snd row))%Z D = true -> rows_fit (row_fits kind c nu_den y_den w_den) D N = true ->
  in_domain (weighted l) (samples D) (point N) /\
  z2 (bounds_onto (row_bound false kind common (logarithms_to digits) c nu_den y_den w_den) D N found) <=
    z2 found + z2 (weighted_scale kind common digits c nu_den y_den w_den) * sum_of_bounds (weighted l) (samples D) (point N).
Proof.
  intros Hc Hg. revert N found; induction D as [|[x wy] D IH]; intros [|nu N] found L P F; try discriminate;
    cbn [samples point map bounds_onto rows_fit in_domain sum_of_bounds forallb fst snd] in *.
  - split; auto. apply sub_le. match goal with |- 0 <= ?e => replace e with (0 : K) by ring end. auto with pos.
  - apply andb_prop in P as [W P]. apply Z.ltb_lt in W.
    destruct (row_fits kind c nu_den y_den w_den nu wy) eqn:E; [|discriminate].
    destruct (@row_sound K kind l common digits c nu_den y_den w_den nu wy R Hc Hg Hn Hy Hw W E) as [B1 B2]. injection L as L.
    destruct (IH _ (found + row_bound false kind common (logarithms_to digits) c nu_den y_den w_den nu wy)%Z L P F) as [I1 I2].
    fold (samples D). fold (point N). split; [split; assumption|].
    apply (f_trans K _ _ _ I2). apply le_sub in B2. apply sub_le. rewrite ofZ_add.
    match type of B2 with 0 <= ?p => match goal with |- 0 <= ?g => replace g with p by ring end end. exact B2. Qed.

Theorem dual_bound_sound D N tried num den : length N = length D ->
  forallb (fun row => 0 <? fst (snd row))%Z D = true -> rows_fit (row_fits kind c nu_den y_den w_den) D N = true ->
  (0 < den)%Z ->
  at_most kind (dual_bound kind bias c y_den w_den nu_den gamma_num gamma_den D N) tried num den = true ->
  in_domain (weighted l) (samples D) (point N) /\
  z2 num / z2 den <= sum_of_bounds (weighted l) (samples D) (point N)
                     - toll bias (z2 gamma_num / z2 gamma_den) (sum_of_rows (point N)).
Proof.
  intros L P F Hd. induction tried as [|[common digits] tried IH]; cbn [at_most]; [discriminate|].
  unfold dual_bound at 1. cbn [fst snd]. set (scale := weighted_scale _ _ _ _ _ _ _).
  match goal with |- context [if ?b then _ else _] => destruct b eqn:E; [intros _|] end; [|match goal with |- context [if ?b then _ else _] => now destruct b end]. clear IH.
  apply andb_prop in E as [E C]. apply andb_prop in E as [E S]. apply andb_prop in E as [Hc Hg].
  apply Z.ltb_lt in Hc, S. apply Z.leb_le in Hg, C.
  destruct (bounds_sound D N 0 Hc Hg L P F) as [I B]. rewrite ofZ_0 in B. fold scale in B. split; [exact I|].
  set (total := bounds_onto _ D N 0) in *. set (toll_d := toll_den bias gamma_num nu_den) in *.
  pose proof (toll_sound K (zsum_of_rows N) Hn Hgn Hgd _ (sum_of_rows_eq N) bias) as T. fold toll_d in T.
  set (V := sum_of_bounds _ _ _) in *. set (t := toll bias _ _) in *.
  pose proof (toll_den_positive Hn Hgn bias) as Td. fold toll_d in Td.
  pose proof (z2_nz K S) as Ns. pose proof (z2_nz K Hd) as Nd.
  apply sub_le. apply (@mul_cancel K (z2 (scale * toll_d))); [apply z2_pos; lia|exact Ns|].
  apply (@mul_cancel K (z2 den)); [apply z2_pos; lia|exact Nd|].
  apply (z2_le K) in C. apply le_sub in C. apply le_sub in B. rewrite !ofZ_mul, z2_sub, !ofZ_mul, T in C. rewrite ofZ_mul.
  replace (z2 den * (z2 scale * z2 toll_d * (V - t - z2 num / z2 den))) with
    (z2 den * z2 scale * z2 toll_d * (V - t) - z2 scale * z2 toll_d * (z2 den * (z2 num / z2 den))) by ring.
  rewrite div_mul by exact Nd.
  match type of C with 0 <= ?p => match type of B with 0 <= ?q => match goal with |- 0 <= ?g =>
    replace g with (p + z2 den * (z2 toll_d * q)) by ring end end end.
  apply add_pos; [exact C|]. apply f_mulle; [apply z2_pos; lia|]. apply f_mulle; [apply z2_pos; lia|exact B]. Qed.
Lemma sum_of_rows_allows N : sums_fit bias (zsum_of_rows N) = true -> allows bias (sum_of_rows (point N)).
Proof. apply sums_fit_sound with (s_den := nu_den), sum_of_rows_eq. Qed.
End Soundness.
