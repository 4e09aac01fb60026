(** * The losses that problems have, and what a dual point proves of each in integers

    nu is over nu_den and y over y_den, and a sample's bound over [bound_scale], one denominator for all samples: a million
    bounds are summed in integers. Those with logarithms are rounded down, to as many digits as one likes. *)
From Coq Require Import ZArith List Bool Ring Field Lia.
From Certify Require Import OrderedField Vectors Logarithm Losses.
Import ListNotations.
Set Implicit Arguments.

(** The losses that a training problem may have; a parameter is num/den. *)
Inductive loss_kind : Set :=
| Squared
| Huber (num den : Z)               (* where the loss becomes linear *)
| Absolute
| Quantile (num den : Z)
| EpsilonInsensitive (num den : Z)  (* what costs nothing *)
| Hinge
| SquaredHinge
| MulticlassHinge
| Logistic
| CrossEntropy (num den : Z)        (* the label smoothing *)
| Poisson.

Section Executable.
Local Open Scope Z_scope.
(** Is the parameter one that the loss may have? *)
Definition valid_loss (kind : loss_kind) : bool :=
  match kind with
  | Huber p q => (0 <? p) && (0 <? q)
  | Quantile p q => (0 <? p) && (p <? q)
  | EpsilonInsensitive p q => (0 <=? p) && (0 <? q)
  | CrossEntropy p q => (0 <=? p) && (p <=? q) && (0 <? q)
  | _ => true end.
(** Does the bound have logarithms, and does it have squares? *)
Definition entropic (kind : loss_kind) : bool :=
  match kind with Logistic | CrossEntropy _ _ | Poisson => true | _ => false end.
Definition quadratic (kind : loss_kind) : bool :=
  match kind with Squared | Huber _ _ | SquaredHinge => true | _ => false end.

Fixpoint pairwise (f : Z -> Z -> bool) (x y : list Z) : bool :=
  match x, y with [], [] => true | a :: x', b :: y' => f a b && pairwise f x' y' | _, _ => false end.
Fixpoint sum_of_pairs (f : Z -> Z -> Z) (x y : list Z) : Z :=
  match x, y with a :: x', b :: y' => f a b + sum_of_pairs f x' y' | _, _ => 0 end.

(** Label smoothing: (1 - s) y + s/c is this over den c y_den. *)
Definition smoothed_entry (p q c y_den e : Z) : Z := (q - p) * c * e + p * y_den.
Definition smoothed_den (q c y_den : Z) : Z := q * c * y_den.
(** The probability y - nu, over nu_den times the denominator. *)
Definition share_entry (p q c nu_den y_den a e : Z) : Z :=
  smoothed_entry p q c y_den e * nu_den - a * smoothed_den q c y_den.

(** Is the target one that the loss is made for? *)
Definition target_fits (kind : loss_kind) (y_den : Z) (y : list Z) : bool :=
  match kind with
  | Hinge | SquaredHinge | Logistic => forallb (fun e => Z.abs e =? y_den) y
  | MulticlassHinge => forallb (fun e => (e =? 0) || (e =? y_den)) y && (zsum y =? y_den)
  | CrossEntropy _ _ => nonneg y && (0 <? zsum y)
  | Poisson => nonneg y
  | _ => true end.
(** What the domain demands of an entry of nu, and whether all of them must sum to zero; c is the number of outputs. *)
Definition entry_inside (kind : loss_kind) (c nu_den y_den a e : Z) : bool :=
  match kind with
  | Squared => true
  | Huber p q => Z.abs a * q <=? p * nu_den
  | Absolute | EpsilonInsensitive _ _ => Z.abs a <=? nu_den
  | Quantile p q => (a * q <=? p * nu_den) && (- a * q <=? (q - p) * nu_den)
  | Hinge | Logistic => (0 <=? e * a) && (Z.abs a <=? nu_den)
  | SquaredHinge => 0 <=? e * a
  | MulticlassHinge | Poisson => a * y_den <=? e * nu_den
  | CrossEntropy p q => 0 <=? share_entry p q c nu_den y_den a e end.
Definition sums_to_zero (kind : loss_kind) : bool :=
  match kind with MulticlassHinge | CrossEntropy _ _ => true | _ => false end.
Definition nu_fits (kind : loss_kind) (c nu_den y_den : Z) (nu y : list Z) : bool :=
  target_fits kind y_den y && pairwise (entry_inside kind c nu_den y_den) nu y
  && (negb (sums_to_zero kind) || (zsum nu =? 0)) && (Z.of_nat (length y) =? c).

(** Not above 2^digits part ln(whole/part), or not below it. *)
Definition entropy_bound (up : bool) (l : logarithms) (whole part : Z) : Z :=
  if part =? 0 then 0 else part * (if up then log_above l whole part else log_below l whole part).
Definition bound_scale (kind : loss_kind) (digits c nu_den y_den : Z) : Z :=
  match kind with
  | Squared | Huber _ _ | SquaredHinge => 2 * (nu_den * nu_den) * y_den
  | Absolute | Quantile _ _ | Hinge => nu_den * y_den
  | EpsilonInsensitive _ q => nu_den * y_den * q
  | MulticlassHinge => nu_den * (y_den * y_den)
  | Logistic => Z.shiftl nu_den digits
  | CrossEntropy _ q => Z.shiftl (smoothed_den q c y_den * nu_den) digits
  | Poisson => Z.shiftl (nu_den * y_den) digits end.
(** With the logarithms rounded down; rounded up it says which claims are too high at any number of digits. *)
Definition sample_bound (up : bool) (kind : loss_kind) (l : logarithms) (c nu_den y_den : Z) (nu y : list Z) : Z :=
  match kind with
  | Squared => 2 * nu_den * zdot nu y - y_den * zdot nu nu
  | Huber _ _ | SquaredHinge => sum_of_pairs (fun a e => a * (2 * nu_den * e - y_den * a)) nu y
  | Absolute | Quantile _ _ | Hinge => zdot nu y
  | EpsilonInsensitive p q => sum_of_pairs (fun a e => q * (a * e) - p * y_den * Z.abs a) nu y
  | MulticlassHinge => sum_of_pairs (fun a e => (e * nu_den - a * y_den) * (y_den - e)) nu y
  | Logistic =>
    sum_of_pairs (fun a _ => entropy_bound up l nu_den (Z.abs a) + entropy_bound up l nu_den (nu_den - Z.abs a)) nu y
  | CrossEntropy p q =>
    let share := share_entry p q c nu_den y_den in
    let whole := sum_of_pairs share nu y in
    sum_of_pairs (fun a e => entropy_bound up l whole (share a e)) nu y
  | Poisson =>
    let whole := nu_den * y_den in
    sum_of_pairs (fun a e =>
      let part := e * nu_den - a * y_den in Z.shiftl part (digits l) + entropy_bound up l whole part) nu y
  end.
End Executable.

Section LossBounds.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Add Field Kfield : (f_field K).

(** A function that a kind of loss may mean: the bounds in integers are bounds of it. *)
Definition represents (kind : loss_kind) (l : loss_function K vec) : Prop :=
  forall digits c nu_den y_den nu y, (0 <= digits)%Z -> (0 < nu_den)%Z -> (0 < y_den)%Z ->
  nu_fits kind c nu_den y_den nu y = true ->
  loss_domain l (vQ K nu_den nu) (vQ K y_den y) /\
  z2 (sample_bound false kind (logarithms_to digits) c nu_den y_den nu y) <=
    z2 (bound_scale kind digits c nu_den y_den) * loss_bound l (vQ K nu_den nu) (vQ K y_den y).
(** What the losses without logarithms mean over any ordered field; the others are in [Entropies.v]. *)
Definition algebraic_loss (kind : loss_kind) : option (loss_function K vec) :=
  match kind with
  | Squared => Some (squared K)
  | Huber p q => Some (huber (z2 p / z2 q))
  | Absolute => Some (absolute K)
  | Quantile p q => Some (quantile (z2 p / z2 q))
  | EpsilonInsensitive p q => Some (insensitive (z2 p / z2 q))
  | Hinge => Some (hinge K)
  | SquaredHinge => Some (squared_hinge K)
  | MulticlassHinge => Some (multiclass_hinge K)
  | Logistic | CrossEntropy _ _ | Poisson => None end.

(** Bounds that are sums over the outputs. *)
Lemma pairs_sound (g h : Z -> K) (fits : Z -> Z -> bool) (f : Z -> Z -> Z) (scale : K) (inside : K -> K -> Prop)
  (b : K -> K -> K) :
  (forall a e, fits a e = true -> inside (g a) (h e) /\ z2 (f a e) <= scale * b (g a) (h e)) ->
  forall nu y, pairwise fits nu y = true ->
  inside_each inside (map g nu) (map h y) /\ z2 (sum_of_pairs f nu y) <= scale * over_outputs b (map g nu) (map h y).
Proof.
  intros H nu; induction nu as [|a nu IH]; intros [|e y] P; try discriminate; cbn [pairwise] in P;
    cbn [map inside_each over_outputs sum_of_pairs hd tl].
  - split; auto. rewrite ofZ_0. apply sub_le. replace (scale * 0 - 0) with (0 : K) by ring. auto with pos.
  - apply andb_prop in P as [P Q]. destruct (H _ _ P) as [I B]. destruct (IH _ Q) as [J C]. split; auto.
    apply le_sub in B, C. apply sub_le. rewrite ofZ_add.
    match type of B with 0 <= ?p => match type of C with 0 <= ?q => match goal with |- 0 <= ?g =>
      replace g with (p + q) by ring end end end. auto with pos. Qed.
Lemma zdot_pairs nu y : zdot nu y = sum_of_pairs Z.mul nu y.
Proof. revert y; induction nu as [|a nu IH]; intros [|e y]; cbn [zdot sum_of_pairs]; auto. now rewrite IH. Qed.
Lemma ratio_le_sub a b c d : (0 < b)%Z -> (0 < d)%Z -> (a * d <= c * b)%Z -> 0 <= z2 c / z2 d - z2 a / z2 b.
Proof. intros Hb Hd H. apply le_sub. now apply z2_ratio_le. Qed.
Lemma modulus_ratio a n : (0 < n)%Z -> modulus (z2 a / z2 n) = z2 (Z.abs a) / z2 n.
Proof.
  intro Hn. destruct (Z.le_ge_cases 0 a) as [H|H].
  - rewrite modulus_pos, Z.abs_eq by (assumption || now apply z2_ratio_pos). reflexivity.
  - rewrite modulus_neg, Z.abs_neq, ofZ_opp by
      (assumption || (apply sub_le; replace (0 - z2 a / z2 n) with (z2 (- a) / z2 n) by (rewrite ofZ_opp; ring);
        apply z2_ratio_pos; lia)). ring. Qed.
Lemma equal_le (a b : K) : a = b -> a <= b.
Proof. intros ->. apply f_refl. Qed.
(** The target 1 or -1, and the product of it and nu. *)
Lemma sign_sound e d : (0 < d)%Z -> (Z.abs e =? d)%Z = true -> z2 e / z2 d * (z2 e / z2 d) = 1.
Proof.
  intros Hd H. apply Z.eqb_eq in H. assert (D : e = d \/ e = (- d)%Z) by lia.
  assert (E : (e * e = d * d)%Z) by (destruct D as [->| ->]; ring).
  apply (f_equal z2) in E. rewrite !ofZ_mul in E. pose proof (z2_nz K Hd) as N.
  transitivity (z2 e * z2 e * (finv K (z2 d) * finv K (z2 d))); [ring|]. rewrite E. field. exact N. Qed.
Lemma signed_le e a n d : (0 < n)%Z -> (0 < d)%Z -> Z.abs e = d -> (0 <= e * a)%Z -> (Z.abs a <= n)%Z ->
  0 <= 1 - z2 e / z2 d * (z2 a / z2 n).
Proof.
  intros Hn Hd E P L. pose proof (z2_nz K Hn) as Nn. pose proof (z2_nz K Hd) as Nd.
  replace (1 - z2 e / z2 d * (z2 a / z2 n)) with (z2 1 / z2 1 - z2 (e * a) / z2 (d * n)).
  - apply ratio_le_sub; nia.
  - rewrite ofZ_1, !ofZ_mul. field. repeat split; auto. apply f_01. Qed.
Lemma signed_pos e a n d : (0 < n)%Z -> (0 < d)%Z -> (0 <= e * a)%Z -> 0 <= z2 e / z2 d * (z2 a / z2 n).
Proof.
  intros Hn Hd P. pose proof (z2_nz K Hn) as Nn. pose proof (z2_nz K Hd) as Nd.
  replace (z2 e / z2 d * (z2 a / z2 n)) with (z2 (e * a) / z2 (d * n)).
  - apply z2_ratio_pos; nia.
  - rewrite !ofZ_mul. field. auto. Qed.
Lemma forallb_pairwise (f : Z -> bool) g nu y : forallb f y = true -> pairwise g nu y = true ->
  pairwise (fun a e => f e && g a e) nu y = true.
Proof.
  revert nu; induction y as [|e y IH]; intros [|a nu] F G; try discriminate; auto. cbn [forallb pairwise] in *.
  apply andb_prop in F as [F1 F2]. apply andb_prop in G as [G1 G2]. now rewrite F1, G1, IH. Qed.

Lemma inside_each_simplex (nu y : vec) : inside_each (fun nu e => 0 <= e - nu) nu y -> inside_simplex nu y.
Proof. revert nu; induction y as [|e y IH]; intro nu; cbn [inside_each inside_simplex]; firstorder. Qed.

Theorem algebraic_sound kind l : valid_loss kind = true -> algebraic_loss kind = Some l -> represents kind l.
Proof.
  intros V E digits c n d nu y _ Hn Hd F. unfold nu_fits in F. apply andb_prop in F as [F _].
  apply andb_prop in F as [F S]. apply andb_prop in F as [T P].
  pose proof (z2_nz K Hn) as Nn. pose proof (z2_nz K Hd) as Nd. pose proof (two_nz K) as N2.
  assert (Q : forall q, (0 < q)%Z -> z2 q <> 0) by (intros; now apply z2_nz).
  destruct kind; cbn [algebraic_loss] in E; try discriminate E; injection E as <-;
    cbn [valid_loss target_fits entry_inside sample_bound bound_scale sums_to_zero negb orb] in *;
    repeat match goal with X : (_ && _) = true |- _ => apply andb_prop in X as [? ?] end;
    repeat match goal with X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X | X : (_ <=? _)%Z = true |- _ => apply Z.leb_le in X end;
    cbn [loss_domain loss_bound squared huber absolute quantile insensitive hinge squared_hinge multiclass_hinge per_output].
  - (* squared *)
    split; [exact I|]. unfold squared_bound, sq. rewrite !dot_vQ2, z2_sub, !ofZ_mul, z2_2. apply equal_le. field. auto.
  - (* huber *)
    assert (0 < den)%Z by assumption. revert P. apply pairs_sound. intros a e P. apply Z.leb_le in P. split.
    + split.
      * apply ratio_le_sub; nia.
      * replace (z2 num / z2 den + z2 a / z2 n) with (z2 num / z2 den - z2 (- a) / z2 n) by (rewrite ofZ_opp; ring).
        apply ratio_le_sub; nia.
    + apply equal_le. rewrite !ofZ_mul, z2_sub, !ofZ_mul, z2_2. field. auto.
  - (* absolute *)
    rewrite zdot_pairs. revert P. apply pairs_sound. intros a e P. apply Z.leb_le in P. split.
    + rewrite <- (div_mul K 1 Nn). replace (z2 n * (1 / z2 n)) with (z2 n / z2 n) by ring.
      split; [apply ratio_le_sub; nia|].
      replace (z2 n / z2 n + z2 a / z2 n) with (z2 n / z2 n - z2 (- a) / z2 n) by (rewrite ofZ_opp; ring). apply ratio_le_sub; nia.
    + apply equal_le. rewrite !ofZ_mul. field. auto.
  - (* quantile *)
    rewrite zdot_pairs. assert (0 < den)%Z by lia. revert P. apply pairs_sound. intros a e P. apply andb_prop in P as [P R].
    apply Z.leb_le in P, R. split.
    + split; [apply ratio_le_sub; nia|].
      replace (1 - z2 num / z2 den + z2 a / z2 n) with (z2 (den - num) / z2 den - z2 (- a) / z2 n)
        by (rewrite ofZ_opp, z2_sub; field; auto). apply ratio_le_sub; nia.
    + apply equal_le. rewrite !ofZ_mul. field. auto.
  - (* epsilon-insensitive *)
    revert P. apply pairs_sound. intros a e P. apply Z.leb_le in P. split.
    + rewrite <- (div_mul K 1 Nn). replace (z2 n * (1 / z2 n)) with (z2 n / z2 n) by ring.
      split; [apply ratio_le_sub; nia|].
      replace (z2 n / z2 n + z2 a / z2 n) with (z2 n / z2 n - z2 (- a) / z2 n) by (rewrite ofZ_opp; ring). apply ratio_le_sub; nia.
    + apply equal_le. rewrite modulus_ratio by assumption. rewrite z2_sub, !ofZ_mul. field. auto.
  - (* hinge *)
    rewrite zdot_pairs. apply (forallb_pairwise _ _ _ _ T) in P. revert P. apply pairs_sound. intros a e P.
    apply andb_prop in P as [A P]. apply andb_prop in P as [P R]. apply Z.leb_le in P, R. split.
    + split; [now apply sign_sound|]. apply Z.eqb_eq in A. split; [now apply signed_pos|now apply signed_le].
    + apply equal_le. rewrite !ofZ_mul. field. auto.
  - (* squared hinge *)
    apply (forallb_pairwise _ _ _ _ T) in P. revert P. apply pairs_sound. intros a e P.
    apply andb_prop in P as [A P]. apply Z.leb_le in P. split.
    + split; [now apply sign_sound|]. now apply signed_pos.
    + apply equal_le. rewrite !ofZ_mul, z2_sub, !ofZ_mul, z2_2. field. auto.
  - (* multi-class hinge *)
    apply Z.eqb_eq in S. match goal with X : (zsum y =? d)%Z = true |- _ => apply Z.eqb_eq in X; rename X into U end.
    assert (SQ : forall den x, sum (vQ K den x) = z2 (zsum x) / z2 den).
    { clear. unfold sum, zsum, vQ. intros den x; induction x as [|a x IH]; cbn [map fold_right]; [rewrite ofZ_0; ring|].
      rewrite IH, ofZ_add. ring. }
    pose proof (pairs_sound (fun a => z2 a / z2 n) (fun e => z2 e / z2 d) (fun a e => a * d <=? e * n)%Z
      (fun a e => (e * n - a * d) * (d - e))%Z (z2 (n * (d * d))) (fun nu e => 0 <= e - nu)
      (fun nu e => (e - nu) * (1 - e))) as G.
    destruct (G) with (nu := nu) (y := y) as [G1 G2]; [|exact P|].
    + intros a e R. apply Z.leb_le in R. split; [apply ratio_le_sub; nia|]. apply equal_le.
      rewrite !ofZ_mul, !z2_sub, !ofZ_mul. field. auto.
    + split; [|exact G2]. split; [|split].
      * now apply inside_each_simplex.
      * rewrite SQ, S, ofZ_0. ring.
      * rewrite SQ, U. field. exact Nd. Qed.
End LossBounds.
