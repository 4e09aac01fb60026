(** * The steps by which a row of a leaf [faces] proves a submatrix copositive with the help of earlier rows

    Each is a theorem about the form of a matrix at a vector z >= 0, given what earlier rows have proved. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Semidefinite Orthant Marks Copositive.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Variable strict : bool.

(** ** Parts: no entry of a row is negative whose index is in another part; those of part 0 are in none. *)
Fixpoint apart (q : Z) (parts r : list Z) : bool :=
  match parts, r with
  | p :: parts', a :: r' => ((p =? 0) || (p =? q) || (0 <=? a)) && apart q parts' r'
  | _, _ => true end.
Fixpoint separated (all parts : list Z) (T : list (list Z)) : bool :=
  match parts, T with
  | q :: parts', r :: T' => ((q =? 0) || apart q all r) && separated all parts' T'
  | _, _ => true end.

(** ** Gaddum: T x + x^T T is not negative *)
Definition gradient (T : list (list Z)) (x : list Z) : list Z := zadd (map (fun r => zdot r x) T) (zcomb x T).
Fixpoint nonneg_where (ms : list bool) (y : list Z) : bool :=
  match ms, y with b :: ms', a :: y' => (negb b || (0 <=? a)) && nonneg_where ms' y' | _, _ => true end.
Definition gaddum (ms : list bool) (x : list Z) (T : list (list Z)) : bool :=
  let y := gradient T x in nonneg_where ms y && (negb strict || (0 <? zdot x y)).

(** ** Exchange: the form at x_v e_v + x_w e_w *)
Definition curvature (T : list (list Z)) (v : nat) (xv : Z) (w : nat) (xw : Z) : Z :=
  let row_v := nth v T [] in
  let row_w := nth w T [] in
  xv * xv * nth v row_v 0 + xv * xw * (nth w row_v 0 + nth v row_w 0) + xw * xw * nth w row_w 0.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable strict : bool.
Variable T : list (list Z).
Local Notation holds z := (above K strict (form K T z) z).

(** *** Parts *)
Lemma apart_sound q all r g w : apart q all r = true -> positive K w -> length w = length all ->
  (forall p, g p = true -> p <> q) -> (forall i, nth i all 0%Z = 0%Z -> nth i w 0 = 0) ->
  0 <= lin K r (only K (map g all) w).
Proof.
  intros H Pw L G N. revert r w H Pw L N; induction all as [|p all IH]; intros [|a r] [|e w] H Pw L N; try discriminate;
    cbn [map only lin]; auto with pos.
  injection L as L. cbn [apart] in H. apply andb_prop in H as [Ha H]. apply positive_cons in Pw as [Pe Pw].
  apply add_pos; [|apply IH; auto; intro i; exact (N (S i))].
  destruct (g p) eqn:E; [|replace (z2 a * 0) with 0 by ring; auto with pos].
  apply orb_prop in Ha as [Ha|Ha]; [apply orb_prop in Ha as [Ha|Ha]; apply Z.eqb_eq in Ha|].
  - pose proof (N O Ha) as Z. cbn [nth] in Z. rewrite Z. replace (z2 a * 0) with 0 by ring. auto with pos.
  - now destruct (G p E).
  - apply Z.leb_le in Ha. auto with pos. Qed.
Lemma separated_sound all parts A g h x w : separated all parts A = true ->
  positive K x -> length x = length parts -> (forall i, nth i parts 0%Z = 0%Z -> nth i x 0 = 0) ->
  positive K w -> length w = length all -> (forall i, nth i all 0%Z = 0%Z -> nth i w 0 = 0) ->
  (forall p q, h q = true -> g p = true -> p <> q) ->
  0 <= bilinear K A (only K (map h parts) x) (only K (map g all) w).
Proof.
  intros H Px Lx Nx Pw Lw Nw G. rewrite bilinear_left.
  revert A x H Px Lx Nx; induction parts as [|q parts IH]; intros [|r A] [|e x] H Px Lx Nx; try discriminate;
    cbn [map only dot]; auto with pos.
  injection Lx as Lx. cbn [separated] in H. apply andb_prop in H as [Hq H]. apply positive_cons in Px as [Pe Px].
  apply add_pos; [|apply IH; auto; intro i; exact (Nx (S i))].
  destruct (h q) eqn:E; [|match goal with |- 0 <= 0 * ?v => replace (0 * v) with 0 by ring end; auto with pos].
  apply orb_prop in Hq as [Hq|Hq].
  - apply Z.eqb_eq in Hq. pose proof (Nx O Hq) as Z. cbn [nth] in Z. rewrite Z.
    match goal with |- 0 <= 0 * ?v => replace (0 * v) with 0 by ring end. auto with pos.
  - apply f_mulle; auto. apply (@apart_sound q); auto. Qed.
Lemma nth_only_map (g : Z -> bool) all w i : length w = length all ->
  nth i (only K (map g all) w) 0 = if g (nth i all 0%Z) then nth i w 0 else 0.
Proof. revert w i; induction all as [|p all IH]; intros [|e w] i L; try discriminate; cbn [map only].
  - destruct i; cbn [nth]; now destruct (g 0%Z).
  - injection L as L. destruct i as [|i]; cbn [nth]; auto. Qed.
(** The parts are taken off one after another. *)
Lemma peel parts qs w : separated parts parts T = true -> positive K w -> length w = length parts ->
  (forall i, nth i parts 0%Z = 0%Z -> nth i w 0 = 0) ->
  (forall i, ~ In (nth i parts 0%Z) qs -> nth i w 0 = 0) ->
  (forall q v, In q qs -> positive K v -> length v = length w ->
    (forall i, nth i parts 0%Z <> q -> nth i v 0 = 0) -> (forall i, nth i w 0 = 0 -> nth i v 0 = 0) ->
    holds v) -> holds w.
Proof.
  intros H. revert w; induction qs as [|q qs IH]; intros w Pw L N Out Each.
  - assert (Z : zero K w) by (intro i; apply Out; auto). split.
    + unfold form. rewrite bilinear_left.
      rewrite (@dot_ext K w []); [cbn [dot]; auto with pos|]. intro j. rewrite Z. now destruct j.
    + auto.
  - set (g := Z.eqb q). assert (Lg : length w = length (map g parts)) by (now rewrite map_length).
    assert (EN : map negb (map g parts) = map (fun p => negb (g p)) parts) by apply map_map.
    apply (above_split (map g parts)); auto; rewrite ?EN.
    + apply (Each q); auto using only_positive, only_length with datatypes.
      * intros i Hi. rewrite nth_only_map by assumption. unfold g. destruct (Z.eqb_spec q (nth i parts 0%Z)); auto; congruence.
      * intros i Hi. rewrite nth_only_map by assumption. now destruct (g _).
    + apply IH.
      * now apply only_positive.
      * rewrite only_length; [exact L|now rewrite map_length].
      * intros i Hi. rewrite nth_only_map by assumption. rewrite (N i Hi). now destruct (negb _).
      * intros i Hi. rewrite nth_only_map by assumption. unfold g.
        destruct (Z.eqb_spec q (nth i parts 0%Z)) as [E|E]; cbn [negb]; auto. apply Out. intros [F|F]; auto.
      * intros q' v I Pv Lv A B. apply (Each q'); auto with datatypes.
        -- rewrite Lv. apply only_length. now rewrite map_length.
        -- intros i Hi. apply B. rewrite nth_only_map by assumption. rewrite Hi. now destruct (negb _).
    + apply separated_sound; auto. unfold g. intros p p' E F. apply Z.eqb_eq in E. apply negb_true_iff, Z.eqb_neq in F. congruence.
    + apply separated_sound; auto. unfold g. intros p p' E F. apply Z.eqb_eq in F. apply negb_true_iff, Z.eqb_neq in E. congruence. Qed.

(** *** Gaddum: from z along - x to the boundary *)
Lemma ratio (x : list Z) (w : vec) : nonneg x = true -> iszero x = false -> positive K w -> length w = length x ->
  exists s k, 0 <= s /\ (0 < nth k x 0)%Z /\ nth k w 0 = s * z2 (nth k x 0%Z) /\
    forall i, 0 <= nth i w 0 - s * z2 (nth i x 0%Z).
Proof.
  revert w; induction x as [|a x IH]; intros [|e w] N Z Pw L; try discriminate.
  injection L as L. cbn [nonneg forallb] in N. apply andb_prop in N as [Na N]. apply Z.leb_le in Na.
  apply positive_cons in Pw as [Pe Pw].
  assert (Zero : iszero x = true -> forall i, nth i x 0%Z = 0%Z).
  { clear. induction x as [|b x IH]; intros H [|i]; cbn [nth]; auto; cbn [iszero forallb] in H; apply andb_prop in H as [Hb H].
    - now apply Z.eqb_eq in Hb.
    - now apply IH. }
  assert (First : (0 < a)%Z -> 0 <= e / z2 a /\ e = e / z2 a * z2 a).
  { intro Ha. assert (0 <= z2 a) by (apply z2_pos; lia). assert (z2 a <> 0) by now apply z2_nz. split.
    - apply f_mulle; auto. now apply inv_pos.
    - transitivity (z2 a * (e / z2 a)); [now rewrite div_mul|ring]. }
  destruct (iszero x) eqn:Zx.
  - assert (Ha : (0 < a)%Z).
    { cbn [iszero forallb] in Z. fold (iszero x) in Z. rewrite Zx in Z. destruct (Z.eqb_spec 0 a); [discriminate|lia]. }
    destruct (First Ha) as [Ps Es]. exists (e / z2 a), O. cbn [nth]. repeat split; auto. intros [|i]; cbn [nth].
    + rewrite <- Es. replace (e - e) with 0 by ring. auto with pos.
    + rewrite (Zero eq_refl), ofZ_0. replace (nth i w 0 - e / z2 a * 0) with (nth i w 0) by ring. apply Pw.
  - destruct (IH w N eq_refl Pw L) as (s & k & Ps & Hk & Ek & All).
    destruct (f_total K 0 (e - s * z2 a)) as [Q|Q].
    + exists s, (S k). cbn [nth]. repeat split; auto. intros [|i]; cbn [nth]; auto.
    + destruct (Z.eq_dec a 0) as [->|Ha].
      * exists s, (S k). cbn [nth]. repeat split; auto. intros [|i]; cbn [nth]; auto.
        rewrite ofZ_0. replace (e - s * 0) with e by ring. exact Pe.
      * assert (Ha' : (0 < a)%Z) by lia. destruct (First Ha') as [Pq Eq]. set (q := e / z2 a) in *.
        exists q, O. cbn [nth]. repeat split; auto. intros [|i]; cbn [nth].
        -- rewrite <- Eq. replace (e - e) with 0 by ring. auto with pos.
        -- assert (D : 0 <= s - q).
           { apply (@mul_cancel K (z2 a)); [apply z2_pos; lia|now apply z2_nz|].
             apply neg_pos in Q. rewrite Eq in Q. replace (z2 a * (s - q)) with (- (q * z2 a - s * z2 a)) by ring. exact Q. }
           assert (X : 0 <= z2 (nth i x 0%Z)).
           { pose proof (nonneg_positive K x N i) as X. now rewrite nth_vZ in X. }
           replace (nth i w 0 - q * z2 (nth i x 0%Z)) with
             (nth i w 0 - s * z2 (nth i x 0%Z) + (s - q) * z2 (nth i x 0%Z)) by ring. auto with pos. Qed.
Lemma gradient_sound x w : lin K (gradient T x) w = bilinear K T w (vZ K x) + bilinear K T (vZ K x) w.
Proof.
  unfold gradient. rewrite lin_zadd, lin_zcomb. f_equal.
  - rewrite bilinear_left, lin_dot, dot_comm. f_equal. unfold vZ. rewrite map_map. apply map_ext. intro r.
    now rewrite z2_zdot, lin_dot.
  - now rewrite bilinear_left, lin_dot. Qed.
Lemma nonneg_where_sound ms y w : nonneg_where ms y = true -> positive K w -> length w = length ms ->
  (forall i, nth i ms false = false -> nth i w 0 = 0) -> 0 <= lin K y w.
Proof.
  revert y w; induction ms as [|b ms' IH]; intros [|a y] [|e w] H Pw L N; try discriminate; cbn [lin]; auto with pos.
  injection L as L. cbn [nonneg_where] in H. apply andb_prop in H as [Ha H]. apply positive_cons in Pw as [Pe Pw].
  apply add_pos; [|apply IH; auto; intro i; exact (N (S i))].
  destruct b; cbn [negb orb] in Ha.
  - apply Z.leb_le in Ha. auto with pos.
  - pose proof (N O eq_refl) as Z. cbn [nth] in Z. rewrite Z. replace (z2 a * 0) with 0 by ring. auto with pos. Qed.
Section OnMarks.
Variables (ms : list bool) (z : vec).
Hypothesis Lm : length ms = length T.
Hypothesis Lz : length z = length T.
Hypothesis P : positive K z.
Definition within (w : vec) : Prop := forall i, nth i ms false = false -> nth i w 0 = 0.
Hypothesis Wz : within z.

Lemma gaddum_sound x : nonneg x = true -> iszero x = false -> length x = length T ->
  (forall i, nth i ms false = false -> nth i x 0%Z = 0%Z) -> gaddum strict ms x T = true ->
  (forall k b, (0 < nth k x 0)%Z -> length b = length T -> positive K b -> within b -> nth k b 0 = 0 -> holds b) ->
  holds z.
Proof.
  intros H1 Zx Lx Xout H Each. unfold gaddum in H. apply andb_prop in H as [H2 H3].
  destruct (@ratio x z H1 Zx P) as (s & k & Ps & Hk & Ek & All); [lia|].
  set (b := vadd z (vscale (- s) (vZ K x))).
  assert (Eb : forall i, nth i b 0 = nth i z 0 - s * z2 (nth i x 0%Z)).
  { intro i. unfold b. rewrite nth_vadd, nth_vscale, nth_vZ. ring. }
  assert (Lb : length b = length T).
  { unfold b. rewrite vadd_length. unfold vscale, vZ. rewrite !map_length. lia. }
  assert (Wb : within b) by (intros i E; rewrite Eb, (Wz _ E), (Xout _ E), ofZ_0; ring).
  assert (Pb : positive K b) by (intro i; rewrite Eb; apply All).
  destruct (Each k b) as [Vb Sb]; auto; [rewrite Eb, Ek; ring|]. set (y := gradient T x) in *.
  assert (Yb : 0 <= lin K y b) by (apply (nonneg_where_sound ms); auto; lia).
  assert (Yx : 0 <= lin K y (vZ K x)).
  { apply (nonneg_where_sound ms); auto using nonneg_positive; [unfold vZ; rewrite map_length; lia|].
    intros i Ei. rewrite nth_vZ, (Xout _ Ei). apply ofZ_0. }
  assert (Form : (1 + 1) * form K T z = (1 + 1) * form K T b + ((1 + 1) * s * lin K y b + s * s * lin K y (vZ K x))).
  { unfold y. rewrite !gradient_sound. unfold b. rewrite form_line, bilinear_line_l, bilinear_line_r.
    unfold form. ring. }
  split.
  - apply (@mul_cancel K (1 + 1)); auto using two_nz with pos. rewrite Form. auto with pos.
  - intros Es Q. rewrite Q in Form. replace ((1 + 1) * 0) with 0 in Form by ring. symmetry in Form.
    apply add_zero in Form as [F1 F2]; auto with pos. apply add_zero in F2 as [_ F2]; auto with pos.
    specialize (Sb Es (twice_zero K _ F1)). rewrite Es in H3. cbn [negb orb] in H3. apply Z.ltb_lt in H3.
    assert (Sz : s = 0).
    { destruct (f_integral K _ _ F2) as [X|X]; [now apply sqr_zero|]. exfalso. revert X.
      rewrite lin_dot, dot_comm, <- z2_zdot. now apply z2_nz. }
    intro i. specialize (Sb i). rewrite Eb, Sz in Sb.
    replace (nth i z 0) with (nth i z 0 - 0 * z2 (nth i x 0%Z)) by ring. exact Sb. Qed.
End OnMarks.

(** *** Exchange: along x_v e_v + x_w e_w the form is concave, and not negative at both ends *)
Lemma form_curvature v xv w xw :
  form K T (vadd (vscale (z2 xv) (unit K v)) (vscale (z2 xw) (unit K w))) = z2 (curvature T v xv w xw).
Proof.
  rewrite form_line. unfold form. rewrite !bilinear_scale_l, !bilinear_scale_r, !bilinear_units. unfold curvature.
  rewrite !ofZ_add, !ofZ_mul, !ofZ_add. ring. Qed.
Section Exchange.
Variables (ms : list bool) (v : nat) (xv : Z) (W : list (nat * Z)).
Hypothesis Hv : (0 < xv)%Z.
Hypothesis Mv : nth v ms false = true.
Hypothesis Lm : length ms = length T.
Hypothesis HW : forall w xw, In (w, xw) W ->
  (xw < 0)%Z /\ w <> v /\ nth w ms false = true /\ (curvature T v xv w xw <= 0)%Z.
Hypothesis Without_v : forall b, length b = length T -> positive K b -> within ms b -> nth v b 0 = 0 -> holds b.
Hypothesis Without_W : forall b, length b = length T -> positive K b -> within ms b ->
  (forall w xw, In (w, xw) W -> nth w b 0 = 0) -> holds b.
Lemma exchange_one w xw z : In (w, xw) W -> length z = length T -> positive K z -> within ms z ->
  (forall b, length b = length T -> positive K b -> within ms b -> nth w b 0 = 0 ->
     (forall u, u <> v -> u <> w -> nth u b 0 = nth u z 0) -> holds b) -> holds z.
Proof.
  intros I Lz P Wz Next. destruct (HW _ _ I) as (Hw & Nvw & Mw & C).
  set (d := vadd (vscale (z2 xv) (unit K v)) (vscale (z2 xw) (unit K w))).
  assert (Ev : nth v d 0 = z2 xv).
  { unfold d. rewrite nth_vadd, !nth_vscale, !nth_unit, Nat.eqb_refl. destruct (Nat.eqb_spec v w); [congruence|ring]. }
  assert (Ew : nth w d 0 = z2 xw).
  { unfold d. rewrite nth_vadd, !nth_vscale, !nth_unit, Nat.eqb_refl. destruct (Nat.eqb_spec w v); [congruence|ring]. }
  assert (Eu : forall u, u <> v -> u <> w -> nth u d 0 = 0).
  { intros u Uv Uw. unfold d. rewrite nth_vadd, !nth_vscale, !nth_unit.
    destruct (Nat.eqb_spec u v); [congruence|]. destruct (Nat.eqb_spec u w); [congruence|ring]. }
  assert (Ld : (length d <= length T)%nat).
  { assert (Lt : forall i, nth i ms false = true -> (i < length T)%nat).
    { intros i Hi. destruct (Nat.lt_ge_cases i (length T)); auto. rewrite nth_overflow in Hi by lia. discriminate. }
    unfold d. rewrite vadd_length, !vscale_length, !unit_length. pose proof (Lt v Mv). pose proof (Lt w Mw). lia. }
  assert (Q : form K T d <= 0).
  { unfold d. rewrite form_curvature, <- (ofZ_0 K). now apply z2_le. }
  assert (Pv : 0 <= z2 xv) by (apply z2_pos; lia). assert (Nv : z2 xv <> 0) by now apply z2_nz.
  assert (Pw : 0 <= - z2 xw) by (rewrite <- ofZ_opp; apply z2_pos; lia).
  assert (Nw : - z2 xw <> 0) by (rewrite <- ofZ_opp; apply z2_nz; lia).
  set (s := nth v z 0 / z2 xv). assert (Es : z2 xv * s = nth v z 0) by (unfold s; now rewrite div_mul).
  set (s' := nth w z 0 / - z2 xw). assert (Es' : - z2 xw * s' = nth w z 0) by (unfold s'; now rewrite div_mul).
  assert (Ps : 0 <= s) by (apply f_mulle; [apply P|now apply inv_pos]).
  assert (Ps' : 0 <= s') by (apply f_mulle; [apply P|now apply inv_pos]).
  set (b := vadd z (vscale (- s) d)). set (b' := vadd z (vscale s' d)).
  assert (Eb : forall i, nth i b 0 = nth i z 0 - s * nth i d 0) by (intro i; unfold b; rewrite nth_vadd, nth_vscale; ring).
  assert (Eb' : forall i, nth i b' 0 = nth i z 0 + s' * nth i d 0) by (intro i; unfold b'; rewrite nth_vadd, nth_vscale; ring).
  assert (Wb : within ms b).
  { intros i Hi. rewrite Eb, (Wz i Hi), Eu; [ring|congruence|congruence]. }
  assert (Wb' : within ms b').
  { intros i Hi. rewrite Eb', (Wz i Hi), Eu; [ring|congruence|congruence]. }
  assert (Pb : positive K b).
  { intro i. rewrite Eb. destruct (Nat.eq_dec i v) as [->|Iv]; [|destruct (Nat.eq_dec i w) as [->|Iw]].
    - rewrite Ev, <- Es. replace (z2 xv * s - s * z2 xv) with 0 by ring. auto with pos.
    - rewrite Ew. replace (nth w z 0 - s * z2 xw) with (nth w z 0 + s * - z2 xw) by ring. pose proof (P w). auto with pos.
    - rewrite Eu by assumption. replace (nth i z 0 - s * 0) with (nth i z 0) by ring. apply P. }
  assert (Pb' : positive K b').
  { intro i. rewrite Eb'. destruct (Nat.eq_dec i v) as [->|Iv]; [|destruct (Nat.eq_dec i w) as [->|Iw]].
    - rewrite Ev. pose proof (P v). auto with pos.
    - rewrite Ew, <- Es'. replace (- z2 xw * s' + s' * z2 xw) with 0 by ring. auto with pos.
    - rewrite Eu by assumption. replace (nth i z 0 + s' * 0) with (nth i z 0) by ring. apply P. }
  destruct (Without_v (b := b)) as [V S]; auto.
  { unfold b. rewrite vadd_length, vscale_length. lia. }
  { rewrite Eb, Ev, <- Es. ring. }
  destruct (Next b') as [V' S']; auto.
  { unfold b'. rewrite vadd_length, vscale_length. lia. }
  { rewrite Eb', Ew, <- Es'. ring. }
  { intros u Uv Uw. rewrite Eb', Eu by assumption. ring. }
  (* between its ends the form is above the line through them *)
  assert (Line : (s + s') * form K T z = s' * form K T b + s * form K T b' + s * s' * (s + s') * (0 - form K T d)).
  { unfold b, b'. rewrite !form_line. ring. }
  assert (Pq : 0 <= s * s' * (s + s') * (0 - form K T d)) by (apply le_sub in Q; auto 6 with pos).
  (* where both ends are z itself, one of them says all *)
  assert (Same : s = 0 -> forall i, nth i z 0 = nth i b 0) by (intros E i; rewrite Eb, E; ring).
  assert (Same' : s' = 0 -> forall i, nth i z 0 = nth i b' 0) by (intros E i; rewrite Eb', E; ring).
  assert (FormSame : s = 0 -> form K T z = form K T b) by (intro E; now apply form_ext, Same).
  assert (Nonneg : 0 <= form K T z).
  { destruct (f_total K 0 (form K T z)) as [F|F]; auto.
    assert (Z : (s + s') * form K T z = 0).
    { apply f_anti; [|rewrite Line; auto with pos]. apply neg_pos in F. apply sub_le.
      replace (0 - (s + s') * form K T z) with ((s + s') * - form K T z) by ring. auto with pos. }
    destruct (f_integral K _ _ Z) as [E|E]; [|rewrite E; auto with pos].
    apply add_zero in E as [E _]; auto. now rewrite FormSame. }
  split; auto. intros St F. rewrite F in Line. replace ((s + s') * 0) with 0 in Line by ring. symmetry in Line.
  apply add_zero in Line as [L _]; auto with pos. apply add_zero in L as [L1 L2]; auto with pos.
  assert (End : form K T b = 0 -> zero K z).
  { intro E. specialize (S St E). assert (Ez : s = 0).
    { pose proof (S w) as Sw. rewrite Eb, Ew in Sw. replace (nth w z 0 - s * z2 xw) with (nth w z 0 + s * - z2 xw) in Sw by ring.
      pose proof (P w). apply add_zero in Sw as [_ Sw]; auto with pos. destruct (f_integral K _ _ Sw); auto. now destruct Nw. }
    intro i. rewrite Same by assumption. apply S. }
  destruct (f_integral K _ _ L1) as [E'|E']; [|now apply End].
  destruct (f_integral K _ _ L2) as [E|E].
  - apply End. now rewrite <- FormSame.
  - intro i. rewrite Same' by assumption. now apply S'. Qed.
Lemma exchange_list W' z : (forall e, In e W' -> In e W) -> length z = length T -> positive K z -> within ms z ->
  (forall w xw, In (w, xw) W -> ~ In (w, xw) W' -> nth w z 0 = 0) -> holds z.
Proof.
  revert z; induction W' as [|[w xw] W' IH]; intros z Sub Lz P Wz Out.
  - apply Without_W; auto. intros w xw I. now apply (Out w xw).
  - apply (@exchange_one w xw); auto; [apply Sub; now left|]. intros b Lb Pb Wb Ew Eu. apply IH; auto.
    + intros e He. apply Sub. now right.
    + intros u xu Iu Nu. destruct (Nat.eq_dec u w) as [->|Uw]; auto.
      rewrite Eu; auto; [|now destruct (HW _ _ Iu) as (_ & Uv & _)].
      apply (Out u xu Iu). intros [E|E]; [|contradiction]. injection E as E _. now symmetry in E. Qed.
Lemma exchange_sound z : length z = length T -> positive K z -> within ms z -> holds z.
Proof. intros Lz P Wz. apply (@exchange_list W); auto. intros w xw I N. contradiction. Qed.
End Exchange.
End Soundness.
