(** * The checker of training certificates, and the theorem that what it accepts is true

    It takes a training problem and a certificate as docs/certificate-format.md describes them. First the statement: the
    claim must be at most the number that the dual point proves. Then the premise of weak duality, |N^T relu(Xu)| <= gamma |u|
    on all of space: one tree must prove it of all rows, or a tree for each block of rows what [Blocks.v] makes it of, or
    a tree for each kink what [Shifts.v] makes it of for free biases. [check_sound] then bounds the objective of every
    network. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Tree Products Losses LossBounds Weights OutputBias Objective Duality
  DualBound Cones Premises Shifts Long Division Blocks.
Import ListNotations.
Set Implicit Arguments.

Record problem := {
  rows : list (list Z * (Z * list Z));   (* (x_i, (w_i, y_i)): integers over x_den, w_den and y_den *)
  x_den : Z; w_den : Z; y_den : Z;
  gamma_num : Z; gamma_den : Z;
  features : nat; targets : nat;         (* d and c *)
  loss : loss_kind; bias : output_bias
}.
Record part := { members : list nat; block_of : block; part_tree : list node }.
(** What proves the premise: a tree, or for free biases trees one after another; or blocks of rows with a tree each, where
    shares are over 2^share_exponent, frames over 2^frame_exponent. *)
Inductive forest :=
| OneTree (tree : list node)
| InBlocks (share_exponent frame_exponent : nat) (parts : list part).
Record certificate := {
  dual : list (list Z); dual_den : Z;                               (* N = dual / dual_den *)
  claim_num : Z; claim_den : Z;                                     (* the claimed bound *)
  frame : list (list Z); inverse : list (list Z); frame_scale : Z;  (* inverse * frame = frame_scale * identity *)
  trees : forest
}.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
Variable watch : Z -> bool.

(** The rows (x, nu), row by row; see [Long.v]. *)
Fixpoint with_point_onto (D : list (list Z * (Z * list Z))) (N : list (list Z)) (found : list (list Z * list Z))
  : list (list Z * list Z) :=
  match D, N with (x, _) :: D', nu :: N' => with_point_onto D' N' ((x, nu) :: found) | _, _ => rev_append found [] end.
Definition with_point (D : list (list Z * (Z * list Z))) (N : list (list Z)) : list (list Z * list Z) := with_point_onto D N [].
(** Is each row of the dual point in the domain of the loss? *)
Definition domain_fits (p : problem) (c : certificate) : bool :=
  rows_fit (row_fits (loss p) (Z.of_nat (targets p)) (dual_den c) (y_den p) (w_den p)) (rows p) (dual c).
(** Is it at most the number that the dual point proves? *)
Definition claim_fits (p : problem) (c : certificate) : bool :=
  at_most (loss p)
    (dual_bound (loss p) (bias p) (Z.of_nat (targets p)) (y_den p) (w_den p) (dual_den c) (gamma_num p) (gamma_den p)
      (rows p) (dual c))
    (roundings (loss p) (rows p)) (claim_num c) (claim_den c).

Definition square (d : nat) (V : list (list Z)) : bool :=
  Nat.eqb (length V) d && forallb (fun v => Nat.eqb (length v) d) V.
Fixpoint inverts (scale : Z) (W C : list (list Z)) (i : nat) : bool :=
  match C with
  | [] => true
  | c :: C' => iszero (zadd (zcomb c W) (map (Z.mul (- scale)) (zunit i))) && inverts scale W C' (S i) end.
Definition in_blocks (c : certificate) : bool := match trees c with OneTree _ => false | InBlocks _ _ _ => true end.
Definition check_statement (p : problem) (c : certificate) : option obligation :=
  let d := features p in
  owes ((0 <? x_den p) && (0 <? y_den p) && (0 <? gamma_num p) && (0 <? gamma_den p) && (0 <? dual_den c)
        && (0 <? claim_den c) && (0 <? w_den p) && forallb (fun row => 0 <? fst (snd row)) (rows p)
        && valid_loss (loss p)) STATEMENT (
  owes (Nat.eqb (length (dual c)) (length (rows p)) && forallb (fun nu => Nat.eqb (length nu) (targets p)) (dual c))
    DUAL_SHAPE (
  owes (sums_fit (bias p) (zsum_of_rows (dual c))) DUAL_SUMS (
  owes (domain_fits p c) DUAL_DOMAIN (
  owes (claim_fits p c) CLAIM (
  owes (square d (frame c) && square d (inverse c) && (0 <? frame_scale c)) FRAME_SHAPE (
  owes (inverts (frame_scale c) (frame c) (inverse c) 0) FRAME_INVERSE (
  owes (negb (frees_hidden (bias p) && in_blocks c)) BLOCK_BIAS None))))))).

(** gamma = unit_of / gamma_den in the units of N^T X. *)
Definition unit_of (p : problem) (c : certificate) : Z := gamma_num p * dual_den c * x_den p.
(** The premise of all rows. *)
Definition whole (p : problem) (c : certificate) (tree : list node) : premise :=
  let u := unit_of p c in
  {| premise_form := None; premise_lam := u * u; premise_mu := gamma_den p * gamma_den p;
     premise_offset := []; premise_outputs := targets p;
     premise_rows := with_point (rows p) (dual c); premise_tree := tree |}.
(** That of the rows [l] as they are seen from a kink, with its tree. *)
Definition at_kink (p : problem) (c : certificate) (l : list (list Z * list Z)) (kink_tree : list Z * list node) : premise :=
  let u := unit_of p c in
  {| premise_form := None; premise_lam := u * u; premise_mu := gamma_den p * gamma_den p;
     premise_offset := []; premise_outputs := targets p;
     premise_rows := shifted (fst kink_tree) l; premise_tree := snd kink_tree |}.
(** A tree for each kink. There is no more than one for each node, so more kinks need not be found. *)
Definition check_kinks (p : problem) (c : certificate) (nodes : list node) : result :=
  let l := with_point (rows p) (dual c) in
  let (ks, all) := kinks (length nodes) l in
  match check_premises hint watch (at_kink p c l) (frame c) (deal_trees ks nodes []) 0 0 0 with
  | Proved leaves => if all then Proved leaves else Failed COVER None
  | refused => refused end.
(** That of a block, with its rows; shares over E, frames over F. *)
Definition of_block (p : problem) (c : certificate) (E F : Z) (part_rows : part * list (list Z * list Z)) : premise :=
  let b := block_of (fst part_rows) in
  let u := unit_of p c in
  {| premise_form := Some (upper (features p) (inputs b)); premise_lam := u * u * (F * F);
     premise_mu := gamma_den p * gamma_den p * E;
     premise_offset := offset b; premise_outputs := length (output_frame b);
     premise_rows := long_map (framed (output_frame b)) (snd part_rows); premise_tree := part_tree (fst part_rows) |}.
Definition check (p : problem) (c : certificate) : result :=
  match check_statement p c with
  | Some o => Failed o None
  | None =>
    match trees c with
    | OneTree tree =>
      if frees_hidden (bias p) then check_kinks p c tree
      else check_premises hint watch (whole p c) (frame c) [tree] 0 0 0
    | InBlocks share_exponent frame_exponent parts =>
      match divide members (fun row => iszero (snd row)) (with_point (rows p) (dual c)) parts with
      | None => Failed BLOCK_ROWS None
      | Some divided =>
        let E := Z.shiftl 1 (Z.of_nat share_exponent) in
        let F := Z.shiftl 1 (Z.of_nat frame_exponent) in
        let blocks := long_map (fun q => block_of (fst q)) divided in
        match
          owes (forallb (block_fits (features p) (targets p)) blocks) BLOCK_SHAPE (
          owes (shares_fit hint (unit_of p c) (gamma_den p) E (features p) (targets p) blocks) SHARES (
          owes (forallb (outputs_fit hint E F (targets p)) blocks) BLOCK_OUTPUT None))
        with
        | Some o => Failed o None
        | None => check_premises hint watch (of_block p c E F) (frame c) divided 0 0 0
        end
      end
    end
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

(** *** The frame *)
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
(** The samples: features, and a weight and the target. *)
Definition data (p : problem) : list (vec * (K * vec)) :=
  map (fun row => (vQ K (x_den p) (fst row), weight_and_target K (w_den p) (y_den p) (snd row))) (rows p).
Definition gamma (p : problem) : K := z2 (gamma_num p) / z2 (gamma_den p).

(** What is handed on comes first. *)
Lemma with_point_onto_eq D N found : with_point_onto D N found = rev_append found (with_point D N).
Proof. unfold with_point. revert N found; induction D as [|[x y] D IH]; intros [|nu N] found; try reflexivity.
  cbn [with_point_onto]. now rewrite IH, (IH _ [_]). Qed.
Lemma with_point_cons x y D nu N : with_point ((x, y) :: D) (nu :: N) = (x, nu) :: with_point D N.
Proof. unfold with_point at 1. cbn [with_point_onto]. apply with_point_onto_eq. Qed.
Section Scaling.
Variables xd wd yd nd : Z.
Hypothesis Hx : (0 < xd)%Z.
Let D' := map (fun row : list Z * (Z * list Z) => (vQ K xd (fst row), weight_and_target K wd yd (snd row))).
Let N' := map (vQ K nd).
Lemma gauge_rows kind D N u w :
  dot (gauge kind (D' D) (N' N) u) w =
  finv K (z2 xd) * finv K (z2 nd) *
    dot (sum_at K (with_point D N) (weights kind u) (z2 xd * hidden_bias kind u)) w.
Proof.
  revert N; induction D as [|[x y] D IH]; intros [|nu N]; rewrite ?with_point_cons;
    cbn [D' N' map gauge with_point with_point_onto rev_append sum_at fst snd]; try (cbn [dot]; ring).
  fold (D' D). fold (N' N). rewrite !dot_vadd, !dot_vscale, IH, activation_eq, !dot_vQ.
  pose proof (mul_inv K (z2_nz K Hx)) as Ex. set (t := hidden_bias kind u). set (a := lin K x (weights kind u)).
  replace (finv K (z2 xd) * a + t) with (finv K (z2 xd) * (a + z2 xd * t)).
  - rewrite relu_scale; [rewrite <- lin_dot; ring|]. apply inv_pos; [apply z2_pos; lia|now apply z2_nz].
  - transitivity (finv K (z2 xd) * a + z2 xd * finv K (z2 xd) * t); [ring|]. rewrite Ex. ring. Qed.
End Scaling.
(** *** The premise *)
Lemma sum_of_weights_eq D N w : length N = length D ->
  dot (sum_of_weights K (with_point D N)) w = lin K (zsum_of_rows N) w.
Proof.
  revert N; induction D as [|[x y] D IH]; intros [|nu N] L; try discriminate; [reflexivity|]. injection L as L.
  rewrite with_point_cons, zsum_of_rows_cons. cbn [sum_of_weights]. rewrite dot_vadd, (IH N L), lin_zadd, !lin_dot. reflexivity. Qed.
(** With the bias t of a neuron in the units of X; it is 0 where neurons have none. *)
Definition premise_at (p : problem) (c : certificate) (w : vec) (t : K) : Prop :=
  0 <= z2 (unit_of p c * unit_of p c) * sq w
    - z2 (gamma_den p * gamma_den p) * sq (sum_at K (with_point (rows p) (dual c)) w t).
Lemma check_kinks_sound p c nodes leaves x w t : check_kinks hint watch p c nodes = Proved leaves ->
  length (dual c) = length (rows p) -> iszero (zsum_of_rows (dual c)) = true ->
  (forall v, dot w v = dot (comb x (frame c)) v) -> premise_at p c w t.
Proof.
  unfold check_kinks. intros H L Z E. set (l := with_point (rows p) (dual c)) in *.
  destruct (kinks (length nodes) l) as [ks all] eqn:EK. destruct (check_premises _ _ _ _ _ _ _ _) as [found|] eqn:HP; [|discriminate].
  destruct all; [|discriminate]. clear H. eapply check_premises_sound in HP; [|intros ? _; cbn [premise_mu at_kink]; nia|exact E].
  rewrite Forall_forall in HP. unfold premise_at. fold l. apply kinks_suffice.
  - apply f_mulle; [apply z2_pos; nia|apply sq_pos].
  - apply z2_pos; nia.
  - intro v. unfold l. rewrite sum_of_weights_eq by exact L. now apply iszero_lin.
  - intros y nu I N. pose proof (kinks_sound _ _ EK _ _ I N) as J. destruct (deal_trees_kinks _ nodes [] _ J) as [tree T].
    specialize (HP _ T). unfold premise_holds in HP. cbn [at_kink premise_lam premise_mu premise_form premise_offset premise_rows norm_of fst] in HP.
    rewrite comb_nil_r in HP. cbn [vadd] in HP. rewrite (sq_ext K _ _ (shifted_sound K y l w)) in HP. exact HP. Qed.
Lemma rows_sum_length c D N u : forallb (fun nu => Nat.eqb (length nu) c) N = true ->
  (length (rows_sum K (with_point D N) u) <= c)%nat.
Proof.
  revert N; induction D as [|[x y] D IH]; intros [|nu N] H; try (cbn; lia).
  rewrite with_point_cons. cbn [rows_sum]. cbn [forallb] in H. apply andb_prop in H as [L H].
  apply Nat.eqb_eq in L. specialize (IH N H).
  rewrite vadd_length, vscale_length. unfold vZ. rewrite map_length. lia. Qed.
Lemma total_rows l u w :
  dot (rows_sum K l u) w = total K (fun row => relu K (lin K (fst row) u) * lin K (snd row) w) l.
Proof. unfold total, sum. induction l as [|[x nu] l IH]; cbn [rows_sum map fold_right fst snd]; auto.
  rewrite dot_vadd, dot_vscale, IH, <- lin_dot. reflexivity. Qed.
Lemma power_positive e : (0 < Z.shiftl 1 (Z.of_nat e))%Z.
Proof. rewrite Z.shiftl_1_l. apply Z.pow_pos_nonneg; lia. Qed.
Lemma premise_sound p c leaves u s : check hint watch p c = Proved leaves -> (length u <= features p)%nat ->
  (frees_hidden (bias p) = false -> s = 0) -> premise_at p c u s.
Proof.
  intros H Hd Hs0. unfold check in H. destruct (check_statement p c) eqn:HS; [discriminate|]. unfold check_statement in HS.
  apply owes_none in HS as [Hpos HS]. apply owes_none in HS as [Hrows HS]. apply owes_none in HS as [Hsums HS].
  apply owes_none in HS as [_ HS]. apply owes_none in HS as [_ HS]. apply owes_none in HS as [Hshape HS].
  apply owes_none in HS as [Hinv HS]. apply owes_none in HS as [Hbias _].
  apply andb_prop in Hrows as [Hlength Hcolumns]. apply Nat.eqb_eq in Hlength. apply andb_prop in Hshape as [Hshape Hs]. apply Z.ltb_lt in Hs.
  apply andb_prop in Hshape as [_ Hsq]. apply andb_prop in Hsq as [HL _]. apply Nat.eqb_eq in HL.
  set (t := vscale (finv K (z2 (frame_scale c))) (comb u (inverse c))).
  assert (EU : forall w, dot u w = dot (comb t (frame c)) w).
  { intro w. unfold t. rewrite comb_vscale.
    rewrite (inverts_sound _ _ _ _ u w Hinv) by lia. cbn [skipn].
    transitivity (finv K (z2 (frame_scale c)) * z2 (frame_scale c) * dot u w); [rewrite f_inv by (now apply z2_nz); ring|ring]. }
  assert (whole_suffices : frees_hidden (bias p) = false -> premise_holds K (whole p c []) u -> premise_at p c u s).
  { intros F Q. unfold premise_at. rewrite (Hs0 F), (sq_ext K _ _ (sum_at_zero K _ u)). unfold premise_holds in Q.
    cbn [whole premise_lam premise_mu premise_form premise_offset premise_rows norm_of] in Q.
    now rewrite comb_nil_r in Q. }
  unfold in_blocks in Hbias. destruct (trees c) as [tree|share_exponent frame_exponent parts].
  - destruct (frees_hidden (bias p)) eqn:HF.
    { eapply check_kinks_sound; [exact H|exact Hlength| |exact EU]. now destruct (bias p). }
    apply whole_suffices; [reflexivity|]. eapply check_premises_sound in H; [|intros ? _; cbn [premise_mu whole]; nia|exact EU].
    apply Forall_cons_iff in H as [H _]. exact H.
  - destruct (frees_hidden (bias p)); [discriminate|]. apply whole_suffices; [reflexivity|]. clear whole_suffices Hsums.
    destruct (divide _ _ _ parts) as [divided|] eqn:HB; [|discriminate].
    set (E := Z.shiftl 1 (Z.of_nat share_exponent)) in *. set (F := Z.shiftl 1 (Z.of_nat frame_exponent)) in *.
    assert (PE : (0 < E)%Z) by apply power_positive. assert (PF : (0 < F)%Z) by apply power_positive.
    rewrite long_map_eq in H. destruct (owes _ BLOCK_SHAPE _) eqn:HO; [discriminate|].
    apply owes_none in HO as [HF HO]. apply owes_none in HO as [HG HO]. apply owes_none in HO as [HO _].
    assert (PU : (0 < unit_of p c)%Z).
    { repeat (apply andb_prop in Hpos as [Hpos ?]).
      repeat match goal with X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X end.
      unfold unit_of. nia. }
    eapply check_premises_sound in H; [|intros ? _; cbn [premise_mu of_block]; nia|exact EU].
    unfold premise_holds. cbn [whole premise_lam premise_mu premise_form premise_offset premise_rows norm_of].
    rewrite comb_nil_r. cbn [vadd].
    apply (@blocks_sound K (unit_of p c) (gamma_den p) E F (features p) (targets p)
      (map (fun q => (block_of (fst q), snd q)) divided)); try assumption.
    + now apply rows_sum_length.
    + intro w. rewrite total_rows, map_map.
      erewrite (divide_sound K (fun row => relu K (lin K (fst row) u) * lin K (snd row) w)); [|..|exact HB].
      * unfold sum. f_equal. apply map_ext. intros [q l]. symmetry. apply total_rows.
      * intros row I. rewrite (iszero_lin K _ w I). ring.
    + intros x y Lx. rewrite map_map.
      apply shares_sound with (K := K) (hint := hint) (u := x) (v := y) in HG; [|nia|assumption|assumption].
      now rewrite map_map in HG.
    + rewrite forallb_forall in HF, HO. apply Forall_forall. intros b I v w L. apply in_map_iff in I as (q & <- & I).
      pose proof (in_map (fun q => block_of (fst q)) divided q I) as J. cbv beta in J.
      specialize (HF _ J). specialize (HO _ J). apply andb_prop in HF as [_ HF]. cbn [fst].
      now apply outputs_sound with (hint := hint).
    + apply Forall_forall. intros b I. apply in_map_iff in I as (q & <- & I).
      rewrite Forall_forall in H. specialize (H q I). unfold premise_holds in H.
      cbn [of_block premise_lam premise_mu premise_form premise_offset premise_rows norm_of] in H.
      rewrite long_map_eq in H. exact H. Qed.

Lemma valid_where_accepted p c leaves : check hint watch p c = Proved leaves -> valid_loss (loss p) = true.
Proof.
  unfold check. destruct (check_statement p c) eqn:HS; [discriminate|]. intros _. unfold check_statement in HS.
  apply owes_none in HS as [HS _]. now apply andb_prop in HS. Qed.

(** ** Soundness: an accepted bound is a lower bound on the objective of every network, however many neurons it has *)
(** For any function that the problem's loss may mean. *)
Theorem accepted_sound (p : problem) (c : certificate) (l : loss_function K vec) (net : network K) (b : vec) (leaves : Z) :
  represents (loss p) l ->
  check hint watch p c = Proved leaves ->
  (forall u v, In (u, v) net -> length u = neuron_size (bias p) (features p)) ->
  admissible (bias p) b ->
  z2 (claim_num c) / z2 (claim_den c) <= objective (weighted_value (loss_value l)) (data p) (gamma p) (bias p) net b.
Proof.
  intros R H Hd Hb. assert (HS : check_statement p c = None) by (unfold check in H; now destruct (check_statement p c)).
  unfold check_statement in HS.
  apply owes_none in HS as [Hpos HS]. apply owes_none in HS as [Hrows HS]. apply owes_none in HS as [Hsum HS].
  apply owes_none in HS as [Hdomain HS]. apply owes_none in HS as [Hclaim HS]. clear HS.
  apply andb_prop in Hpos as [Hpos Hvalid]. apply andb_prop in Hpos as [Hpos Hweights].
  repeat (apply andb_prop in Hpos as [Hpos ?]). apply andb_prop in Hrows as [Hrows _]. apply Nat.eqb_eq in Hrows.
  repeat match goal with X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X end.
  rename H0 into Hwd, H1 into Hcd, H2 into Hn, H3 into Hgd, H4 into Hgn, H5 into Hy, Hpos into Hx.
  set (N := map (vQ K (dual_den c)) (dual c)).
  assert (Nz : forall a, (0 < a)%Z -> z2 a <> 0) by (intros; now apply z2_nz).
  assert (Pz : forall a, (0 < a)%Z -> 0 <= z2 a) by (intros; apply z2_pos; lia).
  set (x := z2 (x_den p)). set (y := z2 (y_den p)). set (n := z2 (dual_den c)).
  set (gn := z2 (gamma_num p)). set (gd := z2 (gamma_den p)).
  assert (Gp : 0 <= gamma p) by (apply f_mulle; auto; apply inv_pos; auto).
  assert (Gn : gamma p <> 0).
  { intro E. apply (Nz _ Hgn). transitivity (gd * gamma p); [unfold gamma, gd; now rewrite div_mul by auto|].
    rewrite E. ring. }
  (* the claim is at most the bound of weak duality *)
  destruct (@dual_bound_sound K (loss p) (bias p) _ (x_den p) _ _ _ _ _ Hy Hwd Hn Hgn Hgd l R _ _ _ _ _
    Hrows Hweights Hdomain Hcd Hclaim) as (HD & EB).
  fold N in HD, EB. change (map _ (rows p)) with (data p) in HD, EB. change (z2 (gamma_num p) / z2 (gamma_den p)) with (gamma p) in EB.
  apply (f_trans K _ _ _ EB). clear EB. change (weighted_value (loss_value l)) with (loss_value (weighted l)).
  apply weak_duality; auto.
  - now apply sum_of_rows_allows.
  - (* the premise at u *)
    intros u v I. specialize (Hd u v I). clear HD.
    apply weights_length in Hd. set (w := weights (bias p) u) in *. set (t := x * hidden_bias (bias p) u).
    assert (Q : premise_at p c w t).
    { eapply premise_sound; [exact H|lia|]. intro F. unfold t. destruct (bias p); try discriminate; cbn [hidden_bias]; ring. }
    unfold premise_at, unit_of in Q.
    assert (ES : sq (gauge (bias p) (data p) N u) =
      sq (vscale (finv K x * finv K n) (sum_at K (with_point (rows p) (dual c)) w t))).
    { apply sq_ext. intro v'. unfold data, N. rewrite gauge_rows by assumption. now rewrite dot_vscale. }
    rewrite ES, sq_vscale. set (g := sq (sum_at K _ _ _)) in *.
    apply sub_le. unfold gamma. fold gn gd.
    apply (@mul_cancel K (gd * n * x * (gd * n * x))); auto with pos.
    { unfold gd, n, x. repeat apply mul_nz; auto. }
    rewrite !ofZ_mul in Q. fold gn gd n x in Q.
    pose proof (mul_inv K (Nz _ Hx)) as Ex. pose proof (mul_inv K (Nz _ Hn)) as En. pose proof (mul_inv K (Nz _ Hgd)) as Egd.
    fold x in Ex. fold n in En. fold gd in Egd.
    match goal with |- 0 <= ?e => replace e with
      ((gd * finv K gd) * (gd * finv K gd) * (gn * n * x * (gn * n * x)) * sq w
       - (x * finv K x) * (x * finv K x) * ((n * finv K n) * (n * finv K n)) * (gd * gd) * g) by ring end.
    rewrite Ex, En, Egd.
    match goal with |- 0 <= ?e => match type of Q with 0 <= ?f => replace e with f by ring end end.
    exact Q.
Qed.
(** For what it does mean, if that needs no logarithms; over the real numbers for all, see [OverReals.v]. *)
Theorem check_sound (p : problem) (c : certificate) (l : loss_function K vec) (net : network K) (b : vec) (leaves : Z) :
  algebraic_loss K (loss p) = Some l ->
  check hint watch p c = Proved leaves ->
  (forall u v, In (u, v) net -> length u = neuron_size (bias p) (features p)) ->
  admissible (bias p) b ->
  z2 (claim_num c) / z2 (claim_den c) <= objective (weighted_value (loss_value l)) (data p) (gamma p) (bias p) net b.
Proof.
  intros E H. apply (@accepted_sound p c l net b leaves); [|exact H]. apply algebraic_sound; [|exact E].
  now apply valid_where_accepted with (c := c) (leaves := leaves). Qed.
End Soundness.
