(** * Quadratic forms: semidefinite, or nonnegative where all coordinates are

    A symmetric matrix is kept as its upper triangle: row k is (m_kk, m_k,k+1, ...). *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors.
Import ListNotations.
Set Implicit Arguments.

Definition tri := list (list Z).

Section Executable.
Local Open Scope Z_scope.
(** b ||| c and b &&& c: c is computed only where it is asked for, also inside Coq. *)
Local Open Scope lazy_bool_scope.

Fixpoint tadd (A B : tri) : tri :=
  match A, B with
  | [], _ => B | _, [] => A
  | r :: A', s :: B' => zadd r s :: tadd A' B' end.
Definition tscale (c : Z) (A : tri) : tri := map (zscale c) A.
(** The form 2 z^T B z; B has rows of any length. *)
Fixpoint symmetric (n : nat) (B : list (list Z)) : tri :=
  match n, B with
  | S n', r :: B' => (2 * hd 0 r :: zadd (tl r) (map (hd 0) B')) :: symmetric n' (map (@tl Z) B')
  | _, _ => [] end.
(** The form 2 (f.z) (g.z). *)
Fixpoint tprod (f g : list Z) : tri :=
  match f, g with
  | a :: f', b :: g' => (2 * (a * b) :: zadd (zscale a g') (zscale b f')) :: tprod f' g'
  | _, _ => [] end.
(** The form c (l.z)^2. *)
Fixpoint tsq (c : Z) (l : list Z) : tri :=
  match l with
  | [] => []
  | a :: l' => (if a =? 0 then [] else zscale (c * a) l) :: tsq c l' end.
(** The form |sum of z_k v_k|^2. *)
Fixpoint gram (V : list (list Z)) : tri :=
  match V with
  | [] => []
  | v :: V' => (zdot v v :: map (zdot v) V') :: gram V' end.
(** The congruence by the diagonal matrix s. *)
Fixpoint zmul (x y : list Z) : list Z :=
  match x, y with a :: x', b :: y' => a * b :: zmul x' y' | [], _ => y | _, [] => [] end.
Fixpoint tcongruent (s : list Z) (T : tri) : tri :=
  match s, T with
  | a :: s', r :: T' => zscale a (zmul s r) :: tcongruent s' T'
  | [], _ => T | _, [] => [] end.

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
Definition bits (a : Z) : Z := if a =? 0 then 0 else Z.log2 (Z.abs a) + 1.
Definition size_of (w : list Z) : Z := fold_right (fun a => Z.max (bits a)) 0 w.
(** The length of the longest entry; lists may be as long as a hostile file makes them, so that nothing recurses. *)
Definition longest_by {A} (length : A -> Z) (l : list A) : Z := fold_left (fun most a => Z.max most (length a)) l 0.
Definition longest (rows : list (list Z)) : Z := longest_by (longest_by bits) rows.
(** Of integers of so many bits. *)
Definition words (bits : Z) : Z := fst (Z.div_eucl bits 64) + 1.
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

(** Positive entries off the diagonal are replaced by 0. *)
Definition negative_part (T : tri) : tri :=
  map (fun r => match r with [] => [] | a :: o => a :: map (Z.min 0) o end) T.
Definition nonneg_on_orthant (strict : bool) (T : tri) : bool :=
  forallb nonneg T && (negb strict || forallb (fun r => 0 <? hd 0 r) T) |||
  (let rest := negative_part T in psd strict rest ||| psd strict T ||| psd strict (tadd T rest)).
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
Fixpoint qf (T : tri) (z : vec) : K :=
  match T, z with r :: T', a :: z' => a * (lin K r z + lin K (tl r) z') + qf T' z' | _, _ => 0 end.

Lemma qf_nil_r T : qf T [] = 0. Proof. destruct T; reflexivity. Qed.
Lemma tl_zadd r s : tl (zadd r s) = zadd (tl r) (tl s).
Proof. destruct r as [|a [|b r]], s; reflexivity. Qed.
Lemma tl_zscale c r : tl (zscale c r) = zscale c (tl r).
Proof. unfold zscale. destruct (c =? 0)%Z; auto. destruct r; auto. Qed.
Lemma qf_tadd A B z : qf (tadd A B) z = qf A z + qf B z.
Proof. revert B z; induction A as [|r A IH]; intros [|s B] [|a z]; cbn [qf tadd]; try ring.
  rewrite IH, tl_zadd, !lin_zadd. ring. Qed.
Lemma qf_tscale c A z : qf (tscale c A) z = z2 c * qf A z.
Proof. revert z; induction A as [|r A IH]; intros [|a z]; cbn [qf tscale map]; try ring.
  fold (tscale c A). rewrite IH, tl_zscale, !lin_zscale. ring. Qed.
Lemma qf_tprod f g z : qf (tprod f g) z = (1 + 1) * (lin K f z * lin K g z).
Proof. revert g z; induction f as [|a f IH]; intros [|b g] [|e z]; cbn [qf tprod lin tl]; try ring.
  rewrite IH, lin_zadd, !lin_zscale, !ofZ_mul, z2_2. ring. Qed.
Lemma symmetric_step (B : list (list Z)) a (z w : vec) :
  dot (comb w B) (a :: z) = a * lin K (map (hd 0%Z) B) w + dot (comb w (map (@tl Z) B)) z.
Proof.
  revert w; induction B as [|r B IH]; intros [|e w]; cbn [comb map lin dot]; try ring.
  rewrite !dot_vadd, !dot_vscale, IH, <- !lin_dot. destruct r; cbn [hd tl lin]; rewrite ?ofZ_0; ring. Qed.
Lemma qf_symmetric n B z : (length B <= n)%nat -> qf (symmetric n B) z = (1 + 1) * dot (comb z B) z.
Proof.
  revert B z; induction n as [|n IH]; intros [|r B] [|a z] L; cbn [length] in L; try lia; cbn [symmetric comb qf];
    rewrite ?dot_nil_r; try (cbn [dot]; ring).
  rewrite IH by (rewrite map_length; lia). rewrite dot_vadd, dot_vscale, symmetric_step, <- lin_dot.
  cbn [lin tl]. rewrite lin_zadd, ofZ_mul, z2_2.
  assert (R : lin K r (a :: z) = z2 (hd 0%Z r) * a + lin K (tl r) z).
  { destruct r; simpl; [rewrite ofZ_0; ring|ring]. }
  rewrite R. ring. Qed.
Lemma qf_tsq c l z : qf (tsq c l) z = z2 c * (lin K l z * lin K l z).
Proof. revert z; induction l as [|a l IH]; intros [|e z]; cbn [qf tsq]; rewrite ?lin_nil_r; try (simpl; ring).
  rewrite IH. destruct (Z.eqb_spec a 0) as [->|_]; cbn [lin tl]; rewrite ?ofZ_0; [ring|].
  rewrite tl_zscale, !lin_zscale, ofZ_mul. cbn [lin tl]. ring. Qed.
Lemma lin_dot_comb v V t : lin K (map (zdot v) V) t = dot (vZ K v) (comb t V).
Proof. rewrite <- lin_comb, lin_dot. reflexivity. Qed.
Lemma qf_gram V t : qf (gram V) t = sq (comb t V).
Proof. revert t; induction V as [|v V IH]; intros [|a t]; cbn [qf gram comb lin tl]; try reflexivity.
  rewrite IH, sq_vadd, sq_vscale, dot_vscale, lin_dot_comb, z2_zdot. unfold sq. ring. Qed.

(** *** The congruence *)
Fixpoint descale (s : list Z) (z : vec) : vec :=
  match s, z with a :: s', b :: z' => b / z2 a :: descale s' z' | [], _ => z | _, [] => [] end.
Lemma lin_zmul s r z : forallb (Z.ltb 0) s = true -> lin K (zmul s r) (descale s z) = lin K r z.
Proof.
  revert r z; induction s as [|a s IH]; intros [|b r] [|e z] H; cbn [zmul descale lin]; auto.
  cbn [forallb] in H. apply andb_prop in H as [Ha H]. apply Z.ltb_lt in Ha.
  rewrite IH by assumption. rewrite ofZ_mul.
  transitivity (z2 b * (z2 a * (e / z2 a)) + lin K r z); [ring|]. rewrite div_mul by now apply z2_nz. ring. Qed.
Lemma qf_tcongruent s T z : forallb (Z.ltb 0) s = true -> qf (tcongruent s T) (descale s z) = qf T z.
Proof.
  revert T z; induction s as [|a s IH]; intros [|r T] [|e z] H; cbn [tcongruent descale qf]; auto.
  assert (H' := H). cbn [forallb] in H'. apply andb_prop in H' as [Ha H']. apply Z.ltb_lt in Ha.
  rewrite IH by assumption. rewrite tl_zscale, !lin_zscale.
  change (e / z2 a :: descale s z) with (descale (a :: s) (e :: z)). rewrite lin_zmul by assumption.
  replace (tl (zmul (a :: s) r)) with (zmul s (tl r)) by now destruct r, s.
  rewrite lin_zmul by assumption.
  transitivity (z2 a * (e / z2 a) * (lin K r (e :: z) + lin K (tl r) z) + qf T z); [ring|].
  rewrite div_mul by now apply z2_nz. ring. Qed.

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
Lemma tquot_sound g T Q z : tquot g T = Some Q -> qf T z = z2 g * qf Q z.
Proof.
  revert Q z; induction T as [|r T IH]; intros Q z; cbn [tquot].
  - intro H. injection H as <-. simpl. ring.
  - destruct (zquot g r) as [q|] eqn:E; [|discriminate]. destruct (tquot g T) as [Q'|]; [|discriminate].
    intro H. injection H as <-. destruct z as [|e z]; cbn [qf]; [ring|].
    rewrite (zquot_sound _ _ _ E), (zquot_sound _ _ _ (zquot_tl _ _ E)), (IH Q' z eq_refl). ring. Qed.
(** Of p times the form, beside a square, a positive multiple of the Schur complement is left. *)
Lemma schur_sound previous p o T T'' z : (0 < previous)%Z -> schur previous p o T = Some T'' ->
  exists q, (0 < q)%Z /\ z2 p * qf T z + - (1) * (lin K o z * lin K o z) = z2 q * qf T'' z.
Proof.
  intros P E.
  assert (Q : qf (tadd (tscale p T) (tsq (-1) o)) z = z2 p * qf T z + - (1) * (lin K o z * lin K o z)).
  { rewrite qf_tadd, qf_tscale, qf_tsq. change (-1)%Z with (- (1))%Z. now rewrite ofZ_opp, ofZ_1. }
  unfold schur in E. destruct (previous =? 1)%Z.
  - injection E as <-. exists 1%Z. split; [lia|]. rewrite Q, ofZ_1. ring.
  - exists previous. split; [exact P|]. now rewrite <- (tquot_sound _ _ _ E), Q. Qed.
Lemma qf_cons r T a z : qf (r :: T) (a :: z) = a * (z2 (hd 0%Z r) * a + lin K (tl r) z + lin K (tl r) z) + qf T z.
Proof. cbn [qf]. destruct r; simpl; rewrite ?ofZ_0; ring. Qed.
(** p times the form is a square and the Schur complement. *)
Lemma square_completed p r T a z q S :
  z2 p * qf T z + - (1) * (lin K (tl r) z * lin K (tl r) z) = z2 q * S -> hd 0%Z r = p ->
  z2 p * qf (r :: T) (a :: z) = (z2 p * a + lin K (tl r) z) * (z2 p * a + lin K (tl r) z) + z2 q * S.
Proof. intros E <-. rewrite <- E, qf_cons. ring. Qed.
Lemma eliminates_sound strict fuel previous T z :
  (0 < previous)%Z -> eliminates strict fuel previous T = true -> 0 <= qf T z.
Proof.
  revert previous T z; induction fuel as [|fuel IH]; intros previous [|r T] z P; cbn [eliminates];
    try discriminate; auto with pos.
  destruct z as [|a z]; [rewrite qf_nil_r; auto with pos|].
  destruct (Z.leb_spec (hd 0%Z r) 0) as [L|L].
  - intro H. apply andb_prop in H as [H H2]. apply andb_prop in H as [H H1]. apply andb_prop in H as [_ H0].
    apply Z.eqb_eq in H0. rewrite qf_cons, H0, ofZ_0, (iszero_lin K _ _ H1). specialize (IH previous T z P H2).
    replace (a * (0 * a + 0 + 0) + qf T z) with (qf T z) by ring. exact IH.
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
Lemma tadd_length A B : (length A <= length (tadd A B))%nat.
Proof. revert B; induction A as [|r A IH]; intros [|s B]; cbn [tadd length]; try lia. specialize (IH B). lia. Qed.
Lemma schur_length previous p o T T'' : schur previous p o T = Some T'' -> (length T <= length T'')%nat.
Proof.
  unfold schur. pose proof (tadd_length (tscale p T) (tsq (-1) o)) as L.
  unfold tscale in L at 1. rewrite map_length in L.
  destruct (previous =? 1)%Z; intro E; [now injection E as <-|]. now rewrite (tquot_length _ _ E). Qed.
Lemma eliminates_definite fuel previous T z : (0 < previous)%Z -> eliminates true fuel previous T = true ->
  (length z <= length T)%nat -> qf T z = 0 -> zero z.
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
  qf T (a :: z) - wsq owed (a :: z) =
    lin K l (a :: z) * lin K l (a :: z) + (z2 (hd 0%Z r - hd 0%Z owed - zsum o) * (a * a) +
      ((z2 (zsum o) * (a * a) + wsq o z + (a * lin K (tl r) z + a * lin K (tl r) z)) +
       (qf T' z - wsq (zadd (tl owed) o) z))).
Proof.
  intros E o. assert (Q : qf T (a :: z) = qf (r :: T') (a :: z) + lin K l (a :: z) * lin K l (a :: z)).
  { rewrite <- E, qf_tadd, qf_tsq. change (-1)%Z with (- (1))%Z. rewrite ofZ_opp, ofZ_1. ring. }
  assert (A : wsq owed (a :: z) = z2 (hd 0%Z owed) * (a * a) + wsq (tl owed) z).
  { destruct owed; simpl; [rewrite ofZ_0; ring|ring]. }
  rewrite Q, A, qf_cons, wsq_zadd, !z2_sub. ring. Qed.
Lemma dominant_sound strict factor T owed z : dominant strict factor T owed = true -> 0 <= qf T z - wsq owed z.
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
  (length z <= length T)%nat -> qf T z - wsq owed z = 0 -> zero z.
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
Lemma scaled_dominant_sound strict sf T z : scaled_dominant strict sf T = true -> 0 <= qf T z.
Proof.
  destruct sf as [s factor]. unfold scaled_dominant. intro H. apply andb_prop in H as [Hs H].
  rewrite <- (qf_tcongruent _ _ _ Hs). pose proof (dominant_sound _ _ _ _ (descale s z) H) as D.
  cbn [wsq] in D. replace (qf (tcongruent s T) (descale s z)) with
    (qf (tcongruent s T) (descale s z) - 0) by ring. exact D. Qed.
Lemma descale_length s z : length (descale s z) = length z.
Proof. revert z; induction s as [|a s IH]; intros [|e z]; cbn [descale length]; auto. Qed.
Lemma tcongruent_length s T : length (tcongruent s T) = length T.
Proof. revert T; induction s as [|a s IH]; intros [|r T]; cbn [tcongruent length]; auto. Qed.
Lemma descale_zero s z : forallb (Z.ltb 0) s = true -> zero (descale s z) -> zero z.
Proof.
  revert z; induction s as [|a s IH]; intros [|e z] H Z; cbn [descale] in Z; auto.
  cbn [forallb] in H. apply andb_prop in H as [Ha H]. apply Z.ltb_lt in Ha.
  apply zero_cons; [|exact (IH z H (fun k => Z (S k)))].
  pose proof (Z O) as E. cbn [nth] in E. rewrite <- (@div_mul K e (z2 a)) by (now apply z2_nz). rewrite E. ring. Qed.
Lemma scaled_dominant_definite sf T z : scaled_dominant true sf T = true ->
  (length z <= length T)%nat -> qf T z = 0 -> zero z.
Proof.
  destruct sf as [s factor]. unfold scaled_dominant. intros H L Q. apply andb_prop in H as [Hs H].
  apply (descale_zero _ _ Hs). apply (dominant_definite _ _ _ _ H).
  - now rewrite descale_length, tcongruent_length.
  - cbn [wsq]. rewrite qf_tcongruent by assumption. rewrite Q. ring. Qed.

Variable hint : nat -> tri -> list Z * list (list Z).

Lemma attempts_sound strict left k T z : attempts hint strict left k T = true -> 0 <= qf T z.
Proof.
  revert k. induction left as [|left IH]; intro k; cbn [attempts]; intro H.
  - apply andb_prop in H as [_ H]. revert H. apply eliminates_sound. lia.
  - apply orb_prop in H as [H|H]; [revert H; apply scaled_dominant_sound|]. apply andb_prop in H as [_ H]. eauto. Qed.
(** A form that the checker calls semidefinite is. *)
Theorem psd_sound strict T z : psd hint strict T = true -> 0 <= qf T z.
Proof.
  unfold psd. destruct (effort T <=? 1000)%Z.
  - apply eliminates_sound. lia.
  - apply attempts_sound. Qed.
Lemma attempts_definite left k T z : attempts hint true left k T = true -> (length z <= length T)%nat -> qf T z = 0 ->
  zero z.
Proof.
  revert k. induction left as [|left IH]; intro k; cbn [attempts]; intro H.
  - apply andb_prop in H as [_ H]. revert H. apply eliminates_definite. lia.
  - apply orb_prop in H as [H|H]; [revert H; apply scaled_dominant_definite|]. apply andb_prop in H as [_ H]. eauto. Qed.
Theorem psd_definite T z : psd hint true T = true -> (length z <= length T)%nat -> qf T z = 0 -> zero z.
Proof.
  unfold psd. destruct (effort T <=? 1000)%Z.
  - apply eliminates_definite. lia.
  - apply attempts_definite. Qed.

(** *** On the orthant *)
Definition positive (z : vec) := forall k, 0 <= nth k z 0.
Lemma positive_cons a z : positive (a :: z) -> 0 <= a /\ positive z.
Proof. intro P. split; [apply (P O)|intro k; apply (P (S k))]. Qed.
Lemma nonneg_tl r : nonneg r = true -> nonneg (tl r) = true.
Proof. destruct r; auto. cbn [nonneg forallb tl]. intro H. now apply andb_prop in H as [_ H]. Qed.
Lemma qf_nonneg T z : forallb nonneg T = true -> positive z -> 0 <= qf T z.
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
Lemma qf_negative_part T z : positive z -> 0 <= qf T z - qf (negative_part T) z.
Proof. revert z; induction T as [|r T IH]; intros [|a z] P; cbn [negative_part map qf];
    try (replace (0 - 0) with 0 by ring; auto with pos; fail).
  fold (negative_part T). apply positive_cons in P as [Pa P]. specialize (IH z P).
  destruct r as [|b o]; cbn [lin tl].
  - replace (a * (0 + 0) + qf T z - (a * (0 + 0) + qf (negative_part T) z)) with
      (qf T z - qf (negative_part T) z) by ring. exact IH.
  - pose proof (lin_min o P) as M. set (m := map (Z.min 0) o) in *.
    replace (a * (z2 b * a + lin K o z + lin K o z) + qf T z -
      (a * (z2 b * a + lin K m z + lin K m z) + qf (negative_part T) z)) with
      (a * (lin K o z - lin K m z) + a * (lin K o z - lin K m z) + (qf T z - qf (negative_part T) z)) by ring.
    auto with pos. Qed.
Lemma qf_positive T z : forallb nonneg T = true -> forallb (fun r => (0 <? hd 0 r)%Z) T = true -> positive z ->
  (length z <= length T)%nat -> qf T z = 0 -> zero z.
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
Theorem nonneg_on_orthant_sound strict T z : nonneg_on_orthant hint strict T = true -> positive z -> 0 <= qf T z.
Proof.
  unfold nonneg_on_orthant. intros H P. pose proof (qf_negative_part T P) as N.
  set (rest := negative_part T) in *.
  repeat (apply orb_prop in H as [H|H]).
  - apply andb_prop in H as [H _]. now apply qf_nonneg.
  - apply psd_sound with (z := z) in H.
    replace (qf T z) with (qf T z - qf rest z + qf rest z) by ring. auto with pos.
  - eapply psd_sound, H.
  - apply psd_sound with (z := z) in H. rewrite qf_tadd in H.
    apply (@mul_cancel K (1 + 1)); auto using two_nz with pos.
    replace ((1 + 1) * qf T z) with (qf T z - qf rest z + (qf T z + qf rest z)) by ring. auto with pos. Qed.
Theorem nonneg_on_orthant_definite T z : nonneg_on_orthant hint true T = true -> positive z ->
  (length z <= length T)%nat -> qf T z = 0 -> zero z.
Proof.
  unfold nonneg_on_orthant. intros H P L Q. pose proof (qf_negative_part T P) as N. rewrite Q in N.
  set (rest := negative_part T) in *.
  assert (Lr : length rest = length T) by apply map_length.
  assert (R : 0 <= qf rest z -> qf rest z = 0).
  { intro R. apply f_anti; auto. now apply sub_le. }
  repeat (apply orb_prop in H as [H|H]).
  - apply andb_prop in H as [H1 H2]. now apply (qf_positive T).
  - apply (psd_definite rest); auto; [lia|]. now apply R, psd_sound with (strict := true).
  - now apply (psd_definite T).
  - pose proof (tadd_length T rest) as La. apply (psd_definite (tadd T rest)); auto; [lia|].
    apply psd_sound with (z := z) in H as S. rewrite qf_tadd, Q in *. replace (0 + qf rest z) with (qf rest z) in * by ring.
    now apply R. Qed.
End Soundness.
