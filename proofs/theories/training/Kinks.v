(** * Free hidden biases: the premise at the kink of each sample (docs/method.md, section 2a)

    Where hidden biases are free, weak duality asks for |N^T relu(Xw + a 1)| <= gamma |w| for all w and all a. For a fixed
    w the left side is convex in a between two kinks a = -x_k.w of samples whose row of N is not zero; below the least kink
    it is 0, and above the largest, as the rows of N sum to zero, what it is at that kink. So a premise for each such
    sample is enough: that of the samples shifted by x_k, which is an ordinary one ([Premises.v]). *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Triangles Tree Products Cones Leaves Premises Long.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Fixpoint same (x y : list Z) : bool :=
  match x, y with [], [] => true | a :: x', b :: y' => (a =? b) && same x' y' | _, _ => false end.
(** The different x with nu that is not zero, in the order of their first ones; the first x where there are none. *)
Fixpoint kinks_onto (l : list (list Z * list Z)) (found : list (list Z)) : list (list Z) :=
  match l with
  | [] => rev_append found []
  | (x, nu) :: l' => kinks_onto l' (if iszero nu || existsb (same x) found then found else x :: found) end.
Definition kinks (l : list (list Z * list Z)) : list (list Z) :=
  match kinks_onto l [], l with [], (x, _) :: _ => [x] | found, _ => found end.
Definition shifted (x : list Z) (row : list Z * list Z) : list Z * list Z := (zadd (fst row) (map Z.opp x), snd row).

(** The first tree of several, and the nodes of the others. *)
Definition is_inner (n : node) : bool := match n with Sign _ | Split _ _ _ _ => true | _ => false end.
Fixpoint first_tree (nodes : list node) (owed : nat) (found : list node) : list node * list node :=
  match owed, nodes with
  | S owed', n :: nodes' => first_tree nodes' (if is_inner n then S owed else owed') (n :: found)
  | _, _ => (rev_append found [], nodes) end.
(** The last one takes what is left over, and refuses it. *)
Fixpoint with_trees (ks : list (list Z)) (nodes : list node) : list (list Z * list node) :=
  match ks with
  | [] => []
  | x :: ks' =>
    match ks' with
    | [] => [(x, nodes)]
    | _ => let (tree, others) := first_tree nodes 1 [] in (x, tree) :: with_trees ks' others end
  end.
End Executable.

Lemma same_eq x y : same x y = true -> x = y.
Proof.
  revert y; induction x as [|a x IH]; intros [|b y] H; cbn [same] in H; try discriminate; auto.
  apply andb_prop in H as [E H]. apply Z.eqb_eq in E. now rewrite E, (IH y H). Qed.
Lemma kinks_onto_found l found x : In x found -> In x (kinks_onto l found).
Proof.
  revert found; induction l as [|[y nu] l IH]; intros found I; cbn [kinks_onto].
  - rewrite rev_append_rev, app_nil_r. now apply -> in_rev.
  - apply IH. destruct (_ || _); auto. now right. Qed.
Lemma kinks_onto_complete l found x nu : In (x, nu) l -> iszero nu = true \/ In x (kinks_onto l found).
Proof.
  revert found; induction l as [|[y mu] l IH]; intros found I; [destruct I|]. cbn [kinks_onto]. destruct I as [E|I]; [|now apply IH].
  injection E as -> ->. destruct (iszero nu) eqn:Z; [now left|]. right. apply kinks_onto_found. cbn [orb].
  destruct (existsb (same x) found) eqn:F; [|now left]. apply existsb_exists in F as (z & I & S).
  now rewrite (same_eq _ _ S). Qed.
Lemma kinks_complete l x nu : In (x, nu) l -> iszero nu = true \/ In x (kinks l).
Proof.
  intro I. destruct (kinks_onto_complete l [] x nu I) as [Z|F]; [now left|]. right. unfold kinks.
  destruct (kinks_onto l []); [destruct F|]. exact F. Qed.
Lemma with_trees_all ks nodes x : In x ks -> exists tree, In (x, tree) (with_trees ks nodes).
Proof.
  revert nodes; induction ks as [|k ks IH]; intros nodes I; [destruct I|]. cbn [with_trees]. destruct ks as [|k' ks].
  - destruct I as [->|[]]. exists nodes. now left.
  - destruct (first_tree nodes 1 []) as [tree others]. destruct I as [->|I]; [exists tree; now left|].
    destruct (IH others I) as (t & J). exists t. now right. Qed.

Section Field.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** The sum of relu(p + t) nu, over all (p, nu), and that of nu. *)
Fixpoint ramp (l : list (K * vec)) (t : K) : vec :=
  match l with [] => [] | (p, nu) :: l' => vadd (vscale (relu K (p + t)) nu) (ramp l' t) end.
Fixpoint mass (l : list (K * vec)) : vec := match l with [] => [] | (_, nu) :: l' => vadd nu (mass l') end.
Definition none (v : vec) : Prop := forall w, dot v w = 0.

Section Ramp.
Variables (L m : K) (rows : list (K * vec)).
Hypothesis HL : 0 <= L.
Hypothesis Hm : 0 <= m.
Definition good (t : K) : Prop := 0 <= L - m * sq (ramp rows t).
Hypothesis at_kinks : forall p nu, In (p, nu) rows -> none nu \/ good (- p).
Hypothesis balanced : none (mass rows).

Lemma good_ext t v : (forall w, dot (ramp rows t) w = dot v w) -> 0 <= L - m * sq v -> good t.
Proof. intros E H. unfold good. now rewrite (sq_ext K _ _ E). Qed.
(** The last kink up to a, and the first from there. *)
Lemma kink_below a l : incl l rows ->
  (exists c, good c /\ c <= a /\ forall p nu, In (p, nu) l -> none nu \/ - p <= c \/ a <= - p) \/
  (forall p nu, In (p, nu) l -> none nu \/ a <= - p).
Proof.
  induction l as [|[p nu] l IH]; intro S; [right; intros p nu []|].
  assert (I : In (p, nu) rows) by (apply S; now left). specialize (IH (fun x J => S x (or_intror J))).
  destruct (at_kinks _ _ I) as [Z|G].
  - destruct IH as [(c & Gc & Ca & H)|H]; [left; exists c; repeat split; auto|right];
      intros q mu [E|J]; auto; injection E as <- <-; now left.
  - destruct (f_total K (- p) a) as [B|A].
    + left. destruct IH as [(c & Gc & Ca & H)|H].
      * destruct (f_total K (- p) c) as [Q|Q]; [exists c|exists (- p)]; repeat split; auto; intros q mu [E|J];
          try (injection E as <- <-; right; left; auto; apply f_refl); destruct (H q mu J) as [Z|[Z|Z]]; auto.
        right; left. now apply (f_trans K _ c).
      * exists (- p). repeat split; auto. intros q mu [E|J]; [injection E as <- <-; right; left; apply f_refl|].
        destruct (H q mu J); auto.
    + destruct IH as [(c & Gc & Ca & H)|H]; [left; exists c; repeat split; auto|right];
        intros q mu [E|J]; auto; injection E as <- <-; auto. Qed.
Lemma kink_above a l : incl l rows ->
  (exists c, good c /\ a <= c /\ forall p nu, In (p, nu) l -> none nu \/ c <= - p \/ - p <= a) \/
  (forall p nu, In (p, nu) l -> none nu \/ - p <= a).
Proof.
  induction l as [|[p nu] l IH]; intro S; [right; intros p nu []|].
  assert (I : In (p, nu) rows) by (apply S; now left). specialize (IH (fun x J => S x (or_intror J))).
  destruct (at_kinks _ _ I) as [Z|G].
  - destruct IH as [(c & Gc & Ca & H)|H]; [left; exists c; repeat split; auto|right];
      intros q mu [E|J]; auto; injection E as <- <-; now left.
  - destruct (f_total K a (- p)) as [B|A].
    + left. destruct IH as [(c & Gc & Ca & H)|H].
      * destruct (f_total K c (- p)) as [Q|Q]; [exists c|exists (- p)]; repeat split; auto; intros q mu [E|J];
          try (injection E as <- <-; right; left; auto; apply f_refl); destruct (H q mu J) as [Z|[Z|Z]]; auto.
        right; left. now apply (f_trans K _ c).
      * exists (- p). repeat split; auto. intros q mu [E|J]; [injection E as <- <-; right; left; apply f_refl|].
        destruct (H q mu J); auto.
    + destruct IH as [(c & Gc & Ca & H)|H]; [left; exists c; repeat split; auto|right];
        intros q mu [E|J]; auto; injection E as <- <-; auto. Qed.
Lemma all_or A (P : A -> Prop) (Q : Prop) (l : list A) :
  (forall x, In x l -> P x \/ Q) -> (forall x, In x l -> P x) \/ Q.
Proof.
  induction l as [|x l IH]; intro H; [left; intros x []|].
  destruct (H x (or_introl eq_refl)) as [Px|q]; [|now right].
  destruct (IH (fun y I => H y (or_intror I))) as [Pl|q]; [|now right]. left. intros y [<-|I]; auto. Qed.

Lemma active p t c : - p <= c -> c <= t -> relu K (p + t) = p + t.
Proof. intros A B. apply relu_pos. pose proof (f_trans K _ _ _ A B) as C. apply le_sub in C.
  replace (p + t) with (t - - p) by ring. exact C. Qed.
Lemma inactive p t c : t <= c -> c <= - p -> relu K (p + t) = 0.
Proof. intros A B. apply relu_neg. pose proof (f_trans K _ _ _ A B) as C. apply le_sub in C. apply sub_le.
  replace (0 - (p + t)) with (- p - t) by ring. exact C. Qed.

(** Where all kinks are above a, below c, or not between c and C. *)
Lemma before l a w : (forall x, In x l -> none (snd x) \/ a <= - fst x) -> dot (ramp l a) w = 0.
Proof.
  induction l as [|[p nu] l IH]; intro H; [reflexivity|]. cbn [ramp]. rewrite dot_vadd, dot_vscale, IH by auto using in_cons.
  destruct (H _ (or_introl eq_refl)) as [Z|A]; cbn [fst snd] in *; [rewrite (Z w); ring|].
  rewrite (@inactive p a a) by (auto; apply f_refl). ring. Qed.
Lemma behind l a c w : c <= a -> (forall x, In x l -> none (snd x) \/ - fst x <= c) ->
  dot (ramp l a) w = dot (ramp l c) w + (a - c) * dot (mass l) w.
Proof.
  intro B. induction l as [|[p nu] l IH]; intro H; [cbn [ramp mass dot]; ring|]. cbn [ramp mass].
  rewrite !dot_vadd, !dot_vscale, IH by auto using in_cons.
  destruct (H _ (or_introl eq_refl)) as [Z|A]; cbn [fst snd] in *; [rewrite (Z w); ring|].
  rewrite (@active p a c), (@active p c c) by (auto; apply f_refl). ring. Qed.
Lemma between l a c C w : c <= a -> a <= C -> (forall x, In x l -> none (snd x) \/ - fst x <= c \/ C <= - fst x) ->
  (C - c) * dot (ramp l a) w = (C - a) * dot (ramp l c) w + (a - c) * dot (ramp l C) w.
Proof.
  intros B D. induction l as [|[p nu] l IH]; intro H; [cbn [ramp dot]; ring|]. cbn [ramp].
  rewrite !dot_vadd, !dot_vscale. specialize (IH (fun x I => H x (or_intror I))).
  assert (R : (C - c) * (relu K (p + a) * dot nu w) =
    (C - a) * (relu K (p + c) * dot nu w) + (a - c) * (relu K (p + C) * dot nu w)).
  { destruct (H _ (or_introl eq_refl)) as [Z|[A|A]]; cbn [fst snd] in *; [rewrite (Z w); ring| |].
    - rewrite (@active p a c), (@active p c c), (@active p C c) by (auto; try apply f_refl; now apply (f_trans K _ a)). ring.
    - rewrite (@inactive p a C), (@inactive p c C), (@inactive p C C)
        by (auto; try apply f_refl; now apply (f_trans K _ a)). ring. }
  transitivity ((C - c) * (relu K (p + a) * dot nu w) + (C - c) * dot (ramp l a) w); [ring|]. rewrite R, IH. ring. Qed.

Theorem ramp_good a : good a.
Proof.
  destruct (@kink_below a rows (fun x I => I)) as [(c & Gc & Ca & Hc)|Hc].
  2:{ apply good_ext with (v := []).
    - intro w. apply before. intros [p nu] I. exact (Hc p nu I).
    - unfold sq. cbn [dot]. replace (L - m * 0) with L by ring. exact HL. }
  destruct (@kink_above a rows (fun x I => I)) as [(C & GC & aC & HC)|HC].
  - destruct (@all_or _ (fun x => none (snd x) \/ - fst x <= c \/ C <= - fst x) (good a) rows) as [H|H]; [|clear Hc HC|exact H].
    { intros [p nu] I. cbn [fst snd]. destruct (Hc p nu I) as [Z|[Z|A]]; auto.
      destruct (HC p nu I) as [Z|[Z|B]]; auto. destruct (at_kinks _ _ I) as [Z|G]; auto.
      right. now rewrite (f_anti K _ _ A B). }
    set (s := C - a). set (t := a - c). assert (Hs : 0 <= s) by now apply le_sub. assert (Ht : 0 <= t) by now apply le_sub.
    assert (E : sq (vscale (s + t) (ramp rows a)) = sq (vadd (vscale s (ramp rows c)) (vscale t (ramp rows C)))).
    { apply sq_ext. intro w. rewrite dot_vadd, !dot_vscale. unfold s, t. rewrite <- (@between rows a c C w) by assumption. ring. }
    rewrite sq_vadd, !sq_vscale, dot_vscale, (dot_comm K _ (vscale t _)), dot_vscale, (dot_comm K (ramp rows C)) in E.
    pose proof (sq_pos K (vsub (ramp rows c) (ramp rows C))) as P. unfold vsub in P.
    rewrite sq_vadd, sq_vscale, (dot_comm K (ramp rows c)), dot_vscale, (dot_comm K (ramp rows C)) in P.
    unfold good in *. set (X := sq (ramp rows c)) in *. set (Y := sq (ramp rows C)) in *.
    set (XY := dot (ramp rows c) (ramp rows C)) in *. set (G := sq (ramp rows a)) in *. set (h := L - m * G).
    assert (Q : 0 <= (s + t) * (s + t) * h).
    { replace ((s + t) * (s + t) * h) with
        (s * s * (L - m * X) + t * t * (L - m * Y) + s * t * ((L - m * X) + (L - m * Y) +
          m * (X + (- (1) * XY + - (1) * XY) + - (1) * - (1) * Y))).
      - auto 10 with pos.
      - unfold h. transitivity ((s + t) * (s + t) * L - m * ((s + t) * (s + t) * G)); [rewrite E; ring|ring]. }
    destruct (f_total K 0 h) as [R|R]; [exact R|].
    assert (N : (s + t) * (s + t) * h = 0).
    { apply f_anti; [|exact Q]. apply sub_le. apply neg_pos in R.
      replace (0 - (s + t) * (s + t) * h) with ((s + t) * (s + t) * - h) by ring. auto with pos. }
    destruct (f_integral K _ _ N) as [D|D]; [|rewrite D; apply f_refl].
    apply sqr_zero in D. destruct (add_zero K _ _ Hs Ht D) as [_ T]. fold G in h. unfold h, G.
    replace a with c; [exact Gc|]. transitivity (a - t); [unfold t; ring|rewrite T; ring].
  - destruct (@all_or _ (fun x => none (snd x) \/ - fst x <= c) (good a) rows) as [H|H]; [|clear Hc HC|exact H].
    { intros [p nu] I. cbn [fst snd]. destruct (Hc p nu I) as [Z|[Z|A]]; auto.
      destruct (HC p nu I) as [Z|B]; auto. destruct (at_kinks _ _ I) as [Z|G]; auto.
      right. now rewrite (f_anti K _ _ A B). }
    apply good_ext with (v := ramp rows c); [|exact Gc]. intro w. rewrite (@behind rows a c w Ca H), balanced. ring. Qed.
End Ramp.

(** *** Rows of integers *)
Definition at_weights (w : vec) (row : list Z * list Z) : K * vec := (lin K (fst row) w, vZ K (snd row)).
Lemma rows_sum_shifted x l w v :
  dot (rows_sum K (map (shifted x) l) w) v = dot (ramp (map (at_weights w) l) (- lin K x w)) v.
Proof.
  induction l as [|[y nu] l IH]; [reflexivity|]. cbn [map shifted rows_sum at_weights ramp fst snd].
  rewrite !dot_vadd, !dot_vscale, IH, lin_zadd, lin_opp. reflexivity. Qed.
(** With a premise at each kink the sum of relu(x.w + t) nu is bounded for all t. *)
Theorem kinks_sound (L m : K) (l : list (list Z * list Z)) (w : vec) : 0 <= L -> 0 <= m ->
  none (mass (map (at_weights w) l)) ->
  (forall x, In x (kinks l) -> 0 <= L - m * sq (rows_sum K (map (shifted x) l) w)) ->
  forall t, 0 <= L - m * sq (ramp (map (at_weights w) l) t).
Proof.
  intros HL Hm B H. apply ramp_good; auto. intros p nu I. apply in_map_iff in I as ([x n] & E & I). injection E as <- <-.
  destruct (@kinks_complete l x n I) as [Z|J]; [left|right].
  - intro v. rewrite <- lin_dot. now apply iszero_lin.
  - unfold good. rewrite <- (sq_ext K _ _ (@rows_sum_shifted x l w)). now apply H. Qed.
End Field.
Arguments ramp {K} l t. Arguments mass {K} l. Arguments none {K} v.
