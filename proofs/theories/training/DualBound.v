(** * The number that a dual point proves, in integers

    It is the sum of what the loss says of each row, less the toll of the output bias ([Duality.v]). The loss has one
    denominator for all samples, so a million of them are summed in integers, row by row; see [Long.v]. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Losses OutputBias Objective Duality.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
(** The sum of the rows of N. *)
Fixpoint sum_of_rows_onto (N : list (list Z)) (found : list Z) : list Z :=
  match N with nu :: N' => sum_of_rows_onto N' (zadd found nu) | [] => found end.
Definition zsum_of_rows (N : list (list Z)) : list Z := sum_of_rows_onto N [].
(** The sum of the bounds at the rows; None if one of them lies outside of the domain. *)
Fixpoint bounds_onto (bound : list Z -> list Z -> option Z) (D : list (list Z * list Z)) (N : list (list Z)) (found : Z)
  : option Z :=
  match D, N with
  | (_, y) :: D', nu :: N' =>
    match bound nu y with Some b => bounds_onto bound D' N' (found + b) | None => None end
  | _, _ => Some found end.

(** Numerator and denominator, of targets over y_den, N over nu_den and gamma = gamma_num / gamma_den. *)
Definition dual_bound (loss : loss_kind) (bias : output_bias) (y_den nu_den gamma_num gamma_den : Z)
    (D : list (list Z * list Z)) (N : list (list Z)) : option (Z * Z) :=
  match bounds_onto (sample_bound loss nu_den y_den) D N 0 with
  | None => None
  | Some total =>
    let scale := bound_scale loss nu_den y_den in
    let den := toll_den bias gamma_num nu_den in
    Some (total * den - toll_num bias gamma_den (zsum_of_rows N) * scale, scale * den) end.
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

Variables (loss : loss_kind) (bias : output_bias) (x_den y_den nu_den gamma_num gamma_den : Z).
Hypothesis Hy : (0 < y_den)%Z.
Hypothesis Hn : (0 < nu_den)%Z.
Hypothesis Hgn : (0 < gamma_num)%Z.
Hypothesis Hgd : (0 < gamma_den)%Z.
Variable l : loss_function K vec.
Hypothesis R : represents loss l.
Let samples := map (fun xy : list Z * list Z => (vQ K x_den (fst xy), vQ K y_den (snd xy))).
Let point := map (vQ K nu_den).

Lemma sum_of_rows_eq N w : dot (sum_of_rows (point N)) w = dot (vQ K nu_den (zsum_of_rows N)) w.
Proof.
  rewrite dot_vQ. induction N as [|nu N IH]; rewrite ?zsum_of_rows_cons; cbn [point map sum_of_rows zsum_of_rows sum_of_rows_onto].
  - cbn [dot lin]. ring.
  - fold (point N). rewrite dot_vadd, IH, dot_vQ, lin_zadd. ring. Qed.
Lemma bounds_sound D N found total : length N = length D ->
  bounds_onto (sample_bound loss nu_den y_den) D N found = Some total ->
  in_domain l (samples D) (point N) /\
  z2 total <= z2 found + z2 (bound_scale loss nu_den y_den) * sum_of_bounds l (samples D) (point N).
Proof.
  revert N found; induction D as [|[x y] D IH]; intros [|nu N] found L H; try discriminate;
    cbn [samples point map bounds_onto in_domain sum_of_bounds fst snd] in *.
  - injection H as <-. split; auto. apply sub_le.
    match goal with |- 0 <= ?e => replace e with (0 : K) by ring end. auto with pos.
  - destruct (sample_bound loss nu_den y_den nu y) as [b|] eqn:E; [|discriminate].
    destruct (R nu y Hn Hy E) as [B1 B2]. injection L as L.
    destruct (IH _ _ L H) as [I1 I2]. fold (samples D). fold (point N). split; [split; assumption|].
    apply (f_trans K _ _ _ I2). apply le_sub in B2. apply sub_le. rewrite ofZ_add.
    match type of B2 with 0 <= ?p => match goal with |- 0 <= ?g => replace g with p by ring end end. exact B2. Qed.

Theorem dual_bound_sound D N num den : length N = length D ->
  dual_bound loss bias y_den nu_den gamma_num gamma_den D N = Some (num, den) ->
  (0 < den)%Z /\
  in_domain l (samples D) (point N) /\
  z2 num <= z2 den * (sum_of_bounds l (samples D) (point N)
                      - toll bias (z2 gamma_num / z2 gamma_den) (sum_of_rows (point N))).
Proof.
  intros L H. unfold dual_bound in H. destruct (bounds_onto _ D N 0) as [total|] eqn:E; [|discriminate].
  destruct (bounds_sound D N 0 L E) as [I B]. rewrite ofZ_0 in B.
  pose proof (bound_scale_positive loss Hn Hy) as S. pose proof (toll_den_positive Hn Hgn bias) as T.
  match type of H with Some (?p, ?q) = _ => replace num with p by congruence; replace den with q by congruence end.
  split; [now apply Z.mul_pos_pos|]. split; [exact I|].
  rewrite z2_sub, !ofZ_mul, (toll_sound K (zsum_of_rows N) Hn Hgn Hgd _ (sum_of_rows_eq N) bias).
  apply le_sub in B. apply sub_le. set (s := z2 (bound_scale _ _ _)) in *. set (d := z2 (toll_den _ _ _)).
  match type of B with 0 <= ?p => match goal with |- 0 <= ?g => replace g with (d * p) by ring end end.
  apply f_mulle; auto. apply z2_pos. lia. Qed.
Lemma sum_of_rows_allows N : sums_fit bias (zsum_of_rows N) = true -> allows bias (sum_of_rows (point N)).
Proof. apply sums_fit_sound with (s_den := nu_den), sum_of_rows_eq. Qed.
End Soundness.
