(** * The leaf rules (docs/certificate-format.md, "Leaves")

    A leaf closes a cone of the tree: by integers that show that |N^T relu(Xu)| <= gamma |u| for all u in it. There are
    three rules. [products] takes products of quantities that are nonnegative on the cone off the form that must be so;
    [tau] and [envelope] enclose the outputs between linear functions. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Semidefinite Orthant Tree Products Cones Enclosures.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
(** What is |u|^2 in the premise, as a form in the coordinates of u in some vectors. *)
Variable metric : list (list Z) -> tri.
Variables lam mu : Z.

(** ** Products of quantities, as linear forms in (t, alpha) *)
Fixpoint known (k : nat) (fl : list bool) : list nat :=
  match fl with [] => [] | b :: fl' => if b then k :: known (S k) fl' else known (S k) fl' end.
Definition excess (d : nat) (rows : list (list Z * list Z)) (r : nat) : quantity :=
  Excess (fit 0 d (fst (nth r rows ([], [])))) (d + r).
(** The t_k of known sign, and the forms of the cone. *)
Definition known_quantities (fl : list bool) (F : list (list Z)) : list quantity :=
  map Coordinate (known 0 fl) ++ map (fun f => Form (fit 0 (length fl) f)) F.
Definition quantities (fl : list bool) (F : list (list Z)) (rows : list (list Z * list Z)) : list quantity :=
  let d := length fl in
  let m := length rows in
  known_quantities fl F ++ map (fun r => Coordinate (d + r)) (seq 0 m) ++ map (excess d rows) (seq 0 m).

Definition max_order := 5000.
Definition check_products (scale unit : Z) (rows : products) (c : cone) : option obligation :=
  let d := length (signed c) in
  let m := length (mixed c) in
  owes ((0 <? scale) && (0 <? unit)) LEAF_SCALE (
  owes (Z.of_nat (d + m + length (forms c)) <=? max_order) LIMITS (
  let qs := quantities (signed c) (forms c) (mixed c) in
  owes (indices_fit (length qs) rows) PRODUCT_INDEX (
  owes (signs_fit (length (known_quantities (signed c) (forms c))) m rows) PRODUCT_SIGN (
  let W := fit [] d (generators c) in
  let N := fit [] d (active c) ++ map snd (mixed c) in
  let T := tadd (tscale (2 * scale * lam) (metric W)) (tscale (- (2 * scale * mu)) (gram N)) in
  owes (psd hint false (minus_products unit qs T rows)) LEAF_FORM None)))).

Definition all_signed (c : cone) : bool := forallb (fun b => b) (signed c).

Definition check_tau (a b unit : Z) (rows : products) (c : cone) : option obligation :=
  let d := length (signed c) in
  owes (all_signed c) LEAF_SIGNED (
  owes ((0 <? a) && (0 <? b)) TAU_POSITIVE (
  owes (0 <? unit) LEAF_SCALE (
  owes (indices_fit d rows) PRODUCT_INDEX (
  owes (signs_fit d 0 rows) PRODUCT_SIGN (
  let (C, R) := centres_radii c in
  let T :=
    if forallb iszero R then tadd (tscale (4 * lam) (metric (generators c))) (tscale (- mu) (gram C))
    else
      tadd (tscale (4 * (a * b) * lam) (metric (generators c)))
        (tadd (tscale (- (a * (a + b) * mu)) (gram C)) (tscale (- (b * (a + b) * mu)) (gram R))) in
  let T := match rows with [] => T | _ => minus_products (2 * unit) (map Coordinate (seq 0 d)) T rows end in
  owes (nonneg_on_orthant hint false T) LEAF_FORM None))))).

Definition check_envelope (c : cone) : option obligation :=
  owes (all_signed c) LEAF_SIGNED (
  let (C, R) := centres_radii c in
  let B := tadd (map (map Z.abs) C) R in
  let T := tadd (tscale (4 * lam) (metric (generators c))) (tscale (- mu) (gram B)) in
  owes (nonneg_on_orthant hint false T) LEAF_FORM None).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** *** Quantities are nonnegative, and alpha_i beta_i is zero *)
Section Quantities.
Variables (fl : list bool) (F : list (list Z)) (rows : list (list Z * list Z)) (t : vec).
Hypothesis O : okt K fl t.
Hypothesis HF : forall f, In f F -> 0 <= lin K f t.
Let d := length fl.
Let m := length rows.
Let qs := quantities fl F rows.
Definition alpha : vec := map (fun row => relu K (lin K (fst row) t)) rows.
Let z := t ++ alpha.

Lemma nth_alpha r : nth r alpha 0 = relu K (lin K (fst (nth r rows ([], []))) t).
Proof. unfold alpha. rewrite <- (map_nth (fun row => relu K (lin K (fst row) t))). cbn [fst lin].
  rewrite relu_pos by auto with pos. reflexivity. Qed.
Lemma lin_alpha r : lin K (zunit (d + r)) z = nth r alpha 0.
Proof. rewrite lin_unit. unfold z, d. rewrite <- (proj1 O), app_nth2 by lia. f_equal. lia. Qed.
Lemma lin_beta r : lin K (form_of (excess d rows r)) z = nth r alpha 0 - lin K (fst (nth r rows ([], []))) t.
Proof. unfold excess. cbn [form_of]. rewrite lin_zadd, lin_opp, lin_alpha. unfold z.
  rewrite lin_app by (rewrite fit_length; symmetry; apply O). rewrite lin_fit by apply O. ring. Qed.
Lemma known_pos s fl' k : (forall j, nth j fl' false = true -> 0 <= nth (s + j) z 0) ->
  0 <= lin K (form_of (nth k (map Coordinate (known s fl')) Nothing)) z.
Proof.
  revert s k. induction fl' as [|b fl' IH]; intros s k H; cbn [known map nth]; [destruct k; auto with pos|].
  assert (H' : forall j, nth j fl' false = true -> 0 <= nth (S s + j) z 0).
  { intros j E. replace (S s + j)%nat with (s + S j)%nat by lia. now apply H. }
  destruct b; [destruct k as [|k]|]; cbn [map nth]; auto.
  cbn [form_of]. rewrite lin_unit, <- (Nat.add_0_r s). now apply H. Qed.
Lemma z_pos j : nth j fl false = true -> 0 <= nth (0 + j) z 0.
Proof. intro H. cbn [Nat.add]. unfold z. rewrite app_nth1; [now apply (proj2 O)|]. rewrite (proj1 O).
  destruct (Nat.lt_ge_cases j (length fl)); auto. rewrite nth_overflow in H by assumption. discriminate. Qed.
Let s := length (known_quantities fl F).
Lemma known_quantity_pos i : 0 <= lin K (form_of (nth i (known_quantities fl F) Nothing)) z.
Proof.
  unfold known_quantities. destruct (Nat.lt_ge_cases i (length (map Coordinate (known 0 fl)))) as [H|H].
  - rewrite app_nth1 by exact H. apply known_pos, z_pos.
  - rewrite app_nth2 by exact H. set (j := (i - _)%nat).
    destruct (Nat.lt_ge_cases j (length F)) as [J|J].
    + rewrite (nth_indep _ Nothing (Form (fit 0%Z (length fl) []))) by (now rewrite map_length).
      rewrite (map_nth (fun f => Form (fit 0%Z (length fl) f))). cbn [form_of]. unfold z.
      rewrite lin_app by (rewrite fit_length; symmetry; apply O). rewrite lin_fit by apply O. now apply HF, nth_In.
    + rewrite nth_overflow by (now rewrite map_length). cbn [form_of lin]. auto with pos. Qed.
Lemma nth_quantities i : nth i qs Nothing =
  if Nat.ltb i s then nth i (known_quantities fl F) Nothing
  else if Nat.ltb i (s + m) then Coordinate (d + (i - s))
  else if Nat.ltb i (s + m + m) then excess d rows (i - s - m) else Nothing.
Proof.
  unfold qs, quantities. fold d m. destruct (Nat.ltb_spec i s) as [H|H].
  - now apply app_nth1.
  - rewrite app_nth2 by assumption. fold s.
    destruct (Nat.ltb_spec i (s + m)) as [H1|H1].
    + rewrite app_nth1 by (rewrite map_length, seq_length; lia). rewrite nth_map_seq.
      destruct (Nat.ltb_spec (i - s) m); [reflexivity|lia].
    + rewrite app_nth2 by (rewrite map_length, seq_length; lia). rewrite map_length, seq_length, nth_map_seq.
      destruct (Nat.ltb_spec (i - s - m) m), (Nat.ltb_spec i (s + m + m)); auto; lia. Qed.
Lemma quantity_pos i : 0 <= lin K (form_of (nth i qs Nothing)) z.
Proof.
  rewrite nth_quantities. destruct (Nat.ltb i s); [apply known_quantity_pos|].
  destruct (Nat.ltb i (s + m)); [cbn [form_of]; rewrite lin_alpha, nth_alpha; apply relu_ge0|].
  destruct (Nat.ltb i (s + m + m)); [rewrite lin_beta, nth_alpha; apply relu_ge|]. cbn [form_of lin]. auto with pos. Qed.
Lemma quantity_vanishes i j : vanishes s m i j = true -> lin K (form_of (nth i qs Nothing)) z * lin K (form_of (nth j qs Nothing)) z = 0.
Proof.
  unfold vanishes. intro H. apply andb_prop in H as [H H3]. apply andb_prop in H as [H1 H2].
  apply Nat.leb_le in H1. apply Nat.eqb_eq in H3. rewrite !nth_quantities, H2, H3. apply Nat.ltb_lt in H2.
  destruct (Nat.ltb_spec i s); [lia|]. destruct (Nat.ltb_spec (i + m) s); [lia|].
  destruct (Nat.ltb_spec (i + m) (s + m)); [lia|]. destruct (Nat.ltb_spec (i + m) (s + m + m)); [|lia].
  replace (i + m - s - m)%nat with (i - s)%nat by lia. rewrite lin_beta. cbn [form_of]. rewrite lin_alpha, nth_alpha. apply relu_slack. Qed.
End Quantities.

Variable hint : nat -> tri -> list Z * list (list Z).
Variable metric : list (list Z) -> tri.
Variable norm : vec -> K.
Hypothesis norm_ext : forall x y, (forall w, dot x w = dot y w) -> norm x = norm y.
Hypothesis metric_sound : forall V t, qf K (metric V) t = norm (comb t V).
Variables lam mu : Z.

Lemma alpha_sum rows t w : dot (comb (alpha rows t) (map snd rows)) w = dot (mixed_sum K rows t) w.
Proof. induction rows as [|[p nu] rows IH]; cbn [alpha map comb mixed_sum fst snd]; auto.
  fold (alpha rows t). now rewrite !dot_vadd, IH. Qed.
Theorem products_sound scale unit rows c :
  check_products hint metric lam mu scale unit rows c = None -> good K norm lam mu c.
Proof.
  unfold check_products. intros H t [O HF].
  apply owes_none in H as [H1 H]. apply owes_none in H as [_ H]. apply owes_none in H as [_ H].
  apply owes_none in H as [H2 H]. apply owes_none in H as [H3 _].
  apply andb_prop in H1 as [Hs Hu]. apply Z.ltb_lt in Hs. apply Z.ltb_lt in Hu.
  apply psd_sound with (K := K) (z := t ++ alpha (mixed c) t) in H3.
  match type of H3 with 0 <= qf K (minus_products _ _ ?T _) ?z => assert (Q : 0 <= qf K T z) end;
    [apply (f_trans K _ _ _ H3), (@minus_products_le K (length (known_quantities (signed c) (forms c))) (length (mixed c))); auto; [lia| |]|].
  - intro k. now apply quantity_pos.
  - intros i j. now apply quantity_vanishes.
  - set (d := length (signed c)) in *. assert (Lt : length t = d) by apply O.
    rewrite qf_tadd, !qf_tscale, metric_sound, qf_gram in Q. rewrite comb_app1 in Q by (now rewrite fit_length).
    rewrite (norm_ext (comb t (fit [] d (generators c))) (comb t (generators c))) in Q
      by (intro w; now apply comb_fit).
    rewrite (sq_ext K (comb (t ++ alpha (mixed c) t) (fit [] d (active c) ++ map snd (mixed c))) (output K c t)) in Q.
    + rewrite ofZ_opp, !ofZ_mul, z2_2 in Q.
      apply (@mul_cancel K ((1 + 1) * z2 scale)).
      * apply f_mulle; auto with pos. apply z2_pos. lia.
      * intro E. destruct (f_integral K _ _ E) as [E'|E']; [now apply (two_nz K)|]. revert E'. now apply z2_nz.
      * match type of Q with 0 <= ?e => match goal with |- 0 <= ?g => replace g with e by ring end end. exact Q.
    + intro w. unfold output. rewrite comb_app by (now rewrite fit_length).
      rewrite dot_vadd, comb_fit by assumption. now rewrite alpha_sum. Qed.

(** *** Sums of squares, output by output *)
Lemma sq_le (x y : vec) (a b : K) z (c : K) :
  (forall j, 0 <= a * (nth j x 0 * nth j x 0) + b * (nth j y 0 * nth j y 0) - c * (nth j z 0 * nth j z 0)) ->
  0 <= a * sq x + b * sq y - c * sq z.
Proof.
  intro H. set (n := (length x + length y + length z)%nat).
  rewrite (@sq_upto K n x), (@sq_upto K n y), (@sq_upto K n z) by lia.
  set (f := fun j => a * (nth j x 0 * nth j x 0) + b * (nth j y 0 * nth j y 0) - c * (nth j z 0 * nth j z 0)) in H.
  assert (E : forall n, a * upto n (fun j => nth j x 0 * nth j x 0) + b * upto n (fun j => nth j y 0 * nth j y 0) -
    c * upto n (fun j => nth j z 0 * nth j z 0) = upto n f).
  { clear. induction n as [|n IH]; cbn [upto]; [ring|]. rewrite <- IH. unfold f. ring. }
  rewrite E. now apply upto_pos. Qed.
Lemma all_signed_sound c t : all_signed c = true -> okt K (signed c) t -> positive K t.
Proof.
  unfold all_signed. intros H [L O] k. destruct (Nat.lt_ge_cases k (length (signed c))) as [Hk|Hk].
  - apply O. rewrite forallb_forall in H. apply H. now apply nth_In.
  - rewrite nth_overflow by lia. auto with pos. Qed.
Hypothesis Mu : (0 <= mu)%Z.

Theorem tau_sound a b unit rows c : check_tau hint metric lam mu a b unit rows c = None -> good K norm lam mu c.
Proof.
  unfold check_tau. intros H t [O _].
  apply owes_none in H as [Hs H]. apply owes_none in H as [Hab H]. apply owes_none in H as [Hu H].
  apply owes_none in H as [_ H]. apply owes_none in H as [Hr H].
  apply andb_prop in Hab as [Ha Hb]. apply Z.ltb_lt in Ha. apply Z.ltb_lt in Hb. apply Z.ltb_lt in Hu.
  pose proof (all_signed_sound _ Hs O) as P.
  pose proof (fun j => centres_radii_sound P c j) as E. destruct (centres_radii c) as [C R]. cbv beta zeta in E.
  apply owes_none in H as [H _]. apply nonneg_on_orthant_sound with (K := K) (z := t) in H; auto.
  match type of H with 0 <= qf K (match _ with [] => ?T | _ => _ end) _ => assert (Q : 0 <= qf K T t) end;
    [destruct rows; auto; apply (f_trans K _ _ _ H), minus_units; auto; lia|].
  clear H. rename Q into H. pose proof (z2_pos K Mu) as PM.
  set (f := output K c t) in *. set (y := vscale (1 + 1) f). assert (Ey : sq y = (1 + 1) * (1 + 1) * sq f) by apply sq_vscale.
  assert (Four : z2 4 = (1 + 1) * (1 + 1)) by (change 4%Z with (2 * 2)%Z; now rewrite ofZ_mul, z2_2).
  destruct (forallb iszero R) eqn:Hz.
  - rewrite qf_tadd, !qf_tscale, metric_sound, !qf_gram, ofZ_opp, ofZ_mul, Four in H.
    assert (Q : sq (comb t C) = sq y).
    { apply sq_ext. intro w. unfold y.
      assert (Z : forall j, nth j (comb t R) 0 = 0).
      { intro j. rewrite <- dot_unit, dot_comb. clear - Hz. revert t; induction R as [|r R IH]; intros [|e t];
          cbn [map dot]; auto. cbn [forallb] in Hz. apply andb_prop in Hz as [Hr Hz].
        rewrite (IH Hz), iszero_lin by assumption. ring. }
      assert (N : forall j, nth j (vscale (1 + 1) f) 0 = nth j (comb t C) 0).
      { intro j. rewrite nth_vscale. specialize (E j). rewrite Z in E. destruct E as [E1 E2].
        apply f_anti; apply sub_le.
        - match type of E1 with 0 <= ?x => match goal with |- 0 <= ?g => replace g with x by ring end end. exact E1.
        - match type of E2 with 0 <= ?x => match goal with |- 0 <= ?g => replace g with x by ring end end. exact E2. }
      symmetry. now apply dot_ext. }
    rewrite Q, Ey in H. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). apply (@mul_cancel K _ _ (two_pos K) (two_nz K)).
    match type of H with 0 <= ?x => match goal with |- 0 <= ?g => replace g with x by ring end end. exact H.
  - rewrite !qf_tadd, !qf_tscale, metric_sound, !qf_gram, !ofZ_opp, !ofZ_mul, ofZ_add, Four in H.
    assert (Pa : 0 <= z2 a) by (apply z2_pos; lia). assert (Pb : 0 <= z2 b) by (apply z2_pos; lia).
    assert (Na : z2 a <> 0) by now apply z2_nz. assert (Nb : z2 b <> 0) by now apply z2_nz.
    assert (Q : 0 <= (z2 a * (z2 a + z2 b)) * sq (comb t C) + (z2 b * (z2 a + z2 b)) * sq (comb t R) - (z2 a * z2 b) * sq y).
    { apply sq_le. intro j. unfold y. rewrite nth_vscale. destruct (E j) as [E1 E2].
      pose proof (sqr_le K _ _ E1 E2) as S. set (x := nth j f 0) in *. set (m := nth j (comb t C) 0) in *.
      set (r := nth j (comb t R) 0) in *.
      replace (z2 a * (z2 a + z2 b) * (m * m) + z2 b * (z2 a + z2 b) * (r * r) - z2 a * z2 b * ((1 + 1) * x * ((1 + 1) * x)))
        with ((z2 a * m - z2 b * ((1 + 1) * x - m)) * (z2 a * m - z2 b * ((1 + 1) * x - m)) +
              z2 b * (z2 a + z2 b) * (r * r - ((1 + 1) * x - m) * ((1 + 1) * x - m))) by ring.
      auto 6 with pos. }
    rewrite Ey in Q. set (cc := sq (comb t C)) in *. set (rr := sq (comb t R)) in *. set (ff := sq f) in *.
    apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). apply (@mul_cancel K _ _ (two_pos K) (two_nz K)).
    apply (@mul_cancel K _ _ Pa Na). apply (@mul_cancel K _ _ Pb Nb).
    match type of H with 0 <= ?x => match type of Q with 0 <= ?q => match goal with |- 0 <= ?g =>
      replace g with (x + z2 mu * q) by ring end end end. auto with pos. Qed.
Theorem envelope_sound c : check_envelope hint metric lam mu c = None -> good K norm lam mu c.
Proof.
  unfold check_envelope. intros H t [O _]. apply owes_none in H as [Hs H].
  pose proof (all_signed_sound _ Hs O) as P.
  pose proof (fun j => centres_radii_sound P c j) as E. destruct (centres_radii c) as [C R]. cbv beta zeta in E.
  apply owes_none in H as [H _]. apply nonneg_on_orthant_sound with (K := K) (z := t) in H; auto.
  pose proof (z2_pos K Mu) as PM. set (B := tadd (map (map Z.abs) C) R) in *.
  set (f := output K c t) in *. set (y := vscale (1 + 1) f). assert (Ey : sq y = (1 + 1) * (1 + 1) * sq f) by apply sq_vscale.
  rewrite qf_tadd, !qf_tscale, metric_sound, !qf_gram, ofZ_opp, ofZ_mul in H.
  change 4%Z with (2 * 2)%Z in H. rewrite ofZ_mul, z2_2 in H.
  assert (Q : 0 <= 1 * sq (comb t B) + 0 * sq (comb t B) - 1 * sq y).
  { apply sq_le. intro j. unfold y. rewrite nth_vscale. destruct (E j) as [E1 E2].
    pose proof (comb_abs P C j) as [A1 A2]. cbv beta zeta in A1, A2. rewrite !dot_unit in A1, A2.
    assert (Bj : nth j (comb t B) 0 = nth j (comb t (map (map Z.abs) C)) 0 + nth j (comb t R) 0).
    { rewrite <- !dot_unit. unfold B. apply comb_tadd. }
    rewrite Bj. set (x := nth j f 0) in *. set (m := nth j (comb t C) 0) in *.
    set (r := nth j (comb t R) 0) in *. set (k := nth j (comb t (map (map Z.abs) C)) 0) in *.
    match goal with |- 0 <= ?g => replace g with ((k + r) * (k + r) - (1 + 1) * x * ((1 + 1) * x)) by ring end.
    apply sqr_le.
    - replace (k + r - (1 + 1) * x) with ((k - m) + (r - ((1 + 1) * x - m))) by ring. auto with pos.
    - replace (k + r + (1 + 1) * x) with ((k + m) + (r + ((1 + 1) * x - m))) by ring. auto with pos. }
  rewrite Ey in Q. set (bb := sq (comb t B)) in *. set (ff := sq f) in *.
  apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). apply (@mul_cancel K _ _ (two_pos K) (two_nz K)).
  match type of H with 0 <= ?x => match type of Q with 0 <= ?q => match goal with |- 0 <= ?g =>
    replace g with (x + z2 mu * q) by ring end end end. auto with pos. Qed.
End Soundness.
