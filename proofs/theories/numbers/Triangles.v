(** * Quadratic forms as triangles

    A symmetric matrix is kept as its upper triangle: row k is (m_kk, m_k,k+1, ...). Here is what the checker does with
    such triangles (sums, multiples, Gram matrices), and what that means for the values of their forms. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors.
Import ListNotations.
Set Implicit Arguments.

Definition tri := list (list Z).

Section Executable.
Local Open Scope Z_scope.

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
(** The product of the matrix T and v. *)
Fixpoint tapply (T : tri) (v : list Z) : list Z :=
  match T, v with
  | r :: T', a :: v' => zdot r v :: zadd (zscale a (tl r)) (tapply T' v')
  | _, _ => [] end.
(** The form of T at the sum of z_k v_k. *)
Fixpoint gram_in (T : tri) (V : list (list Z)) : tri :=
  match V with
  | [] => []
  | v :: V' => let u := tapply T v in (zdot u v :: map (zdot u) V') :: gram_in T V' end.
(** Of a matrix of order n whose lower triangle is kept row by row. *)
Fixpoint upper (n : nat) (L : list (list Z)) : tri :=
  match n, L with
  | S n', r :: L' => (hd 0 r :: map (hd 0) L') :: upper n' (map (@tl Z) L')
  | _, _ => [] end.
(** The congruence by the diagonal matrix s. *)
Fixpoint zmul (x y : list Z) : list Z :=
  match x, y with a :: x', b :: y' => a * b :: zmul x' y' | [], _ => y | _, [] => [] end.
Fixpoint tcongruent (s : list Z) (T : tri) : tri :=
  match s, T with
  | a :: s', r :: T' => zscale a (zmul s r) :: tcongruent s' T'
  | [], _ => T | _, [] => [] end.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
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
Lemma qf_cons r T a z : qf (r :: T) (a :: z) = a * (z2 (hd 0%Z r) * a + lin K (tl r) z + lin K (tl r) z) + qf T z.
Proof. cbn [qf]. destruct r; simpl; rewrite ?ofZ_0; ring. Qed.
Lemma tadd_length A B : (length A <= length (tadd A B))%nat.
Proof. revert B; induction A as [|r A IH]; intros [|s B]; cbn [tadd length]; try lia. specialize (IH B). lia. Qed.
Lemma lin_dot_comb v V t : lin K (map (zdot v) V) t = dot (vZ K v) (comb t V).
Proof. rewrite <- lin_comb, lin_dot. reflexivity. Qed.
Lemma qf_gram V t : qf (gram V) t = sq (comb t V).
Proof. revert t; induction V as [|v V IH]; intros [|a t]; cbn [qf gram comb lin tl]; try reflexivity.
  rewrite IH, sq_vadd, sq_vscale, dot_vscale, lin_dot_comb, z2_zdot. unfold sq. ring. Qed.

(** *** The form of T at sums of vectors *)
Fixpoint apply (T : tri) (x : vec) : vec :=
  match T, x with
  | r :: T', a :: x' => lin K r x :: vadd (vscale a (vZ K (tl r))) (apply T' x')
  | _, _ => [] end.
Lemma lin_tapply T v y : lin K (tapply T v) y = dot (apply T (vZ K v)) y.
Proof.
  revert v y; induction T as [|r T IH]; intros [|a v] [|e y]; cbn [tapply apply lin dot vZ map]; auto. fold (vZ K v).
  rewrite lin_zadd, lin_zscale, IH, dot_vadd, dot_vscale, z2_zdot, (lin_dot K r), (lin_dot K (tl r)). reflexivity. Qed.
Lemma dot_apply T x : dot (apply T x) x = qf T x.
Proof.
  revert x; induction T as [|r T IH]; intros [|a x]; cbn [apply dot qf]; auto.
  rewrite dot_vadd, dot_vscale, IH, <- lin_dot. ring. Qed.
Lemma qf_vadd T x y : qf T (vadd x y) = qf T x + (1 + 1) * dot (apply T x) y + qf T y.
Proof.
  assert (A : forall p x y, lin K p (vadd x y) = lin K p x + lin K p y).
  { intros p x' y'. rewrite !lin_dot, !(dot_comm K (vZ K p)). apply dot_vadd. }
  revert x y; induction T as [|r T IH]; intros [|a x] [|b y]; cbn [vadd apply dot]; rewrite ?qf_nil_r; try (cbn [qf]; ring).
  rewrite !qf_cons, IH, A, dot_vadd, dot_vscale, <- lin_dot.
  replace (lin K r (a :: x)) with (z2 (hd 0%Z r) * a + lin K (tl r) x) by (destruct r; cbn [hd tl lin]; rewrite ?ofZ_0; ring).
  ring. Qed.
Lemma qf_vscale T a x : qf T (vscale a x) = a * a * qf T x.
Proof.
  assert (S : forall p x, lin K p (vscale a x) = a * lin K p x).
  { intros p x'. rewrite !lin_dot, !(dot_comm K (vZ K p)). apply dot_vscale. }
  revert x; induction T as [|r T IH]; intros [|b x]; cbn [vscale map]; rewrite ?qf_nil_r; try (cbn [qf]; ring).
  fold (vscale a x). rewrite !qf_cons, IH, S. ring. Qed.
Lemma apply_vscale T a x y : dot (apply T (vscale a x)) y = a * dot (apply T x) y.
Proof.
  assert (S : forall p x, lin K p (vscale a x) = a * lin K p x).
  { intros p x'. rewrite !lin_dot, !(dot_comm K (vZ K p)). apply dot_vscale. }
  revert x y; induction T as [|r T IH]; intros [|b x] [|e y]; cbn [vscale map apply dot]; try ring.
  change (a * b :: map (fmul K a) x) with (vscale a (b :: x)). fold (vscale a x).
  rewrite S, !dot_vadd, !dot_vscale, IH. ring. Qed.
Lemma qf_ext T x y : (forall w, dot x w = dot y w) -> qf T x = qf T y.
Proof.
  assert (C : forall r T z, qf (r :: T) z = hd 0 z * (lin K r z + lin K (tl r) (tl z)) + qf T (tl z)).
  { intros r T' [|a z]; cbn [qf hd tl]; rewrite ?qf_nil_r; ring. }
  revert x y; induction T as [|r T IH]; intros x y E; [reflexivity|].
  assert (L : forall p, lin K p x = lin K p y).
  { intro p. rewrite !lin_dot, !(dot_comm K (vZ K p)). apply E. }
  assert (Et : forall w, dot (tl x) w = dot (tl y) w).
  { intro w. specialize (E (0 :: w)). destruct x, y; cbn [tl dot] in *; rewrite ?mul_zero in E.
    - reflexivity.
    - rewrite E. ring.
    - transitivity (0 + dot x w); [ring|exact E].
    - transitivity (0 + dot x w); [ring|]. rewrite E. ring. }
  assert (H : hd 0 x = hd 0 y).
  { specialize (E [1]). destruct x, y; cbn [hd dot] in *; rewrite ?dot_nil_r in E.
    - reflexivity.
    - rewrite E. ring.
    - transitivity (c * 1 + 0); [ring|exact E].
    - transitivity (c * 1 + 0); [ring|]. rewrite E. ring. }
  rewrite !C, H, L, (IH _ _ Et), !lin_dot, !(dot_comm K (vZ K (tl r))), Et. reflexivity. Qed.
Lemma qf_gram_in T V t : qf (gram_in T V) t = qf T (comb t V).
Proof.
  revert t; induction V as [|v V IH]; intros [|a t]; cbn [gram_in comb]; rewrite ?qf_nil_r; try reflexivity.
  rewrite qf_cons, IH, qf_vadd, qf_vscale, apply_vscale, <- (dot_apply T (vZ K v)). cbn [hd tl].
  rewrite lin_dot_comb, <- lin_dot, lin_tapply, z2_zdot, <- lin_dot, lin_tapply. ring. Qed.
(** The form s |x|^2 of n coordinates is at most that of all. *)
Lemma qf_repeat_le s n x : (0 <= s)%Z -> 0 <= z2 s * sq x - qf (repeat [s] n) x.
Proof.
  intro P. revert x; induction n as [|n IH]; intros [|a x]; cbn [repeat]; rewrite ?qf_nil_r;
    try (cbn [qf]; match goal with |- 0 <= ?e - 0 => replace (e - 0) with e by ring end; auto with pos).
  - rewrite qf_cons. cbn [hd tl lin]. specialize (IH x). unfold sq. cbn [dot]. fold (sq x).
    match type of IH with 0 <= ?e => match goal with |- 0 <= ?g => replace g with e by ring end end. exact IH. Qed.

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
Lemma descale_length s z : length (descale s z) = length z.
Proof. revert z; induction s as [|a s IH]; intros [|e z]; cbn [descale length]; auto. Qed.
Lemma tcongruent_length s T : length (tcongruent s T) = length T.
Proof. revert T; induction s as [|a s IH]; intros [|r T]; cbn [tcongruent length]; auto. Qed.
End Soundness.
