(** * Bounds of logarithms of rational numbers, in integers

    With t = (m - 1)/(m + 1) the logarithm of m is 2 artanh t = 2 (t + t^3/3 + t^5/5 + ...), and that of a/b is k ln 2 +
    ln m for the power of two with m = a/b / 2^k in [1, 2), so that t <= 1/3. A bound is an integer over 2^digits, found in
    fixed point: where all that is left out is positive, floors and the first terms give a lower bound; of ln 2, which counts
    against the bound where k is negative, an upper one comes of ceilings and of what the rest of the series is at most. *)
From Coq Require Import ZArith List Bool Lia Reals Lra.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
(** The first terms of found + power/odd + power square/(odd + 2) + ..., where it is not above that. *)
Fixpoint series_below (terms : nat) (digits square power odd found : Z) : Z :=
  match terms with
  | O => found
  | S terms =>
    if power =? 0 then found
    else series_below terms digits square (Z.shiftr (power * square) digits) (odd + 2) (found + power / odd) end.
(** Three binary digits a term. *)
Definition terms_for (digits : Z) : nat := Z.to_nat (digits / 3 + 1).
(** Not above 2^digits ln((1 + t)/(1 - t)), t = num/den. *)
Definition artanh_below (digits num den : Z) : Z :=
  2 * series_below (terms_for digits) digits (Z.shiftl (num * num) digits / (den * den)) (Z.shiftl num digits / den) 1 0.
(** Of t = 1/3 the terms, where none is below its own, and four and a half times the next power over its index as the rest. *)
Fixpoint series_above (terms : nat) (power odd found : Z) : Z :=
  match terms with
  | O => found + (9 * power / (8 * odd) + 1)
  | S terms => series_above terms (power / 9 + 1) (odd + 2) (found + (power / odd + 1)) end.
Definition two_above_of (digits : Z) : Z := 2 * series_above (terms_for digits) (Z.shiftl 1 digits / 3 + 1) 1 0.

(** To so many binary digits after the point, with the bounds of ln 2. *)
Record logarithms := { digits : Z; two_below : Z; two_above : Z }.
Definition logarithms_to (digits : Z) : logarithms :=
  {| digits := digits; two_below := artanh_below digits 1 3; two_above := two_above_of digits |}.
(** Not above 2^digits ln(a/b), for a and b > 0. *)
Definition log_below (l : logarithms) (a b : Z) : Z :=
  let k := Z.log2 a - Z.log2 b in
  let (a, b) := if 0 <=? k then (a, Z.shiftl b k) else (Z.shiftl a (- k), b) in
  let (k, a) := if a <? b then (k - 1, 2 * a) else (k, a) in
  k * (if 0 <=? k then two_below l else two_above l) + artanh_below (digits l) (a - b) (a + b).
Definition log_above (l : logarithms) (a b : Z) : Z := - log_below l b a.
End Executable.

Local Open Scope R_scope.
Lemma ratio_ge0 x y : 0 <= x -> 0 < y -> 0 <= x / y.
Proof. intros Hx Hy. apply Rmult_le_pos; [exact Hx|]. now apply Rlt_le, Rinv_0_lt_compat. Qed.
(** ** The series *)
Fixpoint series (terms first : nat) (t : R) : R :=
  match terms with O => 0 | S terms => t ^ (2 * first + 1) / INR (2 * first + 1) + series terms (S first) t end.
Fixpoint powers (terms first : nat) (t : R) : R :=
  match terms with O => 0 | S terms => t ^ (2 * first) + powers terms (S first) t end.
Lemma powers_closed terms first t : (1 - t * t) * powers terms first t = t ^ (2 * first) - t ^ (2 * (first + terms)).
Proof.
  revert first; induction terms as [|terms IH]; intro first; cbn [powers].
  - rewrite Nat.add_0_r. ring.
  - rewrite Rmult_plus_distr_l, IH, Nat.add_succ_r. cbn [plus]. replace (2 * S first)%nat with (2 * first + 2)%nat by lia.
    rewrite pow_add. ring. Qed.
Lemma term_derivative n t : derivable_pt_lim (fun t => t ^ S n / INR (S n)) t (t ^ n).
Proof.
  pose proof (derivable_pt_lim_pow t (S n)) as D. cbn [pred] in D.
  pose proof (derivable_pt_lim_scal _ (/ INR (S n)) t _ D) as E.
  assert (N : INR (S n) <> 0) by (apply not_0_INR; lia).
  replace (t ^ n) with (/ INR (S n) * (INR (S n) * t ^ n)) by (field; exact N).
  eapply derivable_pt_lim_ext; [|exact E]. intro x. unfold mult_real_fct. unfold Rdiv. ring. Qed.
Lemma series_derivative terms first t : derivable_pt_lim (series terms first) t (powers terms first t).
Proof.
  revert first; induction terms as [|terms IH]; intro first; cbn [series powers].
  - apply derivable_pt_lim_const.
  - apply (derivable_pt_lim_plus (fun t => t ^ (2 * first + 1) / INR (2 * first + 1)) (series terms (S first))); [|apply IH].
    replace (2 * first + 1)%nat with (S (2 * first)) by lia. apply term_derivative. Qed.
Lemma series_0 terms first : series terms first 0 = 0.
Proof.
  revert first; induction terms as [|terms IH]; intro first; cbn [series]; [reflexivity|].
  rewrite IH. replace (2 * first + 1)%nat with (S (2 * first)) by lia. cbn [pow]. unfold Rdiv. ring. Qed.
Definition two_artanh (t : R) : R := ln (1 + t) - ln (1 - t).
Lemma two_artanh_derivative t : -1 < t < 1 -> derivable_pt_lim two_artanh t (2 / (1 - t * t)).
Proof.
  intro H. replace (2 / (1 - t * t)) with (/ (1 + t) * (0 + 1) - / (1 - t) * (0 - 1)) by (field; nra).
  apply (derivable_pt_lim_minus (fun t => ln (1 + t)) (fun t => ln (1 - t))).
  - apply (derivable_pt_lim_comp (fun t => 1 + t) ln); [|apply derivable_pt_lim_ln; lra].
    apply (derivable_pt_lim_plus (fct_cte 1) id); [apply derivable_pt_lim_const|apply derivable_pt_lim_id].
  - apply (derivable_pt_lim_comp (fun t => 1 - t) ln); [|apply derivable_pt_lim_ln; lra].
    apply (derivable_pt_lim_minus (fct_cte 1) id); [apply derivable_pt_lim_const|apply derivable_pt_lim_id]. Qed.
(** What grows from 0 on is not negative. *)
Lemma grows f f' t : 0 <= t -> f 0 = 0 -> (forall x, 0 <= x <= t -> derivable_pt_lim f x (f' x) /\ 0 <= f' x) -> 0 <= f t.
Proof.
  intros [H|<-] Z D; [|lra]. destruct (MVT_cor2 f f' 0 t H (fun x I => proj1 (D x I))) as (x & E & I).
  pose proof (proj2 (D x ltac:(lra))). rewrite Z in E. nra. Qed.
Lemma two_artanh_0 : two_artanh 0 = 0.
Proof. unfold two_artanh. rewrite Rplus_0_r, Rminus_0_r. ring. Qed.
Theorem series_le terms t : 0 <= t < 1 -> 2 * series terms 0 t <= two_artanh t.
Proof.
  intro H. enough (0 <= two_artanh t - 2 * series terms 0 t) by lra.
  apply (@grows (fun t => two_artanh t - 2 * series terms 0 t) (fun t => 2 / (1 - t * t) - 2 * powers terms 0 t) t); [lra| |].
  - rewrite two_artanh_0, series_0. ring.
  - intros x I. split.
    + apply (derivable_pt_lim_minus two_artanh (fun t => 2 * series terms 0 t)); [apply two_artanh_derivative; lra|].
      apply (derivable_pt_lim_scal (series terms 0) 2), series_derivative.
    + pose proof (powers_closed terms 0 x) as P. assert (Q : 0 < 1 - x * x) by nra.
      replace (2 / (1 - x * x) - 2 * powers terms 0 x) with (2 * (1 - (1 - x * x) * powers terms 0 x) / (1 - x * x))
        by (field; lra).
      rewrite P, Nat.add_0_l. replace (x ^ (2 * 0)) with 1 by reflexivity.
      apply ratio_ge0; [|exact Q]. pose proof (pow_le x (2 * terms) (proj1 I)). lra. Qed.
Theorem series_ge terms t : 0 <= t <= / 3 ->
  two_artanh t <= 2 * series terms 0 t + 9 / 4 * (t ^ (2 * terms + 1) / INR (2 * terms + 1)).
Proof.
  intro H. enough (0 <= 2 * series terms 0 t + 9 / 4 * (t ^ (2 * terms + 1) / INR (2 * terms + 1)) - two_artanh t) by lra.
  apply (@grows (fun t => 2 * series terms 0 t + 9 / 4 * (t ^ (2 * terms + 1) / INR (2 * terms + 1)) - two_artanh t)
    (fun t => 2 * powers terms 0 t + 9 / 4 * t ^ (2 * terms) - 2 / (1 - t * t)) t); [lra| |].
  - rewrite two_artanh_0, series_0, pow_add. cbn [pow]. unfold Rdiv. ring.
  - intros x I. split.
    + apply (derivable_pt_lim_minus (fun t => 2 * series terms 0 t + 9 / 4 * (t ^ (2 * terms + 1) / INR (2 * terms + 1))) two_artanh);
        [|apply two_artanh_derivative; lra].
      apply (derivable_pt_lim_plus (fun t => 2 * series terms 0 t) (fun t => 9 / 4 * (t ^ (2 * terms + 1) / INR (2 * terms + 1)))).
      * apply (derivable_pt_lim_scal (series terms 0) 2), series_derivative.
      * apply (derivable_pt_lim_scal (fun t => t ^ (2 * terms + 1) / INR (2 * terms + 1)) (9 / 4)).
        replace (2 * terms + 1)%nat with (S (2 * terms)) by lia. apply term_derivative.
    + pose proof (powers_closed terms 0 x) as P. assert (Q : 8 / 9 <= 1 - x * x) by nra.
      replace (2 * powers terms 0 x + 9 / 4 * x ^ (2 * terms) - 2 / (1 - x * x)) with
        ((2 * ((1 - x * x) * powers terms 0 x) + 9 / 4 * x ^ (2 * terms) * (1 - x * x) - 2) / (1 - x * x)) by (field; lra).
      rewrite P, Nat.add_0_l. replace (x ^ (2 * 0)) with 1 by reflexivity.
      apply ratio_ge0; [|lra]. pose proof (pow_le x (2 * terms) (proj1 I)) as N. nra. Qed.

(** ** In integers *)
(** The floor of a/b is not above a/b, and one more not below. *)
Lemma floor_le a b : (0 < b)%Z -> IZR (a / b) * IZR b <= IZR a.
Proof. intro H. rewrite <- mult_IZR. apply IZR_le. pose proof (Z.mul_div_le a b H). lia. Qed.
Lemma floor_ge a b : (0 < b)%Z -> IZR a <= IZR (a / b + 1) * IZR b.
Proof. intro H. rewrite <- mult_IZR. apply IZR_le. pose proof (Z.mul_succ_div_gt a b H). lia. Qed.
Lemma power_positive digits : (0 <= digits)%Z -> (0 < 2 ^ digits)%Z.
Proof. apply Z.pow_pos_nonneg. reflexivity. Qed.
Lemma series_below_sound terms first digits square power odd found t :
  (0 <= digits)%Z -> 0 <= t -> (0 <= square)%Z -> (0 <= power)%Z -> odd = Z.of_nat (2 * first + 1) ->
  IZR square <= IZR (2 ^ digits) * (t * t) -> IZR power <= IZR (2 ^ digits) * t ^ (2 * first + 1) ->
  IZR (series_below terms digits square power odd found) <= IZR found + IZR (2 ^ digits) * series terms first t.
Proof.
  intros Hd Ht Hs. pose proof (power_positive Hd) as Dp. apply IZR_lt in Dp.
  revert first power odd found; induction terms as [|terms IH]; intros first power odd found Hp Ho Es Ep; cbn [series_below series].
  - lra.
  - assert (On : (0 < odd)%Z) by lia.
    assert (T : IZR (power / odd) <= IZR (2 ^ digits) * (t ^ (2 * first + 1) / INR (2 * first + 1))).
    { pose proof (floor_le power On) as F. assert (P : 0 < IZR odd) by (apply IZR_lt; lia).
      rewrite INR_IZR_INZ, <- Ho. apply (Rmult_le_reg_r (IZR odd)); [exact P|].
      replace (IZR (2 ^ digits) * (t ^ (2 * first + 1) / IZR odd) * IZR odd) with (IZR (2 ^ digits) * t ^ (2 * first + 1))
        by (field; lra). lra. }
    assert (N : (0 <= power / odd)%Z) by (apply Z.div_pos; lia). apply IZR_le in N.
    destruct (power =? 0)%Z.
    + assert (G : forall terms first, 0 <= series terms first t).
      { clear - Ht. induction terms as [|terms IH]; intro first; cbn [series]; [lra|].
        apply Rplus_le_le_0_compat; [|apply IH]. apply ratio_ge0; [now apply pow_le|]. apply lt_0_INR. lia. }
      pose proof (G terms (S first)). nra.
    + eapply Rle_trans; [apply (IH (S first))|].
      * rewrite Z.shiftr_div_pow2 by assumption. apply Z.div_pos; [nia|now apply power_positive].
      * lia.
      * exact Es.
      * rewrite Z.shiftr_div_pow2 by assumption. pose proof (floor_le (power * square) (power_positive Hd)) as F.
        rewrite mult_IZR in F. apply (Rmult_le_reg_r (IZR (2 ^ digits))); [lra|]. eapply Rle_trans; [exact F|].
        replace (2 * S first + 1)%nat with ((2 * first + 1) + 2)%nat by lia. rewrite pow_add. cbn [pow]. rewrite Rmult_1_r.
        replace (IZR (2 ^ digits) * (t ^ (2 * first + 1) * (t * t)) * IZR (2 ^ digits)) with
          ((IZR (2 ^ digits) * t ^ (2 * first + 1)) * (IZR (2 ^ digits) * (t * t))) by ring.
        apply IZR_le in Hp, Hs. now apply Rmult_le_compat.
      * rewrite plus_IZR. lra. Qed.
Lemma artanh_below_sound digits num den : (0 <= digits)%Z -> (0 <= num < den)%Z ->
  IZR (artanh_below digits num den) <= IZR (2 ^ digits) * two_artanh (IZR num / IZR den).
Proof.
  intros Hd H. assert (Dn : 0 < IZR den) by (apply IZR_lt; lia). assert (Nn : 0 <= IZR num) by (apply IZR_le; lia).
  assert (Nd : IZR num < IZR den) by (apply IZR_lt; lia). pose proof (power_positive Hd) as Dp. apply IZR_lt in Dp.
  set (t := IZR num / IZR den). assert (T : 0 <= t < 1).
  { unfold t. split; [now apply ratio_ge0|]. apply (Rmult_lt_reg_r (IZR den)); [exact Dn|].
    replace (IZR num / IZR den * IZR den) with (IZR num) by (field; lra). lra. }
  pose proof (series_le (terms_for digits) T) as S. unfold artanh_below. rewrite mult_IZR.
  enough (IZR (series_below (terms_for digits) digits (Z.shiftl (num * num) digits / (den * den))
    (Z.shiftl num digits / den) 1 0) <= 0 + IZR (2 ^ digits) * series (terms_for digits) 0 t) by nra.
  apply series_below_sound; try assumption; try apply T; rewrite ?Z.shiftl_mul_pow2 by assumption.
  - apply Z.div_pos; [|nia]. apply Z.mul_nonneg_nonneg; [nia|]. now apply Z.lt_le_incl, power_positive.
  - apply Z.div_pos; [|lia]. apply Z.mul_nonneg_nonneg; [lia|]. now apply Z.lt_le_incl, power_positive.
  - reflexivity.
  - assert (Q : (0 < den * den)%Z) by nia. pose proof (floor_le (num * num * 2 ^ digits) Q) as F. rewrite !mult_IZR in F.
    apply (Rmult_le_reg_r (IZR den * IZR den)); [nra|]. eapply Rle_trans; [exact F|]. right. unfold t. field. lra.
  - assert (Q : (0 < den)%Z) by lia. pose proof (floor_le (num * 2 ^ digits) Q) as F. rewrite mult_IZR in F.
    apply (Rmult_le_reg_r (IZR den)); [lra|]. eapply Rle_trans; [exact F|]. right. unfold t. cbn [Nat.mul plus pow]. field. lra.
Qed.
Lemma series_above_sound terms first digits power odd found :
  (0 <= digits)%Z -> odd = Z.of_nat (2 * first + 1) -> IZR (2 ^ digits) * / 3 ^ (2 * first + 1) <= IZR power ->
  IZR found + IZR (2 ^ digits) * (series terms first (/ 3) +
    9 / 8 * ((/ 3) ^ (2 * (first + terms) + 1) / INR (2 * (first + terms) + 1))) <= IZR (series_above terms power odd found).
Proof.
  intro Hd. pose proof (power_positive Hd) as Dp. apply IZR_lt in Dp.
  revert first power odd found; induction terms as [|terms IH]; intros first power odd found Ho Ep; cbn [series_above series];
    assert (On : (0 < odd)%Z) by lia; assert (P : 0 < IZR odd) by (apply IZR_lt; lia).
  - rewrite Nat.add_0_r, Rplus_0_l, INR_IZR_INZ, <- Ho, plus_IZR, pow_inv. apply Rplus_le_compat_l.
    assert (Q : (0 < 8 * odd)%Z) by lia. pose proof (floor_ge (9 * power) Q) as F. rewrite !mult_IZR in F.
    apply (Rmult_le_reg_r (8 * IZR odd)); [lra|]. eapply Rle_trans; [|exact F].
    replace (IZR (2 ^ digits) * (9 / 8 * (/ 3 ^ (2 * first + 1) / IZR odd)) * (8 * IZR odd)) with
      (9 * (IZR (2 ^ digits) * / 3 ^ (2 * first + 1))) by (field; split; [apply pow_nonzero; lra|lra]). lra.
  - eapply Rle_trans; [|apply (IH (S first)); [lia|]].
    + replace (S first + terms)%nat with (first + S terms)%nat by lia. rewrite plus_IZR.
      assert (T : IZR (2 ^ digits) * ((/ 3) ^ (2 * first + 1) / INR (2 * first + 1)) <= IZR (power / odd + 1)).
      { pose proof (floor_ge power On) as F. rewrite INR_IZR_INZ, <- Ho, pow_inv.
        apply (Rmult_le_reg_r (IZR odd)); [exact P|]. eapply Rle_trans; [|exact F]. eapply Rle_trans; [|exact Ep].
        right. field. split; [apply pow_nonzero; lra|lra]. }
      lra.
    + assert (Q : (0 < 9)%Z) by lia. pose proof (floor_ge power Q) as F. apply (Rmult_le_reg_r 9); [lra|].
      eapply Rle_trans; [|exact F]. eapply Rle_trans; [|exact Ep]. right.
      replace (2 * S first + 1)%nat with ((2 * first + 1) + 2)%nat by lia. rewrite pow_add. cbn [pow].
      field. apply pow_nonzero. lra. Qed.
Lemma two_artanh_third : two_artanh (1 / 3) = ln 2.
Proof.
  unfold two_artanh. replace (1 + 1 / 3) with (2 * (1 - 1 / 3)) by field. rewrite ln_mult by lra. ring. Qed.
Lemma two_below_sound digits : (0 <= digits)%Z -> IZR (two_below (logarithms_to digits)) <= IZR (2 ^ digits) * ln 2.
Proof.
  intro H. assert (R : (0 <= 1 < 3)%Z) by lia. pose proof (artanh_below_sound H R) as S. rewrite two_artanh_third in S. exact S. Qed.
Lemma two_above_sound digits : (0 <= digits)%Z -> IZR (2 ^ digits) * ln 2 <= IZR (two_above (logarithms_to digits)).
Proof.
  intro H. cbn [two_above logarithms_to]. unfold two_above_of. rewrite mult_IZR, Z.shiftl_1_l, <- two_artanh_third.
  pose proof (power_positive H) as Dp. apply IZR_lt in Dp.
  assert (T : 0 <= 1 / 3 <= / 3) by lra. pose proof (series_ge (terms_for digits) T) as S.
  assert (Q : (0 < 3)%Z) by lia. pose proof (floor_ge (2 ^ digits) Q) as F.
  pose proof (@series_above_sound (terms_for digits) 0 digits (2 ^ digits / 3 + 1) 1 0 H eq_refl) as A.
  cbn [Nat.mul plus] in A. replace (1 / 3) with (/ 3) in * by lra. cbn [Nat.mul plus] in S.
  assert (E : IZR (2 ^ digits) * / 3 ^ 1 <= IZR (2 ^ digits / 3 + 1)) by (cbn [pow]; lra).
  specialize (A E). nra. Qed.

Theorem log_below_sound d a b : (0 <= d)%Z -> (0 < a)%Z -> (0 < b)%Z ->
  IZR (log_below (logarithms_to d) a b) <= IZR (2 ^ d) * ln (IZR a / IZR b).
Proof.
  intros Hd Ha Hb. unfold log_below. cbn [digits logarithms_to].
  change (artanh_below d 1 3) with (two_below (logarithms_to d)). change (two_above_of d) with (two_above (logarithms_to d)).
  set (k := (Z.log2 a - Z.log2 b)%Z).
  pose proof (power_positive Hd) as Dp. apply IZR_lt in Dp.
  pose proof (Z.log2_spec a Ha) as [A1 A2]. pose proof (Z.log2_spec b Hb) as [B1 B2].
  pose proof (Z.log2_nonneg a) as A0. pose proof (Z.log2_nonneg b) as B0.
  (* a/b is 2^k a'/b', and b' is less than 2 a' *)
  assert (S : exists a' b', (if (0 <=? k)%Z then (a, Z.shiftl b k) else (Z.shiftl a (- k), b)) = (a', b') /\
    (0 < a')%Z /\ (0 < b')%Z /\ (b' < 2 * a')%Z /\ ln (IZR a / IZR b) = IZR k * ln 2 + ln (IZR a' / IZR b')).
  { assert (L : forall x y, (0 < x)%Z -> (0 < y)%Z -> ln (IZR x / IZR y) = ln (IZR x) - ln (IZR y)).
    { intros x y Hx Hy. apply IZR_lt in Hx, Hy. unfold Rdiv. rewrite ln_mult, ln_Rinv; auto using Rinv_0_lt_compat. }
    assert (P : forall x n, (0 < x)%Z -> (0 <= n)%Z -> ln (IZR (x * 2 ^ n)) = ln (IZR x) + IZR n * ln 2).
    { intros x n Hx Hn. rewrite mult_IZR, ln_mult; [|now apply IZR_lt|apply IZR_lt; now apply power_positive].
      rewrite <- (Z2Nat.id n Hn), <- pow_IZR, <- INR_IZR_INZ. rewrite ln_pow by lra. reflexivity. }
    destruct (Z.leb_spec 0 k) as [K|K]; eexists _, _; (split; [reflexivity|]); rewrite Z.shiftl_mul_pow2 by lia.
    - pose proof (power_positive K). assert (Q : (0 < b * 2 ^ k)%Z) by nia. repeat split; auto.
      + assert (E : (2 ^ Z.succ (Z.log2 b) * 2 ^ k = 2 * 2 ^ Z.log2 a)%Z).
        { rewrite <- Z.pow_add_r, <- Z.pow_succ_r by lia. f_equal. unfold k. lia. } nia.
      + rewrite !L, P by assumption. ring.
    - assert (K' : (0 <= - k)%Z) by lia. pose proof (power_positive K'). assert (Q : (0 < a * 2 ^ (- k))%Z) by nia.
      repeat split; auto.
      + assert (E : (2 ^ Z.log2 a * 2 ^ (- k) = 2 ^ Z.log2 b)%Z).
        { rewrite <- Z.pow_add_r by lia. f_equal. unfold k. lia. } rewrite Z.pow_succ_r in B2 by lia. nia.
      + rewrite !L, P by assumption. rewrite opp_IZR. ring. }
  destruct S as (a' & b' & -> & Ha' & Hb' & H & ->). clear A1 A2 A0 B1 B2 B0. clearbody k. clear a b Ha Hb.
  assert (S : exists j c, (if (a' <? b')%Z then (k - 1, 2 * a') else (k, a'))%Z = (j, c) /\ (b' <= c)%Z /\
    IZR k * ln 2 + ln (IZR a' / IZR b') = IZR j * ln 2 + ln (IZR c / IZR b')).
  { destruct (Z.ltb_spec a' b') as [L|L]; eexists _, _; (split; [reflexivity|]); split; try lia; try reflexivity.
    rewrite minus_IZR, mult_IZR. apply IZR_lt in Ha', Hb'. unfold Rdiv. rewrite !Rmult_assoc, (ln_mult 2); [ring|lra|].
    apply Rmult_lt_0_compat; [assumption|]. now apply Rinv_0_lt_compat. }
  destruct S as (j & c & -> & Hc & ->). rewrite plus_IZR, mult_IZR, Rmult_plus_distr_l.
  assert (N : (0 <= c - b' < c + b')%Z) by lia. pose proof (artanh_below_sound Hd N) as T.
  assert (E : two_artanh (IZR (c - b') / IZR (c + b')) = ln (IZR c / IZR b')).
  { assert (Bp : 0 < IZR b') by (apply IZR_lt; lia). assert (Cp : 0 < IZR c) by (apply IZR_lt; lia).
    unfold two_artanh. rewrite minus_IZR, plus_IZR.
    replace (1 + (IZR c - IZR b') / (IZR c + IZR b')) with ((IZR c / IZR b') * (1 - (IZR c - IZR b') / (IZR c + IZR b')))
      by (field; lra).
    rewrite ln_mult; [ring|apply Rdiv_lt_0_compat; assumption|].
    replace (1 - (IZR c - IZR b') / (IZR c + IZR b')) with (2 * IZR b' / (IZR c + IZR b')) by (field; lra).
    apply Rdiv_lt_0_compat; lra. }
  rewrite E in T. apply Rplus_le_compat; [|exact T].
  pose proof (two_below_sound Hd) as Below. pose proof (two_above_sound Hd) as Above.
  destruct (Z.leb_spec 0 j) as [J|J]; [apply IZR_le in J|apply IZR_lt in J]; nra. Qed.
Theorem log_above_sound d a b : (0 <= d)%Z -> (0 < a)%Z -> (0 < b)%Z ->
  IZR (2 ^ d) * ln (IZR a / IZR b) <= IZR (log_above (logarithms_to d) a b).
Proof.
  intros Hd Ha Hb. unfold log_above. rewrite opp_IZR. pose proof (@log_below_sound d b a Hd Hb Ha) as B.
  apply IZR_lt in Ha, Hb. replace (IZR a / IZR b) with (/ (IZR b / IZR a)) by (field; lra).
  rewrite ln_Rinv by (now apply Rdiv_lt_0_compat). lra. Qed.
