(** * Complete positivity: a matrix as a sum of terms, or separated from all such sums

    A matrix is completely positive over R^q_+ x R^r if it is a sum of products b b^T whose first q coordinates are
    nonnegative. A certificate shows the terms of such a sum; or it shows that there is none, by a vector at which the
    form of the matrix is negative, or by a copositive matrix with which its inner product is
    (docs/certificate-format.md, "Complete positivity"). *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Tree Copositive.
Import ListNotations.
Set Implicit Arguments.

(** weight_num / weight_den * b b^T *)
Record term := Term { weight_num : Z; weight_den : Z; ray : list Z }.

Section Executable.
Local Open Scope Z_scope.
Definition max_denominator_bits := 131072.
Definition term_fits (p q : nat) (t : term) : bool :=
  (0 <? weight_num t) && (0 <? weight_den t) && Nat.eqb (length (ray t)) p && nonneg (firstn q (ray t)).
(** common times the terms, for a common multiple of their denominators: which one is the caller's choice. *)
Fixpoint sum_of_terms (common : Z) (terms : list term) (G : list (list Z)) : option (list (list Z)) :=
  match terms with
  | [] => Some G
  | t :: terms' =>
    let (factor, rest) := Z.div_eucl common (weight_den t) in
    if rest =? 0 then sum_of_terms common terms' (gadd (zscale (weight_num t * factor) (ray t)) (ray t) G) else None
  end.
(** What a term counts as (docs/certificate-format.md, "Work"). *)
Definition term_work (p : nat) (common : Z) (t : term) : Z :=
  Z.of_nat p * Z.of_nat p * words (bits common + bits (weight_num t) + 2 * longest_by bits (ray t)).
(** Is A / den the sum of the terms? *)
Definition check_terms (A : list (list Z)) (den : Z) (q : nat) (terms : list term) (common : Z) : option obligation :=
  owes (bits common <=? max_denominator_bits) LIMITS (
  owes (fold_left (fun sum t => sum + term_work (length A) common t) terms 0 <=? max_matrix_work) LIMITS (
  owes (forallb (term_fits (length A) q) terms) TERM (
  owes ((0 <? common) && (0 <? den) &&
    match sum_of_terms common terms [] with
    | Some G => forallb iszero (tadd (tscale den G) (tscale (- common) A))
    | None => false end) SUM None))).
Definition check_vector (A : list (list Z)) (z : list Z) : option obligation :=
  owes (Nat.eqb (length z) (length A) && (zform A z <? 0)) VECTOR None.
Fixpoint trace_product (M A : list (list Z)) : Z :=
  match M, A with s :: M', a :: A' => zdot s a + trace_product M' A' | _, _ => 0 end.
Fixpoint is_symmetric (n : nat) (M : list (list Z)) : bool :=
  match n, M with
  | S n', r :: M' =>
    iszero (zadd (tl r) (map (fun r' => - hd 0 r') M')) && is_symmetric n' (map (@tl Z) M')
  | _, _ => true end.
(** M separates A from the matrices of the cone if it is copositive, which is left to its tree. *)
Definition check_separator (A : list (list Z)) (q : nat) (M : list (list Z)) : option obligation :=
  owes (Nat.eqb (length M) q && forallb (fun r => Nat.eqb (length r) q) M && is_symmetric q M) SEPARATOR_SHAPE (
  owes (trace_product M A <? 0) SEPARATION None).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** Entry i, j of the matrix A / den. *)
Definition entry_of (A : list (list Z)) (den : Z) (i j : nat) : K := z2 (nth j (nth i A []) 0%Z) / z2 den.
(** A / den is a sum of b b^T, finitely many, whose first q coordinates are nonnegative. *)
Definition completely_positive (A : list (list Z)) (den : Z) (q : nat) : Prop :=
  exists B : list vec,
    (forall b, In b B -> forall i, (i < q)%nat -> 0 <= nth i b 0) /\
    (forall i j, (i < length A)%nat -> (j < length A)%nat ->
       entry_of A den i j = sum (map (fun b => nth i b 0 * nth j b 0) B)).

(** *** A sum of terms *)
Lemma bilinear_tadd A B x y : bilinear K (tadd A B) x y = bilinear K A x y + bilinear K B x y.
Proof. rewrite !bilinear_left. revert B x; induction A as [|r A IH]; intros [|s B] [|e x]; cbn [tadd map dot]; try ring.
  rewrite IH, lin_zadd. ring. Qed.
Lemma bilinear_tscale c A x y : bilinear K (tscale c A) x y = z2 c * bilinear K A x y.
Proof. rewrite !bilinear_left. unfold tscale. rewrite map_map. revert x; induction A as [|r A IH]; intros [|e x];
    cbn [map dot]; try ring. rewrite IH, lin_zscale. ring. Qed.
Lemma bilinear_zero A x y : forallb iszero A = true -> bilinear K A x y = 0.
Proof. rewrite bilinear_left. revert x; induction A as [|r A IH]; intros [|e x] H; cbn [map dot]; auto.
  cbn [forallb] in H. apply andb_prop in H as [Hr H]. rewrite IH, iszero_lin by assumption. ring. Qed.
Definition term_value (x y : vec) (t : term) : K :=
  z2 (weight_num t) / z2 (weight_den t) * (lin K (ray t) x * lin K (ray t) y).
Lemma sum_of_terms_sound p q common terms G G' x y : forallb (term_fits p q) terms = true ->
  sum_of_terms common terms G = Some G' ->
  bilinear K G' x y = bilinear K G x y + z2 common * sum (map (term_value x y) terms).
Proof.
  revert G; induction terms as [|t terms IH]; intros G F; cbn [sum_of_terms map].
  - intro H. injection H as <-. cbn [sum fold_right]. ring.
  - cbn [forallb] in F. apply andb_prop in F as [Ft F]. unfold term_fits in Ft.
    apply andb_prop in Ft as [Ft _]. apply andb_prop in Ft as [Ft _]. apply andb_prop in Ft as [_ Hq]. apply Z.ltb_lt in Hq.
    generalize (Z_div_mod_eq_full common (weight_den t)). unfold Z.div, Z.modulo.
    destruct (Z.div_eucl common (weight_den t)) as [factor rest]. intro E.
    destruct (Z.eqb_spec rest 0) as [->|_]; [|discriminate]. intro H. rewrite (IH _ F H).
    unfold bilinear at 1. rewrite comb_gadd, lin_zscale, E, !ofZ_add, !ofZ_mul, ofZ_0. fold (bilinear K G x y).
    cbn [sum fold_right]. fold (sum (map (term_value x y) terms)).
    change (term_value x y t) with (z2 (weight_num t) / z2 (weight_den t) * (lin K (ray t) x * lin K (ray t) y)).
    set (f := z2 factor). set (n := z2 (weight_num t)). set (d := z2 (weight_den t)). set (others := sum _).
    assert (Ed : d * finv K d = 1) by (apply mul_inv; now apply z2_nz).
    transitivity (bilinear K G x y + f * d * others + (d * finv K d) * f * n * (lin K (ray t) x * lin K (ray t) y)).
    + rewrite Ed. ring.
    + ring. Qed.
(** Weights are natural numbers over squares, so that each term is so many equal b b^T. *)
Definition copies (t : term) : list vec :=
  repeat (vscale (finv K (z2 (weight_den t))) (vZ K (ray t))) (Z.to_nat (weight_num t * weight_den t)).
Lemma sum_app l l' : sum (l ++ l') = sum l + sum l' :> K.
Proof. unfold sum. induction l as [|a l IH]; cbn [app fold_right]; [ring|]. rewrite IH. ring. Qed.
Lemma sum_repeat (a : K) n : sum (repeat a n) = z2 (Z.of_nat n) * a.
Proof. unfold sum. induction n as [|n IH]; cbn [repeat fold_right]; [cbn; rewrite ofZ_0; ring|].
  rewrite IH, Nat2Z.inj_succ, <- Z.add_1_r, ofZ_add, ofZ_1. ring. Qed.
Lemma map_repeat_eq {X Y} (g : X -> Y) a n : map g (repeat a n) = repeat (g a) n.
Proof. induction n; cbn [repeat map]; congruence. Qed.
Lemma copies_sum t i j : (0 < weight_num t)%Z -> (0 < weight_den t)%Z ->
  sum (map (fun b => nth i b 0 * nth j b 0) (copies t)) = term_value (unit K i) (unit K j) t.
Proof.
  intros Hn Hd. unfold copies, term_value. rewrite map_repeat_eq, sum_repeat, Z2Nat.id by lia.
  rewrite !nth_vscale, !nth_vZ, !lin_unit_vector, ofZ_mul.
  set (d := z2 (weight_den t)). set (n := z2 (weight_num t)).
  assert (E : d * finv K d = 1) by (apply mul_inv; now apply z2_nz).
  transitivity (n / d * (z2 (nth i (ray t) 0%Z) * z2 (nth j (ray t) 0%Z)) * (d * finv K d)); [ring|]. rewrite E. ring. Qed.
Theorem check_terms_sound A den q terms common :
  check_terms A den q terms common = None -> completely_positive A den q.
Proof.
  unfold check_terms. intro H. apply owes_none in H as [_ H]. apply owes_none in H as [_ H]. apply owes_none in H as [F H]. apply owes_none in H as [H _].
  apply andb_prop in H as [H Sum]. apply andb_prop in H as [Hc Hd]. apply Z.ltb_lt in Hc. apply Z.ltb_lt in Hd.
  destruct (sum_of_terms common terms []) as [G|] eqn:E; [|discriminate].
  pose proof (fun x y => sum_of_terms_sound _ _ _ _ _ x y F E) as V.
  rewrite forallb_forall in F. exists (flat_map copies terms). split.
  - intros b I i Hi. apply in_flat_map in I as (t & It & I). apply repeat_spec in I as ->. apply F in It.
    unfold term_fits in It. apply andb_prop in It as [It N]. apply andb_prop in It as [It _].
    apply andb_prop in It as [_ Hq]. apply Z.ltb_lt in Hq. rewrite nth_vscale, nth_vZ.
    apply f_mulle; [apply inv_pos; [apply z2_pos; lia|now apply z2_nz]|]. apply z2_pos.
    unfold nonneg in N. rewrite forallb_forall in N. destruct (Nat.lt_ge_cases i (length (ray t))) as [L|L].
    + apply Z.leb_le, N. replace (nth i (ray t) 0%Z) with (nth i (firstn q (ray t)) 0%Z).
      * apply nth_In. rewrite firstn_length. lia.
      * rewrite <- (firstn_skipn q (ray t)) at 2. rewrite app_nth1; [reflexivity|]. rewrite firstn_length. lia.
    + rewrite nth_overflow by lia. lia.
  - intros i j _ _. unfold entry_of. rewrite <- bilinear_units.
    pose proof (bilinear_zero _ (unit K i) (unit K j) Sum) as Z. rewrite bilinear_tadd, !bilinear_tscale, V, ofZ_opp in Z.
    replace (bilinear K [] (unit K i) (unit K j)) with 0 in Z by (unfold bilinear; now destruct (unit K i)).
    assert (C : sum (map (fun b => nth i b 0 * nth j b 0) (flat_map copies terms)) = sum (map (term_value (unit K i) (unit K j)) terms)).
    { clear - F. induction terms as [|t terms IH]; [reflexivity|]. cbn [flat_map map].
      rewrite map_app, sum_app, IH by (intros; apply F; now right). cbn [sum fold_right]. f_equal.
      pose proof (F t (or_introl eq_refl)) as Ft. unfold term_fits in Ft. repeat (apply andb_prop in Ft as [Ft ?]).
      apply copies_sum; now apply Z.ltb_lt. }
    rewrite C. set (s := sum _) in *. set (a := bilinear K A (unit K i) (unit K j)) in *.
    assert (Nc : z2 common <> 0) by now apply z2_nz. assert (Nd : z2 den <> 0) by now apply z2_nz.
    assert (Q : z2 den * s = a).
    { apply (@mul_inj K (z2 common)); auto.
      transitivity (z2 den * (0 + z2 common * s) + - z2 common * a + z2 common * a); [ring|]. rewrite Z. ring. }
    rewrite <- Q. transitivity (z2 den * finv K (z2 den) * s); [ring|]. rewrite mul_inv by assumption. ring. Qed.

(** *** Refutations: a sum over the b of squares, or of values of a copositive form *)
Section Sum.
Variables (A : list (list Z)) (den : Z) (B : list vec).
Hypothesis Hd : (0 < den)%Z.
Hypothesis E : forall i j, (i < length A)%nat -> (j < length A)%nat ->
  entry_of A den i j = sum (map (fun b => nth i b 0 * nth j b 0) B).
Lemma entry_sum i j : (i < length A)%nat -> (j < length A)%nat ->
  z2 (nth j (nth i A []) 0%Z) = z2 den * sum (map (fun b => nth i b 0 * nth j b 0) B).
Proof. intros Hi Hj. rewrite <- E by assumption. unfold entry_of. rewrite div_mul; auto. now apply z2_nz. Qed.
(** The sum of g_b b. *)
Fixpoint gather (g : vec -> K) (l : list vec) : vec :=
  match l with [] => [] | b :: l' => vadd (vscale (g b) b) (gather g l') end.
Lemma dot_gather g l w : dot (gather g l) w = sum (map (fun b => g b * dot b w) l).
Proof. induction l as [|b l IH]; cbn [gather map sum fold_right dot]; auto. now rewrite dot_vadd, dot_vscale, IH. Qed.
Lemma nth_gather g l i : nth i (gather g l) 0 = sum (map (fun b => g b * nth i b 0) l).
Proof. rewrite <- dot_unit, dot_gather. f_equal. apply map_ext. intro b. now rewrite dot_unit. Qed.
Lemma sum_scale c l (g : vec -> K) : c * sum (map g l) = sum (map (fun b => c * g b) l).
Proof. unfold sum. induction l as [|b l IH]; cbn [map fold_right]; [ring|]. rewrite <- IH. ring. Qed.
Lemma sum_plus (g h : vec -> K) l : sum (map g l) + sum (map h l) = sum (map (fun b => g b + h b) l).
Proof. unfold sum. induction l as [|b l IH]; cbn [map fold_right]; [ring|]. rewrite <- IH. ring. Qed.
Lemma sum_nothing l : sum (map (fun b : vec => 0) l) = 0 :> K.
Proof. unfold sum. induction l as [|b l IH]; cbn [map fold_right]; [ring|]. rewrite IH. ring. Qed.
Lemma row_sum_of i y : (i < length A)%nat -> (length y <= length A)%nat ->
  lin K (nth i A []) y = sum (map (fun b => z2 den * (nth i b 0 * dot b y)) B).
Proof.
  intros Hi Ly. rewrite lin_dot, (dot_ext_upto K _ (gather (fun b => z2 den * nth i b 0) B) y).
  - rewrite dot_gather. f_equal. apply map_ext. intro b. ring.
  - intros j Hj. rewrite nth_vZ, entry_sum, sum_scale, nth_gather by lia. f_equal. apply map_ext. intro b. ring. Qed.
Lemma form_sum z : length z = length A -> form K A z = sum (map (fun b => z2 den * (dot b z * dot b z)) B).
Proof.
  intro L. unfold form. rewrite bilinear_left, dot_comm.
  rewrite (dot_ext_upto K _ (gather (fun b => z2 den * dot b z) B) z).
  - rewrite dot_gather. f_equal. apply map_ext. intro b. ring.
  - intros i Hi. rewrite nth_lin, row_sum_of, nth_gather by lia. f_equal. apply map_ext. intro b. ring. Qed.
Lemma trace_sum M R i : (forall k, (k < length M)%nat -> nth k R [] = nth (i + k) A []) ->
  (i + length M <= length A)%nat -> forallb (fun r => Nat.leb (length r) (length A)) M = true -> (length M <= length R)%nat ->
  z2 (trace_product M R) = sum (map (fun b => z2 den * dot (skipn i b) (map (fun r => lin K r b) M)) B).
Proof.
  revert R i; induction M as [|s M IH]; intros R i H Li F LR; cbn [map].
  - cbn [trace_product]. rewrite ofZ_0, <- (sum_nothing B). f_equal. apply map_ext. intro b. rewrite dot_nil_r. ring.
  - destruct R as [|r R]; cbn [length] in *; [lia|].
    cbn [forallb] in F. apply andb_prop in F as [Fs F]. apply Nat.leb_le in Fs.
    cbn [trace_product]. rewrite ofZ_add, (IH R (S i)); [|..|exact F|lia].
    + rewrite z2_zdot, dot_comm, <- lin_dot.
      pose proof (H O ltac:(lia)) as H0. cbn [nth] in H0. rewrite H0, Nat.add_0_r.
      rewrite row_sum_of by (unfold vZ; rewrite ?map_length; lia).
      rewrite sum_plus. f_equal. apply map_ext. intro b.
      rewrite (dot_comm K (skipn i b)), dot_skipn, (dot_comm K _ (skipn (S i) b)), (lin_dot K s b), (dot_comm K b). ring.
    + intros k Hk. specialize (H (S k)). cbn [nth] in H. rewrite H by lia. f_equal. lia.
    + lia. Qed.
End Sum.
Lemma sum_pos (g : vec -> K) l : (forall b, In b l -> 0 <= g b) -> 0 <= sum (map g l).
Proof. induction l as [|b l IH]; intro H; cbn [map sum fold_right]; auto with pos.
  apply add_pos; [apply H; now left|apply IH; intros; apply H; now right]. Qed.
Lemma negative_integer a : (a < 0)%Z -> 0 <= z2 a -> False.
Proof. intros H P. apply (z2_nz K (a := (- a)%Z)); [lia|]. apply f_anti; [|apply z2_pos; lia].
  rewrite ofZ_opp, <- opp_zero. apply sub_le. replace (- 0 - - z2 a) with (z2 a) by ring. exact P. Qed.
Theorem check_vector_sound A den q z : (0 < den)%Z ->
  check_vector A z = None -> ~ completely_positive A den q.
Proof.
  unfold check_vector. intros Hd H (B & _ & E). apply owes_none in H as [H _]. apply andb_prop in H as [L V].
  apply Nat.eqb_eq in L. apply Z.ltb_lt in V. apply (negative_integer V). rewrite z2_zform.
  rewrite (@form_sum A den B Hd E) by (unfold vZ; now rewrite map_length). apply sum_pos. intros b _.
  apply f_mulle; auto with pos. apply z2_pos. lia. Qed.
Theorem check_separator_sound A den q M : (0 < den)%Z -> (q <= length A)%nat ->
  check_separator A q M = None -> good K false M -> ~ completely_positive A den q.
Proof.
  unfold check_separator. intros Hd Hq H G (B & P & E). apply owes_none in H as [H1 H2]. apply owes_none in H2 as [V _].
  apply andb_prop in H1 as [H1 _]. apply andb_prop in H1 as [L F]. apply Nat.eqb_eq in L. apply Z.ltb_lt in V.
  rewrite forallb_forall in F.
  apply (negative_integer V). rewrite (@trace_sum A den B Hd E M A 0); auto; try lia.
  - apply sum_pos. intros b I. apply f_mulle; [apply z2_pos; lia|]. cbn [skipn].
    destruct (G (fit 0 q b)) as [Q _].
    + now rewrite fit_length.
    + intro i. destruct (Nat.lt_ge_cases i q) as [Hi|Hi]; [rewrite nth_fit by assumption; now apply P|].
      rewrite nth_overflow; [auto with pos|]. now rewrite fit_length.
    + unfold form in Q. rewrite bilinear_left, dot_comm, dot_fit in Q by (rewrite map_length; lia).
      rewrite dot_comm. rewrite (map_ext_in _ (fun r => lin K r b)) in Q; [exact Q|].
      intros r Hr. apply F in Hr. apply Nat.eqb_eq in Hr. rewrite !lin_dot. apply dot_fit. unfold vZ. rewrite map_length. lia.
  - apply forallb_forall. intros r Hr. apply F in Hr. apply Nat.eqb_eq in Hr. apply Nat.leb_le. lia. Qed.
End Soundness.
