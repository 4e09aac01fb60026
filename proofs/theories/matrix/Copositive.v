(** * Copositivity on cones: how a cone is divided, and what closes it

    A matrix M is a list of rows, and z^T M z is [form M z]. On the cone of all sums of t_k w_k, t >= 0, it is t^T T t
    for T_kl = w_k^T M w_l; all that is proved here is of such T. No theorem needs the symmetry of a matrix. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Triangles Semidefinite Orthant Tree Products Cones Marks.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
Variable strict : bool.

(** T of the cone with a w_k + b w_l in the place of w_j. *)
Definition cut_row (j k l : nat) (a b : Z) (r : list Z) : list Z := put 0 j (a * entry k r + b * entry l r) r.
Definition cut (j k l : nat) (a b : Z) (T : list (list Z)) : list (list Z) :=
  map (cut_row j k l a b) (put [] j (combination k l a b T) T).

Definition block (rows columns : list bool) (T : list (list Z)) : list (list Z) := map (keep columns) (keep rows T).
Definition nonneg_block (T : list (list Z)) : bool := forallb nonneg T.
Definition face (ms : list bool) (T : list (list Z)) : list (list Z) := block ms ms T.

(** ** Leaves *)
Definition check_entries (T : list (list Z)) : bool := nonneg_on_orthant hint strict (symmetric (length T) T).
Definition check_multipliers (scale unit : Z) (rows : products) (T : list (list Z)) : option obligation :=
  let m := length T in
  owes ((0 <? scale) && (0 <? unit)) LEAF_SCALE (
  owes (indices_fit m rows) PRODUCT_INDEX (
  owes (signs_fit m 0 rows) PRODUCT_SIGN (
  owes (psd hint strict (minus_products unit (map Coordinate (seq 0 m)) (tscale scale (symmetric m T)) rows))
    LEAF_FORM None))).

(** ** Refutations *)
Definition zform (T : list (list Z)) (z : list Z) : Z := zdot z (map (fun r => zdot r z) T).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable hint : nat -> tri -> list Z * list (list Z).

(** x^T T y, and z^T T z. *)
Definition bilinear (T : list (list Z)) (x y : vec) : K := dot (comb x T) y.
Definition form (T : list (list Z)) (z : vec) : K := bilinear T z z.
(** What is nonnegative at z, and for the strict statement positive unless z is zero. *)
Definition above (strict : bool) (v : K) (z : vec) : Prop := 0 <= v /\ (strict = true -> v = 0 -> zero K z).
(** A form that is so on its cone. *)
Definition good (strict : bool) (T : list (list Z)) : Prop :=
  forall t, length t = length T -> positive K t -> above strict (form T t) t.

Lemma bilinear_left T x y : bilinear T x y = dot x (map (fun r => lin K r y) T).
Proof. apply dot_comb. Qed.
Lemma positive_and_cons a z : 0 <= a -> positive K z -> positive K (a :: z).
Proof. intros Pa P [|k]; [exact Pa|apply P]. Qed.
Lemma dot_pos x y : positive K x -> positive K y -> 0 <= dot x y.
Proof. revert y; induction x as [|a x IH]; intros [|b y] Px Py; cbn [dot]; auto with pos.
  apply positive_cons in Px as [Pa Px]. apply positive_cons in Py as [Pb Py]. auto with pos. Qed.
Lemma above_add strict v v' z : 0 <= v' -> above strict v z -> above strict (v' + v) z.
Proof. intros P [Q S]. split; auto with pos. intros E H. apply S; auto. now apply add_zero in H as [_ H]. Qed.

(** *** A cut: one of the two coordinates is the larger, in proportion *)
Lemma cut_row_value k l a b r t s q : k <> l -> z2 a * s = nth k t 0 -> q = nth l t 0 - z2 b * s ->
  lin K (cut_row k k l a b r) (put 0 l q (put 0 k s t)) = lin K r t.
Proof.
  intros Hkl Es Eq. unfold cut_row, entry. rewrite lin_put1, !nth_put, lin_put.
  destruct (Nat.eqb_spec l k); [congruence|]. rewrite ofZ_add, !ofZ_mul, <- Es, Eq. ring. Qed.
Lemma cut_form k l a b T t s q : k <> l -> z2 a * s = nth k t 0 -> q = nth l t 0 - z2 b * s ->
  form (cut k k l a b T) (put 0 l q (put 0 k s t)) = form T t.
Proof.
  intros Hkl Es Eq. unfold form, cut. rewrite bilinear_left, map_map.
  rewrite (map_ext _ (fun r => lin K r t)) by (intro r; now apply cut_row_value).
  rewrite <- bilinear_left. unfold bilinear. rewrite comb_put1, nth_put, comb_put.
  destruct (Nat.eqb_spec l k); [congruence|]. rewrite nth_put. destruct (Nat.eqb_spec l k); [congruence|].
  unfold combination, column. rewrite lin_zadd, !lin_zscale, <- Es, Eq. ring. Qed.
Lemma cut_length j k l a b T : (j < length T)%nat -> length (cut j k l a b T) = length T.
Proof. intro H. unfold cut. rewrite map_length, put_length. lia. Qed.
Lemma cut_swap j k l a b T : cut j k l a b T = cut j l k b a T.
Proof. unfold cut, combination. rewrite zadd_comm. apply map_ext. intro r. unfold cut_row. f_equal. lia. Qed.
Lemma cut_child strict k l a b T t :
  (0 < a)%Z -> (0 < b)%Z -> k <> l -> (k < length T)%nat -> (l < length T)%nat ->
  length t = length T -> positive K t -> 0 <= z2 a * nth l t 0 - z2 b * nth k t 0 ->
  good strict (cut k k l a b T) -> above strict (form T t) t.
Proof.
  intros Ha Hb Hkl Hk Hl L P Q H.
  assert (Pa : 0 <= z2 a) by (apply z2_pos; lia). assert (Na : z2 a <> 0) by now apply z2_nz.
  set (s := nth k t 0 / z2 a). assert (Es : z2 a * s = nth k t 0) by (unfold s; now rewrite div_mul).
  assert (Ps : 0 <= s) by (apply f_mulle; [apply P|now apply inv_pos]).
  set (q := nth l t 0 - z2 b * s).
  assert (Pq : 0 <= q).
  { apply (@mul_cancel K (z2 a)); auto. unfold q.
    replace (z2 a * (nth l t 0 - z2 b * s)) with (z2 a * nth l t 0 - z2 b * (z2 a * s)) by ring. now rewrite Es. }
  destruct (H (put 0 l q (put 0 k s t))) as [V S].
  - rewrite !put_length, cut_length; lia.
  - intro i. rewrite !nth_put. destruct (Nat.eqb_spec i l); auto. destruct (Nat.eqb_spec i k); auto.
  - assert (EF : form (cut k k l a b T) (put 0 l q (put 0 k s t)) = form T t) by now apply cut_form.
    rewrite EF in V, S. split; auto. intros E F. specialize (S E F).
    assert (Zs : s = 0).
    { specialize (S k). rewrite !nth_put in S. destruct (Nat.eqb_spec k l); [congruence|].
      now rewrite Nat.eqb_refl in S. }
    intro i. specialize (S i). rewrite !nth_put in S. destruct (Nat.eqb_spec i l) as [El|_].
    + rewrite El. unfold q in S. rewrite Zs in S.
      replace (nth l t 0) with (nth l t 0 - z2 b * 0) by ring. exact S.
    + destruct (Nat.eqb_spec i k) as [Ek|_]; auto. rewrite Ek, <- Es, Zs. ring. Qed.
Theorem cut_sound strict k l a b T :
  (0 < a)%Z -> (0 < b)%Z -> k <> l -> (k < length T)%nat -> (l < length T)%nat ->
  good strict (cut k k l a b T) -> good strict (cut l k l a b T) -> good strict T.
Proof.
  intros Ha Hb Hkl Hk Hl H1 H2 t L P.
  destruct (f_total K 0 (z2 a * nth l t 0 - z2 b * nth k t 0)) as [Q|Q].
  - now apply (@cut_child strict k l a b T t).
  - apply neg_pos in Q. apply (@cut_child strict l k b a T t); auto.
    + replace (z2 b * nth k t 0 - z2 a * nth l t 0) with (- (z2 a * nth l t 0 - z2 b * nth k t 0)) by ring. exact Q.
    + now rewrite <- cut_swap. Qed.

(** *** Parts *)
Fixpoint only (ms : list bool) (z : vec) : vec :=
  match ms, z with b :: ms', a :: z' => (if b then a else 0) :: only ms' z' | _, _ => [] end.
Lemma only_length ms z : length z = length ms -> length (only ms z) = length z.
Proof. revert z; induction ms as [|b ms IH]; intros [|a z]; cbn [only length]; auto. Qed.
Lemma only_positive ms z : positive K z -> positive K (only ms z).
Proof. revert z; induction ms as [|b ms IH]; intros [|a z] P; cbn [only]; try (intros []; cbn [nth]; auto with pos; fail).
  apply positive_cons in P as [Pa P]. apply positive_and_cons; auto. destruct b; auto with pos. Qed.
Lemma keep_positive ms z : positive K z -> positive K (keep ms z).
Proof. revert z; induction ms as [|b ms IH]; intros [|a z] P; cbn [keep]; try (intros []; cbn [nth]; auto with pos; fail).
  apply positive_cons in P as [Pa P]. destruct b; auto using positive_and_cons. Qed.
Lemma keep_zero ms z : length z = length ms -> zero K (keep ms z) -> zero K (only ms z).
Proof.
  revert z; induction ms as [|b ms IH]; intros [|a z] L Z; try discriminate; cbn [keep only] in *; auto using zero_nil.
  injection L as L. destruct b.
  - apply zero_cons; [exact (Z O)|]. apply IH; auto. intro k. exact (Z (S k)).
  - apply zero_cons; auto. Qed.

(** A block is the matrix where all else is zero. *)
Lemma lin_keep ms r z : lin K (keep ms r) (keep ms z) = lin K r (only ms z).
Proof. revert r z; induction ms as [|b ms IH]; intros [|c r] [|a z]; cbn [keep only lin]; rewrite ?lin_nil_r; auto.
  destruct b; cbn [lin]; rewrite IH; ring. Qed.
Lemma bilinear_block ms ms' T x y : bilinear (block ms ms' T) (keep ms x) (keep ms' y) = bilinear T (only ms x) (only ms' y).
Proof.
  rewrite !bilinear_left. unfold block. rewrite map_map, (map_ext _ (fun r => lin K r (only ms' y))) by (intro r; apply lin_keep).
  revert x T; induction ms as [|b ms IH]; intros [|a x] [|r T]; cbn [keep only map dot]; rewrite ?dot_nil_r; auto.
  destruct b; cbn [map dot]; rewrite IH; ring. Qed.
(** A vector is what is marked and what is not. *)
Lemma dot_only ms x y : length x = length ms -> dot x y = dot (only ms x) y + dot (only (map negb ms) x) y.
Proof.
  revert x y; induction ms as [|b ms IH]; intros [|a x] [|c y] L; try discriminate; cbn [map only dot]; try ring.
  injection L as L. rewrite (IH x y L). destruct b; cbn [negb]; ring. Qed.
Lemma bilinear_split ms T x y : length x = length ms -> length y = length ms ->
  bilinear T x y = bilinear T (only ms x) (only ms y) + bilinear T (only (map negb ms) x) (only (map negb ms) y) +
    (bilinear T (only ms x) (only (map negb ms) y) + bilinear T (only (map negb ms) x) (only ms y)).
Proof.
  intros Lx Ly. assert (R : forall u, bilinear T u y = bilinear T u (only ms y) + bilinear T u (only (map negb ms) y)).
  { intro u. unfold bilinear. rewrite !(dot_comm _ (comb u T)). now apply dot_only. }
  rewrite bilinear_left, (dot_only ms) by assumption. rewrite <- !bilinear_left, !R. ring. Qed.
Lemma nonneg_block_sound T x y : nonneg_block T = true -> positive K x -> positive K y -> 0 <= bilinear T x y.
Proof.
  rewrite bilinear_left. unfold nonneg_block. revert x; induction T as [|r T IH]; intros [|a x] H Px Py;
    cbn [forallb map dot] in *; auto with pos.
  apply andb_prop in H as [Hr H]. apply positive_cons in Px as [Pa Px].
  apply add_pos; auto. apply f_mulle; auto. apply lin_nonneg; auto. Qed.
Lemma face_length ms T : length (face ms T) = length (keep ms T).
Proof. apply map_length. Qed.

Lemma zero_only ms z : length z = length ms -> zero K (only ms z) -> zero K (only (map negb ms) z) -> zero K z.
Proof.
  intros L A B k. specialize (A k). specialize (B k). revert z k L A B.
  induction ms as [|b ms IH]; intros [|a z] k L; try discriminate; [destruct k; auto|]. injection L as L.
  cbn [map only]. destruct k as [|k]; cbn [nth]; [destruct b; auto|]. intros A B. now apply IH. Qed.
Lemma above_split strict ms T z : length z = length ms ->
  above strict (form T (only ms z)) (only ms z) ->
  above strict (form T (only (map negb ms) z)) (only (map negb ms) z) ->
  0 <= bilinear T (only ms z) (only (map negb ms) z) -> 0 <= bilinear T (only (map negb ms) z) (only ms z) ->
  above strict (form T z) z.
Proof.
  intros L [V1 S1] [V2 S2] N1 N2.
  assert (E : form T z = form T (only ms z) + form T (only (map negb ms) z) +
    (bilinear T (only ms z) (only (map negb ms) z) + bilinear T (only (map negb ms) z) (only ms z)))
    by (apply bilinear_split; auto).
  rewrite E. clear E. split; auto with pos.
  intros E Q. apply add_zero in Q as [Q _]; auto with pos. apply add_zero in Q as [Q1 Q2]; auto.
  apply (zero_only ms); auto. Qed.

(** Where no product of two generators of different parts is negative, both parts prove the whole. *)
Lemma face_sound strict ms T z : length ms = length T -> length z = length T -> positive K z ->
  good strict (face ms T) -> above strict (form T (only ms z)) (only ms z).
Proof.
  intros L Lz P H. destruct (H (keep ms z)) as [V S].
  - rewrite face_length. now apply keep_length.
  - now apply keep_positive.
  - unfold form, face in V, S |- *. rewrite bilinear_block in V, S. split; auto. intros E Q. apply keep_zero; auto. lia. Qed.
Theorem part_sound strict ms T : length ms = length T ->
  nonneg_block (block ms (map negb ms) T) = true -> nonneg_block (block (map negb ms) ms T) = true ->
  good strict (face ms T) -> good strict (face (map negb ms) T) -> good strict T.
Proof.
  intros L N1 N2 H1 H2 z Lz P. apply (above_split ms); [lia| | | |].
  - now apply face_sound.
  - apply face_sound; auto. now rewrite map_length.
  - rewrite <- bilinear_block. apply nonneg_block_sound; auto using keep_positive.
  - rewrite <- bilinear_block. apply nonneg_block_sound; auto using keep_positive. Qed.

(** *** Leaves *)
Lemma qf_form T z : qf K (symmetric (length T) T) z = (1 + 1) * form T z.
Proof. apply qf_symmetric. lia. Qed.
Lemma symmetric_length (T : list (list Z)) n : (length T <= n)%nat -> length (symmetric n T) = length T.
Proof. revert T; induction n as [|n IH]; intros [|r T] L; cbn [symmetric length] in *; try lia.
  rewrite IH; rewrite map_length; lia. Qed.
Lemma twice_zero a : (1 + 1) * a = 0 -> a = 0 :> K.
Proof. intro H. destruct (f_integral K _ _ H) as [X|X]; auto. now apply two_nz in X. Qed.
Theorem check_entries_sound strict T : check_entries hint strict T = true -> good strict T.
Proof.
  intros H z L P. split.
  - apply nonneg_on_orthant_sound with (K := K) (z := z) in H; auto. rewrite qf_form in H.
    apply (@mul_cancel K (1 + 1)); auto using two_nz with pos.
  - intros -> Q. eapply nonneg_on_orthant_definite; [exact H|exact P| |].
    + rewrite symmetric_length; lia.
    + rewrite qf_form, Q. ring. Qed.
Theorem check_multipliers_sound strict scale unit rows T :
  check_multipliers hint strict scale unit rows T = None -> good strict T.
Proof.
  unfold check_multipliers. intros H z L P. apply owes_none in H as [H1 H]. apply owes_none in H as [_ H].
  apply owes_none in H as [H2 H]. apply owes_none in H as [H _]. apply andb_prop in H1 as [Hs Hu].
  apply Z.ltb_lt in Hs. apply Z.ltb_lt in Hu. set (T2 := tscale scale (symmetric (length T) T)) in *.
  assert (Q : qf K (minus_products unit (map Coordinate (seq 0 (length T))) T2 rows) z <= qf K T2 z)
    by (apply minus_units; auto; lia).
  assert (E : qf K T2 z = z2 scale * ((1 + 1) * form T z)) by (unfold T2; now rewrite qf_tscale, qf_form).
  assert (Ps : 0 <= z2 scale) by (apply z2_pos; lia). assert (Ns : z2 scale <> 0) by now apply z2_nz.
  apply psd_sound with (K := K) (z := z) in H as V. split.
  - apply (f_trans K _ _ _ V) in Q. rewrite E in Q. apply (@mul_cancel K (1 + 1)); auto using two_nz with pos.
    now apply (@mul_cancel K (z2 scale)).
  - intros -> F. rewrite E, F in Q. eapply psd_definite; [exact H| |].
    + unfold minus_products. pose proof (tadd_length T2 (symmetric (length (products_matrix (- unit)
        (map Coordinate (seq 0 (length T))) [] rows)) (products_matrix (- unit) (map Coordinate (seq 0 (length T))) [] rows))) as A.
      unfold T2 in A at 1. unfold tscale in A. rewrite map_length, symmetric_length in A by lia. rewrite L. exact A.
    + apply f_anti; auto. replace 0 with (z2 scale * ((1 + 1) * 0)) by ring. exact Q. Qed.

(** *** Along a line, and at units *)
Lemma bilinear_line_l T x d c y : bilinear T (vadd x (vscale c d)) y = bilinear T x y + c * bilinear T d y.
Proof. rewrite !bilinear_left, dot_vadd, dot_vscale. reflexivity. Qed.
Lemma bilinear_line_r T x y d c : bilinear T x (vadd y (vscale c d)) = bilinear T x y + c * bilinear T x d.
Proof. unfold bilinear. rewrite !(dot_comm K (comb x T)), dot_vadd, dot_vscale. reflexivity. Qed.
Lemma bilinear_scale_l T c x y : bilinear T (vscale c x) y = c * bilinear T x y.
Proof. rewrite !bilinear_left. apply dot_vscale. Qed.
Lemma bilinear_scale_r T c x y : bilinear T x (vscale c y) = c * bilinear T x y.
Proof. unfold bilinear. rewrite !(dot_comm K (comb x T)). apply dot_vscale. Qed.
Lemma form_line T z d c :
  form T (vadd z (vscale c d)) = form T z + c * (bilinear T z d + bilinear T d z) + c * c * form T d.
Proof. unfold form. rewrite bilinear_line_l, !bilinear_line_r. ring. Qed.
Lemma form_ext T x y : (forall i, nth i x 0 = nth i y 0) -> form T x = form T y.
Proof.
  intro E. unfold form. rewrite bilinear_left, (dot_ext K _ _ E), <- bilinear_left. unfold bilinear.
  rewrite !(dot_comm K (comb y T)). now apply dot_ext. Qed.
Definition unit (i : nat) : vec := vZ K (zunit i).
Lemma unit_length i : length (unit i) = S i.
Proof. unfold unit, vZ, zunit. rewrite map_length, app_length, repeat_length. cbn [length]. lia. Qed.
Lemma nth_unit i k : nth i (unit k) 0 = if Nat.eqb i k then 1 else 0.
Proof.
  unfold unit. rewrite nth_vZ. assert (E : nth i (zunit k) 0%Z = if Nat.eqb i k then 1%Z else 0%Z).
  { unfold zunit. revert i; induction k as [|k IH]; intros [|i]; cbn [repeat app nth Nat.eqb]; auto. now destruct i. }
  rewrite E. destruct (Nat.eqb i k); [apply ofZ_1|apply ofZ_0]. Qed.
Lemma lin_unit_vector r j : lin K r (unit j) = z2 (nth j r 0%Z).
Proof. unfold unit. rewrite lin_dot, dot_unit. apply nth_vZ. Qed.
Lemma bilinear_units A i j : bilinear A (unit i) (unit j) = z2 (nth j (nth i A []) 0%Z).
Proof.
  rewrite bilinear_left, dot_comm. change (unit i) with (vZ K (zunit i)). rewrite dot_unit.
  rewrite <- lin_unit_vector. apply (nth_lin K). Qed.

(** *** Values at integers *)
Lemma z2_zform T z : z2 (zform T z) = form T (vZ K z).
Proof.
  unfold zform, form. rewrite z2_zdot, bilinear_left. f_equal. unfold vZ. rewrite map_map. apply map_ext. intro r.
  now rewrite z2_zdot, lin_dot. Qed.
Lemma nonneg_positive x : nonneg x = true -> positive K (vZ K x).
Proof. induction x as [|a x IH]; intro H; [intros []; cbn; auto with pos|]. cbn [nonneg forallb] in H.
  apply andb_prop in H as [Ha H]. apply Z.leb_le in Ha. apply positive_and_cons; [now apply z2_pos|auto]. Qed.
End Soundness.
