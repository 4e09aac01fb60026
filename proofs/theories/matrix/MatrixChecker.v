(** * The checker of certificates of a symmetric matrix

    A certificate states that a matrix is copositive, strictly copositive or completely positive, or that it is not.
    [check_matrix] looks at the evidence that belongs to the statement, and [check_matrix_sound] says that what it
    accepts is true. *)
From Coq Require Import ZArith List Bool Lia.
From Certify Require Import OrderedField Vectors Triangles Orthant Tree Copositive CopositiveTree CompletePositivity.
Import ListNotations.
Set Implicit Arguments.

Inductive statement :=
| Copositive | StrictlyCopositive | NotCopositive | NotStrictlyCopositive | CompletelyPositive | NotCompletelyPositive.
Record matrix := { entries : list (list Z); denominator : Z }.   (* integers over one denominator *)
Definition order (M : matrix) : nat := length (entries M).
Record matrix_certificate := {
  stated : statement;
  witness : list Z;
  free : nat;                                     (* how many coordinates, the last ones, may have any sign *)
  terms : list term; terms_multiple : Z;          (* a common multiple of the terms' denominators *)
  vector : list Z;
  separator : list (list Z);
  proof : list matrix_node
}.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
Variable watch : Z -> bool.

Definition none {A} (l : list A) : bool := match l with [] => true | _ => false end.
Definition without_leaves (o : option obligation) : result :=
  match o with Some o => Failed o None | None => Proved 0 end.
Definition and_then (o : option obligation) (r : result) : result :=
  match o with Some o => Failed o None | None => r end.
Definition check_matrix (M : matrix) (c : matrix_certificate) : result :=
  let A := entries M in
  let q := (order M - free c)%nat in
  let copositive strict :=
    and_then (owes (none (witness c)) WITNESS None) (check_copositive hint watch strict A (proof c)) in
  let refuted strict := without_leaves (owes (none (proof c)) COVER (check_witness strict A (witness c))) in
  if 0 <? denominator M then
    match stated c with
    | Copositive => copositive false
    | StrictlyCopositive => copositive true
    | NotCopositive => refuted false
    | NotStrictlyCopositive => refuted true
    | CompletelyPositive =>
      without_leaves (
        owes (Nat.leb (free c) (order M)) CONE (
        owes (none (vector c) && none (separator c) && none (proof c)) PROOF (
        check_terms A (denominator M) q (terms c) (terms_multiple c))))
    | NotCompletelyPositive =>
      and_then (
        owes (Nat.leb (free c) (order M)) CONE (
        owes (none (terms c) && (if none (vector c) then negb (none (separator c)) else none (separator c) && none (proof c)))
          PROOF None)) (
        if none (vector c) then
          and_then (check_separator A q (separator c)) (check_copositive hint watch false (separator c) (proof c))
        else without_leaves (check_vector A (vector c)))
    end
  else Failed STATEMENT None.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation "x < y" := (x <= y /\ x <> y) : field_scope.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).

(** z^T M z. *)
Definition value (M : matrix) (z : vec) : K := form K (entries M) z / z2 (denominator M).
Definition nonzero (z : vec) : Prop := exists k, nth k z 0 <> 0.
(** What the six statements say. *)
Definition says (s : statement) (r : nat) (M : matrix) : Prop :=
  match s with
  | Copositive => forall z, length z = order M -> positive K z -> 0 <= value M z
  | StrictlyCopositive => forall z, length z = order M -> positive K z -> nonzero z -> 0 < value M z
  | NotCopositive => exists z, length z = order M /\ positive K z /\ value M z < 0
  | NotStrictlyCopositive => exists z, length z = order M /\ positive K z /\ nonzero z /\ value M z <= 0
  | CompletelyPositive => completely_positive K (entries M) (denominator M) (order M - r)
  | NotCompletelyPositive => ~ completely_positive K (entries M) (denominator M) (order M - r)
  end.

Variable hint : nat -> tri -> list Z * list (list Z).
Variable watch : Z -> bool.
Lemma proved_without_leaves o leaves : without_leaves o = Proved leaves -> o = None.
Proof. destruct o; [discriminate|reflexivity]. Qed.
Lemma proved_and_then o r leaves : and_then o r = Proved leaves -> o = None /\ r = Proved leaves.
Proof. destruct o; [discriminate|auto]. Qed.

(** ** Soundness: an accepted statement is true. *)
Theorem check_matrix_sound M c leaves : check_matrix hint watch M c = Proved leaves -> says (stated c) (free c) M.
Proof.
  unfold check_matrix. destruct (Z.ltb_spec 0 (denominator M)) as [Hd|]; [|discriminate].
  assert (I : 0 <= finv K (z2 (denominator M))) by (apply inv_pos; [apply z2_pos; lia|now apply z2_nz]).
  assert (N : forall v, v <> 0 -> v / z2 (denominator M) <> 0).
  { intros v Hv E. apply Hv. rewrite <- (div_mul K v (b := z2 (denominator M))) by now apply z2_nz.
    rewrite E. apply mul_zero. }
  assert (Neg : forall v, v <= 0 -> v / z2 (denominator M) <= 0).
  { intros v Hv. apply neg_pos in Hv. apply sub_le. rewrite <- opp_div. now apply f_mulle. }
  unfold value. destruct (stated c); cbn [says]; unfold order; intro H.
  - apply proved_and_then in H as [_ H]. intros z L P. unfold value. apply f_mulle; auto.
    eapply check_copositive_sound; eauto.
  - apply proved_and_then in H as [_ H]. intros z L P Z. unfold value.
    assert (S := check_strictly_copositive_sound _ _ _ _ H L P Z). destruct S as [V F].
    split; [now apply f_mulle|]. intro E. exact (N _ F (eq_sym E)).
  - apply proved_without_leaves, owes_none in H as [_ H]. apply check_witness_sound with (K := K) in H as (L & P & Z & V & F).
    exists (vZ K (witness c)). unfold value. repeat split; auto.
  - apply proved_without_leaves, owes_none in H as [_ H]. apply check_witness_sound with (K := K) in H as (L & P & Z & V & F).
    exists (vZ K (witness c)). unfold value. repeat split; auto.
  - apply proved_without_leaves, owes_none in H as [_ H]. apply owes_none in H as [_ H]. eapply check_terms_sound. exact H.
  - apply proved_and_then in H as [_ H].
    destruct (none (vector c)).
    + apply proved_and_then in H as [S H]. apply check_copositive_good with (K := K) in H.
      eapply check_separator_sound; eauto. lia.
    + apply proved_without_leaves in H. eapply check_vector_sound; eauto. Qed.
End Soundness.
