(** * Samples that count more than others

    A sample has a weight w > 0, an integer over w_den, beside its target; the loss counts w times. Its row nu of a dual
    point proves w b(nu/w), and nu/w is an integer row over another denominator. Where the bound has squares, w is in its
    denominator, and it is rounded down over a common multiple of denominators: exactly, if that is one of the weights. *)
From Coq Require Import ZArith List Bool Ring Field Lia.
From Certify Require Import OrderedField Vectors Logarithm Losses LossBounds.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
(** nu/w over nu_den w. *)
Definition unweighted_row (w_den : Z) (nu : list Z) : list Z := if w_den =? 1 then nu else map (Z.mul w_den) nu.
(** A row in the domain, and its bound, over [weighted_scale]. *)
Definition row_fits (kind : loss_kind) (c nu_den y_den w_den : Z) (nu : list Z) (wy : Z * list Z) : bool :=
  nu_fits kind c (nu_den * fst wy) y_den (unweighted_row w_den nu) (snd wy).
Definition weighted_scale (kind : loss_kind) (common digits c nu_den y_den w_den : Z) : Z :=
  common * w_den * bound_scale kind digits c nu_den y_den.
Definition row_bound (up : bool) (kind : loss_kind) (common : Z) (l : logarithms) (c nu_den y_den w_den : Z) (nu : list Z)
  (wy : Z * list Z) : Z :=
  let b := common * sample_bound up kind l c (nu_den * fst wy) y_den (unweighted_row w_den nu) (snd wy) in
  if quadratic kind then b / fst wy else b.
End Executable.

Section Weights.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Add Field Kfield : (f_field K).

(** The weights and targets of samples as integers mean these. *)
Definition weight_and_target (w_den y_den : Z) (wy : Z * list Z) : K * vec :=
  (z2 (fst wy) / z2 w_den, vQ K y_den (snd wy)).
Lemma vQ_unweighted w_den w n nu : (0 < w_den)%Z -> (0 < w)%Z -> (0 < n)%Z ->
  vscale (finv K (z2 w / z2 w_den)) (vQ K n nu) = vQ K (n * w) (unweighted_row w_den nu).
Proof.
  intros Hd Hw Hn. pose proof (z2_nz K Hd) as Nd. pose proof (z2_nz K Hw) as Nw. pose proof (z2_nz K Hn) as Nn.
  assert (E : map (Z.mul w_den) nu = unweighted_row w_den nu).
  { unfold unweighted_row. destruct (Z.eqb_spec w_den 1) as [->|_]; [|reflexivity].
    transitivity (map (fun a => a) nu); [apply map_ext; intro; lia|apply map_id]. }
  rewrite <- E. unfold vscale, vQ. rewrite !map_map. apply map_ext. intro a. rewrite !ofZ_mul. field. auto. Qed.
Lemma bound_scale_weighted kind digits c n d w : (0 <= digits)%Z ->
  bound_scale kind digits c (n * w) d = ((if quadratic kind then w * w else w) * bound_scale kind digits c n d)%Z.
Proof. intro H. destruct kind; cbn [bound_scale quadratic]; rewrite ?Z.shiftl_mul_pow2 by exact H; ring. Qed.

Theorem row_sound kind l common digits c n d w_den nu wy : represents kind l ->
  (0 < common)%Z -> (0 <= digits)%Z -> (0 < n)%Z -> (0 < d)%Z -> (0 < w_den)%Z -> (0 < fst wy)%Z ->
  row_fits kind c n d w_den nu wy = true ->
  loss_domain (weighted l) (vQ K n nu) (weight_and_target w_den d wy) /\
  z2 (row_bound false kind common (logarithms_to digits) c n d w_den nu wy) <=
    z2 (weighted_scale kind common digits c n d w_den) *
    loss_bound (weighted l) (vQ K n nu) (weight_and_target w_den d wy).
Proof.
  destruct wy as [w y]. unfold row_fits, row_bound, weight_and_target. cbn [fst snd]. intros R Hc Hg Hn Hd Hv Hw F.
  assert (Hm : (0 < n * w)%Z) by nia. destruct (R digits _ _ _ _ _ Hg Hm Hd F) as [D B].
  pose proof (z2_nz K Hv) as Nv. pose proof (z2_nz K Hw) as Nw. pose proof (z2_nz K Hc) as Nc.
  unfold weighted, weighted_domain, weighted_bound. cbn [loss_domain loss_bound fst snd].
  rewrite (vQ_unweighted nu Hv Hw Hn). split.
  - split; [apply z2_ratio_pos; lia|]. split; [|exact D].
    intro E. apply Nw. transitivity (z2 w_den * (z2 w / z2 w_den)); [field; exact Nv|]. rewrite E. ring.
  - set (b := sample_bound _ _ _ _ _ _ _ _) in *. set (v := loss_bound l _ _) in *. unfold weighted_scale.
    rewrite (bound_scale_weighted kind c n d w Hg) in B. set (s := bound_scale kind digits c n d) in *.
    assert (P : z2 (common * b) <= z2 common * (z2 (if quadratic kind then w * w else w) * z2 s * v)).
    { apply le_sub in B. apply sub_le. rewrite ofZ_mul in B. rewrite ofZ_mul.
      match type of B with 0 <= ?p => match goal with |- 0 <= ?g => replace g with (z2 common * p) by ring end end.
      apply f_mulle; [apply z2_pos; lia|exact B]. }
    replace (z2 (common * w_den * s) * (z2 w / z2 w_den * v)) with (z2 common * z2 w * z2 s * v)
      by (rewrite !ofZ_mul; field; exact Nv).
    destruct (quadratic kind).
    + apply sub_le. apply (@mul_cancel K (z2 w)); [apply z2_pos; lia|exact Nw|].
      assert (Q : z2 (w * (common * b / w)) <= z2 (common * b)) by (apply z2_le; now apply Z.mul_div_le).
      pose proof (f_trans K _ _ _ Q P) as T. apply le_sub in T. rewrite !ofZ_mul in T.
      match type of T with 0 <= ?p => match goal with |- 0 <= ?g => replace g with p by ring end end. exact T.
    + apply le_sub in P. apply sub_le.
      match type of P with 0 <= ?p => match goal with |- 0 <= ?g => replace g with p by ring end end. exact P. Qed.
End Weights.
