(** * The activations of a layer as solutions of a quadratic system

    alpha = relu(z) and beta = relu(-z) are exactly the solutions of alpha, beta >= 0, alpha - beta = z and
    alpha^T beta = 0: Lemma 3 of the paper, with all the conditions that it needs. The wording there is not repeated
    here; what is proved is that without any one of these conditions the lemma is false. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors.
Import ListNotations.
Set Implicit Arguments.

Section Activations.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Fixpoint diff (a b : vec) : vec := match a, b with x :: a', y :: b' => x - y :: diff a' b' | _, _ => [] end.
Lemma sum0 (a b : K) : 0 <= a -> 0 <= b -> a + b = 0 -> a = 0.
Proof. intros Ha Hb E. apply f_anti; auto. apply sub_le.
  assert (R : 0 - a = b) by (symmetry; transitivity (a + b - a); [ring|now rewrite E]). rewrite R. exact Hb. Qed.
Lemma relu_unique (x y : K) : 0 <= x -> 0 <= y -> x * y = 0 -> x = relu K (x - y) /\ y = relu K (- (x - y)).
Proof. intros Hx Hy E. destruct (f_integral K _ _ E) as [-> | ->].
  - replace (- (0 - y)) with y by ring. replace (0 - y) with (- y) by ring.
    rewrite (relu_pos K y Hy), relu_neg; auto. apply sub_le. replace (0 - - y) with y by ring. exact Hy.
  - replace (x - 0) with x by ring. rewrite (relu_pos K x Hx), relu_neg; auto.
    apply sub_le. replace (0 - - x) with x by ring. exact Hx. Qed.
Theorem lemma3 a b : length a = length b ->
  ((forall e, In e a -> 0 <= e) /\ (forall e, In e b -> 0 <= e) /\ dot a b = 0) <->
  (a = map (relu K) (diff a b) /\ b = map (fun e => relu K (- e)) (diff a b)).
Proof.
  revert b; induction a as [|x a IH]; intros [|y b] L; try discriminate; cbn [diff map dot].
  - split; [auto|]. intros _. repeat split; intros e [].
  - injection L as L. specialize (IH b L). split.
    + intros (Pa & Pb & E).
      assert (Q : 0 <= dot a b).
      { clear - Pa Pb. assert (Pa' := fun e I => Pa e (or_intror I)). assert (Pb' := fun e I => Pb e (or_intror I)).
        clear Pa Pb. revert b Pb'; induction a; intros [|] Pb'; cbn [dot]; try apply f_refl.
        apply add_pos; [apply f_mulle; [apply Pa'|apply Pb']; now left|]. apply IHa; intros e I; auto using in_cons. }
      assert (Hx : 0 <= x) by (apply Pa; now left). assert (Hy : 0 <= y) by (apply Pb; now left).
      assert (E1 : x * y = 0) by (apply (@sum0 (x * y) (dot a b)); auto with pos).
      assert (E2 : dot a b = 0) by (rewrite E1 in E; transitivity (0 + dot a b); [ring|exact E]).
      destruct (@relu_unique x y Hx Hy E1) as [R1 R2].
      destruct (proj1 IH) as [I1 I2]; [repeat split; auto using in_cons|].
      split; f_equal; auto.
    + intros [Ea Eb]. injection Ea as R1 Ea. injection Eb as R2 Eb.
      destruct (proj2 IH (conj Ea Eb)) as (Pa & Pb & E).
      assert (Hx : 0 <= x) by (rewrite R1; apply relu_ge0). assert (Hy : 0 <= y) by (rewrite R2; apply relu_ge0).
      repeat split; [intros e [<-|I]; auto|intros e [<-|I]; auto|]. rewrite E.
      destruct (f_total K 0 (x - y)) as [P|P].
      * rewrite (relu_neg K (- (x - y))) in R2; [rewrite R2; ring|].
        apply sub_le. replace (0 - - (x - y)) with (x - y) by ring. exact P.
      * rewrite (relu_neg K (x - y)) in R1 by exact P. rewrite R1. ring.
Qed.

(** ** No condition can be left out: with the others alone, the lemma is false *)
Definition nonnegative (x : vec) : Prop := forall e, In e x -> 0 <= e.
Lemma nonnegative_1 x : 0 <= x -> nonnegative [x].
Proof. intros P e [<-|[]]. exact P. Qed.
Lemma minus_one_neg : - (1) <= 0.
Proof. apply sub_le. replace (0 - - (1)) with 1 by ring. auto with pos. Qed.
Lemma minus_one_nz : - (1) <> 0.
Proof. intro E. apply (f_01 K). replace 1 with (- - (1)) by ring. rewrite E. ring. Qed.
(** alpha = beta = 1, z = 0 *)
Theorem lemma3_is_false_without_complementarity :
  ~ (forall a b, length a = length b -> nonnegative a -> nonnegative b -> a = map (relu K) (diff a b)).
Proof. intro H. specialize (H [1] [1] eq_refl). cbn [diff map] in H. replace (1 - 1) with 0 in H by ring.
  rewrite relu_pos in H by auto with pos. apply (f_01 K).
  injection (H (nonnegative_1 (one_pos K)) (nonnegative_1 (one_pos K))). auto. Qed.
(** alpha = -1, beta = 0, z = -1 *)
Theorem lemma3_is_false_without_the_sign_of_alpha :
  ~ (forall a b, length a = length b -> nonnegative b -> dot a b = 0 -> a = map (relu K) (diff a b)).
Proof. intro H. specialize (H [- (1)] [0] eq_refl (nonnegative_1 (f_refl K 0))). cbn [diff map dot] in H.
  replace (- (1) - 0) with (- (1)) in H by ring. rewrite (relu_neg K (- (1)) minus_one_neg) in H. apply minus_one_nz.
  injection (H ltac:(ring)). auto. Qed.
(** alpha = 0, beta = -1, z = 1 *)
Theorem lemma3_is_false_without_the_sign_of_beta :
  ~ (forall a b, length a = length b -> nonnegative a -> dot a b = 0 -> a = map (relu K) (diff a b)).
Proof. intro H. specialize (H [0] [- (1)] eq_refl (nonnegative_1 (f_refl K 0))). cbn [diff map dot] in H.
  replace (0 - - (1)) with 1 in H by ring. rewrite relu_pos in H by auto with pos. apply (f_01 K).
  injection (H ltac:(ring)). auto. Qed.
(** alpha = 1, beta = 0, z = 0 *)
Theorem lemma3_is_false_without_the_difference :
  ~ (forall a b z, length a = length b -> length a = length z -> nonnegative a -> nonnegative b -> dot a b = 0 ->
     a = map (relu K) z).
Proof. intro H. specialize (H [1] [0] [0] eq_refl eq_refl (nonnegative_1 (one_pos K)) (nonnegative_1 (f_refl K 0))).
  cbn [map dot] in H. rewrite relu_pos in H by auto with pos. apply (f_01 K). injection (H ltac:(ring)). auto. Qed.
End Activations.
