(** * Products of the nonnegative quantities of a leaf (docs/certificate-format.md, "Leaves")

    On a leaf's cone some linear forms are nonnegative. A leaf takes products of two of them, times multipliers, off its
    own quadratic form: where what is left is nonnegative, so is the form. Both trees have such leaves; which
    quantities there are, and which products are zero so that their multiplier may have any sign, is up to the leaf. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Orthant.
Import ListNotations.
Set Implicit Arguments.

(** Row i of multipliers: the products of quantity i with others. *)
Definition products := list (nat * list (nat * Z)).

Definition longest_multiplier (ms : products) : Z :=
  longest_by (fun row => longest_by (fun e => bits (snd e)) (snd row)) ms.

Section Executable.
Local Open Scope Z_scope.
(** A quantity as a form: nothing, z_k, p.z, or z_k less p.z. *)
Inductive quantity := Nothing | Coordinate (k : nat) | Form (p : list Z) | Excess (p : list Z) (k : nat).
Definition form_of (q : quantity) : list Z :=
  match q with
  | Nothing => []
  | Coordinate k => zunit k
  | Form p => p
  | Excess p k => zadd (map Z.opp p) (zunit k) end.
Fixpoint add_at (k : nat) (M : Z) (x : list Z) : list Z :=
  match k, x with
  | O, [] => [M] | O, a :: x' => a + M :: x'
  | S k', [] => 0 :: add_at k' M [] | S k', a :: x' => a :: add_at k' M x' end.
(** x and M times a quantity, which has few entries that are not 0. *)
Definition add_quantity (M : Z) (q : quantity) (x : list Z) : list Z :=
  match q with
  | Nothing => x
  | Coordinate k => add_at k M x
  | Form p => zadd (zscale M p) x
  | Excess p k => zadd (zscale (- M) p) (add_at k M x) end.
(** Quantities s, ..., s + m - 1 are the alpha_i, the next m the beta_i. *)
Definition vanishes (s m i j : nat) : bool := Nat.leb s i && Nat.ltb i (s + m) && Nat.eqb j (i + m).
Definition indices_fit (size : nat) (rows : products) : bool :=
  forallb (fun row => forallb (fun e => Nat.leb (fst row) (fst e) && Nat.ltb (fst e) size) (snd row)) rows.
Definition signs_fit (s m : nat) (rows : products) : bool :=
  forallb (fun row => forallb (fun e => (0 <=? snd e) || vanishes s m (fst row) (fst e)) (snd row)) rows.
Fixpoint row_sum (qs : list quantity) (es : list (nat * Z)) (x : list Z) : list Z :=
  match es with [] => x | (j, M) :: es' => row_sum qs es' (add_quantity M (nth j qs Nothing) x) end.
(** The sum of the products as a matrix: a row for each coordinate, to be made symmetric in the end. *)
Fixpoint products_matrix (c : Z) (qs : list quantity) (B : list (list Z)) (rows : products) : list (list Z) :=
  match rows with
  | [] => B
  | (i, es) :: rows' => products_matrix c qs (gadd (zscale c (form_of (nth i qs Nothing))) (row_sum qs es []) B) rows' end.
(** T less 2 c times the sum of the products. *)
Definition minus_products (c : Z) (qs : list quantity) (T : tri) (rows : products) : tri :=
  let B := products_matrix (- c) qs [] rows in tadd T (symmetric (length B) B).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

Lemma nth_map_seq (f : nat -> quantity) r n :
  nth r (map f (seq 0 n)) Nothing = if Nat.ltb r n then f r else Nothing.
Proof. destruct (Nat.ltb_spec r n) as [H|H].
  - rewrite (nth_indep _ Nothing (f 0%nat)) by (now rewrite map_length, seq_length).
    rewrite map_nth, seq_nth by assumption. reflexivity.
  - apply nth_overflow. now rewrite map_length, seq_length. Qed.
Lemma lin_add_at k M x z : lin K (add_at k M x) z = z2 M * nth k z 0 + lin K x z.
Proof. revert x z; induction k as [|k IH]; intros [|a x] [|e z]; cbn [add_at lin nth]; rewrite ?IH, ?ofZ_add, ?ofZ_0;
    try ring; destruct z; cbn [lin nth]; ring. Qed.
Lemma lin_add_quantity M q x z : lin K (add_quantity M q x) z = z2 M * lin K (form_of q) z + lin K x z.
Proof. destruct q; cbn [add_quantity form_of];
    [cbn [lin]; ring|now rewrite lin_add_at, lin_unit|now rewrite lin_zadd, lin_zscale|].
  rewrite !lin_zadd, lin_zscale, lin_opp, lin_add_at, lin_unit, ofZ_opp. ring. Qed.
Lemma row_sum_pos (ok : nat -> nat -> bool) qs z i es x :
  (forall k, 0 <= lin K (form_of (nth k qs Nothing)) z) ->
  (forall j, ok i j = true -> lin K (form_of (nth i qs Nothing)) z * lin K (form_of (nth j qs Nothing)) z = 0) ->
  forallb (fun e => (0 <=? snd e)%Z || ok i (fst e)) es = true ->
  0 <= lin K (form_of (nth i qs Nothing)) z * lin K x z ->
  0 <= lin K (form_of (nth i qs Nothing)) z * lin K (row_sum qs es x) z.
Proof.
  intros P V. revert x. induction es as [|[j M] es IH]; cbn [forallb row_sum fst snd]; intros x H X; [exact X|].
  - apply andb_prop in H as [H Hs]. apply (IH _ Hs). rewrite lin_add_quantity.
    set (q := lin K (form_of (nth i qs Nothing)) z) in *. set (q' := lin K (form_of (nth j qs Nothing)) z).
    replace (q * (z2 M * q' + lin K x z)) with (z2 M * (q * q') + q * lin K x z) by ring.
    apply add_pos; [|exact X]. apply orb_prop in H as [H|H].
    + apply Z.leb_le in H. apply f_mulle; auto with pos. apply f_mulle; [apply P|apply P].
    + assert (E := V j H). fold q' in E. rewrite E. replace (z2 M * 0) with 0 by ring. auto with pos. Qed.
Lemma products_matrix_le s m c qs B rows z :
  (0 <= c)%Z -> (forall k, 0 <= lin K (form_of (nth k qs Nothing)) z) ->
  (forall i j, vanishes s m i j = true -> lin K (form_of (nth i qs Nothing)) z * lin K (form_of (nth j qs Nothing)) z = 0) ->
  signs_fit s m rows = true ->
  dot (comb z (products_matrix (- c) qs B rows)) z <= dot (comb z B) z.
Proof.
  intros Hc P V. revert B. induction rows as [|[i es] rows IH]; intros B; cbn [products_matrix]; [auto with pos|].
  cbn [signs_fit forallb fst snd]. intro H. apply andb_prop in H as [H Hs].
  apply (f_trans K _ _ _ (IH _ Hs)). rewrite comb_gadd, lin_zscale, ofZ_opp.
  assert (R : 0 <= lin K (form_of (nth i qs Nothing)) z * lin K (row_sum qs es []) z).
  { apply (@row_sum_pos (vanishes s m) qs z i es [] P (V i) H). cbn [lin].
    replace (lin K (form_of (nth i qs Nothing)) z * 0) with 0 by ring. auto with pos. } apply sub_le.
  match goal with |- 0 <= ?g => replace g with
    (z2 c * (lin K (form_of (nth i qs Nothing)) z * lin K (row_sum qs es []) z)) by ring end.
  apply f_mulle; auto with pos. Qed.
Lemma minus_products_le s m c qs T rows z :
  (0 <= c)%Z -> (forall k, 0 <= lin K (form_of (nth k qs Nothing)) z) ->
  (forall i j, vanishes s m i j = true -> lin K (form_of (nth i qs Nothing)) z * lin K (form_of (nth j qs Nothing)) z = 0) ->
  signs_fit s m rows = true ->
  qf K (minus_products c qs T rows) z <= qf K T z.
Proof.
  intros Hc P V S. unfold minus_products. rewrite qf_tadd, qf_symmetric by lia.
  pose proof (products_matrix_le s m qs [] rows z Hc P V S) as L. apply le_sub in L.
  set (b := dot (comb z (products_matrix (- c) qs [] rows)) z) in *.
  replace (dot (comb z []) z) with 0 in L by now destruct z.
  apply sub_le. replace (qf K T z - (qf K T z + (1 + 1) * b)) with ((1 + 1) * (0 - b)) by ring. auto with pos. Qed.
(** The coordinates themselves as quantities, where none is negative. *)
Lemma minus_units unit d t rows T : (0 <= unit)%Z -> positive K t -> signs_fit d 0 rows = true ->
  qf K (minus_products unit (map Coordinate (seq 0 d)) T rows) t <= qf K T t.
Proof.
  intros Hu P S. apply (@minus_products_le d 0); auto.
  - intro k. rewrite nth_map_seq. destruct (Nat.ltb k d); [cbn [form_of]; rewrite lin_unit; apply P|cbn [form_of lin]; auto with pos].
  - intros i j V. exfalso. unfold vanishes in V. apply andb_prop in V as [V _]. apply andb_prop in V as [V1 V2].
    apply Nat.leb_le in V1. apply Nat.ltb_lt in V2. lia. Qed.
End Soundness.
