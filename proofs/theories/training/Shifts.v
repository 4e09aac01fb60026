(** * Free hidden biases: the premise at the kink of each row

    A neuron with a free bias is relu(x.w + t) v, and weak duality asks for lambda |w|^2 >= mu |S(t)|^2, S(t) the sum of
    relu(x_i.w + t) nu_i, for all w and all t. For a fixed w, S is linear between two neighbouring kinks t = -x_k.w of
    rows with nu_k != 0, 0 below the smallest, and constant above the largest if the nu_i add up to 0. So it suffices
    that the premise holds at the kinks, where it is that of the rows (x_i - x_k, nu_i), without a bias (docs/method.md,
    section 2a). *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Long Cones Premises.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
(** The different x of the rows whose nu is not 0, in the order of their first ones; and whether these are all, for no
    more than [limit] are looked for. *)
Fixpoint kinks_onto (limit : nat) (rows : list (list Z * list Z)) (found : list (list Z)) : list (list Z) * bool :=
  match rows with
  | [] => (rev_append found [], true)
  | (x, nu) :: rows' =>
    if iszero nu then kinks_onto limit rows' found
    else if existsb (same_vector x) found then kinks_onto limit rows' found
    else match limit with
      | O => (rev_append found [], false)
      | S limit' => kinks_onto limit' rows' (x :: found) end end.
(** Where all nu are 0, the first x. *)
Definition kinks (limit : nat) (rows : list (list Z * list Z)) : list (list Z) * bool :=
  match kinks_onto limit rows [] with
  | ([], true) => (match rows with (x, _) :: _ => [x] | [] => [] end, true)
  | found => found end.
(** The rows as they are seen from x_k. *)
Definition shifted (x : list Z) (rows : list (list Z * list Z)) : list (list Z * list Z) :=
  let minus := map Z.opp x in long_map (fun row => (zadd (fst row) minus, snd row)) rows.

Definition is_leaf (n : node) : bool := match n with Sign _ | RowSign _ | Split _ _ _ _ => false | _ => true end.
(** The nodes of the first tree, [owed] cones of which wait, and those after it. *)
Fixpoint first_tree (owed : nat) (nodes found : list node) : list node * list node :=
  match nodes with
  | [] => (rev_append found [], [])
  | n :: nodes' =>
    match (if is_leaf n then pred owed else S owed) with
    | O => (rev_append (n :: found) [], nodes')
    | owed' => first_tree owed' nodes' (n :: found) end end.
(** A tree for each kink, one after another; nodes that are left over are the last one's, whose walk refuses them. *)
Fixpoint deal_trees (ks : list (list Z)) (nodes : list node) (found : list (list Z * list node))
  : list (list Z * list node) :=
  match ks with
  | [] => rev_append found []
  | [x] => rev_append ((x, nodes) :: found) []
  | x :: ks' => let (tree, nodes') := first_tree 1 nodes [] in deal_trees ks' nodes' ((x, tree) :: found) end.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Local Notation rows := (list (list Z * list Z)).
Add Ring Kring : (f_ring K).

(** ** The trees are those of the kinks *)
Lemma kinks_onto_sound limit (l : rows) found ks : kinks_onto limit l found = (ks, true) ->
  (forall x, In x found -> In x ks) /\ forall x nu, In (x, nu) l -> iszero nu = false -> In x ks.
Proof.
  revert limit found; induction l as [|[x nu] l IH]; intros limit found; cbn [kinks_onto].
  - intro H. injection H as <-. split; [|intros ? ? []]. intros x I. rewrite rev_append_rev, app_nil_r. now apply -> in_rev.
  - destruct (iszero nu) eqn:E.
    { intro H. apply IH in H as [F H]. split; auto. intros y mu [Q|I] N; [|now apply (H y mu)]. congruence. }
    destruct (existsb (same_vector x) found) eqn:S.
    { intro H. apply IH in H as [F H]. split; auto. intros y mu [Q|I] N; [|now apply (H y mu)].
      injection Q as <- <-. apply existsb_exists in S as (y & I & S). apply same_vector_sound in S as ->. now apply F. }
    destruct limit as [|limit]; [discriminate|]. intro H. apply IH in H as [F H]. split.
    + intros y I. apply F. now right.
    + intros y mu [Q|I] N; [|now apply (H y mu)]. injection Q as <- <-. apply F. now left. Qed.
Lemma kinks_sound limit (l : rows) ks : kinks limit l = (ks, true) ->
  forall x nu, In (x, nu) l -> iszero nu = false -> In x ks.
Proof.
  unfold kinks. destruct (kinks_onto limit l []) as [found all] eqn:E. intro H.
  destruct found as [|y found]; destruct all; try discriminate.
  - apply kinks_onto_sound in E as [_ E]. intros x nu I N. destruct (E x nu I N).
  - injection H as <-. now apply kinks_onto_sound in E as [_ E]. Qed.
Lemma deal_trees_kinks ks nodes found x : In x ks -> exists tree, In (x, tree) (deal_trees ks nodes found).
Proof.
  assert (G : forall ks nodes found q, In q found -> In q (deal_trees ks nodes found)).
  { clear. induction ks as [|y ks IH]; intros nodes found q I; cbn [deal_trees].
    - rewrite rev_append_rev, app_nil_r. now apply -> in_rev.
    - destruct ks as [|z ks].
      + rewrite rev_append_rev, app_nil_r. apply -> in_rev. now right.
      + destruct (first_tree 1 nodes []) as [tree nodes']. apply IH. now right. }
  revert nodes found; induction ks as [|y ks IH]; intros nodes found I; [destruct I|]. cbn [deal_trees].
  destruct ks as [|z ks].
  - destruct I as [->|[]]. exists nodes. rewrite rev_append_rev, app_nil_r. apply -> in_rev. now left.
  - destruct (first_tree 1 nodes []) as [tree nodes']. destruct I as [->|I]; [|now apply IH].
    exists tree. apply G. now left. Qed.

(** ** The sums as a function of the bias *)
(** S(t). *)
Fixpoint sum_at (l : rows) (w : vec) (t : K) : vec :=
  match l with
  | [] => []
  | (x, nu) :: l' => vadd (vscale (relu K (lin K x w + t)) (vZ K nu)) (sum_at l' w t) end.
(** The sum of the nu. *)
Fixpoint sum_of_weights (l : rows) : vec :=
  match l with [] => [] | (_, nu) :: l' => vadd (vZ K nu) (sum_of_weights l') end.
Lemma sum_at_zero l w v : dot (sum_at l w 0) v = dot (rows_sum K l w) v.
Proof.
  induction l as [|[x nu] l IH]; cbn [sum_at rows_sum]; auto. rewrite !dot_vadd, !dot_vscale, IH.
  now replace (lin K x w + 0) with (lin K x w) by ring. Qed.
(** At its kink it is what the rows seen from there add up to. *)
Lemma shifted_sound x l w v : dot (rows_sum K (shifted x l) w) v = dot (sum_at l w (- lin K x w)) v.
Proof.
  unfold shifted. rewrite long_map_eq. induction l as [|[y nu] l IH]; cbn [map sum_at rows_sum fst snd]; auto.
  now rewrite !dot_vadd, !dot_vscale, IH, lin_zadd, lin_opp. Qed.

(** ** Nearest kinks *)
(** The least of some numbers. *)
Lemma least A (f : A -> K) (l : list A) : l = [] \/ exists p, In p l /\ forall i, In i l -> f p <= f i.
Proof.
  induction l as [|a l [->|(p & I & P)]]; [now left| |].
  - right. exists a. split; [now left|]. intros i [->|[]]. apply f_refl.
  - right. destruct (f_total K (f a) (f p)) as [H|H].
    + exists a. split; [now left|]. intros i [->|J]; [apply f_refl|]. apply (f_trans K _ _ _ H (P i J)).
    + exists p. split; [now right|]. intros i [->|J]; [exact H|exact (P i J)]. Qed.
(** Rows are active or not, one of the two is chosen for each. *)
Lemma divide_rows (l : rows) w t : exists P Q : rows,
  (forall i, In i P -> In i l /\ iszero (snd i) = false /\ 0 <= lin K (fst i) w + t) /\
  (forall i, In i Q -> In i l /\ iszero (snd i) = false /\ lin K (fst i) w + t <= 0) /\
  (forall i, In i l -> iszero (snd i) = true \/ In i P \/ In i Q).
Proof.
  induction l as [|a l (P & Q & HP & HQ & H)].
  - exists [], []. split; [|split]; intros i [].
  - assert (HP' : forall i, In i P -> In i (a :: l) /\ iszero (snd i) = false /\ 0 <= lin K (fst i) w + t).
    { intros i I. destruct (HP i I) as (J & N & S). split; [now right|now split]. }
    assert (HQ' : forall i, In i Q -> In i (a :: l) /\ iszero (snd i) = false /\ lin K (fst i) w + t <= 0).
    { intros i I. destruct (HQ i I) as (J & N & S). split; [now right|now split]. }
    destruct (iszero (snd a)) eqn:E; [|destruct (f_total K 0 (lin K (fst a) w + t)) as [S|S]].
    + exists P, Q. split; [exact HP'|split; [exact HQ'|]]. intros i [<-|I]; [now left|now apply H].
    + exists (a :: P), Q. split; [|split; [exact HQ'|]].
      * intros i [<-|I]; [|now apply HP']. split; [now left|now split].
      * intros i [<-|I]; [right; left; now left|]. destruct (H i I) as [N|[J|J]]; [now left|right; left; now right|].
        now right; right.
    + exists P, (a :: Q). split; [exact HP'|split].
      * intros i [<-|I]; [|now apply HQ']. split; [now left|now split].
      * intros i [<-|I]; [right; right; now left|]. destruct (H i I) as [N|[J|J]]; [now left| |right; right; now right].
        now right; left. Qed.

Lemma dot_idle nu v : iszero nu = true -> dot (vZ K nu) v = 0.
Proof. intro H. rewrite <- lin_dot. now apply iszero_lin. Qed.
(** Where every row that counts has the same law, so has the sum. *)
Lemma sum_at_law l w s t (a b : K) t' v :
  (forall i, In i l -> iszero (snd i) = true \/
     s * relu K (lin K (fst i) w + t) = a * relu K (lin K (fst i) w + t') + b) ->
  s * dot (sum_at l w t) v = a * dot (sum_at l w t') v + b * dot (sum_of_weights l) v.
Proof.
  induction l as [|[x nu] l IH]; intro H; cbn [sum_at sum_of_weights]; [cbn [dot]; ring|].
  rewrite !dot_vadd, !dot_vscale. specialize (IH (fun i I => H i (or_intror I))).
  destruct (H (x, nu) (or_introl eq_refl)) as [N|E]; cbn [fst snd] in *.
  - rewrite (dot_idle _ v N).
    transitivity (s * dot (sum_at l w t) v); [ring|]. rewrite IH. ring.
  - transitivity (s * relu K (lin K x w + t) * dot (vZ K nu) v + s * dot (sum_at l w t) v); [ring|].
    rewrite E, IH. ring. Qed.
Lemma sum_at_between l w s a b t t1 t2 v :
  (forall i, In i l -> iszero (snd i) = true \/
     s * relu K (lin K (fst i) w + t) = a * relu K (lin K (fst i) w + t1) + b * relu K (lin K (fst i) w + t2)) ->
  s * dot (sum_at l w t) v = a * dot (sum_at l w t1) v + b * dot (sum_at l w t2) v.
Proof.
  induction l as [|[x nu] l IH]; intro H; cbn [sum_at]; [cbn [dot]; ring|].
  rewrite !dot_vadd, !dot_vscale. specialize (IH (fun i I => H i (or_intror I))).
  destruct (H (x, nu) (or_introl eq_refl)) as [N|E]; cbn [fst snd] in *.
  - rewrite (dot_idle _ v N).
    transitivity (s * dot (sum_at l w t) v); [ring|]. rewrite IH. ring.
  - transitivity (s * relu K (lin K x w + t) * dot (vZ K nu) v + s * dot (sum_at l w t) v); [ring|].
    rewrite E, IH. ring. Qed.

(** What holds of two vectors holds of what is between them. *)
Lemma between_sound (B mu a b s : K) (x y z : vec) : 0 <= mu -> 0 <= a -> 0 <= b -> s = a + b ->
  (forall v, s * dot z v = a * dot x v + b * dot y v) ->
  0 <= B - mu * sq x -> 0 <= B - mu * sq y -> 0 <= B - mu * sq z \/ s = 0.
Proof.
  intros Hm Ha Hb Es E Hx Hy.
  assert (Q : s * s * sq z = sq (vadd (vscale a x) (vscale b y))).
  { rewrite <- sq_vscale. apply sq_ext. intro v. rewrite dot_vadd, !dot_vscale. apply E. }
  rewrite sq_vadd, !sq_vscale, dot_vscale, (dot_comm K x), dot_vscale, (dot_comm K y) in Q.
  assert (P : 0 <= mu * sq (vsub x y)) by auto with pos.
  unfold vsub in P. rewrite sq_vadd, sq_vscale, (dot_comm K x), dot_vscale, (dot_comm K y) in P.
  assert (R : 0 <= s * s * (B - mu * sq z)).
  { replace (s * s * (B - mu * sq z)) with (s * s * B - mu * (s * s * sq z)) by ring. rewrite Q, Es.
    match type of P with 0 <= ?p => match type of Hx with 0 <= ?q => match type of Hy with 0 <= ?r =>
      match goal with |- 0 <= ?g => replace g with (a * a * q + b * b * r + a * b * (q + r + p)) by ring end end end end.
    auto 8 with pos. }
  (* whether s is 0 cannot be decided, but a product that is 0 can *)
  destruct (f_total K 0 (B - mu * sq z)) as [H|H]; [now left|].
  assert (E0 : s * s * (B - mu * sq z) = 0).
  { apply f_anti; [|exact R]. apply sub_le. apply neg_pos in H.
    replace (0 - s * s * (B - mu * sq z)) with (s * s * - (B - mu * sq z)) by ring. auto with pos. }
  destruct (f_integral K _ _ E0) as [S|Y]; [right; now apply sqr_zero|left; rewrite Y; apply f_refl]. Qed.

(** ** The theorem: what holds at the kinks of all rows that count holds for every bias *)
Theorem kinks_suffice (l : rows) (w : vec) (B mu : K) : 0 <= B -> 0 <= mu ->
  (forall v, dot (sum_of_weights l) v = 0) ->
  (forall x nu, In (x, nu) l -> iszero nu = false -> 0 <= B - mu * sq (sum_at l w (- lin K x w))) ->
  forall t, 0 <= B - mu * sq (sum_at l w t).
Proof.
  intros HB Hm HZ H t. destruct (divide_rows l w t) as (P & Q & HP & HQ & HL).
  destruct (least (fun i => lin K (fst i) w) P) as [EP|(p & Ip & Lp)].
  - (* none is active *)
    replace (sq (sum_at l w t)) with (0 : K); [now replace (B - mu * 0) with B by ring|].
    replace (0 : K) with (sq ([] : vec)) by reflexivity. apply sq_ext. intro v.
    transitivity (1 * dot (sum_at l w t) v); [|ring].
    rewrite (@sum_at_law l w 1 t 0 0 t); [cbn [dot]; ring|]. intros i I.
    destruct (HL i I) as [N|[J|J]]; [now left|subst P; destruct J|]. right.
    destruct (HQ i J) as (_ & _ & S). rewrite (relu_neg K _ S). ring.
  - destruct (HP p Ip) as (Jp & Np & Sp). destruct p as [xp np]. cbn [fst snd] in *.
    assert (G1 := H xp np Jp Np). set (t1 := - lin K xp w) in *.
    assert (A : forall i, In i P -> 0 <= lin K (fst i) w + t1).
    { intros i I. specialize (Lp i I). apply le_sub in Lp. unfold t1.
      now replace (lin K (fst i) w + - lin K xp w) with (lin K (fst i) w - lin K xp w) by ring. }
    destruct (least (fun i => - lin K (fst i) w) Q) as [EQ|(q & Iq & Lq)].
    + (* all are active *)
      replace (sq (sum_at l w t)) with (sq (sum_at l w t1)); [exact G1|]. apply sq_ext. intro v.
      transitivity (1 * dot (sum_at l w t) v); [|ring].
      rewrite (@sum_at_law l w 1 t 1 (t - t1) t1); [rewrite HZ; ring|]. intros i I.
      destruct (HL i I) as [N|[J|J]]; [now left| |subst Q; destruct J]. right.
      destruct (HP i J) as (_ & _ & S). rewrite !relu_pos by (exact S || exact (A i J)). ring.
    + (* between two kinks *)
      destruct (HQ q Iq) as (Jq & Nq & Sq). destruct q as [xq nq]. cbn [fst snd] in *.
      assert (G2 := H xq nq Jq Nq). set (t2 := - lin K xq w) in *.
      assert (D1 : 0 <= t - t1) by (unfold t1; now replace (t - - lin K xp w) with (lin K xp w + t) by ring).
      assert (D2 : 0 <= t2 - t) by (apply neg_pos in Sq; unfold t2; now replace (- lin K xq w - t) with (- (lin K xq w + t)) by ring).
      assert (F : forall v, (t2 - t1) * dot (sum_at l w t) v =
        (t2 - t) * dot (sum_at l w t1) v + (t - t1) * dot (sum_at l w t2) v).
      { intro v. apply sum_at_between. intros i I. destruct (HL i I) as [N|[J|J]]; [now left| |]; right.
        - destruct (HP i J) as (_ & _ & S). specialize (A i J).
          assert (S2 : 0 <= lin K (fst i) w + t2)
            by (replace (lin K (fst i) w + t2) with (lin K (fst i) w + t + (t2 - t)) by ring; auto with pos).
          rewrite !relu_pos by assumption. ring.
        - destruct (HQ i J) as (_ & _ & S). specialize (Lq i J). cbn beta in Lq.
          assert (S2 : lin K (fst i) w + t2 <= 0).
          { apply sub_le. apply le_sub in Lq. unfold t2.
            now replace (0 - (lin K (fst i) w + - lin K xq w)) with (- lin K (fst i) w - - lin K xq w) by ring. }
          assert (S1 : lin K (fst i) w + t1 <= 0).
          { apply sub_le. apply le_sub in S.
            replace (0 - (lin K (fst i) w + t1)) with (0 - (lin K (fst i) w + t) + (t - t1)) by ring. auto with pos. }
          rewrite !relu_neg by assumption. ring. }
      assert (D : t2 - t1 = t - t1 + (t2 - t)) by ring.
      destruct (@between_sound B mu (t2 - t) (t - t1) (t2 - t1) (sum_at l w t1) (sum_at l w t2) (sum_at l w t))
        as [Y|Z]; try assumption; [rewrite D; ring|].
      (* where both are the same, t is that kink *)
      rewrite D in Z. destruct (add_zero K _ _ D1 D2 Z) as [E _]. replace t with t1; [exact G1|].
      transitivity (t1 + (t - t1)); [rewrite E; ring|ring]. Qed.
End Soundness.
