(** * Positive semidefinite forms, decided in integers

    A form is shown to be nonnegative everywhere by elimination; or, faster, by a factor that somebody proposes: what is
    left of the form after its square is taken off must have a dominant diagonal. A factor is a hint only: a wrong one
    cannot make a form pass that is not semidefinite. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
(** b ||| c and b &&& c: c is computed only where it is asked for, also inside Coq. *)
Local Open Scope lazy_bool_scope.

(** ** Elimination (Bareiss): each division is checked to be exact.

    [strict] asks for a definite form wherever it stands. *)
Fixpoint zquot (g : Z) (x : list Z) : option (list Z) :=
  match x with
  | [] => Some []
  | a :: x' =>
    let (q, r) := Z.div_eucl a g in
    if r =? 0 then match zquot g x' with Some y => Some (q :: y) | None => None end else None
  end.
Fixpoint tquot (g : Z) (T : tri) : option tri :=
  match T with
  | [] => Some []
  | r :: T' =>
    match zquot g r with
    | Some q => match tquot g T' with Some Q => Some (q :: Q) | None => None end
    | None => None
    end
  end.
(** p T' - o o^T, over the pivot before. *)
Definition schur (previous p : Z) (o : list Z) (T' : tri) : option tri :=
  let S := tadd (tscale p T') (tsq (-1) o) in
  if previous =? 1 then Some S else tquot previous S.
Fixpoint eliminates (strict : bool) (fuel : nat) (previous : Z) (T : tri) : bool :=
  match T with
  | [] => true
  | r :: T' =>
    match fuel with
    | O => false
    | S fuel' =>
      let p := hd 0 r in
      let o := tl r in
      if p <=? 0 then negb strict && (p =? 0) && iszero o &&& eliminates strict fuel' previous T'
      else match schur previous p o T' with Some T'' => eliminates strict fuel' p T'' | None => false end
    end
  end.

(** ** A factor, which may be any, and a residual that is diagonally dominant

    Column by column (l_k . z)^2 is taken off; the row that is left over is paid for by its diagonal and by
    the diagonals of later rows: [owed] is what they owe. *)
Fixpoint dominant (strict : bool) (factor : list (list Z)) (T : tri) (owed : list Z) : bool :=
  match factor with
  | [] => match T with [] => forallb (fun a => a <=? 0) owed | _ => false end
  | l :: factor' =>
    match tadd T (tsq (-1) l) with
    | [] => forallb (fun a => a <=? 0) owed
    | r :: T' =>
      let o := map Z.abs (tl r) in
      ((if strict then 1 else 0) <=? hd 0 r - hd 0 owed - zsum o) &&& dominant strict factor' T' (zadd (tl owed) o)
    end
  end.
Definition scaled_dominant (strict : bool) (scales_factor : list Z * list (list Z)) (T : tri) : bool :=
  let (s, factor) := scales_factor in
  forallb (Z.ltb 0) s && dominant strict factor (tcongruent s T) [].

(** ** The decisions *)
(** How long elimination takes: it multiplies the length of the integers by the order. *)
Definition effort (T : tri) : Z :=
  let n := Z.of_nat (length T) in n * n * fold_right Z.max 0 (map (fun r => bits (hd 0 r)) T).

Variable hint : nat -> tri -> list Z * list (list Z).
(** Any function may give the hints, scales and a factor, with growing precision; a scale 0 advises to give up. *)
Fixpoint attempts (strict : bool) (left attempt : nat) (T : tri) : bool :=
  match left with
  | O => (effort T <=? 1000000) &&& eliminates strict (length T) 1 T
  | S left' =>
    let h := hint attempt T in
    scaled_dominant strict h T ||| (negb (existsb (Z.eqb 0) (fst h)) &&& attempts strict left' (S attempt) T)
  end.
Definition psd (strict : bool) (T : tri) : bool :=
  if effort T <=? 1000 then eliminates strict (length T) 1 T else attempts strict 4 0 T.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** *** Elimination *)
Lemma zquot_sound g x y z : zquot g x = Some y -> lin K x z = z2 g * lin K y z.
Proof.
  revert y z; induction x as [|a x IH]; intros y z; cbn [zquot].
  - intro H. injection H as <-. simpl. ring.
  - generalize (Z_div_mod_eq_full a g). unfold Z.div, Z.modulo. destruct (Z.div_eucl a g) as [q r]. intro E.
    destruct (Z.eqb_spec r 0) as [->|_]; [|discriminate].
    destruct (zquot g x) as [y'|]; [|discriminate]. intro H. injection H as <-.
    destruct z as [|e z]; cbn [lin]; [ring|]. rewrite (IH y' z eq_refl), E, ofZ_add, ofZ_mul, ofZ_0. ring. Qed.
Lemma zquot_tl g x y : zquot g x = Some y -> zquot g (tl x) = Some (tl y).
Proof. destruct x as [|a x]; cbn [zquot tl].
  - intro H. now injection H as <-.
  - destruct (Z.div_eucl a g) as [q r]. destruct (r =? 0)%Z; [|discriminate].
    destruct (zquot g x); [|discriminate]. intro H. now injection H as <-. Qed.
Lemma tquot_sound g T Q z : tquot g T = Some Q -> qf K T z = z2 g * qf K Q z.
Proof.
  revert Q z; induction T as [|r T IH]; intros Q z; cbn [tquot].
  - intro H. injection H as <-. simpl. ring.
  - destruct (zquot g r) as [q|] eqn:E; [|discriminate]. destruct (tquot g T) as [Q'|]; [|discriminate].
    intro H. injection H as <-. destruct z as [|e z]; cbn [qf]; [ring|].
    rewrite (zquot_sound _ _ _ E), (zquot_sound _ _ _ (zquot_tl _ _ E)), (IH Q' z eq_refl). ring. Qed.
(** Of p times the form, beside a square, a positive multiple of the Schur complement is left. *)
Lemma schur_sound previous p o T T'' z : (0 < previous)%Z -> schur previous p o T = Some T'' ->
  exists q, (0 < q)%Z /\ z2 p * qf K T z + - (1) * (lin K o z * lin K o z) = z2 q * qf K T'' z.
Proof.
  intros P E.
  assert (Q : qf K (tadd (tscale p T) (tsq (-1) o)) z = z2 p * qf K T z + - (1) * (lin K o z * lin K o z)).
  { rewrite qf_tadd, qf_tscale, qf_tsq. change (-1)%Z with (- (1))%Z. now rewrite ofZ_opp, ofZ_1. }
  unfold schur in E. destruct (previous =? 1)%Z.
  - injection E as <-. exists 1%Z. split; [lia|]. rewrite Q, ofZ_1. ring.
  - exists previous. split; [exact P|]. now rewrite <- (tquot_sound _ _ _ E), Q. Qed.
(** p times the form is a square and the Schur complement. *)
Lemma square_completed p r T a z q S :
  z2 p * qf K T z + - (1) * (lin K (tl r) z * lin K (tl r) z) = z2 q * S -> hd 0%Z r = p ->
  z2 p * qf K (r :: T) (a :: z) = (z2 p * a + lin K (tl r) z) * (z2 p * a + lin K (tl r) z) + z2 q * S.
Proof. intros E <-. rewrite <- E, qf_cons. ring. Qed.
Lemma eliminates_sound strict fuel previous T z :
  (0 < previous)%Z -> eliminates strict fuel previous T = true -> 0 <= qf K T z.
Proof.
  revert previous T z; induction fuel as [|fuel IH]; intros previous [|r T] z P; cbn [eliminates];
    try discriminate; auto with pos.
  destruct z as [|a z]; [rewrite qf_nil_r; auto with pos|].
  destruct (Z.leb_spec (hd 0%Z r) 0) as [L|L].
  - intro H. apply andb_prop in H as [H H2]. apply andb_prop in H as [H H1]. apply andb_prop in H as [_ H0].
    apply Z.eqb_eq in H0. rewrite qf_cons, H0, ofZ_0, (iszero_lin K _ _ H1). specialize (IH previous T z P H2).
    replace (a * (0 * a + 0 + 0) + qf K T z) with (qf K T z) by ring. exact IH.
  - destruct (schur previous (hd 0%Z r) (tl r) T) as [T''|] eqn:E; [|discriminate]. intro H.
    destruct (schur_sound _ _ _ z P E) as (q & Pq & Eq). specialize (IH _ T'' z L H).
    apply (@mul_cancel K (z2 (hd 0%Z r))); [apply z2_pos; lia|now apply z2_nz|].
    rewrite (@square_completed _ _ _ a _ _ _ Eq eq_refl). apply add_pos; auto with pos. apply f_mulle; auto.
    apply z2_pos. lia. Qed.

(** *** A definite form is zero at zero alone *)
Definition zero (z : vec) := forall k, nth k z 0 = 0.
Lemma zero_nil : zero [].
Proof. intros []; reflexivity. Qed.
Lemma zero_cons a z : a = 0 -> zero z -> zero (a :: z).
Proof. intros -> Z [|k]; [reflexivity|apply Z]. Qed.
Lemma lin_zero x z : zero z -> lin K x z = 0.
Proof. revert x; induction z as [|a z IH]; intros [|b x] Z; cbn [lin]; auto.
  rewrite (IH x (fun k => Z (S k))). pose proof (Z O) as E. cbn [nth] in E. rewrite E. ring. Qed.
Lemma zquot_length g x y : zquot g x = Some y -> length y = length x.
Proof. revert y; induction x as [|a x IH]; intros y; cbn [zquot].
  - intro H. now injection H as <-.
  - destruct (Z.div_eucl a g) as [q r]. destruct (r =? 0)%Z; [|discriminate].
    destruct (zquot g x); [|discriminate]. intro H. injection H as <-. cbn [length]. now rewrite (IH _ eq_refl). Qed.
Lemma tquot_length g T Q : tquot g T = Some Q -> length Q = length T.
Proof. revert Q; induction T as [|r T IH]; intros Q; cbn [tquot].
  - intro H. now injection H as <-.
  - destruct (zquot g r); [|discriminate]. destruct (tquot g T); [|discriminate].
    intro H. injection H as <-. cbn [length]. now rewrite (IH _ eq_refl). Qed.
Lemma schur_length previous p o T T'' : schur previous p o T = Some T'' -> (length T <= length T'')%nat.
Proof.
  unfold schur. pose proof (tadd_length (tscale p T) (tsq (-1) o)) as L.
  unfold tscale in L at 1. rewrite map_length in L.
  destruct (previous =? 1)%Z; intro E; [now injection E as <-|]. now rewrite (tquot_length _ _ E). Qed.
Lemma eliminates_definite fuel previous T z : (0 < previous)%Z -> eliminates true fuel previous T = true ->
  (length z <= length T)%nat -> qf K T z = 0 -> zero z.
Proof.
  revert previous T z; induction fuel as [|fuel IH]; intros previous [|r T] [|a z] P; cbn [eliminates length];
    try discriminate; try lia; auto using zero_nil.
  destruct (Z.leb_spec (hd 0%Z r) 0) as [L|L]; [discriminate|].
  destruct (schur previous (hd 0%Z r) (tl r) T) as [T''|] eqn:E; [|discriminate]. intros H Lz Q.
  destruct (schur_sound _ _ _ z P E) as (q & Pq & Eq). pose proof (schur_length _ _ _ _ E) as LT.
  pose proof (@square_completed _ _ _ a _ _ _ Eq eq_refl) as S. rewrite Q in S.
  replace (z2 (hd 0%Z r) * 0) with 0 in S by ring. symmetry in S. apply add_zero in S as [S1 S2]; auto with pos.
  - assert (Z : zero z).
    { apply (IH _ T'' z L H); [lia|]. destruct (f_integral K _ _ S2) as [X|X]; auto. now apply z2_nz in X. }
    apply zero_cons; auto. rewrite (lin_zero (tl r) Z) in S1. apply sqr_zero in S1.
    replace (z2 (hd 0%Z r) * a + 0) with (z2 (hd 0%Z r) * a) in S1 by ring.
    destruct (f_integral K _ _ S1) as [X|X]; auto. now apply z2_nz in X.
  - apply f_mulle; [apply z2_pos; lia|]. now apply eliminates_sound with (2 := H). Qed.

(** *** Dominance *)
Fixpoint wsq (w : list Z) (z : vec) : K :=
  match w, z with a :: w', b :: z' => z2 a * (b * b) + wsq w' z' | _, _ => 0 end.
Lemma wsq_zadd x y z : wsq (zadd x y) z = wsq x z + wsq y z.
Proof. revert y z; induction x as [|a x IH]; intros [|b y] [|e z]; simpl; try ring.
  rewrite IH, ofZ_add. ring. Qed.
Lemma wsq_neg acc z : forallb (fun a => (a <=? 0)%Z) acc = true -> 0 <= 0 - wsq acc z.
Proof. revert z; induction acc as [|a acc IH]; intros [|b z]; simpl; intro H;
    try (replace (0 - 0) with 0 by ring; auto with pos; fail).
  apply andb_prop in H as [Ha Hc]. apply Z.leb_le in Ha.
  replace (0 - (z2 a * (b * b) + wsq acc z)) with (z2 (- a) * (b * b) + (0 - wsq acc z))
    by (rewrite ofZ_opp; ring).
  apply add_pos; auto. apply f_mulle; auto with pos. apply z2_pos. lia. Qed.
(** z_k * o.z' is paid by |o| on both diagonals. *)
Lemma dominant_row o a z :
  0 <= z2 (zsum (map Z.abs o)) * (a * a) + wsq (map Z.abs o) z + (a * lin K o z + a * lin K o z).
Proof. revert z; induction o as [|b o IH]; intros z.
  - simpl. rewrite ofZ_0. replace (0 * (a * a) + 0 + (a * 0 + a * 0)) with 0 by ring. auto with pos.
  - assert (S0 : 0 <= z2 (zsum (map Z.abs o))).
    { clear. induction o; simpl; [rewrite ofZ_0; auto with pos|]. rewrite ofZ_add.
      apply add_pos; auto. apply z2_pos. lia. }
    assert (B : 0 <= z2 (Z.abs b)) by (apply z2_pos; lia).
    destruct z as [|e z]; cbn [map lin wsq zsum fold_right]; fold (zsum (map Z.abs o)); rewrite ofZ_add.
    + replace ((z2 (Z.abs b) + z2 (zsum (map Z.abs o))) * (a * a) + 0 + (a * 0 + a * 0))
        with ((z2 (Z.abs b) + z2 (zsum (map Z.abs o))) * (a * a)) by ring. auto with pos.
    + specialize (IH z).
      replace ((z2 (Z.abs b) + z2 (zsum (map Z.abs o))) * (a * a) + (z2 (Z.abs b) * (e * e) + wsq (map Z.abs o) z) +
         (a * (z2 b * e + lin K o z) + a * (z2 b * e + lin K o z)))
      with ((z2 (Z.abs b) * (a * a + e * e) + (1 + 1) * z2 b * (a * e)) +
        (z2 (zsum (map Z.abs o)) * (a * a) + wsq (map Z.abs o) z + (a * lin K o z + a * lin K o z))) by ring.
      apply add_pos; [|exact IH].
      destruct (Z.le_ge_cases 0 b) as [P|P].
      * rewrite Z.abs_eq in * by assumption.
        replace (z2 b * (a * a + e * e) + (1 + 1) * z2 b * (a * e)) with (z2 b * ((a + e) * (a + e))) by ring.
        auto with pos.
      * rewrite Z.abs_neq in * by lia. rewrite ofZ_opp in *.
        replace (- z2 b * (a * a + e * e) + (1 + 1) * z2 b * (a * e)) with (- z2 b * ((a - e) * (a - e))) by ring.
        auto with pos. Qed.
(** One column of the factor and one row of the residual. *)
Lemma dominant_step l r T T' owed a z : tadd T (tsq (-1) l) = r :: T' ->
  let o := map Z.abs (tl r) in
  qf K T (a :: z) - wsq owed (a :: z) =
    lin K l (a :: z) * lin K l (a :: z) + (z2 (hd 0%Z r - hd 0%Z owed - zsum o) * (a * a) +
      ((z2 (zsum o) * (a * a) + wsq o z + (a * lin K (tl r) z + a * lin K (tl r) z)) +
       (qf K T' z - wsq (zadd (tl owed) o) z))).
Proof.
  intros E o. assert (Q : qf K T (a :: z) = qf K (r :: T') (a :: z) + lin K l (a :: z) * lin K l (a :: z)).
  { rewrite <- E, qf_tadd, qf_tsq. change (-1)%Z with (- (1))%Z. rewrite ofZ_opp, ofZ_1. ring. }
  assert (A : wsq owed (a :: z) = z2 (hd 0%Z owed) * (a * a) + wsq (tl owed) z).
  { destruct owed; simpl; [rewrite ofZ_0; ring|ring]. }
  rewrite Q, A, qf_cons, wsq_zadd, !z2_sub. ring. Qed.
Lemma dominant_sound strict factor T owed z : dominant strict factor T owed = true -> 0 <= qf K T z - wsq owed z.
Proof.
  revert T owed z. induction factor as [|l factor IH]; intros T owed z; cbn [dominant].
  - destruct T; [|discriminate]. apply wsq_neg.
  - destruct (tadd T (tsq (-1) l)) as [|r T'] eqn:E; intro H.
    + assert (T = []) as -> by (destruct T, l; now cbn in E). now apply wsq_neg.
    + apply andb_prop in H as [Hd H]. apply Z.leb_le in Hd.
      destruct z as [|a z]; [rewrite qf_nil_r; destruct owed; simpl; replace (0 - 0) with 0 by ring; auto with pos|].
      specialize (IH _ _ z H). rewrite (@dominant_step _ _ _ _ _ _ _ E). apply add_pos; auto with pos.
      apply add_pos; [apply f_mulle; auto with pos; apply z2_pos; destruct strict; lia|].
      apply add_pos; auto using dominant_row. Qed.
Lemma dominant_definite factor T owed z : dominant true factor T owed = true ->
  (length z <= length T)%nat -> qf K T z - wsq owed z = 0 -> zero z.
Proof.
  revert T owed z. induction factor as [|l factor IH]; intros T owed [|a z]; cbn [dominant length]; auto using zero_nil.
  - destruct T; [cbn [length]; lia|discriminate].
  - pose proof (tadd_length T (tsq (-1) l)) as L.
    destruct (tadd T (tsq (-1) l)) as [|r T'] eqn:E; intros H Lz; cbn [length] in L; [lia|].
    apply andb_prop in H as [Hd H]. apply Z.leb_le in Hd. rewrite (@dominant_step _ _ _ _ _ _ _ E). intro S.
    pose proof (dominant_row (tl r) a z) as D. pose proof (dominant_sound _ _ _ _ z H) as R.
    assert (M : 0 <= z2 (hd 0%Z r - hd 0%Z owed - zsum (map Z.abs (tl r)))) by (apply z2_pos; lia).
    apply add_zero in S as [_ S]; auto with pos. apply add_zero in S as [S1 S]; auto with pos.
    apply add_zero in S as [_ S]; auto. apply zero_cons; [|apply (IH _ _ z H); [lia|exact S]].
    destruct (f_integral K _ _ S1) as [X|X]; [apply z2_nz in X; [easy|lia]|now apply sqr_zero]. Qed.
Lemma scaled_dominant_sound strict sf T z : scaled_dominant strict sf T = true -> 0 <= qf K T z.
Proof.
  destruct sf as [s factor]. unfold scaled_dominant. intro H. apply andb_prop in H as [Hs H].
  rewrite <- (qf_tcongruent _ _ _ _ Hs). pose proof (dominant_sound _ _ _ _ (descale K s z) H) as D.
  cbn [wsq] in D. replace (qf K (tcongruent s T) (descale K s z)) with
    (qf K (tcongruent s T) (descale K s z) - 0) by ring. exact D. Qed.
Lemma descale_zero s z : forallb (Z.ltb 0) s = true -> zero (descale K s z) -> zero z.
Proof.
  revert z; induction s as [|a s IH]; intros [|e z] H Z; cbn [descale] in Z; auto.
  cbn [forallb] in H. apply andb_prop in H as [Ha H]. apply Z.ltb_lt in Ha.
  apply zero_cons; [|exact (IH z H (fun k => Z (S k)))].
  pose proof (Z O) as E. cbn [nth] in E. rewrite <- (@div_mul K e (z2 a)) by (now apply z2_nz). rewrite E. ring. Qed.
Lemma scaled_dominant_definite sf T z : scaled_dominant true sf T = true ->
  (length z <= length T)%nat -> qf K T z = 0 -> zero z.
Proof.
  destruct sf as [s factor]. unfold scaled_dominant. intros H L Q. apply andb_prop in H as [Hs H].
  apply (descale_zero _ _ Hs). apply (dominant_definite _ _ _ _ H).
  - now rewrite descale_length, tcongruent_length.
  - cbn [wsq]. rewrite qf_tcongruent by assumption. rewrite Q. ring. Qed.

Variable hint : nat -> tri -> list Z * list (list Z).

Lemma attempts_sound strict left k T z : attempts hint strict left k T = true -> 0 <= qf K T z.
Proof.
  revert k. induction left as [|left IH]; intro k; cbn [attempts]; intro H.
  - apply andb_prop in H as [_ H]. revert H. apply eliminates_sound. lia.
  - apply orb_prop in H as [H|H]; [revert H; apply scaled_dominant_sound|]. apply andb_prop in H as [_ H]. eauto. Qed.
(** A form that the checker calls semidefinite is. *)
Theorem psd_sound strict T z : psd hint strict T = true -> 0 <= qf K T z.
Proof.
  unfold psd. destruct (effort T <=? 1000)%Z.
  - apply eliminates_sound. lia.
  - apply attempts_sound. Qed.
Lemma attempts_definite left k T z : attempts hint true left k T = true -> (length z <= length T)%nat -> qf K T z = 0 ->
  zero z.
Proof.
  revert k. induction left as [|left IH]; intro k; cbn [attempts]; intro H.
  - apply andb_prop in H as [_ H]. revert H. apply eliminates_definite. lia.
  - apply orb_prop in H as [H|H]; [revert H; apply scaled_dominant_definite|]. apply andb_prop in H as [_ H]. eauto. Qed.
Theorem psd_definite T z : psd hint true T = true -> (length z <= length T)%nat -> qf K T z = 0 -> zero z.
Proof.
  unfold psd. destruct (effort T <=? 1000)%Z.
  - apply eliminates_definite. lia.
  - apply attempts_definite. Qed.
End Soundness.
