(** * Vectors as lists, in which a missing entry is a zero

    So no theorem needs a condition on lengths, and no function has a case that must not occur. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField.
Import ListNotations.
Set Implicit Arguments.

(** ** Integer vectors: what the checker computes with *)
Section Integers.
Local Open Scope Z_scope.

Fixpoint zdot (x y : list Z) : Z :=
  match x, y with a :: x', b :: y' => a * b + zdot x' y' | _, _ => 0 end.
Fixpoint zadd (x y : list Z) : list Z :=
  match x, y with
  | [], _ => y | _, [] => x
  | a :: x', b :: y' => a + b :: zadd x' y' end.
Definition zscale (c : Z) (x : list Z) : list Z :=
  if c =? 0 then [] else map (Z.mul c) x.
(** The sum of c_k V_k. *)
Fixpoint zcomb (c : list Z) (V : list (list Z)) : list Z :=
  match c, V with
  | a :: c', v :: V' => zadd (zscale a v) (zcomb c' V')
  | _, _ => [] end.
Definition zsum (x : list Z) := fold_right Z.add 0 x.
Definition nonneg (x : list Z) := forallb (Z.leb 0) x.
Definition iszero (x : list Z) := forallb (Z.eqb 0) x.
Definition zunit (k : nat) : list Z := repeat 0 k ++ [1].
Fixpoint same_vector (x y : list Z) : bool :=
  match x, y with
  | [], [] => true
  | a :: x', b :: y' => if a =? b then same_vector x' y' else false
  | _, _ => false end.
Lemma same_vector_sound x y : same_vector x y = true -> x = y.
Proof.
  revert y; induction x as [|a x IH]; intros [|b y]; cbn [same_vector]; try discriminate; auto.
  destruct (Z.eqb_spec a b) as [->|_]; [|discriminate]. intro H. now rewrite (IH y H). Qed.
Lemma zadd_comm x y : zadd x y = zadd y x.
Proof. revert y; induction x as [|a x IH]; intros [|b y]; cbn [zadd]; auto. rewrite IH. f_equal. apply Z.add_comm. Qed.
Lemma zadd_assoc x y z : zadd (zadd x y) z = zadd x (zadd y z).
Proof. revert y z; induction x as [|a x IH]; intros [|b y] [|c z]; cbn [zadd]; auto. rewrite IH. f_equal. symmetry. apply Z.add_assoc. Qed.
End Integers.

(** Entry k becomes x; the list is made long enough for it. *)
Fixpoint put {A} (d : A) (k : nat) (x : A) (l : list A) : list A :=
  match k, l with
  | O, [] => [x] | O, _ :: l' => x :: l'
  | S k', [] => d :: put d k' x [] | S k', y :: l' => y :: put d k' x l' end.
(** Exactly n entries. *)
Fixpoint fit {A} (d : A) (n : nat) (l : list A) : list A :=
  match n with O => [] | S n' => hd d l :: fit d n' (tl l) end.

Section Lists.
Context {A B : Type}.
Variable d : A.
Lemma put_length k x l : length (put d k x l) = Nat.max (S k) (length l).
Proof. revert l; induction k as [|k IH]; intros [|y l]; cbn [put length]; rewrite ?IH; cbn [length]; lia. Qed.
Lemma nth_put k j x l : nth j (put d k x l) d = if Nat.eqb j k then x else nth j l d.
Proof. revert j l; induction k as [|k IH]; intros [|j] [|y l]; cbn [put nth Nat.eqb]; rewrite ?IH; auto.
  - now destruct j.
  - destruct j; reflexivity. Qed.
Lemma map_put (f : A -> B) k x l : map f (put d k x l) = put (f d) k (f x) (map f l).
Proof. revert l; induction k as [|k IH]; intros [|y l]; cbn [put map]; rewrite ?IH; auto. Qed.
Lemma fit_length n l : length (fit d n l) = n.
Proof. revert l; induction n; intro l; simpl; auto. Qed.
Lemma nth_fit n l k : (k < n)%nat -> nth k (fit d n l) d = nth k l d.
Proof. revert l k; induction n as [|n IH]; intros l k H; [lia|]. destruct k, l; simpl; auto.
  - rewrite IH by lia. now destruct k.
  - apply IH. lia. Qed.
End Lists.

(** ** Vectors over the field *)
Section Field.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Add Ring Kring : (f_ring K).
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).

Fixpoint dot (x y : vec) : K :=
  match x, y with a :: x', b :: y' => a * b + dot x' y' | _, _ => 0 end.
Fixpoint vadd (x y : vec) : vec :=
  match x, y with [], _ => y | _, [] => x | a :: x', b :: y' => a + b :: vadd x' y' end.
Definition vscale (c : K) (x : vec) : vec := map (fmul K c) x.
Definition vsub (x y : vec) := vadd x (vscale (- (1)) y).
Definition sq (x : vec) : K := dot x x.
Definition vZ (x : list Z) : vec := map z2 x.
Definition sum (l : list K) : K := fold_right (fadd K) 0 l.

Lemma dot_nil_r x : dot x [] = 0. Proof. destruct x; reflexivity. Qed.
Lemma dot_comm x y : dot x y = dot y x.
Proof. revert y; induction x as [|a x IH]; intros [|b y]; simpl; auto. rewrite IH. ring. Qed.
Lemma dot_vadd x y w : dot (vadd x y) w = dot x w + dot y w.
Proof. revert y w; induction x as [|a x IH]; intros [|b y] [|e w]; simpl; try ring. rewrite IH. ring. Qed.
Lemma nth_vscale c x j : nth j (vscale c x) 0 = c * nth j x 0.
Proof. unfold vscale. rewrite <- (map_nth (fmul K c) x 0 j). f_equal. ring. Qed.
Lemma vadd_length x y : length (vadd x y) = Nat.max (length x) (length y).
Proof. revert y; induction x as [|a x IH]; intros [|b y]; cbn [vadd length]; rewrite ?IH; lia. Qed.
Lemma dot_vscale c x w : dot (vscale c x) w = c * dot x w.
Proof. revert w; induction x as [|a x IH]; intros [|e w]; simpl; try ring. fold (vscale c x). rewrite IH. ring. Qed.
Lemma dot_vsub x y w : dot (vsub x y) w = dot x w - dot y w.
Proof. unfold vsub. rewrite dot_vadd, dot_vscale. ring. Qed.
Lemma sq_pos x : 0 <= sq x.
Proof. unfold sq. induction x; simpl; auto with pos. Qed.
Lemma sq_vadd x y : sq (vadd x y) = sq x + (dot x y + dot x y) + sq y.
Proof. unfold sq. rewrite dot_vadd, (dot_comm x), (dot_comm y), !dot_vadd, (dot_comm y x). ring. Qed.
Lemma sq_vscale c x : sq (vscale c x) = c * c * sq x.
Proof. unfold sq. rewrite dot_vscale, dot_comm, dot_vscale. ring. Qed.
Lemma sq_ext x y : (forall w, dot x w = dot y w) -> sq x = sq y.
Proof. intro H. unfold sq. rewrite H, dot_comm, H. reflexivity. Qed.

Lemma dot_put1 k s (t v : vec) : dot (put 0 k s t) v = dot t v + (s - nth k t 0) * nth k v 0.
Proof. revert t v; induction k as [|k IH]; intros [|a t] [|b v]; cbn [put dot nth]; try ring.
  - rewrite IH. simpl. destruct k; ring.
  - rewrite IH. ring. Qed.
Lemma dot_put k s q (t v : vec) : dot (put 0 k s t) (put 0 k q v) = dot t v + (s * q - nth k t 0 * nth k v 0).
Proof. revert t v; induction k as [|k IH]; intros [|a t] [|b v]; cbn [put dot nth]; rewrite ?dot_nil_r; try ring.
  - rewrite IH. simpl. destruct k; ring.
  - rewrite IH. destruct k; destruct v; cbn [dot nth]; ring.
  - rewrite IH, dot_nil_r. destruct k; destruct t; cbn [dot nth]; ring.
  - rewrite IH. ring. Qed.
Lemma dot_fit n (x v : vec) : (length x <= n)%nat -> dot x (fit 0 n v) = dot x v.
Proof. revert x v; induction n as [|n IH]; intros [|a x] v H; cbn [fit dot length] in *; try lia; auto.
  rewrite IH by lia. destruct v; cbn [hd tl dot]; rewrite ?dot_nil_r; ring. Qed.
(** Component j. *)
Lemma dot_unit x j : dot x (vZ (zunit j)) = nth j x 0.
Proof. unfold zunit. revert x; induction j as [|j IH]; intros [|a x]; cbn [repeat app vZ map dot nth]; auto.
  - rewrite ofZ_1, dot_nil_r. ring.
  - fold (vZ (repeat 0%Z j ++ [1%Z])). rewrite IH, ofZ_0. ring. Qed.
Lemma dot_skipn a u j v : dot (a :: u) (skipn j v) = a * nth j v 0 + dot u (skipn (S j) v).
Proof. revert v; induction j as [|j IH]; intros [|e v]; cbn [skipn dot nth]; rewrite ?dot_nil_r; try ring.
  rewrite <- IH. reflexivity. Qed.
Lemma dot_ext_upto x y w : (forall j, (j < length w)%nat -> nth j x 0 = nth j y 0) -> dot x w = dot y w.
Proof.
  revert x y; induction w as [|e w IH]; intros x y H; [now rewrite !dot_nil_r|].
  assert (C : forall z, dot z (e :: w) = nth 0%nat z 0 * e + dot (tl z) w).
  { intros [|a z]; cbn [dot nth tl]; [ring|reflexivity]. }
  rewrite !C, (H O), (IH (tl x) (tl y)); [reflexivity| |cbn [length]; lia].
  intros j Hj. specialize (H (S j)). cbn [length] in H. rewrite <- Nat.succ_lt_mono in H.
  destruct x, y; cbn [nth tl] in *; destruct j; auto. Qed.
Lemma nth_vadd x y j : nth j (vadd x y) 0 = nth j x 0 + nth j y 0.
Proof. rewrite <- !dot_unit. apply dot_vadd. Qed.
Lemma vscale_length c x : length (vscale c x) = length x.
Proof. apply map_length. Qed.
Lemma dot_ext x y : (forall j, nth j x 0 = nth j y 0) -> forall w, dot x w = dot y w.
Proof. intros H w. now apply dot_ext_upto. Qed.
Fixpoint upto (n : nat) (f : nat -> K) : K := match n with O => 0 | S n' => f n' + upto n' f end.
Lemma upto_pos n f : (forall j, 0 <= f j) -> 0 <= upto n f.
Proof. intro H. induction n; simpl; auto with pos. Qed.
Lemma upto_S n f : upto (S n) f = f O + upto n (fun j => f (S j)).
Proof. induction n as [|n IH]; [simpl; ring|]. cbn [upto] in *. rewrite IH. ring. Qed.
Lemma upto_0 n : upto n (fun _ => 0) = 0.
Proof. induction n as [|n IH]; simpl; auto. rewrite IH. ring. Qed.
Lemma sq_upto n x : (length x <= n)%nat -> sq x = upto n (fun j => nth j x 0 * nth j x 0).
Proof. unfold sq. revert x; induction n as [|n IH]; intros [|a x] H; cbn [length] in H; try lia; auto.
  - cbn [dot]. transitivity (upto (S n) (fun _ => 0)); [now rewrite upto_0|].
    clear. induction (S n) as [|m IH]; auto. cbn [upto]. rewrite IH. destruct m; simpl; ring.
  - rewrite upto_S. cbn [dot nth]. rewrite IH by lia. reflexivity. Qed.

(** ** Linear forms with integer coefficients *)
Fixpoint lin (x : list Z) (z : vec) : K :=
  match x, z with a :: x', b :: z' => z2 a * b + lin x' z' | _, _ => 0 end.
Lemma lin_dot x z : lin x z = dot (vZ x) z.
Proof. revert z; induction x as [|a x IH]; intros [|b z]; simpl; auto. now rewrite IH. Qed.
Lemma lin_nil_r x : lin x [] = 0. Proof. destruct x; reflexivity. Qed.
Lemma lin_zadd x y z : lin (zadd x y) z = lin x z + lin y z.
Proof. revert y z; induction x as [|a x IH]; intros [|b y] [|e z]; simpl; try ring.
  rewrite IH, ofZ_add. ring. Qed.
Lemma lin_map_mul c x z : lin (map (Z.mul c) x) z = z2 c * lin x z.
Proof. revert z; induction x as [|a x IH]; intros [|e z]; simpl; try ring. rewrite IH, ofZ_mul. ring. Qed.
Lemma lin_zscale c x z : lin (zscale c x) z = z2 c * lin x z.
Proof. unfold zscale. destruct (Z.eqb_spec c 0) as [->|_]; [|apply lin_map_mul].
  rewrite ofZ_0. simpl. ring. Qed.
Lemma lin_opp p t : lin (map Z.opp p) t = - lin p t.
Proof. revert t; induction p as [|a p IH]; intros [|e t]; simpl; try ring. rewrite IH, ofZ_opp. ring. Qed.
Lemma lin_zcomb c V z : lin (zcomb c V) z = lin c (map (fun f => lin f z) V).
Proof. revert V; induction c as [|a c IH]; intros [|v V]; simpl; auto. rewrite lin_zadd, lin_zscale, IH. ring. Qed.
Lemma z2_zdot x y : z2 (zdot x y) = dot (vZ x) (vZ y).
Proof. revert y; induction x as [|a x IH]; intros [|b y]; simpl; rewrite ?ofZ_0; auto.
  rewrite ofZ_add, ofZ_mul, IH. reflexivity. Qed.
Lemma lin_nonneg c z : nonneg c = true -> (forall k, 0 <= nth k z 0) -> 0 <= lin c z.
Proof. revert z; induction c as [|a c IH]; intros [|b z]; simpl; auto with pos.
  intros H P. apply andb_prop in H as [Ha Hc]. apply Z.leb_le in Ha.
  apply add_pos; [apply f_mulle; [now apply z2_pos|apply (P O)]|]. apply IH; auto. intro k. apply (P (S k)). Qed.
Lemma lin_unit k z : lin (zunit k) z = nth k z 0.
Proof. rewrite lin_dot, dot_comm. apply dot_unit. Qed.
Lemma iszero_lin x v : iszero x = true -> lin x v = 0.
Proof. revert v; induction x as [|a x IH]; intros [|e v]; simpl; auto. intro H.
  apply andb_prop in H as [Ha H]. destruct a; try discriminate. rewrite IH, ofZ_0 by assumption. ring. Qed.
Lemma lin_app p t a : length p = length t -> lin p (t ++ a) = lin p t.
Proof. revert t; induction p as [|e p IH]; intros [|v t] L; try discriminate; simpl; auto.
  injection L as L. now rewrite IH. Qed.
Lemma vZ_put k x l : vZ (put 0%Z k x l) = put 0 k (z2 x) (vZ l).
Proof. unfold vZ. now rewrite map_put, ofZ_0. Qed.
Lemma nth_vZ k l : nth k (vZ l) 0 = z2 (nth k l 0%Z).
Proof. rewrite <- ofZ_0. apply map_nth. Qed.
Lemma lin_put k s q p t :
  lin (put 0%Z k q p) (put 0 k s t) = lin p t + (z2 q * s - z2 (nth k p 0%Z) * nth k t 0).
Proof. rewrite !lin_dot, vZ_put, dot_put, nth_vZ. reflexivity. Qed.
Lemma lin_fit n p t : length t = n -> lin (fit 0%Z n p) t = lin p t.
Proof. revert p t; induction n as [|n IH]; intros p [|a t] H; try discriminate; [now rewrite !lin_nil_r|].
  injection H as H. cbn [fit lin]. rewrite IH by assumption. destruct p; cbn [hd tl lin]; rewrite ?ofZ_0; ring. Qed.

Lemma nth_lin k V v : nth k (map (fun g => lin g v) V) 0 = lin (nth k V []) v.
Proof. exact (map_nth (fun g => lin g v) V [] k). Qed.

(** ** The sum of t_k V_k *)
Fixpoint comb (t : vec) (V : list (list Z)) : vec :=
  match t, V with a :: t', v :: V' => vadd (vscale a (vZ v)) (comb t' V') | _, _ => [] end.
Lemma comb_nil_r t : comb t [] = []. Proof. destruct t; reflexivity. Qed.
Lemma dot_comb t V w : dot (comb t V) w = dot t (map (fun v => lin v w) V).
Proof. revert V; induction t as [|a t IH]; intros [|v V]; simpl; auto.
  rewrite dot_vadd, dot_vscale, IH, lin_dot. ring. Qed.
Lemma lin_comb x t W : lin x (comb t W) = lin (map (zdot x) W) t.
Proof. revert W; induction t as [|a t IH]; intros [|w W]; cbn [comb map lin]; rewrite ?lin_nil_r; auto.
  rewrite <- IH, z2_zdot, !lin_dot, !(dot_comm (vZ x)), dot_vadd, dot_vscale. ring. Qed.
Lemma comb_app t a V V' w : length t = length V ->
  dot (comb (t ++ a) (V ++ V')) w = dot (comb t V) w + dot (comb a V') w.
Proof. revert V; induction t as [|e t IH]; intros [|v V] L; try discriminate; cbn [app comb].
  - simpl. ring.
  - injection L as L. rewrite !dot_vadd, IH by assumption. ring. Qed.
Lemma comb_app1 t a V : length t = length V -> comb (t ++ a) V = comb t V.
Proof. revert V; induction t as [|e t IH]; intros [|v V] L; try discriminate; cbn [app comb].
  - destruct a; reflexivity.
  - injection L as L. now rewrite IH. Qed.
Lemma comb_fit n t V w : length t = n -> dot (comb t (fit [] n V)) w = dot (comb t V) w.
Proof. revert t V; induction n as [|n IH]; intros [|a t] V L; try discriminate; auto.
  injection L as L. cbn [fit]. destruct V; cbn [hd tl comb]; rewrite !dot_vadd, IH by assumption; [|reflexivity].
  rewrite dot_vscale. destruct t; cbn [comb dot vZ map]; ring. Qed.
Lemma comb_vadd t1 t2 W v : dot (comb (vadd t1 t2) W) v = dot (comb t1 W) v + dot (comb t2 W) v.
Proof. rewrite !dot_comb. apply dot_vadd. Qed.
Lemma comb_vscale c t W v : dot (comb (vscale c t) W) v = c * dot (comb t W) v.
Proof. rewrite !dot_comb. apply dot_vscale. Qed.
(** G_k grows by p_k nu: what a row with values p and weight nu adds where it is linear. *)
Fixpoint gadd (p nu : list Z) (G : list (list Z)) : list (list Z) :=
  match p, G with
  | [], _ => G
  | a :: p', [] => zscale a nu :: gadd p' nu []
  | a :: p', g :: G' => zadd (zscale a nu) g :: gadd p' nu G' end.
Lemma comb_gadd p nu G t w :
  dot (comb t (gadd p nu G)) w = lin p t * lin nu w + dot (comb t G) w.
Proof. revert G t; induction p as [|a p IH]; intros [|g G] [|e t]; cbn [gadd comb lin]; try (simpl; ring).
  - rewrite !dot_vadd, !dot_vscale, IH, <- !lin_dot, lin_zscale. destruct t; cbn [comb dot]; ring.
  - rewrite !dot_vadd, !dot_vscale, IH, <- !lin_dot, lin_zadd, lin_zscale. ring. Qed.

(** ** Integers over a denominator *)
Definition vQ (den : Z) (x : list Z) : vec := map (fun a => z2 a / z2 den) x.
Lemma dot_vQ d x u : dot (vQ d x) u = finv K (z2 d) * lin x u.
Proof. revert u; induction x as [|a x IH]; intros [|e u]; cbn [vQ map dot lin]; try ring. fold (vQ d x).
  rewrite IH. ring. Qed.
Lemma dot_vQ2 d e x y : dot (vQ d x) (vQ e y) = finv K (z2 d) * finv K (z2 e) * z2 (zdot x y).
Proof. rewrite dot_vQ, lin_dot, dot_comm, dot_vQ, lin_dot, dot_comm, z2_zdot. ring. Qed.
End Field.
#[global] Hint Resolve sq_pos : pos.
Arguments dot {K} x y. Arguments vadd {K} x y. Arguments vscale {K} c x. Arguments vsub {K} x y.
Arguments sq {K} x. Arguments sum {K} l. Arguments upto {K} n f. Arguments comb {K} t V.
