(** * Forms that are nonnegative where all coordinates are

    To prove this of a quadratic form it is enough that the form is positive semidefinite once its positive entries off
    the diagonal are made zero: where no coordinate is negative, they only add to it. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Triangles Semidefinite.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
(** b ||| c and b &&& c: c is computed only where it is asked for, also inside Coq. *)
Local Open Scope lazy_bool_scope.
Variable hint : nat -> tri -> list Z * list (list Z).

(** Positive entries off the diagonal are replaced by 0. *)
Definition negative_part (T : tri) : tri :=
  map (fun r => match r with [] => [] | a :: o => a :: map (Z.min 0) o end) T.
Definition nonneg_on_orthant (strict : bool) (T : tri) : bool :=
  forallb nonneg T && (negb strict || forallb (fun r => 0 <? hd 0 r) T) |||
  (let rest := negative_part T in psd hint strict rest ||| psd hint strict T ||| psd hint strict (tadd T rest)).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** *** On the orthant *)
Definition positive (z : vec) := forall k, 0 <= nth k z 0.
Lemma positive_cons a z : positive (a :: z) -> 0 <= a /\ positive z.
Proof. intro P. split; [apply (P O)|intro k; apply (P (S k))]. Qed.
Lemma nonneg_tl r : nonneg r = true -> nonneg (tl r) = true.
Proof. destruct r; auto. cbn [nonneg forallb tl]. intro H. now apply andb_prop in H as [_ H]. Qed.
Lemma qf_nonneg T z : forallb nonneg T = true -> positive z -> 0 <= qf K T z.
Proof. revert z; induction T as [|r T IH]; intros [|a z] H P; cbn [qf]; auto with pos.
  cbn [forallb] in H. apply andb_prop in H as [Hr H]. assert (P' := P). apply positive_cons in P' as [Pa Pz].
  apply add_pos; auto. apply f_mulle; auto. apply add_pos; apply lin_nonneg; auto using nonneg_tl. Qed.
Lemma lin_min o z : positive z -> 0 <= lin K o z - lin K (map (Z.min 0) o) z.
Proof. revert z; induction o as [|b o IH]; intros [|e z] P; cbn [map lin];
    try (replace (0 - 0) with 0 by ring; auto with pos; fail).
  apply positive_cons in P as [Pe P]. specialize (IH z P).
  replace (z2 b * e + lin K o z - (z2 (Z.min 0 b) * e + lin K (map (Z.min 0) o) z)) with
    (z2 (b - Z.min 0 b) * e + (lin K o z - lin K (map (Z.min 0) o) z)) by (rewrite z2_sub; ring).
  apply add_pos; auto. apply f_mulle; auto. apply z2_pos. lia. Qed.
Lemma qf_negative_part T z : positive z -> 0 <= qf K T z - qf K (negative_part T) z.
Proof. revert z; induction T as [|r T IH]; intros [|a z] P; cbn [negative_part map qf];
    try (replace (0 - 0) with 0 by ring; auto with pos; fail).
  fold (negative_part T). apply positive_cons in P as [Pa P]. specialize (IH z P).
  destruct r as [|b o]; cbn [lin tl].
  - replace (a * (0 + 0) + qf K T z - (a * (0 + 0) + qf K (negative_part T) z)) with
      (qf K T z - qf K (negative_part T) z) by ring. exact IH.
  - pose proof (lin_min o P) as M. set (m := map (Z.min 0) o) in *.
    replace (a * (z2 b * a + lin K o z + lin K o z) + qf K T z -
      (a * (z2 b * a + lin K m z + lin K m z) + qf K (negative_part T) z)) with
      (a * (lin K o z - lin K m z) + a * (lin K o z - lin K m z) + (qf K T z - qf K (negative_part T) z)) by ring.
    auto with pos. Qed.
Lemma qf_positive T z : forallb nonneg T = true -> forallb (fun r => (0 <? hd 0 r)%Z) T = true -> positive z ->
  (length z <= length T)%nat -> qf K T z = 0 -> zero K z.
Proof.
  revert z; induction T as [|r T IH]; intros [|a z] N D P L Q; cbn [length] in L; try lia; auto using zero_nil.
  cbn [forallb] in N, D. apply andb_prop in N as [Nr N]. apply andb_prop in D as [Dr D]. apply Z.ltb_lt in Dr.
  apply positive_cons in P as [Pa P]. rewrite qf_cons in Q.
  assert (Po : 0 <= lin K (tl r) z) by (apply lin_nonneg; auto using nonneg_tl).
  assert (Pd : 0 <= z2 (hd 0%Z r)) by (apply z2_pos; lia).
  apply add_zero in Q as [Q1 Q2]; [|auto with pos|now apply qf_nonneg].
  apply zero_cons; [|apply IH; auto; lia].
  destruct (f_integral K _ _ Q1) as [X|X]; auto. apply add_zero in X as [X _]; auto with pos.
  apply add_zero in X as [X _]; auto with pos. destruct (f_integral K _ _ X) as [Y|Y]; auto. now apply z2_nz in Y. Qed.

Variable hint : nat -> tri -> list Z * list (list Z).

Theorem nonneg_on_orthant_sound strict T z : nonneg_on_orthant hint strict T = true -> positive z -> 0 <= qf K T z.
Proof.
  unfold nonneg_on_orthant. intros H P. pose proof (qf_negative_part T P) as N.
  set (rest := negative_part T) in *.
  repeat (apply orb_prop in H as [H|H]).
  - apply andb_prop in H as [H _]. now apply qf_nonneg.
  - apply psd_sound with (z := z) in H.
    replace (qf K T z) with (qf K T z - qf K rest z + qf K rest z) by ring. auto with pos.
  - eapply psd_sound, H.
  - apply psd_sound with (z := z) in H. rewrite qf_tadd in H.
    apply (@mul_cancel K (1 + 1)); auto using two_nz with pos.
    replace ((1 + 1) * qf K T z) with (qf K T z - qf K rest z + (qf K T z + qf K rest z)) by ring. auto with pos. Qed.
Theorem nonneg_on_orthant_definite T z : nonneg_on_orthant hint true T = true -> positive z ->
  (length z <= length T)%nat -> qf K T z = 0 -> zero K z.
Proof.
  unfold nonneg_on_orthant. intros H P L Q. pose proof (qf_negative_part T P) as N. rewrite Q in N.
  set (rest := negative_part T) in *.
  assert (Lr : length rest = length T) by apply map_length.
  assert (R : 0 <= qf K rest z -> qf K rest z = 0).
  { intro R. apply f_anti; auto. now apply sub_le. }
  repeat (apply orb_prop in H as [H|H]).
  - apply andb_prop in H as [H1 H2]. now apply (qf_positive T).
  - apply (psd_definite K hint rest); auto; [lia|]. now apply R, psd_sound with (hint := hint) (strict := true).
  - now apply (psd_definite K hint T).
  - pose proof (tadd_length T rest) as La. apply (psd_definite K hint (tadd T rest)); auto; [lia|].
    apply psd_sound with (z := z) in H as S. rewrite qf_tadd, Q in *. replace (0 + qf K rest z) with (qf K rest z) in * by ring.
    now apply R. Qed.
End Soundness.
