(** * The checker of proof trees of copositive matrices, and of witnesses

    A tree divides the cone of all vectors that are not negative until each part is closed by a leaf; it proves that the
    form of the matrix is nonnegative on the cone, or positive. A witness is a vector that shows the contrary
    (docs/certificate-format.md, "Statements of a matrix"). Both checks are here, with the theorems that what they
    accept is true. *)
From Coq Require Import ZArith List Bool Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Orthant Tree Products Cones Marks Copositive Faces.
Import ListNotations.
Set Implicit Arguments.

Inductive matrix_node :=
| MSplit (k l : nat) (a b : Z)
| MPart (indices : list nat)
| MProducts (scale unit : Z) (multipliers : products)
| MEnvelope
| MFaces (rows : list face_row).
Record matrix_cone := MatrixCone {
  vectors_of : list (list Z);   (* w_k *)
  values_of : list (list Z)     (* T_kl = w_k^T M w_l, row by row *)
}.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
Variable watch : Z -> bool.
Variable strict : bool.

Definition matrix_step (n : matrix_node) (c : matrix_cone) : step_result matrix_cone :=
  let W := vectors_of c in
  let T := values_of c in
  let m := length T in
  match n with
  | MSplit k l a b =>
    let w := combination k l a b W in
    match
      owes (Nat.ltb k m && Nat.ltb l m && negb (Nat.eqb k l)) SPLIT_INDEX (
      owes ((0 <? a) && (0 <? b)) SPLIT_POSITIVE (
      owes (size_of w <=? max_generator_bits) LIMITS None))
    with
    | Some o => Refused o
    | None =>
      Divided (MatrixCone (put [] k w W) (cut k k l a b T)) (MatrixCone (put [] l w W) (cut l k l a b T)) end
  | MPart indices =>
    match (if Nat.ltb 0 (length indices) && Nat.ltb (length indices) m then marks m 0 indices else None) with
    | None => Refused PART_INDEX
    | Some ms =>
      let others := map negb ms in
      if nonneg_block (block ms others T) && nonneg_block (block others ms T) then
        Divided (MatrixCone (keep ms W) (face ms T)) (MatrixCone (keep others W) (face others T))
      else Refused PART_POSITIVE end
  | MProducts scale unit ms => of_leaf (check_multipliers hint strict scale unit ms T)
  | MEnvelope => of_leaf (owes (check_entries hint strict T) LEAF_FORM None)
  | MFaces fs => of_leaf (check_faces hint strict T fs) end.

Definition matrix_vectors (c : matrix_cone) : Z := 2 * Z.of_nat (length (values_of c)).
(** What a node counts as (docs/certificate-format.md, "Work"). *)
Definition matrix_work (n : matrix_node) (c : matrix_cone) : Z :=
  let m := Z.of_nat (length (values_of c)) in
  match n with
  | MSplit _ _ _ _ | MPart _ => m * m
  | MEnvelope => m * m * m * words (longest (values_of c))
  | MProducts scale unit ms =>
    m * m * m * words (longest (values_of c) + bits scale + bits unit + longest_multiplier ms)
  | MFaces fs =>
    let size := longest (values_of c) in
    fold_left (fun sum f => sum + face_work size f) fs 0 end.
Definition orthant (M : list (list Z)) : matrix_cone := MatrixCone (map zunit (seq 0 (length M))) M.
Definition check_copositive (M : list (list Z)) (nodes : list matrix_node) : result :=
  check_tree matrix_step matrix_vectors matrix_work max_matrix_work watch nodes (orthant M).

(** z >= 0 refutes that M is copositive, or strictly copositive. *)
Definition check_witness (M : list (list Z)) (z : list Z) : option obligation :=
  owes (Nat.eqb (length z) (length M) && nonneg z && negb (iszero z)) WITNESS (
  owes (if strict then zform M z <=? 0 else zform M z <? 0) WITNESS None).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Variable hint : nat -> tri -> list Z * list (list Z).
Variable watch : Z -> bool.

Lemma matrix_step_sound strict n c :
  proved (fun c => good K strict (values_of c)) (matrix_step hint strict n c) -> good K strict (values_of c).
Proof.
  destruct n as [k l a b|indices|scale unit ms| |fs]; cbn [matrix_step].
  - match goal with |- context [match ?x with Some o => Refused o | None => _ end] => destruct x eqn:E end; [intros []|].
    apply owes_none in E as [E1 E]. apply owes_none in E as [E2 _].
    repeat match goal with X : (_ && _) = true |- _ => apply andb_prop in X as [? ?] end.
    repeat match goal with
    | X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X
    | X : (_ <? _)%nat = true |- _ => apply Nat.ltb_lt in X
    | X : negb _ = true |- _ => apply negb_true_iff, Nat.eqb_neq in X end.
    intros [G1 G2]. now apply (@cut_sound K strict k l a b).
  - match goal with |- context [match ?x with Some _ => _ | None => _ end] => destruct x as [ms|] eqn:E end; [|intros []].
    match type of E with (if ?x then _ else _) = _ => destruct x; try discriminate end.
    apply marks_length in E. match goal with |- context [if ?x then _ else _] => destruct x eqn:N end; [|intros []].
    apply andb_prop in N as [N1 N2].
    intros [G1 G2]. now apply (@part_sound K strict ms).
  - destruct (check_multipliers _ _ _ _ _ _) eqn:E; [intros []|]. intros _. eapply check_multipliers_sound. exact E.
  - destruct (owes _ _ _) eqn:E; [intros []|]. intros _. apply owes_none in E as [E _].
    eapply check_entries_sound. exact E.
  - destruct (check_faces _ _ _ _) eqn:E; [intros []|]. intros _. eapply check_faces_sound. exact E. Qed.
Theorem check_copositive_good strict M nodes leaves :
  check_copositive hint watch strict M nodes = Proved leaves -> good K strict M.
Proof.
  intro H. apply check_tree_sound with (holds := fun c => good K strict (values_of c)) in H; [exact H|].
  intros n c. apply matrix_step_sound. Qed.

(** ** What is accepted is true *)
Theorem check_copositive_sound M nodes leaves (z : vec) :
  check_copositive hint watch false M nodes = Proved leaves ->
  length z = length M -> positive K z -> 0 <= form K M z.
Proof. intros H L P. apply check_copositive_good in H. apply (H z L P). Qed.
Theorem check_strictly_copositive_sound M nodes leaves (z : vec) :
  check_copositive hint watch true M nodes = Proved leaves ->
  length z = length M -> positive K z -> (exists k, nth k z 0 <> 0) -> 0 <= form K M z /\ form K M z <> 0.
Proof.
  intros H L P [k N]. apply check_copositive_good in H. destruct (H z L P) as [V S]. split; auto.
  intro E. exact (N (S eq_refl E k)). Qed.

Lemma iszero_false x : iszero x = false -> exists k, nth k (vZ K x) 0 <> 0.
Proof.
  induction x as [|a x IH]; [discriminate|]. cbn [iszero forallb]. intro H. destruct (Z.eqb_spec 0 a) as [E|E].
  - destruct (IH H) as [k N]. now exists (S k).
  - exists O. cbn [vZ map nth]. intro F. destruct (Z.lt_trichotomy a 0) as [L|[L|L]]; [|congruence|now apply z2_nz in F].
    apply (z2_nz K (a := (- a)%Z)); [lia|]. rewrite ofZ_opp, F. apply opp_zero. Qed.
Theorem check_witness_sound strict M z : check_witness strict M z = None ->
  length (vZ K z) = length M /\ positive K (vZ K z) /\ (exists k, nth k (vZ K z) 0 <> 0) /\
  form K M (vZ K z) <= 0 /\ (strict = false -> form K M (vZ K z) <> 0).
Proof.
  unfold check_witness. intro H. apply owes_none in H as [H1 H]. apply owes_none in H as [H2 _].
  apply andb_prop in H1 as [H1 N]. apply andb_prop in H1 as [L P]. apply Nat.eqb_eq in L. apply negb_true_iff in N.
  rewrite <- z2_zform. repeat split; auto using nonneg_positive, iszero_false.
  - unfold vZ. now rewrite map_length.
  - rewrite <- (ofZ_0 K). apply z2_le. destruct strict; [now apply Z.leb_le|apply Z.ltb_lt in H2; lia].
  - intros ->. apply Z.ltb_lt in H2. intro E. apply (z2_nz K (a := (- zform M z)%Z)); [lia|].
    rewrite ofZ_opp, E. apply opp_zero. Qed.
(** Where a witness refutes, there is no proof. *)
Corollary witness_excludes_proof strict M z nodes leaves :
  check_witness strict M z = None -> check_copositive hint watch strict M nodes <> Proved leaves.
Proof.
  intros W H. destruct (check_witness_sound _ _ _ W) as (L & P & [k N] & V & S).
  apply check_copositive_good in H. destruct (H _ L P) as [Q F]. assert (E : form K M (vZ K z) = 0) by (now apply f_anti).
  destruct strict; [exact (N (F eq_refl E k))|exact (S eq_refl E)]. Qed.
End Soundness.
