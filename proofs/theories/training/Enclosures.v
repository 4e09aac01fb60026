(** * Enclosures of the outputs on a cone with all t_k >= 0 (docs/certificate-format.md, "Leaves")

    relu(p.t) lies between two linear functions of t, and so does each output of N^T relu(Xu), which sums them over the
    mixed rows. Kept is twice the output: it lies within radius . t of centre . t, without fractions. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Orthant Cones.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Fixpoint shifted_sum (shifts p : list Z) : Z :=
  match shifts, p with s :: shifts', a :: p' => Z.shiftl a s + shifted_sum shifts' p' | _, _ => 0 end.
(** Is x.u* >= 0? u* is the sum of the generators, brought to one length by powers of two. *)
Definition rising (W : list (list Z)) : list Z -> bool :=
  let sizes := map size_of W in
  let longest := fold_right Z.max 0 sizes in
  let shifts := map (fun l => longest - l) sizes in
  fun p => 0 <=? shifted_sum shifts p.
Definition middle (up : bool) (p : list Z) : list Z :=
  if up then map (fun a => if 0 <? a then 2 * a else a) p else map (fun a => if 0 <? a then a else 0) p.
Definition width (up : bool) (p : list Z) : list Z :=
  if up then map (fun a => if 0 <? a then 0 else - a) p else map (fun a => if 0 <? a then a else 0) p.
Fixpoint enclosure (up : list Z -> bool) (rows : list (list Z * list Z)) (C R : list (list Z))
  : list (list Z) * list (list Z) :=
  match rows with
  | [] => (C, R)
  | (p, nu) :: rows' =>
    let u := up p in
    enclosure up rows' (gadd (middle u p) nu C) (gadd (width u p) (map Z.abs nu) R) end.
Definition centres_radii (c : cone) : list (list Z) * list (list Z) :=
  enclosure (rising (generators c)) (mixed c) (tscale 2 (active c)) [].
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable t : vec.
Hypothesis T : positive K t.

Lemma lin_map (f : Z -> Z) p : (forall a, (0 <= f a)%Z) -> 0 <= lin K (map f p) t.
Proof. intro F. clear - F T. revert t T; induction p as [|a p IH]; intros [|e t'] T; cbn [map lin]; auto with pos.
  apply positive_cons in T as [Te T]. apply add_pos; auto. apply f_mulle; auto with pos. Qed.
Lemma lin_map_sub (f g h : Z -> Z) p : (forall a, h a = f a - g a)%Z ->
  lin K (map h p) t = lin K (map f p) t - lin K (map g p) t.
Proof. intro E. clear T. revert t; induction p as [|a p IH]; intros [|e t']; cbn [map lin]; try ring.
  rewrite IH, E, z2_sub. ring. Qed.
Lemma lin_map_id p : lin K (map (fun a => a) p) t = lin K p t.
Proof. now rewrite map_id. Qed.

(** |2 relu(p.t) - middle.t| <= width.t, whichever interval is chosen. *)
Lemma middle_width up p : let e := (1 + 1) * relu K (lin K p t) - lin K (middle up p) t in
  0 <= lin K (width up p) t - e /\ 0 <= lin K (width up p) t + e.
Proof.
  cbv beta zeta. set (pos := lin K (map (Z.max 0) p) t).
  assert (Pp : 0 <= pos) by (apply lin_map; lia).
  assert (Pd : 0 <= pos - lin K p t).
  { unfold pos. rewrite <- (lin_map_id p), <- (@lin_map_sub (Z.max 0) (fun a => a) (fun a => Z.max 0 a - a)%Z) by lia.
    apply lin_map. lia. }
  pose proof (relu_ge0 K (lin K p t)) as R0. pose proof (relu_ge K (lin K p t)) as R1.
  pose proof (relu_le K (lin K p t) pos Pp Pd) as R2. set (r := relu K (lin K p t)) in *.
  destruct up; cbn [middle width].
  - (* middle = p + p+, width = p+ - p *)
    assert (M : lin K (map (fun a => if (0 <? a)%Z then (2 * a)%Z else a) p) t = pos + lin K p t).
    { unfold pos. rewrite <- (lin_map_id p). rewrite (@lin_map_sub (Z.max 0) (fun a => - a)%Z).
      - rewrite (@lin_map_sub (fun a => 0)%Z (fun a => a) (fun a => - a)%Z) by lia.
        replace (lin K (map (fun _ => 0%Z) p) t) with 0; [ring|].
        clear. revert t; induction p as [|a p IH]; intros [|e t']; cbn [map lin]; auto.
        rewrite <- IH, ofZ_0. ring.
      - intro a. destruct (Z.ltb_spec 0 a); lia. }
    assert (V : lin K (map (fun a => if (0 <? a)%Z then 0%Z else (- a)%Z) p) t = pos - lin K p t).
    { unfold pos. rewrite <- (lin_map_id p). apply lin_map_sub. intro a. destruct (Z.ltb_spec 0 a); lia. }
    rewrite M, V. set (q := lin K p t) in *. split.
    + replace (pos - q - ((1 + 1) * r - (pos + q))) with ((1 + 1) * (pos - r)) by ring. auto with pos.
    + replace (pos - q + ((1 + 1) * r - (pos + q))) with ((1 + 1) * (r - q)) by ring. auto with pos.
  - (* middle = width = p+ *)
    assert (M : lin K (map (fun a => if (0 <? a)%Z then a else 0%Z) p) t = pos).
    { unfold pos. f_equal. apply map_ext. intro a. destruct (Z.ltb_spec 0 a); lia. }
    rewrite !M. split.
    + replace (pos - ((1 + 1) * r - pos)) with ((1 + 1) * (pos - r)) by ring. auto with pos.
    + replace (pos + ((1 + 1) * r - pos)) with ((1 + 1) * r) by ring. auto with pos. Qed.
Lemma scaled_error (w e : K) n : 0 <= w - e -> 0 <= w + e ->
  0 <= w * z2 (Z.abs n) - e * z2 n /\ 0 <= w * z2 (Z.abs n) + e * z2 n.
Proof.
  intros H1 H2. destruct (Z.le_ge_cases 0 n) as [P|P].
  - rewrite Z.abs_eq by assumption. apply (z2_pos K) in P. split.
    + replace (w * z2 n - e * z2 n) with ((w - e) * z2 n) by ring. auto with pos.
    + replace (w * z2 n + e * z2 n) with ((w + e) * z2 n) by ring. auto with pos.
  - rewrite Z.abs_neq by lia. assert (P' : 0 <= z2 (- n)) by (apply z2_pos; lia). split.
    + replace (w * z2 (- n) - e * z2 n) with ((w + e) * z2 (- n)) by (rewrite ofZ_opp; ring). auto with pos.
    + replace (w * z2 (- n) + e * z2 n) with ((w - e) * z2 (- n)) by (rewrite ofZ_opp; ring). auto with pos. Qed.
Lemma lin_component x j : lin K x (vZ K (zunit j)) = z2 (nth j x 0%Z).
Proof. now rewrite lin_dot, dot_unit, nth_vZ. Qed.
Lemma nth_abs j x : nth j (map Z.abs x) 0%Z = Z.abs (nth j x 0%Z).
Proof. exact (map_nth Z.abs x 0%Z j). Qed.
Lemma enclosure_sound up rows C R j :
  let (C', R') := enclosure up rows C R in
  let at_ V := dot (comb t V) (vZ K (zunit j)) in
  let e := (1 + 1) * nth j (mixed_sum K rows t) 0 - (at_ C' - at_ C) in
  let r := at_ R' - at_ R in
  0 <= r - e /\ 0 <= r + e.
Proof.
  revert C R; induction rows as [|[p nu] rows IH]; intros C R; cbn [enclosure].
  - cbv beta zeta. cbn [mixed_sum]. replace (nth j [] 0) with (0 : K) by now destruct j.
    match goal with |- 0 <= ?a /\ 0 <= ?b => replace a with 0 by ring; replace b with 0 by ring end. auto with pos.
  - specialize (IH (gadd (middle (up p) p) nu C) (gadd (width (up p) p) (map Z.abs nu) R)).
    destruct (enclosure _ rows _ _) as [C' R']. cbv beta zeta in *.
    rewrite !comb_gadd, !lin_component in IH.
    rewrite nth_abs in IH.
    destruct (middle_width (up p) p) as [M1 M2].
    destruct (@scaled_error _ _ (nth j nu 0%Z) M1 M2) as [S1 S2]. clear M1 M2.
    rewrite <- !dot_unit. rewrite <- !dot_unit in IH. cbn [mixed_sum].
    rewrite dot_vadd, dot_vscale, <- lin_dot, lin_component.
    set (n := z2 (nth j nu 0%Z)) in *. set (r := relu K (lin K p t)) in *.
    set (mid := lin K (middle (up p) p) t) in *. set (wid := lin K (width (up p) p) t) in *.
    set (an := z2 (Z.abs (nth j nu 0%Z))) in *.
    destruct IH as [I1 I2]. split.
    + match type of I1 with 0 <= ?a => match type of S1 with 0 <= ?b => match goal with |- 0 <= ?g =>
        replace g with (a + b) by ring end end end. auto with pos.
    + match type of I2 with 0 <= ?a => match type of S2 with 0 <= ?b => match goal with |- 0 <= ?g =>
        replace g with (a + b) by ring end end end. auto with pos. Qed.
Lemma comb_tscale s V v : dot (comb t (tscale s V)) v = z2 s * dot (comb t V) v.
Proof. rewrite !dot_comb. unfold tscale. rewrite map_map. clear T. revert t; induction V as [|g V IH]; intros [|e t'];
    cbn [map dot]; try ring. rewrite IH, lin_zscale. ring. Qed.
Lemma comb_tadd A B v : dot (comb t (tadd A B)) v = dot (comb t A) v + dot (comb t B) v.
Proof. clear T. revert A B; induction t as [|e t' IH]; intros [|a A] [|b B]; cbn [tadd comb]; try (simpl; ring).
  rewrite !dot_vadd, !dot_vscale, IH, <- !lin_dot, lin_zadd. ring. Qed.
Lemma comb_abs V j : let at_ V := dot (comb t V) (vZ K (zunit j)) in
  0 <= at_ (map (map Z.abs) V) - at_ V /\ 0 <= at_ (map (map Z.abs) V) + at_ V.
Proof.
  cbv beta zeta. revert T; generalize t; induction V as [|g V IH]; intros [|e t'] P; cbn [map comb dot];
    try (match goal with |- 0 <= ?a /\ 0 <= ?b => replace a with 0 by ring; replace b with 0 by ring end; auto with pos; fail).
  apply positive_cons in P as [Pe P]. destruct (IH t' P) as [I1 I2].
  rewrite !dot_vadd, !dot_vscale, <- !lin_dot, !lin_component.
  rewrite nth_abs.
  assert (A : 0 <= 1 - 1 /\ 0 <= 1 + 1) by (replace (1 - 1) with 0 by ring; auto with pos).
  destruct (@scaled_error 1 1 (nth j g 0%Z) (proj1 A) (proj2 A)) as [S1 S2].
  split.
  - match goal with |- 0 <= e * ?a + ?x - (e * ?b + ?y) => replace (e * a + x - (e * b + y)) with
      (e * (1 * a - 1 * b) + (x - y)) by ring end. auto with pos.
  - match goal with |- 0 <= e * ?a + ?x + (e * ?b + ?y) => replace (e * a + x + (e * b + y)) with
      (e * (1 * a + 1 * b) + (x + y)) by ring end. auto with pos. Qed.
(** Twice each output lies within radius . t of centre . t. *)
Lemma centres_radii_sound c j :
  let (C, R) := centres_radii c in
  let e := (1 + 1) * nth j (output K c t) 0 - nth j (comb t C) 0 in
  0 <= nth j (comb t R) 0 - e /\ 0 <= nth j (comb t R) 0 + e.
Proof.
  unfold centres_radii. pose proof (enclosure_sound (rising (generators c)) (mixed c) (tscale 2 (active c)) [] j) as E.
  destruct (enclosure _ _ _ _) as [C R]. cbv beta zeta in *. rewrite comb_tscale, z2_2 in E.
  replace (dot (comb t []) (vZ K (zunit j))) with 0 in E by now destruct t.
  unfold output. rewrite <- !dot_unit. rewrite <- dot_unit in E. rewrite dot_vadd.
  destruct E as [E1 E2]. split.
  - match type of E1 with 0 <= ?a => match goal with |- 0 <= ?g => replace g with a by ring end end. exact E1.
  - match type of E2 with 0 <= ?a => match goal with |- 0 <= ?g => replace g with a by ring end end. exact E2. Qed.
End Soundness.
