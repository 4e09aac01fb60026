(** * Cones of the proof tree (docs/certificate-format.md, "Tree")

    A node of the tree stands for a cone, {sum of t_k w_k : t_k >= 0 where the sign of t_k is known}, and divides it in
    two or closes it. On a cone some rows of the data are active throughout: they make N^T relu(Xu) a linear map of t,
    G t. The others are mixed: each adds relu(p.t) nu, with p_k = x . w_k. All of this is linear in the generators w_k,
    so that a child's numbers come from its parent's without the data. A node may also divide by the sign of a row: its
    values p become one more linear form that is nonnegative on the child, or -p do. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Long.
Import ListNotations.
Set Implicit Arguments.

Record cone := Cone {
  signed : list bool;                    (* whether t_k >= 0 is known *)
  generators : list (list Z);            (* w_k *)
  active : list (list Z);                (* G_k *)
  mixed : list (list Z * list Z);        (* (p, nu) of each mixed row *)
  forms : list (list Z)                  (* f with f.t >= 0 *)
}.

Section Executable.
Local Open Scope Z_scope.

(** Is p.t negative somewhere on the cone, and positive somewhere? *)
Fixpoint somewhere_negative (fl : list bool) (p : list Z) : bool :=
  match p with
  | [] => false
  | a :: p' =>
    (if a =? 0 then false else if hd false fl then a <? 0 else true) || somewhere_negative (tl fl) p'
  end.
Fixpoint somewhere_positive (fl : list bool) (p : list Z) : bool :=
  match p with
  | [] => false
  | a :: p' =>
    (if a =? 0 then false else if hd false fl then 0 <? a else true) || somewhere_positive (tl fl) p'
  end.
(** Active rows join G, inactive ones are dropped. *)
Fixpoint settle_onto (fl : list bool) (G : list (list Z)) (rows kept : list (list Z * list Z))
  : list (list Z) * list (list Z * list Z) :=
  match rows with
  | [] => (G, rev_append kept [])
  | (p, nu) :: rows' =>
    if somewhere_negative fl p then
      if somewhere_positive fl p then settle_onto fl G rows' ((p, nu) :: kept) else settle_onto fl G rows' kept
    else settle_onto fl (gadd p nu G) rows' kept
  end.
Definition settle (fl : list bool) (G : list (list Z)) (rows : list (list Z * list Z)) := settle_onto fl G rows [].
Definition settled (fl : list bool) (W G F : list (list Z)) (rows : list (list Z * list Z)) : cone :=
  let (G', kept) := settle fl G rows in Cone fl W G' kept F.

(** The whole space in the frame W; the rows are (x, nu). G u is the sum of u_j O_j before any row is active. *)
Definition root (W O : list (list Z)) (rows : list (list Z * list Z)) : cone :=
  settled (map (fun _ => false) W) W (map (fun w => zcomb w O) W) []
    (long_map (fun row => (map (zdot (fst row)) W, snd row)) rows).

Definition entry (k : nat) (p : list Z) : Z := nth k p 0.
Definition column (k : nat) (V : list (list Z)) : list Z := nth k V [].

Definition sign_children (k : nat) (c : cone) : cone * cone :=
  let fl := put false k true (signed c) in
  let reversed p := put 0 k (- entry k p) p in
  (settled fl (generators c) (active c) (forms c) (mixed c),
   settled fl (put [] k (map Z.opp (column k (generators c))) (generators c))
     (put [] k (map Z.opp (column k (active c))) (active c))
     (long_map reversed (forms c)) (long_map (fun row => (reversed (fst row), snd row)) (mixed c))).

Definition combination (k l : nat) (a b : Z) (V : list (list Z)) : list Z :=
  zadd (zscale a (column k V)) (zscale b (column l V)).
Definition split_children (k l : nat) (a b : Z) (c : cone) : cone * cone :=
  let w := combination k l a b (generators c) in
  let g := combination k l a b (active c) in
  let cut := long_map (fun row => (row, a * entry k (fst row) + b * entry l (fst row))) (mixed c) in
  let child j :=
    settled (signed c) (put [] j w (generators c)) (put [] j g (active c))
      (long_map (fun p => put 0 j (a * entry k p + b * entry l p) p) (forms c))
      (long_map (fun rq : (list Z * list Z) * Z => (put 0 j (snd rq) (fst (fst rq)), snd (fst rq))) cut) in
  (child k, child l).

(** Rows with the values p join G, all others are kept. *)
Fixpoint decide_onto (p : list Z) (G : list (list Z)) (rows kept : list (list Z * list Z))
  : list (list Z) * list (list Z * list Z) :=
  match rows with
  | [] => (G, rev_append kept [])
  | (q, nu) :: rows' =>
    if same_vector p q then decide_onto p (gadd q nu G) rows' kept else decide_onto p G rows' ((q, nu) :: kept)
  end.
(** The forms and one more, without a deep stack (see [Long.v]). *)
Definition and_form (F : list (list Z)) (f : list Z) : list (list Z) := rev_append (f :: rev_append F []) [].
Definition row_children (p : list Z) (c : cone) : cone * cone :=
  let (G, kept) := decide_onto p (active c) (mixed c) [] in
  (Cone (signed c) (generators c) G kept (and_form (forms c) p),
   Cone (signed c) (generators c) (active c) kept (and_form (forms c) (map Z.opp p))).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
(** What |u|^2 is in the premise: that, or another quadratic form of u. *)
Variable norm : vec -> K.
Hypothesis norm_ext : forall x y, (forall w, dot x w = dot y w) -> norm x = norm y.
Definition okt (fl : list bool) (t : vec) : Prop :=
  length t = length fl /\ forall k, nth k fl false = true -> 0 <= nth k t 0.
Fixpoint mixed_sum (rows : list (list Z * list Z)) (t : vec) : vec :=
  match rows with
  | [] => []
  | (p, nu) :: rows' => vadd (vscale (relu K (lin K p t)) (vZ K nu)) (mixed_sum rows' t) end.
(** The point with coordinates t is in the cone. *)
Definition inside (c : cone) (t : vec) : Prop := okt (signed c) t /\ forall f, In f (forms c) -> 0 <= lin K f t.
(** N^T relu(Xu) at the point with coordinates t. *)
Definition output (c : cone) (t : vec) : vec := vadd (comb t (active c)) (mixed_sum (mixed c) t).
(** The premise on a cone. *)
Definition good (lam mu : Z) (c : cone) : Prop :=
  forall t, inside c t -> 0 <= z2 lam * norm (comb t (generators c)) - z2 mu * sq (output c t).

Lemma premise_ext lam mu (x x' y y' : vec) :
  0 <= z2 lam * norm x' - z2 mu * sq y' ->
  (forall v, dot y v = dot y' v) -> (forall v, dot x v = dot x' v) -> 0 <= z2 lam * norm x - z2 mu * sq y.
Proof. intros H Hy Hx. now rewrite (norm_ext x x' Hx), (sq_ext K y y' Hy). Qed.
Lemma okt_tl b fl a t : okt (b :: fl) (a :: t) -> okt fl t.
Proof. intros [L H]. injection L as L. split; auto. intro k. apply (H (S k)). Qed.
Lemma somewhere_negative_sound fl p t : somewhere_negative fl p = false -> okt fl t -> 0 <= lin K p t.
Proof.
  revert fl t; induction p as [|a p IH]; intros fl t; cbn [somewhere_negative lin]; auto with pos.
  destruct t as [|e t]; auto with pos. intros H O. apply orb_false_elim in H as [H Hp].
  destruct fl as [|f fl]; [destruct O as [L _]; discriminate|]. cbn [hd tl] in *.
  apply add_pos; [|exact (IH fl t Hp (okt_tl O))].
  destruct (Z.eqb_spec a 0) as [->|N]; [rewrite ofZ_0; replace (0 * e) with 0 by ring; auto with pos|].
  destruct f; [|discriminate]. apply Z.ltb_ge in H. apply f_mulle; auto with pos. apply (proj2 O 0%nat); reflexivity. Qed.
Lemma somewhere_opp fl p : somewhere_positive fl p = somewhere_negative fl (map Z.opp p).
Proof. revert fl; induction p as [|a p IH]; intro fl; cbn [somewhere_positive somewhere_negative map]; auto.
  rewrite IH. f_equal. destruct a, (hd false fl); reflexivity. Qed.
Lemma settle_onto_eq fl G rows kept :
  settle_onto fl G rows kept = let (G', more) := settle fl G rows in (G', rev_append kept more).
Proof.
  unfold settle. revert G kept; induction rows as [|[p nu] rows IH]; intros G kept; cbn [settle_onto]; [reflexivity|].
  destruct (somewhere_negative fl p); [destruct (somewhere_positive fl p)|]; auto.
  rewrite (IH G ((p, nu) :: kept)), (IH G [(p, nu)]). destruct (settle_onto fl G rows []). reflexivity. Qed.
Lemma settle_cons fl G p nu rows : settle fl G ((p, nu) :: rows) =
  if somewhere_negative fl p then
    if somewhere_positive fl p then let (G', kept) := settle fl G rows in (G', (p, nu) :: kept) else settle fl G rows
  else settle fl (gadd p nu G) rows.
Proof. unfold settle at 1. cbn [settle_onto]. now rewrite settle_onto_eq. Qed.
Lemma settle_sound fl G rows t w : okt fl t ->
  let (G', kept) := settle fl G rows in
  dot (comb t G') w + dot (mixed_sum kept t) w = dot (comb t G) w + dot (mixed_sum rows t) w.
Proof.
  intro O. revert G; induction rows as [|[p nu] rows IH]; intro G; [cbn [settle settle_onto rev_append mixed_sum]; auto|]. rewrite settle_cons. cbn [mixed_sum].
  destruct (somewhere_negative fl p) eqn:Hn; [destruct (somewhere_positive fl p) eqn:Hp|].
  - specialize (IH G). destruct (settle fl G rows) as [G' kept]. cbn [mixed_sum]. rewrite !dot_vadd.
    match goal with |- ?a + (?b + ?c) = ?d + (?b + ?e) =>
      transitivity (b + (a + c)); [ring|]; rewrite IH; ring end.
  - specialize (IH G). destruct (settle fl G rows) as [G' kept].
    rewrite IH, dot_vadd, dot_vscale, relu_neg; [ring|].
    rewrite somewhere_opp in Hp. pose proof (@somewhere_negative_sound _ _ _ Hp O) as P. rewrite lin_opp in P.
    apply sub_le. replace (0 - lin K p t) with (- lin K p t) by ring. exact P.
  - specialize (IH (gadd p nu G)). destruct (settle fl (gadd p nu G) rows) as [G' kept].
    rewrite IH, comb_gadd, dot_vadd, dot_vscale, relu_pos, <- lin_dot; [ring|].
    exact (@somewhere_negative_sound _ _ _ Hn O). Qed.
(** Goodness depends on what the cone's vectors are, not on how rows are sorted. *)
Lemma settled_sound lam mu fl W G F rows t :
  good lam mu (settled fl W G F rows) -> okt fl t -> (forall f, In f F -> 0 <= lin K f t) ->
  0 <= z2 lam * norm (comb t W) - z2 mu * sq (vadd (comb t G) (mixed_sum rows t)).
Proof.
  unfold settled, good. intros H O HF. pose proof (fun w => settle_sound G rows w O) as S.
  destruct (settle fl G rows) as [G' kept]. specialize (H t (conj O HF)).
  unfold output in H. cbn [generators active mixed] in H.
  apply (@premise_ext lam mu _ _ _ _ H); auto.
  intro w. now rewrite !dot_vadd, S. Qed.

Arguments settled_sound {lam mu fl W G F rows t} _ _ _.

(** *** Replacing one generator, and the coordinate that goes with it *)
Lemma comb_put k s x t V v :
  dot (comb (put 0 k s t) (put [] k x V)) v = dot (comb t V) v + (s * lin K x v - nth k t 0 * lin K (nth k V []) v).
Proof. rewrite !dot_comb, map_put. cbn [lin]. rewrite dot_put, nth_lin. reflexivity. Qed.
Lemma comb_put1 k s t V v :
  dot (comb (put 0 k s t) V) v = dot (comb t V) v + (s - nth k t 0) * lin K (nth k V []) v.
Proof. rewrite !dot_comb, dot_put1, nth_lin. reflexivity. Qed.
Lemma lin_put1 k s p t : lin K p (put 0 k s t) = lin K p t + (s - nth k t 0) * z2 (nth k p 0%Z).
Proof. rewrite !lin_dot, !(dot_comm K (vZ K p)), dot_put1, nth_vZ. reflexivity. Qed.
Lemma put_same k t : (k < length t)%nat -> put 0 k (nth k t 0) t = t :> vec.
Proof. revert t; induction k as [|k IH]; intros [|a t] H; cbn [put nth length] in *; try lia; auto.
  rewrite IH by lia. reflexivity. Qed.
Lemma okt_put k s fl t : (k < length fl)%nat -> okt fl t -> 0 <= s -> okt fl (put 0 k s t).
Proof. intros Hk [L O] P. split; [rewrite put_length; lia|]. intros j Hj. rewrite nth_put.
  destruct (Nat.eqb_spec j k); auto. Qed.
Lemma okt_put_sign k s fl t :
  (k < length fl)%nat -> okt fl t -> 0 <= s -> okt (put false k true fl) (put 0 k s t).
Proof. intros Hk [L O] P. split; [rewrite !put_length; lia|]. intros j. rewrite !nth_put.
  destruct (Nat.eqb_spec j k); auto. Qed.

Theorem sign_sound lam mu k c : (k < length (signed c))%nat ->
  good lam mu (fst (sign_children k c)) -> good lam mu (snd (sign_children k c)) -> good lam mu c.
Proof.
  unfold sign_children. rewrite !long_map_eq. cbn [fst snd]. intros Hk H1 H2 t [O HF]. assert (Lt := proj1 O).
  destruct (f_total K 0 (nth k t 0)) as [P|P].
  - apply (settled_sound H1); [|exact HF]. rewrite <- (@put_same k t) by (rewrite Lt; exact Hk). now apply okt_put_sign.
  - apply neg_pos in P.
    assert (Reversed : forall p, lin K (put 0%Z k (- nth k p 0)%Z p) (put 0 k (- nth k t 0) t) = lin K p t).
    { intro p. rewrite lin_put, ofZ_opp. ring. }
    pose proof (settled_sound H2 (@okt_put_sign _ _ _ _ Hk O P)) as Q. unfold column, entry in Q.
    match type of Q with ?A -> _ => assert (HF' : A) end.
    { intros f I. apply in_map_iff in I as [p [<- I]]. rewrite Reversed. now apply HF. }
    specialize (Q HF').
    unfold output. apply (@premise_ext lam mu _ _ _ _ Q).
    + intro w. rewrite !dot_vadd, comb_put, lin_opp. f_equal; [ring|].
      clear - Reversed. induction (mixed c) as [|[p nu] rows IH]; cbn [map mixed_sum fst snd]; auto.
      rewrite !dot_vadd, !dot_vscale, IH, Reversed. reflexivity.
    + intro w. rewrite comb_put, lin_opp. ring. Qed.

(** The point of the cone in the coordinates of the child in which w = a w_k + b w_l replaced w_k. *)
Lemma split_child lam mu k l a b w g (f : list Z -> Z) c t :
  (forall v, lin K w v = z2 a * lin K (nth k (generators c) []) v + z2 b * lin K (nth l (generators c) []) v) ->
  (forall v, lin K g v = z2 a * lin K (nth k (active c) []) v + z2 b * lin K (nth l (active c) []) v) ->
  (forall p, f p = a * nth k p 0 + b * nth l p 0)%Z ->
  (0 < a)%Z -> k <> l -> (k < length (signed c))%nat -> (l < length (signed c))%nat ->
  nth k (signed c) false = true -> inside c t ->
  0 <= z2 a * nth l t 0 - z2 b * nth k t 0 ->
  good lam mu (settled (signed c) (put [] k w (generators c)) (put [] k g (active c))
    (map (fun p => put 0%Z k (f p) p) (forms c))
    (map (fun row => (put 0%Z k (f (fst row)) (fst row), snd row)) (mixed c))) ->
  0 <= z2 lam * norm (comb t (generators c)) - z2 mu * sq (output c t).
Proof.
  intros Hw Hg Hf Ha Hkl Hk Hl Sk [O HF] P H.
  set (s := nth k t 0 / z2 a).
  assert (Pa : 0 <= z2 a) by (apply z2_pos; lia). assert (Na : z2 a <> 0) by now apply z2_nz.
  assert (Es : z2 a * s = nth k t 0) by (unfold s; now rewrite div_mul).
  assert (Ps : 0 <= s) by (apply f_mulle; [now apply (proj2 O)|now apply inv_pos]).
  set (r := nth l t 0 - z2 b * s).
  assert (Pr : 0 <= r).
  { apply (@mul_cancel K (z2 a)); auto. unfold r.
    replace (z2 a * (nth l t 0 - z2 b * s)) with (z2 a * nth l t 0 - z2 b * (z2 a * s)) by ring.
    now rewrite Es. }
  set (T := put 0 k s t).
  assert (Tl : nth l T 0 = nth l t 0).
  { unfold T. rewrite nth_put. destruct (Nat.eqb_spec l k); congruence. }
  assert (OT : okt (signed c) (put 0 l r T)) by (unfold T; auto using okt_put).
  assert (Moved : forall p, lin K (put 0%Z k (f p) p) (put 0 l r T) = lin K p t).
  { intro p. rewrite lin_put1, nth_put. unfold T at 1. rewrite lin_put, Hf, Tl.
    destruct (Nat.eqb_spec l k); [congruence|]. rewrite ofZ_add, !ofZ_mul, <- Es. unfold r. ring. }
  pose proof (settled_sound H OT) as Q. unfold output.
  match type of Q with ?A -> _ => assert (HF' : A) end.
  { intros q I. apply in_map_iff in I as [p [<- I]]. rewrite Moved. now apply HF. }
  specialize (Q HF').
  assert (Vl : forall (x : list Z) V, nth l (put [] k x V) [] = nth l V []).
  { intros x V. rewrite nth_put. destruct (Nat.eqb_spec l k); congruence. }
  apply (@premise_ext lam mu _ _ _ _ Q).
  - intro v. rewrite !dot_vadd, comb_put1, Vl. unfold T at 1. rewrite comb_put, Hg, Tl. f_equal.
    + rewrite <- Es. unfold r. ring.
    + clear H Q. induction (mixed c) as [|[p nu] rows IH]; cbn [map mixed_sum fst snd]; auto.
      rewrite !dot_vadd, !dot_vscale, IH, Moved. reflexivity.
  - intro v. rewrite comb_put1, Vl. unfold T at 1. rewrite comb_put, Hw, Tl, <- Es. unfold r. ring. Qed.

Arguments split_child {lam mu k l a b w g} f {c t}.

Theorem split_sound lam mu k l a b c :
  (0 < a)%Z -> (0 < b)%Z -> k <> l -> (k < length (signed c))%nat -> (l < length (signed c))%nat ->
  nth k (signed c) false = true -> nth l (signed c) false = true ->
  good lam mu (fst (split_children k l a b c)) -> good lam mu (snd (split_children k l a b c)) -> good lam mu c.
Proof.
  unfold split_children. cbn [fst snd]. rewrite !long_map_eq, !map_map. cbn [fst snd].
  intros Ha Hb Hkl Hk Hl Sk Sl H1 H2 t O.
  assert (C : forall V v, lin K (combination k l a b V) v = z2 a * lin K (nth k V []) v + z2 b * lin K (nth l V []) v).
  { intros V v. unfold combination, column. now rewrite lin_zadd, !lin_zscale. }
  destruct (f_total K 0 (z2 a * nth l t 0 - z2 b * nth k t 0)) as [P|P].
  - exact (split_child (fun p => (a * entry k p + b * entry l p)%Z) (C (generators c)) (C (active c))
      (fun p => eq_refl) Ha Hkl Hk Hl Sk O P H1).
  - apply neg_pos in P.
    refine (@split_child lam mu l k b a _ _ (fun p => (a * entry k p + b * entry l p)%Z) c t _ _ _ Hb _ Hl Hk Sl O _ H2).
    + intro v. rewrite C. ring.
    + intro v. rewrite C. ring.
    + intro p. unfold entry. lia.
    + congruence.
    + replace (z2 b * nth k t 0 - z2 a * nth l t 0) with (- (z2 a * nth l t 0 - z2 b * nth k t 0)) by ring. exact P. Qed.

(** *** The sign of a row *)
Lemma decide_onto_sound p G rows kept t w :
  let (G', kept') := decide_onto p G rows kept in
  (0 <= lin K p t -> dot (comb t G') w + dot (mixed_sum kept' t) w =
    dot (comb t G) w + (dot (mixed_sum rows t) w + dot (mixed_sum (rev kept) t) w)) /\
  (lin K p t <= 0 -> dot (mixed_sum kept' t) w = dot (mixed_sum rows t) w + dot (mixed_sum (rev kept) t) w).
Proof.
  assert (Snoc : forall l q nu, dot (mixed_sum (l ++ [(q, nu)]) t) w =
    relu K (lin K q t) * dot (vZ K nu) w + dot (mixed_sum l t) w).
  { induction l as [|[q' nu'] l IH]; intros q nu; cbn [app mixed_sum]; rewrite !dot_vadd, !dot_vscale;
      [cbn [dot]; ring|]. rewrite IH. ring. }
  revert G kept; induction rows as [|[q nu] rows IH]; intros G kept; cbn [decide_onto].
  - rewrite rev_append_rev, app_nil_r. cbn [mixed_sum dot]. split; intros _; ring.
  - destruct (same_vector p q) eqn:E.
    + apply same_vector_sound in E as <-. specialize (IH (gadd p nu G) kept).
      destruct (decide_onto _ _ rows _) as [G' kept']. destruct IH as [H1 H2]. cbn [mixed_sum].
      rewrite !dot_vadd, !dot_vscale. split; intro P.
      * rewrite (H1 P), comb_gadd, relu_pos, <- lin_dot by assumption. ring.
      * rewrite (H2 P), relu_neg by assumption. ring.
    + specialize (IH G ((q, nu) :: kept)). destruct (decide_onto _ _ rows _) as [G' kept']. cbn [rev] in IH.
      destruct IH as [H1 H2]. cbn [mixed_sum]. rewrite !dot_vadd, !dot_vscale. rewrite Snoc in H1, H2. split; intro P.
      * rewrite (H1 P). ring.
      * rewrite (H2 P). ring. Qed.
Lemma in_and_form F f g : In g (and_form F f) -> g = f \/ In g F.
Proof. unfold and_form. rewrite !rev_append_rev, !app_nil_r, <- in_rev. intros [->|I]; auto. right. now apply in_rev. Qed.
Theorem row_sound lam mu p c :
  good lam mu (fst (row_children p c)) -> good lam mu (snd (row_children p c)) -> good lam mu c.
Proof.
  unfold row_children. intros H1 H2 t [O HF].
  pose proof (decide_onto_sound p (active c) (mixed c) [] t) as D.
  destruct (decide_onto p (active c) (mixed c) []) as [G kept]. cbn [fst snd rev mixed_sum dot] in *.
  destruct (f_total K 0 (lin K p t)) as [P|P]; [specialize (H1 t)|specialize (H2 t)].
  - match type of H1 with ?A -> _ => assert (I : A) end.
    { split; [exact O|]. intros f I. apply in_and_form in I as [->|I]; auto. }
    apply (@premise_ext lam mu _ _ _ _ (H1 I)); auto. unfold output. cbn [active mixed]. intro w.
    rewrite !dot_vadd, (proj1 (D w) P). cbn [dot]. ring.
  - match type of H2 with ?A -> _ => assert (I : A) end.
    { split; [exact O|]. intros f I. apply in_and_form in I as [->|I]; auto. rewrite lin_opp. now apply neg_pos. }
    apply (@premise_ext lam mu _ _ _ _ (H2 I)); auto. unfold output. cbn [active mixed]. intro w.
    rewrite !dot_vadd, (proj2 (D w) P). cbn [dot]. ring. Qed.

(** *** The root: if its cone is good, the premise holds at every point of the span of W. *)
Fixpoint rows_sum (rows : list (list Z * list Z)) (u : vec) : vec :=
  match rows with
  | [] => []
  | (x, nu) :: rows' => vadd (vscale (relu K (lin K x u)) (vZ K nu)) (rows_sum rows' u) end.
Theorem root_sound lam mu W O rows t : good lam mu (root W O rows) ->
  0 <= z2 lam * norm (comb t W) - z2 mu * sq (vadd (comb (comb t W) O) (rows_sum rows (comb t W))).
Proof.
  unfold root. rewrite long_map_eq. intro H. set (T := fit 0 (length W) t).
  assert (OT : okt (map (fun _ => false) W) T).
  { split; [unfold T; now rewrite fit_length, map_length|]. intros k E. exfalso. clear - E.
    revert k E; induction W; intros [|k] E; cbn [map nth] in E; try discriminate; eauto. }
  assert (ET : forall v, dot (comb T W) v = dot (comb t W) v).
  { intro v. rewrite !dot_comb. unfold T. rewrite dot_comm, dot_fit by (now rewrite map_length). apply dot_comm. }
  pose proof (settled_sound H OT (fun f (I : In f []) => match I with end)) as Q.
  apply (@premise_ext lam mu _ _ _ _ Q).
  - intro v. rewrite !dot_vadd.
    replace (dot (comb T (map (fun w => zcomb w O) W)) v) with (dot (comb (comb t W) O) v).
    2:{ rewrite (dot_comb K (comb t W) O v), <- (ET _), !dot_comb, map_map. f_equal. apply map_ext. intro w.
      now rewrite lin_zcomb. }
    f_equal.
    replace (rows_sum rows (comb t W)) with (rows_sum rows (comb T W)).
    + clear. induction rows as [|[x nu] rows IH]; cbn [rows_sum map mixed_sum fst snd]; [simpl; ring|].
      rewrite !dot_vadd, !dot_vscale, IH, lin_comb. ring.
    + clear - ET. induction rows as [|[x nu] rows IH]; cbn [rows_sum]; auto.
      rewrite IH, !lin_dot, !(dot_comm K (vZ K x)), ET. reflexivity.
  - intro v. symmetry. apply ET. Qed.
End Soundness.
