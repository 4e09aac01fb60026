(** * The losses with logarithms, over Coq's real numbers: logistic, cross-entropy, Poisson

    Their Fenchel bounds are entropies: for numbers q_k >= 0 with the sum s, the sum of q_k ln(s/q_k) + q_k z_k is at most
    s ln(sum of exp z_k), by ln x <= x - 1. 0 ln(s/0) is 0 here, as 0 times anything. *)
From Coq Require Import ZArith List Bool Lia Reals Lra.
From Certify Require Import OrderedField Vectors RealField Logarithm Losses LossBounds.
Import ListNotations.
Set Implicit Arguments.
Local Open Scope R_scope.
Local Notation vec := (list R).

Ltac real := cbn [car f0 f1 fadd fmul fsub fopp finv fle ofZ RField] in *.

(** ** One term *)
Definition entropy (whole part : R) : R := part * ln (whole / part).
Lemma ln_le_minus_1 x : 0 < x -> ln x <= x - 1.
Proof.
  intro H. destruct (Req_dec (ln x) 0) as [E|N].
  - rewrite E. apply (f_equal exp) in E. rewrite exp_0, exp_ln in E by assumption. lra.
  - pose proof (exp_ineq1 (ln x) N) as P. rewrite exp_ln in P by assumption. lra. Qed.
Lemma gibbs s q z : 0 < s -> 0 <= q -> entropy s q + q * z <= s * exp z - q.
Proof.
  intros Hs [Hq|<-]; unfold entropy.
  - pose proof (exp_pos z) as E. assert (Q : 0 < s / q) by now apply Rdiv_lt_0_compat.
    assert (P : 0 < s / q * exp z) by now apply Rmult_lt_0_compat.
    pose proof (ln_le_minus_1 P) as L. rewrite ln_mult, ln_exp in L by assumption.
    apply (Rmult_le_compat_l q) in L; [|lra].
    replace (q * (s / q * exp z - 1)) with (s * exp z - q) in L by (field; lra). lra.
  - pose proof (exp_pos z). nra. Qed.
Lemma entropy_scale w s q : 0 < w -> entropy (w * s) (w * q) = w * entropy s q.
Proof.
  intro H. unfold entropy. destruct (Req_dec q 0) as [->|N]; [rewrite Rmult_0_r; lra|].
  replace (w * s / (w * q)) with (s / q) by (field; split; lra). ring. Qed.

(** ** The logistic loss ln(1 + exp(- y z)) of each output, where y is 1 or -1 *)
Definition logistic_value (z y : R) : R := ln (1 + exp (- (y * z))).
Definition logistic_bound (nu y : R) : R := entropy 1 (y * nu) + entropy 1 (1 - y * nu).
Lemma logistic_fenchel nu y z : y * y = 1 /\ 0 <= y * nu /\ 0 <= 1 - y * nu -> logistic_bound nu y - nu * z <= logistic_value z y.
Proof.
  intros (Y & P & Q). unfold logistic_value, logistic_bound. set (x := y * z). set (t := y * nu) in *.
  assert (E : nu * z = t * x) by (unfold t, x; transitivity (y * y * (nu * z)); [rewrite Y; ring|ring]). rewrite E.
  pose proof (exp_pos (- x)) as X. set (l := ln (1 + exp (- x))).
  assert (L : exp l = 1 + exp (- x)) by (apply exp_ln; lra).
  pose proof (@gibbs 1 t (- x - l) Rlt_0_1 P) as G. pose proof (@gibbs 1 (1 - t) (- l) Rlt_0_1 Q) as H.
  assert (M : exp (- x - l) + exp (- l) = 1).
  { unfold Rminus. rewrite exp_plus, (exp_Ropp l), L. field. lra. } lra. Qed.
Definition logistic : loss_function RField vec :=
  per_output RField (fun z y => logistic_value z y) _ (fun nu y => logistic_bound nu y) logistic_fenchel.

(** ** The Poisson loss exp z - y z of each output *)
Definition poisson_value (z y : R) : R := exp z - y * z.
Definition poisson_bound (nu y : R) : R := (y - nu) + entropy 1 (y - nu).
Lemma poisson_fenchel nu y z : 0 <= y - nu -> poisson_bound nu y - nu * z <= poisson_value z y.
Proof.
  intro H. unfold poisson_value, poisson_bound. pose proof (@gibbs 1 (y - nu) z Rlt_0_1 H). lra. Qed.
Definition poisson : loss_function RField vec :=
  per_output RField (fun z y => poisson_value z y) _ (fun nu y => poisson_bound nu y) poisson_fenchel.

(** ** The cross-entropy loss s ln(sum of exp z_k) - y.z of a target y with the sum s, with label smoothing *)
Definition total_exp (z y : vec) : R := over_outputs (K := RField) (fun z _ => exp z) z y.
Definition soft_value (z y : vec) : R := sum (K := RField) y * ln (total_exp z y) - dot (K := RField) y z.
Definition soft_bound (nu y : vec) : R :=
  over_outputs (K := RField) (fun nu e => entropy (sum (K := RField) y) (e - nu)) nu y.
Definition soft_domain (nu y : vec) : Prop :=
  inside_simplex (K := RField) nu y /\ sum (K := RField) nu = 0 /\ 0 < sum (K := RField) y.
Lemma total_exp_pos z y : y <> [] -> 0 < total_exp z y.
Proof.
  unfold total_exp. assert (G : forall y z, 0 <= over_outputs (K := RField) (fun z _ => exp z) z y).
  { clear. intro y; induction y as [|e y IH]; intro z; cbn [over_outputs]; real; [lra|].
    pose proof (exp_pos (hd 0 z)). pose proof (IH (tl z)). lra. }
  destruct y as [|e y]; [congruence|]. intros _. cbn [over_outputs]; real. pose proof (exp_pos (hd 0 z)).
  pose proof (G y (tl z)). lra. Qed.
Lemma soft_le s l nu y z : 0 < s -> inside_simplex (K := RField) nu y ->
  over_outputs (K := RField) (fun nu e => entropy s (e - nu)) nu y + (dot (K := RField) y z - dot (K := RField) nu z)
    - (sum (K := RField) y - sum (K := RField) nu) * l
  <= s * (total_exp z y * exp (- l)) - (sum (K := RField) y - sum (K := RField) nu).
Proof.
  intro Hs. revert nu z; induction y as [|e y IH]; intros nu z H.
  - cbn in H. subst nu. unfold total_exp. cbn. lra.
  - destruct H as [P H]. pose proof (IH _ (tl z) H) as I. unfold total_exp in *. cbn [over_outputs].
    assert (E : dot (K := RField) nu z = hd 0 nu * hd 0 z + dot (K := RField) (tl nu) (tl z)).
    { destruct nu, z; cbn [dot hd tl]; rewrite ?dot_nil_r; cbn; ring. }
    assert (F : dot (K := RField) (e :: y) z = e * hd 0 z + dot (K := RField) y (tl z)).
    { destruct z; cbn [dot hd tl]; rewrite ?dot_nil_r; cbn; ring. }
    assert (S : sum (K := RField) nu = hd 0 nu + sum (K := RField) (tl nu)) by (destruct nu; cbn; ring).
    rewrite E, F, S. change (sum (K := RField) (e :: y)) with (e + sum (K := RField) y).
    pose proof (@gibbs s (e - hd 0 nu) (hd 0 z - l) Hs P) as G. 
    replace (exp (hd 0 z - l)) with (exp (hd 0 z) * exp (- l)) in G by (rewrite <- exp_plus; reflexivity).
    real. lra. Qed.
Lemma soft_fenchel nu y z : soft_domain nu y -> soft_bound nu y - dot (K := RField) nu z <= soft_value z y.
Proof.
  intros (I & S & P). unfold soft_bound, soft_value. pose proof (@soft_le _ (ln (total_exp z y)) nu y z P I) as G.
  assert (N : y <> []) by (intros ->; cbn in P; lra). pose proof (total_exp_pos z N) as T.
  rewrite exp_Ropp, exp_ln, S in G by exact T. rewrite Rinv_r in G by lra. lra. Qed.
Definition smoothed (s : R) (y : vec) : vec := map (fun e => (1 - s) * e + s / INR (length y)) y.
Lemma cross_entropy_fenchel s nu y z : soft_domain nu (smoothed s y) ->
  soft_bound nu (smoothed s y) - dot (K := RField) nu z <= soft_value z (smoothed s y).
Proof. apply soft_fenchel. Qed.
Definition cross_entropy (s : R) : loss_function RField vec :=
  @Build_loss_function RField vec (fun z y => soft_value z (smoothed s y)) (fun nu y => soft_domain nu (smoothed s y))
    (fun nu y => soft_bound nu (smoothed s y)) (cross_entropy_fenchel s).

(** ** What each kind of loss means over the real numbers *)
Definition function_of (kind : loss_kind) : loss_function RField vec :=
  match kind with
  | Squared => squared RField
  | Huber p q => huber (K := RField) (IZR p / IZR q)
  | Absolute => absolute RField
  | Quantile p q => quantile (K := RField) (IZR p / IZR q)
  | EpsilonInsensitive p q => insensitive (K := RField) (IZR p / IZR q)
  | Hinge => hinge RField
  | SquaredHinge => squared_hinge RField
  | MulticlassHinge => multiclass_hinge RField
  | Logistic => logistic
  | CrossEntropy p q => cross_entropy (IZR p / IZR q)
  | Poisson => poisson end.
Definition value_of (kind : loss_kind) : vec -> vec -> R := loss_value (function_of kind).

(** ** The bounds in integers *)
Lemma entropy_bound_sound d whole part n : (0 <= d)%Z -> (0 < whole)%Z -> (0 <= part)%Z -> 0 < n ->
  IZR (entropy_bound false (logarithms_to d) whole part) <= n * IZR (2 ^ d) * entropy (IZR whole / n) (IZR part / n).
Proof.
  intros Hd Hw Hp Hn. assert (E : entropy (IZR whole / n) (IZR part / n) = entropy (IZR whole) (IZR part) / n).
  { replace (IZR whole / n) with (/ n * IZR whole) by (unfold Rdiv; ring).
    replace (IZR part / n) with (/ n * IZR part) by (unfold Rdiv; ring).
    rewrite entropy_scale by now apply Rinv_0_lt_compat. unfold Rdiv; ring. }
  rewrite E. replace (n * IZR (2 ^ d) * (entropy (IZR whole) (IZR part) / n)) with
    (IZR (2 ^ d) * entropy (IZR whole) (IZR part)) by (field; lra). clear E.
  unfold entropy_bound, entropy. destruct (Z.eqb_spec part 0) as [->|N]; [lra|]. rewrite mult_IZR.
  assert (Q : (0 < part)%Z) by lia. pose proof (log_below_sound Hd Hw Q). apply IZR_lt in Q. nra. Qed.
Lemma shiftl_IZR a d : (0 <= d)%Z -> IZR (Z.shiftl a d) = IZR a * IZR (2 ^ d).
Proof. intro H. rewrite Z.shiftl_mul_pow2, mult_IZR by exact H. reflexivity. Qed.

Theorem logistic_sound : represents (K := RField) Logistic logistic.
Proof.
  intros digits c n d nu y H Hn Hd F. unfold nu_fits in F. apply andb_prop in F as [F _].
  apply andb_prop in F as [F _]. apply andb_prop in F as [T P].
  cbn [target_fits entry_inside sample_bound bound_scale] in *.
  apply (forallb_pairwise _ _ _ _ T) in P. revert P. apply (pairs_sound RField). intros a e P.
  apply andb_prop in P as [A P]. apply andb_prop in P as [P R]. apply Z.leb_le in P, R.
  pose proof (@sign_sound RField _ _ Hd A) as S. apply Z.eqb_eq in A.
  pose proof (@signed_pos RField _ _ _ _ Hn Hd P) as P1. pose proof (@signed_le RField _ _ _ _ Hn Hd A P R) as P2.
  split; [exact (conj S (conj P1 P2))|]. cbn in S, P1, P2 |- *. assert (Np : 0 < IZR n) by now apply IZR_lt.
  assert (Dp : 0 < IZR d) by now apply IZR_lt.
  (* y nu is |a|/n *)
  assert (E : IZR e * / IZR d * (IZR a * / IZR n) = IZR (Z.abs a) / IZR n).
  { assert (M : (e * a = d * Z.abs a)%Z) by nia. apply (f_equal IZR) in M. rewrite !mult_IZR in M.
    replace (IZR e * / IZR d * (IZR a * / IZR n)) with (IZR e * IZR a * / IZR d * / IZR n) by ring. rewrite M. field. lra. }
  unfold logistic_bound. rewrite E. replace (1 - IZR (Z.abs a) / IZR n) with (IZR (n - Z.abs a) / IZR n)
    by (rewrite minus_IZR; field; lra).
  replace 1 with (IZR n / IZR n) by (field; lra). rewrite shiftl_IZR by exact H. rewrite plus_IZR.
  pose proof (@entropy_bound_sound digits n (Z.abs a) _ H Hn (Z.abs_nonneg a) Np).
  assert (Q : (0 <= n - Z.abs a)%Z) by lia. pose proof (@entropy_bound_sound digits n _ _ H Hn Q Np). lra. Qed.
Theorem poisson_sound : represents (K := RField) Poisson poisson.
Proof.
  intros digits c n d nu y H Hn Hd F. unfold nu_fits in F. apply andb_prop in F as [F _].
  apply andb_prop in F as [F _]. apply andb_prop in F as [T P].
  cbn [target_fits entry_inside sample_bound bound_scale] in *.
  revert P. apply (pairs_sound RField). intros a e P. apply Z.leb_le in P. cbn.
  assert (Np : 0 < IZR n) by now apply IZR_lt. assert (Dp : 0 < IZR d) by now apply IZR_lt.
  assert (E : IZR e * / IZR d - IZR a * / IZR n = IZR (e * n - a * d) / IZR (n * d)).
  { rewrite minus_IZR, !mult_IZR. field. lra. }
  assert (Q : (0 <= e * n - a * d)%Z) by lia. assert (W : (0 < n * d)%Z) by nia. assert (Wp : 0 < IZR (n * d)) by now apply IZR_lt.
  rewrite E. split; [apply ratio_ge0; [now apply IZR_le|exact Wp]|].
  unfold poisson_bound. rewrite E, plus_IZR. cbn [Logarithm.digits logarithms_to]. rewrite !shiftl_IZR by exact H.
  pose proof (@entropy_bound_sound digits _ _ _ H W Q Wp) as G. replace (IZR (n * d) / IZR (n * d)) with 1 in G by (field; lra).
  rewrite Rmult_plus_distr_l.
  replace (IZR (n * d) * IZR (2 ^ digits) * (IZR (e * n - a * d) / IZR (n * d))) with (IZR (e * n - a * d) * IZR (2 ^ digits))
    by (field; lra). apply Rplus_le_compat_l. exact G. Qed.

Section CrossEntropy.
Variables (p q c n d : Z).
Hypothesis Hp : (0 <= p <= q)%Z.
Hypothesis Hq : (0 < q)%Z.
Hypothesis Hc : (0 < c)%Z.
Hypothesis Hn : (0 < n)%Z.
Hypothesis Hd : (0 < d)%Z.
Let D := smoothed_den q c d.
Let share := share_entry p q c n d.
Let of_nu (a : Z) := IZR a * / IZR n.
Let of_y (e : Z) := (1 - IZR p / IZR q) * (IZR e * / IZR d) + IZR p / IZR q / IZR c.
Lemma all_positive : 0 < IZR q /\ 0 < IZR c /\ 0 < IZR n /\ 0 < IZR d /\ 0 < IZR (D * n).
Proof. repeat split; apply IZR_lt; auto. unfold D, smoothed_den. nia. Qed.
Lemma share_is a e : of_y e - of_nu a = IZR (share a e) / IZR (D * n).
Proof.
  destruct all_positive as (Q & C & N & Dp & _). unfold of_y, of_nu, share, share_entry, D, smoothed_den, smoothed_entry.
  rewrite !minus_IZR, !mult_IZR, !plus_IZR, !mult_IZR, !minus_IZR. field. lra. Qed.
Lemma whole_is f nu y : pairwise f nu y = true ->
  (sum_of_pairs share nu y = n * ((q - p) * c * zsum y + p * d * Z.of_nat (length y)) - zsum nu * D)%Z.
Proof.
  revert y; induction nu as [|a nu IH]; intros [|e y] P; try discriminate; cbn [sum_of_pairs zsum fold_right length]; [lia|].
  cbn [pairwise] in P. apply andb_prop in P as [_ P]. rewrite (IH _ P). fold (zsum nu) (zsum y).
  unfold share, share_entry, smoothed_entry. fold D. rewrite Nat2Z.inj_succ. ring. Qed.
Lemma sum_is y : sum (K := RField) (map of_y y) = (1 - IZR p / IZR q) * (IZR (zsum y) / IZR d) + INR (length y) * (IZR p / IZR q / IZR c).
Proof.
  induction y as [|e y IH].
  - cbn. real. unfold Rdiv. ring.
  - change (sum (K := RField) (map of_y (e :: y))) with (of_y e + sum (K := RField) (map of_y y)). rewrite IH.
    change (length (e :: y)) with (S (length y)). rewrite S_INR. change (zsum (e :: y)) with (e + zsum y)%Z. rewrite plus_IZR.
    real. unfold of_y, Rdiv. ring. Qed.
End CrossEntropy.
Theorem cross_entropy_sound p q : valid_loss (CrossEntropy p q) = true ->
  represents (K := RField) (CrossEntropy p q) (cross_entropy (IZR p / IZR q)).
Proof.
  intros V digits c n d nu y H Hn Hd F. cbn [valid_loss] in V. unfold nu_fits in F. apply andb_prop in F as [F L].
  apply andb_prop in F as [F S]. apply andb_prop in F as [T P]. apply andb_prop in V as [V Hq]. apply andb_prop in V as [Hp Hp'].
  apply andb_prop in T as [_ T].
  cbn [target_fits entry_inside sample_bound bound_scale sums_to_zero negb orb] in *.
  apply Z.eqb_eq in L, S. apply Z.ltb_lt in T, Hq. apply Z.leb_le in Hp, Hp'.
  assert (Hc : (0 < c)%Z) by (destruct y; [discriminate T|cbn in L; lia]). assert (Hpq : (0 <= p <= q)%Z) by lia.
  pose proof (all_positive Hq Hc Hn Hd) as (Q & C & N & Dp & W).
  set (D := smoothed_den q c d) in *. set (share := share_entry p q c n d) in *. set (whole := sum_of_pairs share nu y).
  pose proof (whole_is p q c n d _ _ _ P) as E. fold share D whole in E. rewrite S, L in E.
  assert (Wh : (0 < whole)%Z).
  { rewrite E, Z.mul_0_l, Z.sub_0_r. apply Z.mul_pos_pos; [exact Hn|].
    assert (A : (0 <= (q - p) * c * zsum y)%Z) by (repeat apply Z.mul_nonneg_nonneg; lia).
    assert (B : (0 <= p * d * c)%Z) by (repeat apply Z.mul_nonneg_nonneg; lia).
    destruct (Z.eq_dec p 0) as [->|Np].
    - assert (0 < (q - 0) * c * zsum y)%Z by (repeat apply Z.mul_pos_pos; lia). lia.
    - assert (0 < p * d * c)%Z by (repeat apply Z.mul_pos_pos; lia). lia. }
  set (of_y := fun e => (1 - IZR p / IZR q) * (IZR e * / IZR d) + IZR p / IZR q / IZR c).
  assert (Y : smoothed (IZR p / IZR q) (vQ RField d y) = map of_y y).
  { unfold smoothed, vQ. rewrite map_map, map_length. apply map_ext. intro e. unfold of_y. real.
    rewrite INR_IZR_INZ, L. reflexivity. }
  assert (Su : sum (K := RField) (map of_y y) = IZR whole / IZR (D * n)).
  { unfold of_y. rewrite sum_is, INR_IZR_INZ, L, E. unfold D, smoothed_den.
    rewrite !minus_IZR, !mult_IZR, !plus_IZR, !mult_IZR, !minus_IZR. real. field. lra. }
  assert (Sp : 0 < IZR whole / IZR (D * n)) by (apply Rdiv_lt_0_compat; [now apply IZR_lt|exact W]).
  cbn [loss_domain loss_bound cross_entropy]. rewrite Y. unfold soft_domain, soft_bound. rewrite Su.
  edestruct (pairs_sound RField (fun a => IZR a * / IZR n) of_y (fun a e => 0 <=? share a e)%Z
    (fun a e => entropy_bound false (logarithms_to digits) whole (share a e)) (IZR (Z.shiftl (D * n) digits))
    (fun nu e => 0 <= e - nu) (fun nu e => entropy (IZR whole / IZR (D * n)) (e - nu))) as [I B]; [|exact P|].
  - intros a e R. apply Z.leb_le in R. pose proof (share_is p Hq Hc Hn Hd a e) as X. fold share in X. cbv zeta in X.
    fold D in X. change (of_y e - IZR a * / IZR n = IZR (share a e) / IZR (D * n)) in X. real. rewrite X.
    split; [apply ratio_ge0; [now apply IZR_le|exact W]|].
    rewrite shiftl_IZR by exact H. now apply entropy_bound_sound.
  - split; [split; [now apply (inside_each_simplex RField)|split; [|exact Sp]]|exact B].
    assert (Z : sum (K := RField) (vQ RField n nu) = IZR (zsum nu) / IZR n).
    { clear. induction nu as [|a nu IH]; [cbn; real; unfold Rdiv; ring|].
      change (zsum (a :: nu)) with (a + zsum nu)%Z. rewrite plus_IZR.
      change (sum (K := RField) (vQ RField n (a :: nu))) with (IZR a * / IZR n + sum (K := RField) (vQ RField n nu)).
      rewrite IH. real. unfold Rdiv. ring. }
    rewrite Z, S. real. unfold Rdiv. ring. Qed.

(** Every loss that a problem may have. *)
Theorem sample_bound_sound kind : valid_loss kind = true -> represents (K := RField) kind (function_of kind).
Proof.
  intro V. destruct kind; try exact (@algebraic_sound RField _ _ V eq_refl).
  - exact logistic_sound.
  - now apply cross_entropy_sound.
  - exact poisson_sound. Qed.
