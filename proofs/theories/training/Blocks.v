(** * Blocks of samples

    Dual points of blocks of samples, each with its own level, make a dual point of all samples, and the levels add: if
    N_1 has the level a_1 on some samples and N_2 the level a_2 on the others, the two together have a_1 + a_2. So
    certificates of blocks at gamma w_i, with weights w_i that sum to 1, make one of the whole at gamma. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Losses Duality.
Import ListNotations.
Set Implicit Arguments.

Section Blocks.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable A : Type.
Lemma gauge_app (D1 D2 : list (vec * A)) N1 N2 u w : length D1 = length N1 ->
  dot (gauge (D1 ++ D2) (N1 ++ N2) u) w = dot (gauge D1 N1 u) w + dot (gauge D2 N2 u) w.
Proof.
  revert N1; induction D1 as [|[x y] D1 IH]; intros [|nu N1] L; try discriminate; cbn [app gauge].
  - cbn [dot]. ring.
  - injection L as L. rewrite !dot_vadd, IH by assumption. ring. Qed.
(** The bounds add as well, whatever the loss. *)
Lemma sum_of_bounds_app (l : loss_function K A) (D1 D2 : list (vec * A)) N1 N2 : length D1 = length N1 ->
  sum_of_bounds l (D1 ++ D2) (N1 ++ N2) = sum_of_bounds l D1 N1 + sum_of_bounds l D2 N2.
Proof.
  revert N1; induction D1 as [|[x y] D1 IH]; intros [|nu N1] L; try discriminate; cbn [app sum_of_bounds]; [ring|].
  injection L as L. rewrite IH by assumption. ring. Qed.

Theorem blocks (D1 D2 : list (vec * A)) N1 N2 (a1 a2 : K) u : length D1 = length N1 ->
  0 <= a1 -> a1 <> 0 -> 0 <= a2 -> a2 <> 0 ->
  sq (gauge D1 N1 u) <= a1 * a1 * sq u -> sq (gauge D2 N2 u) <= a2 * a2 * sq u ->
  sq (gauge (D1 ++ D2) (N1 ++ N2) u) <= (a1 + a2) * (a1 + a2) * sq u.
Proof.
  intros L P1 Z1 P2 Z2 H1 H2. set (g := gauge D1 N1 u) in *. set (h := gauge D2 N2 u) in *.
  rewrite (sq_ext K _ (vadd g h)) by (intro w; rewrite dot_vadd; now apply gauge_app).
  apply le_sub in H1. apply le_sub in H2. apply sub_le. apply (@mul_cancel K _ _ P1 Z1). apply (@mul_cancel K _ _ P2 Z2).
  pose proof (sq_pos K (vsub (vscale a2 g) (vscale a1 h))) as Q. unfold vsub in Q.
  rewrite sq_vadd, !sq_vscale, dot_vscale, (dot_comm K g), dot_vscale, dot_vscale, (dot_comm K h) in Q.
  rewrite sq_vadd. set (G := sq u) in *. set (c := dot g h) in *.
  match goal with |- 0 <= ?e => replace e with
    (a2 * (a1 + a2) * (a1 * a1 * G - sq g) + a1 * (a1 + a2) * (a2 * a2 * G - sq h) +
     (a2 * a2 * sq g + (a2 * (- (1) * (a1 * c)) + a2 * (- (1) * (a1 * c))) + - (1) * - (1) * (a1 * a1 * sq h)))
    by ring end.
  auto 7 with pos. Qed.
End Blocks.
