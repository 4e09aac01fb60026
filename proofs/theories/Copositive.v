(** * Copositivity by the same rules: z^T M z >= 0 for all z >= 0

    The orthant is cut as the cones of a certificate are; a row of the state is a coordinate z_j as a linear form in
    the coordinates t of the cone. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Forms Cones.
Import ListNotations.
Set Implicit Arguments.

Inductive cuts := Closed | Cut (k l : nat) (a b : Z) (first second : cuts).

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
(** Twice the form M of the coordinates, as a form in t. *)
Fixpoint pulled (M : tri) (coordinates : list (list Z)) : tri :=
  match M, coordinates with
  | r :: M', f :: fs => tadd (tprod f (zadd (zcomb r coordinates) (zcomb (tl r) fs))) (pulled M' fs)
  | _, _ => [] end.
Definition cut_at (j k l : nat) (a b : Z) (p : list Z) : list Z := put 0 j (a * entry k p + b * entry l p) p.
Fixpoint closes (M : tri) (d : nat) (fs : list (list Z)) (c : cuts) : bool :=
  match c with
  | Closed => nonneg_on_orthant hint (pulled M fs)
  | Cut k l a b first second =>
    Nat.ltb k d && Nat.ltb l d && negb (Nat.eqb k l) && (0 <? a) && (0 <? b) &&
    closes M d (map (cut_at k k l a b) fs) first && closes M d (map (cut_at l k l a b) fs) second
  end.
Definition check_copositive (M : tri) (c : cuts) : bool :=
  let d := length M in closes M d (map zunit (seq 0 d)) c.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Local Notation "0" := (f0 K) : field_scope.
Local Notation "1" := (f1 K) : field_scope.
Local Infix "+" := (fadd K) : field_scope.
Local Infix "*" := (fmul K) : field_scope.
Local Infix "-" := (fsub K) : field_scope.
Local Notation "- x" := (fopp K x) : field_scope.
Local Infix "<=" := (fle K) : field_scope.
Local Notation "x / y" := (x * finv K y) : field_scope.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable hint : nat -> tri -> list Z * list (list Z).
Definition values (fs : list (list Z)) (t : vec) : vec := map (fun f => lin K f t) fs.
Lemma qf_pulled M fs t : qf K (pulled M fs) t = (1 + 1) * qf K M (values fs t).
Proof.
  revert fs; induction M as [|r M IH]; intros [|f fs]; cbn [pulled qf values map]; try ring.
  fold (values fs t). rewrite qf_tadd, qf_tprod, IH, lin_zadd, !lin_zcomb. cbn [map]. fold (values fs t). ring. Qed.
Lemma cut_value k l a b p t s r : k <> l -> z2 a * s = nth k t 0 -> r = nth l t 0 - z2 b * s ->
  lin K (cut_at k k l a b p) (put 0 l r (put 0 k s t)) = lin K p t.
Proof.
  intros Hkl Es Er. unfold cut_at, entry. rewrite lin_put1, !nth_put. rewrite lin_put.
  destruct (Nat.eqb_spec l k); [congruence|]. rewrite ofZ_add, !ofZ_mul, <- Es, Er. ring. Qed.
Lemma cut_sound M d fs k l a b t :
  (0 < a)%Z -> (0 < b)%Z -> k <> l -> (k < d)%nat -> (l < d)%nat -> length t = d -> positive K t ->
  0 <= z2 a * nth l t 0 - z2 b * nth k t 0 ->
  (forall t', length t' = d -> positive K t' -> 0 <= qf K M (values (map (cut_at k k l a b) fs) t')) ->
  0 <= qf K M (values fs t).
Proof.
  intros Ha Hb Hkl Hk Hl L P Q H.
  assert (Pa : 0 <= z2 a) by (apply z2_pos; lia). assert (Na : z2 a <> 0) by now apply z2_nz.
  set (s := nth k t 0 / z2 a). assert (Es : z2 a * s = nth k t 0) by (unfold s; now rewrite div_mul).
  assert (Ps : 0 <= s) by (apply f_mulle; [apply P|now apply inv_pos]).
  set (r := nth l t 0 - z2 b * s).
  assert (Pr : 0 <= r).
  { apply (@mul_cancel K (z2 a)); auto. unfold r.
    replace (z2 a * (nth l t 0 - z2 b * s)) with (z2 a * nth l t 0 - z2 b * (z2 a * s)) by ring. now rewrite Es. }
  specialize (H (put 0 l r (put 0 k s t))).
  replace (values fs t) with (values (map (cut_at k k l a b) fs) (put 0 l r (put 0 k s t))).
  - apply H; [rewrite !put_length; lia|]. intro i. rewrite !nth_put.
    destruct (Nat.eqb_spec i l); auto. destruct (Nat.eqb_spec i k); auto.
  - unfold values. rewrite map_map. apply map_ext. intro p.
    now apply cut_value. Qed.
Theorem closes_sound M d c fs : closes hint M d fs c = true ->
  forall t, length t = d -> positive K t -> 0 <= qf K M (values fs t).
Proof.
  revert fs; induction c as [|k l a b c1 IH1 c2 IH2]; intros fs H t L P; cbn [closes] in H.
  - apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). rewrite <- qf_pulled.
    now apply nonneg_on_orthant_sound with (hint := hint).
  - repeat (apply andb_prop in H as [H ?]).
    repeat match goal with
    | X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X
    | X : (_ <? _)%nat = true |- _ => apply Nat.ltb_lt in X
    | X : negb _ = true |- _ => apply negb_true_iff, Nat.eqb_neq in X end.
    destruct (f_total K 0 (z2 a * nth l t 0 - z2 b * nth k t 0)) as [Q|Q].
    + apply (@cut_sound M d fs k l a b t); auto.
    + apply neg_pos in Q. apply (@cut_sound M d fs l k b a t); auto.
      * replace (z2 b * nth k t 0 - z2 a * nth l t 0) with (- (z2 a * nth l t 0 - z2 b * nth k t 0)) by ring. exact Q.
      * intros t' L' P'. rewrite (map_ext _ (cut_at l k l a b)); auto. intro p. unfold cut_at. f_equal. lia. Qed.
Theorem check_copositive_sound M c z : check_copositive hint M c = true ->
  length z = length M -> positive K z -> 0 <= qf K M z.
Proof.
  intros H L P. pose proof (@closes_sound _ _ _ _ H z L P) as Q.
  replace (values (map zunit (seq 0 (length M))) z) with z in Q; auto. rewrite <- L. clear.
  unfold values. rewrite map_map. apply nth_ext with (d := 0) (d' := 0); [now rewrite map_length, seq_length|].
  intros j Hj. rewrite (@nth_indep _ (map (fun k => lin K (zunit k) z) (seq 0 (length z))) j 0 (lin K (zunit 0) z)) by (now rewrite map_length, seq_length).
  rewrite (map_nth (fun k => lin K (zunit k) z)), seq_nth by assumption. symmetry. apply lin_unit. Qed.
End Soundness.
