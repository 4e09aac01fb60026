(** * The checker of training certificates, and the theorem that what it accepts is true

    It takes a training problem and a certificate as docs/certificate-format.md describes them. First the statement: the
    claim must be the number that the dual point proves. Then the tree, which must prove the premise of weak duality,
    |N^T relu(Xu)| <= gamma |u|, on all of space. [check_sound] then bounds the objective of every network. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Tree Products Losses OutputBias Objective Duality
  DualBound Cones Leaves.
Import ListNotations.
Set Implicit Arguments.

Record problem := {
  rows : list (list Z * list Z);   (* (x_i, y_i): integers over x_den and y_den *)
  x_den : Z; y_den : Z;
  gamma_num : Z; gamma_den : Z;
  features : nat; targets : nat;   (* d and c *)
  loss : loss_kind; bias : output_bias
}.
Inductive node :=
| Sign (k : nat)
| Split (k l : nat) (a b : Z)
| Products (scale unit : Z) (multipliers : products)
| Tau (a b unit : Z) (multipliers : products)
| Envelope.
Record certificate := {
  dual : list (list Z); dual_den : Z;                               (* N = dual / dual_den *)
  claim_num : Z; claim_den : Z;                                     (* the claimed bound *)
  frame : list (list Z); inverse : list (list Z); frame_scale : Z;  (* inverse * frame = frame_scale * identity *)
  tree : list node
}.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
(** Told of each node before it is checked, for progress; any function will do. *)
Variable watch : Z -> bool.

Definition step (lam mu : Z) (n : node) (c : cone) : step_result cone :=
  let d := length (signed c) in
  match n with
  | Sign k =>
    match owes (Nat.ltb k d && negb (nth k (signed c) false)) SIGN_INDEX None with
    | Some o => Refused o
    | None => let (first, second) := sign_children k c in Divided first second end
  | Split k l a b =>
    match
      owes (Nat.ltb k d && Nat.ltb l d && negb (Nat.eqb k l)) SPLIT_INDEX (
      owes (nth k (signed c) false && nth l (signed c) false) SPLIT_SIGNED (
      owes ((0 <? a) && (0 <? b)) SPLIT_POSITIVE (
      owes (size_of (combination k l a b (generators c)) <=? max_generator_bits) LIMITS None)))
    with
    | Some o => Refused o
    | None => let (first, second) := split_children k l a b c in Divided first second end
  | Products scale unit ms => of_leaf (check_products hint lam mu scale unit ms c)
  | Tau a b unit ms => of_leaf (check_tau hint lam mu a b unit ms c)
  | Envelope => of_leaf (check_envelope hint lam mu c) end.

(** What a node counts as (docs/certificate-format.md, "Work"); [fixed] are the bits that are the same for all. *)
Definition fixed_bits (lam mu : Z) (D : list (list Z * list Z)) (N : list (list Z)) : Z :=
  bits lam + bits mu + 2 * (longest_by (fun r => longest_by bits (fst r)) D + longest N).
Definition work (fixed outputs : Z) (n : node) (c : cone) : Z :=
  let d := Z.of_nat (length (signed c)) in
  let r := Z.of_nat (length (mixed c)) in
  let b := fixed + 2 * longest (generators c) in
  let small more := d * (d * d + r * outputs) * words (b + more) in
  match n with
  | Products scale unit ms =>
    (d + r) * (d + r) * (d + r) * words (b + bits scale + bits unit + longest_multiplier ms)
  | Tau a b' unit ms => small (bits a + bits b' + bits unit + longest_multiplier ms)
  | _ => small 0 end.
(** What a cone counts as (docs/certificate-format.md, "Tree"). *)
Definition vectors (outputs : nat) (c : cone) : Z :=
  Z.of_nat (length (signed c)) + Z.of_nat outputs + Z.of_nat (length (mixed c)).

(** The rows (x, nu), row by row; see [Long.v]. *)
Fixpoint weights_onto (D : list (list Z * list Z)) (N : list (list Z)) (found : list (list Z * list Z))
  : list (list Z * list Z) :=
  match D, N with (x, _) :: D', nu :: N' => weights_onto D' N' ((x, nu) :: found) | _, _ => rev_append found [] end.
Definition with_weights (D : list (list Z * list Z)) (N : list (list Z)) : list (list Z * list Z) := weights_onto D N [].
(** Is it the number that the dual point proves? *)
Definition claim_fits (p : problem) (c : certificate) : bool :=
  match dual_bound (loss p) (bias p) (y_den p) (dual_den c) (gamma_num p) (gamma_den p) (rows p) (dual c) with
  | Some (num, den) => claim_num c * den =? num * claim_den c
  | None => false end.

Definition square (d : nat) (V : list (list Z)) : bool :=
  Nat.eqb (length V) d && forallb (fun v => Nat.eqb (length v) d) V.
Fixpoint inverts (scale : Z) (W C : list (list Z)) (i : nat) : bool :=
  match C with
  | [] => true
  | c :: C' => iszero (zadd (zcomb c W) (map (Z.mul (- scale)) (zunit i))) && inverts scale W C' (S i) end.
Definition check_statement (p : problem) (c : certificate) : option obligation :=
  let d := features p in
  owes ((0 <? x_den p) && (0 <? y_den p) && (0 <? gamma_num p) && (0 <? gamma_den p) && (0 <? dual_den c)
        && (0 <? claim_den c)) STATEMENT (
  owes (Nat.eqb (length (dual c)) (length (rows p)) && forallb (fun nu => Nat.eqb (length nu) (targets p)) (dual c))
    DUAL_SHAPE (
  owes (sums_fit (bias p) (zsum_of_rows (dual c))) DUAL_SUMS (
  owes (claim_fits p c) CLAIM (
  owes (square d (frame c) && square d (inverse c) && (0 <? frame_scale c)) FRAME_SHAPE (
  owes (inverts (frame_scale c) (frame c) (inverse c) 0) FRAME_INVERSE None))))).
Definition check (p : problem) (c : certificate) : result :=
  match check_statement p c with
  | Some o => Failed o None
  | None =>
    let u := gamma_num p * dual_den c * x_den p in
    let lam := u * u in
    let mu := gamma_den p * gamma_den p in
    check_tree (step lam mu) (vectors (targets p))
      (work (fixed_bits lam mu (rows p) (dual c)) (Z.of_nat (targets p))) max_training_work watch (tree c)
      (root (frame c) (with_weights (rows p) (dual c)))
  end.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable hint : nat -> tri -> list Z * list (list Z).
Variable watch : Z -> bool.

(** *** The tree *)
Lemma step_sound lam mu n c : (0 <= mu)%Z ->
  proved (good K lam mu) (step hint lam mu n c) -> good K lam mu c.
Proof.
  intros Hm. destruct n as [k|k l a b|scale unit ms|a b unit ms|]; cbn [step].
  - match goal with |- context [owes ?x SIGN_INDEX None] => destruct (owes x SIGN_INDEX None) eqn:E end;
      [intros []|]. apply owes_none in E as [E _]. apply andb_prop in E as [E _]. apply Nat.ltb_lt in E.
    pose proof (@sign_sound K lam mu k c E) as S. destruct (sign_children k c). intros [H1 H2]. auto.
  - match goal with |- context [match ?x with Some o => Refused o | None => _ end] => destruct x eqn:E end;
      [intros []|]. apply owes_none in E as [E1 E]. apply owes_none in E as [E2 E]. apply owes_none in E as [E3 _].
    repeat match goal with X : (_ && _) = true |- _ => apply andb_prop in X as [? ?] end.
    repeat match goal with
    | X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X
    | X : (_ <? _)%nat = true |- _ => apply Nat.ltb_lt in X
    | X : negb _ = true |- _ => apply negb_true_iff, Nat.eqb_neq in X end.
    pose proof (@split_sound K lam mu k l a b c) as S. destruct (split_children k l a b c).
    intros [G1 G2]. apply S; auto.
  - destruct (check_products hint lam mu scale unit ms c) eqn:E; [intros []|]. intros _. eapply products_sound. exact E.
  - destruct (check_tau hint lam mu a b unit ms c) eqn:E; [intros []|]. intros _. eapply tau_sound; eassumption.
  - destruct (check_envelope hint lam mu c) eqn:E; [intros []|]. intros _. eapply envelope_sound; eassumption. Qed.

(** *** The root *)
Lemma lin_minus_unit s i v : lin K (map (Z.mul (- s)) (zunit i)) v = - z2 s * nth i v 0.
Proof. rewrite lin_map_mul, lin_unit, ofZ_opp. reflexivity. Qed.
Lemma inverts_sound s W C j u v : inverts s W C j = true -> (length u <= length C)%nat ->
  dot (comb (comb u C) W) v = z2 s * dot u (skipn j v).
Proof.
  revert j u; induction C as [|c C IH]; intros j [|a u] H L; cbn [length] in L; try lia; cbn [comb].
  - cbn [dot]. ring.
  - cbn [dot]. ring.
  - cbn [inverts] in H. apply andb_prop in H as [Hz H].
    rewrite comb_vadd, comb_vscale, (IH (S j)) by (assumption || lia).
    rewrite dot_skipn, (dot_comb K (vZ K c)), <- lin_dot, <- lin_zcomb.
    pose proof (iszero_lin K _ v Hz) as E. rewrite lin_zadd, lin_minus_unit in E.
    replace (lin K (zcomb c W) v) with (lin K (zcomb c W) v + - z2 s * nth j v 0 + z2 s * nth j v 0) by ring.
    rewrite E. ring. Qed.

(** *** From integers to rationals *)
Definition data (p : problem) : list (vec * vec) :=
  map (fun xy => (vQ K (x_den p) (fst xy), vQ K (y_den p) (snd xy))) (rows p).
Definition gamma (p : problem) : K := z2 (gamma_num p) / z2 (gamma_den p).

(** What is handed on comes first. *)
Lemma weights_onto_eq D N found : weights_onto D N found = rev_append found (with_weights D N).
Proof. unfold with_weights. revert N found; induction D as [|[x y] D IH]; intros [|nu N] found; try reflexivity.
  cbn [weights_onto]. now rewrite IH, (IH _ [_]). Qed.
Lemma with_weights_cons x y D nu N : with_weights ((x, y) :: D) (nu :: N) = (x, nu) :: with_weights D N.
Proof. unfold with_weights at 1. cbn [weights_onto]. apply weights_onto_eq. Qed.
Section Scaling.
Variables xd yd nd : Z.
Hypothesis Hx : (0 < xd)%Z.
Let D' := map (fun xy : list Z * list Z => (vQ K xd (fst xy), vQ K yd (snd xy))).
Let N' := map (vQ K nd).
Lemma gauge_rows D N u w :
  dot (gauge (D' D) (N' N) u) w =
  finv K (z2 xd) * finv K (z2 nd) * dot (rows_sum K (with_weights D N) u) w.
Proof.
  revert N; induction D as [|[x y] D IH]; intros [|nu N]; rewrite ?with_weights_cons;
    cbn [D' N' map gauge with_weights weights_onto rev_append rows_sum fst snd]; try (cbn [dot]; ring).
  fold (D' D). fold (N' N). rewrite !dot_vadd, !dot_vscale, IH, !dot_vQ, relu_scale.
  - rewrite <- lin_dot. ring.
  - apply inv_pos; [apply z2_pos; lia|now apply z2_nz].
Qed.
End Scaling.
(** ** Soundness: an accepted bound is a lower bound on the objective of every network, however many neurons it has *)
(** For any function that the problem's loss may mean. *)
Theorem accepted_sound (p : problem) (c : certificate) (l : loss_function K vec) (net : network K) (b : vec) (leaves : Z) :
  represents (loss p) l ->
  check hint watch p c = Proved leaves ->
  (forall u v, In (u, v) net -> length u = features p) ->
  admissible (bias p) b ->
  z2 (claim_num c) / z2 (claim_den c) <= objective (loss_value l) (data p) (gamma p) (bias p) net b.
Proof.
  intros R H Hd Hb. unfold check in H. destruct (check_statement p c) eqn:HS; [discriminate|]. unfold check_statement in HS.
  apply owes_none in HS as [Hpos HS]. apply owes_none in HS as [Hrows HS]. apply owes_none in HS as [Hsum HS].
  apply owes_none in HS as [Hclaim HS]. apply owes_none in HS as [Hshape HS]. apply owes_none in HS as [Hinv _].
  repeat (apply andb_prop in Hpos as [Hpos ?]). apply andb_prop in Hshape as [Hshape Hs].
  apply andb_prop in Hrows as [Hrows _]. apply Nat.eqb_eq in Hrows.
  apply andb_prop in Hshape as [_ Hsq]. apply andb_prop in Hsq as [HL _]. apply Nat.eqb_eq in HL.
  repeat match goal with X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X end.
  rename H0 into Hcd, H1 into Hn, H2 into Hgd, H3 into Hgn, H4 into Hy, Hpos into Hx.
  set (N := map (vQ K (dual_den c)) (dual c)).
  assert (Nz : forall a, (0 < a)%Z -> z2 a <> 0) by (intros; now apply z2_nz).
  assert (Pz : forall a, (0 < a)%Z -> 0 <= z2 a) by (intros; apply z2_pos; lia).
  set (x := z2 (x_den p)). set (y := z2 (y_den p)). set (n := z2 (dual_den c)).
  set (gn := z2 (gamma_num p)). set (gd := z2 (gamma_den p)).
  assert (Gp : 0 <= gamma p) by (apply f_mulle; auto; apply inv_pos; auto).
  assert (Gn : gamma p <> 0).
  { intro E. apply (Nz _ Hgn). transitivity (gd * gamma p); [unfold gamma, gd; now rewrite div_mul by auto|].
    rewrite E. ring. }
  (* the claim is the bound of weak duality *)
  unfold claim_fits in Hclaim. destruct (dual_bound _ _ _ _ _ _ _ _) as [[num den]|] eqn:HB; [|discriminate].
  apply Z.eqb_eq in Hclaim. destruct (dual_bound_sound _ (x_den p) Hy Hn Hgn Hgd R _ _ Hrows HB) as (Hden & HD & EB).
  fold N in HD, EB. change (map _ (rows p)) with (data p) in HD, EB. change (z2 _ / z2 _) with (gamma p) in EB at 1.
  match type of EB with _ <= _ * ?v => apply (f_trans K _ v) end.
  { apply sub_le. apply (@mul_cancel K (z2 (claim_den c))); auto. apply (@mul_cancel K (z2 den)); auto.
    apply le_sub in EB.
    assert (EC : z2 (claim_num c) * z2 den = z2 num * z2 (claim_den c)) by (now rewrite <- !ofZ_mul, Hclaim).
    match goal with |- 0 <= z2 den * (?d * (?v - ?a / _)) => replace (z2 den * (d * (v - a / d))) with
      (d * (z2 den * v) - z2 den * (d * (a / d))) by ring end.
    rewrite div_mul by auto.
    match type of EB with 0 <= ?e => match goal with |- 0 <= ?g => replace g with (z2 (claim_den c) * e) end end;
      [auto with pos|].
    match goal with |- ?l = ?r => transitivity (r - (z2 num * z2 (claim_den c) - z2 (claim_num c) * z2 den)); [|rewrite EC; ring] end.
    ring. }
  apply weak_duality; auto.
  - now apply sum_of_rows_allows.
  - (* the tree proves the premise at u *)
    intros u v I. specialize (Hd u v I). clear EB HD.
    set (W := frame c) in *. set (t := vscale (finv K (z2 (frame_scale c))) (comb u (inverse c))).
    assert (EU : forall w, dot u w = dot (comb t W) w).
    { intro w. unfold t. rewrite comb_vscale.
      rewrite (inverts_sound _ _ _ _ u w Hinv) by lia. cbn [skipn].
      transitivity (finv K (z2 (frame_scale c)) * z2 (frame_scale c) * dot u w); [rewrite f_inv by auto; ring|ring]. }
    match type of H with check_tree (step _ ?lam ?mu) _ _ _ _ _ _ = _ =>
      apply check_tree_sound with (holds := good K lam mu) in H; [|intros ? ?; apply step_sound; nia] end.
    pose proof (root_sound _ _ t H) as Q. clear H.
    assert (ER : rows_sum K (with_weights (rows p) (dual c)) (comb t W) = rows_sum K (with_weights (rows p) (dual c)) u).
    { generalize (with_weights (rows p) (dual c)). clear - EU. induction l as [|[q nu] l IH]; cbn [rows_sum]; auto.
      rewrite IH, !lin_dot, !(dot_comm K (vZ K q)), EU. reflexivity. }
    rewrite ER, <- (sq_ext K u _ EU) in Q.
    assert (ES : sq (gauge (data p) N u) =
      sq (vscale (finv K x * finv K n) (rows_sum K (with_weights (rows p) (dual c)) u))).
    { apply sq_ext. intro w. unfold data, N. rewrite gauge_rows by assumption. now rewrite dot_vscale. }
    rewrite ES, sq_vscale. set (g := sq (rows_sum _ _ u)) in *.
    apply sub_le. unfold gamma. fold gn gd.
    apply (@mul_cancel K (gd * n * x * (gd * n * x))); auto with pos.
    { unfold gd, n, x. repeat apply mul_nz; auto. }
    rewrite !ofZ_mul in Q. fold gn gd n x in Q.
    pose proof (mul_inv K (Nz _ Hx)) as Ex. pose proof (mul_inv K (Nz _ Hn)) as En. pose proof (mul_inv K (Nz _ Hgd)) as Egd.
    fold x in Ex. fold n in En. fold gd in Egd.
    match goal with |- 0 <= ?e => replace e with
      ((gd * finv K gd) * (gd * finv K gd) * (gn * n * x * (gn * n * x)) * sq u
       - (x * finv K x) * (x * finv K x) * ((n * finv K n) * (n * finv K n)) * (gd * gd) * g) by ring end.
    rewrite Ex, En, Egd.
    match goal with |- 0 <= ?e => match type of Q with 0 <= ?f => replace e with f by ring end end.
    exact Q.
Qed.
(** For what it does mean. *)
Theorem check_sound (p : problem) (c : certificate) (net : network K) (b : vec) (leaves : Z) :
  check hint watch p c = Proved leaves ->
  (forall u v, In (u, v) net -> length u = features p) ->
  admissible (bias p) b ->
  z2 (claim_num c) / z2 (claim_den c) <= objective (value_of (loss p)) (data p) (gamma p) (bias p) net b.
Proof. apply accepted_sound, sample_bound_sound. Qed.
End Soundness.
