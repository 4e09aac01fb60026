(** * Blocks of samples with shares of the norm

    The premise |N^T relu(Xu)| <= gamma |u| of all rows follows from premises of blocks of them. A block b has a share of
    gamma (|u|^2 + |v|^2), the form gamma G_b(u) + 2 u^T C_b v + gamma H_b(v), and the shares add up to no more than
    that. It has a frame T_b in which its outputs are measured. Its own premise is gamma^2 G_b(u) >=
    |T_b (w_b - C_b^T u)|^2 for its outputs w_b = N_b^T relu(X_b u); that the frame is fine enough says
    H_b(v) + |T_b w|^2 >= 2 v.w, for all v and w. Nowhere is a root or an inverse.

    G and H are integers over E, frames over F, and C has the units of the rows of N^T X. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Triangles Semidefinite Cones.
Import ListNotations.
Set Implicit Arguments.

Record block := {
  inputs : list (list Z);         (* E G_b, a lower triangle of order d *)
  outputs : list (list Z);        (* E H_b, one of order c *)
  cross : list (list Z);          (* C_b, d rows of c entries *)
  output_frame : list (list Z)    (* F T_b, rows of c entries *)
}.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).

Fixpoint growing (k : nat) (L : list (list Z)) : bool :=
  match L with [] => true | r :: L' => Nat.eqb (length r) k && growing (S k) L' end.
Definition triangular (n : nat) (L : list (list Z)) : bool := Nat.eqb (length L) n && growing 1 L.
Definition block_fits (d c : nat) (b : block) : bool :=
  triangular d (inputs b) && triangular c (outputs b)
  && (Nat.eqb (length (cross b)) d && forallb (fun r => Nat.eqb (length r) c) (cross b))
  && Nat.ltb 0 (length (output_frame b)) && forallb (fun r => Nat.eqb (length r) c) (output_frame b).

(** The form 2 u^T C v in (u, v), for u of as many entries as C has rows. *)
Fixpoint between (C : list (list Z)) : tri :=
  match C with [] => [] | r :: C' => (repeat 0 (length C) ++ r) :: between C' end.
(** For gamma = s/t, in the units of N^T X, the share of a block times s E, as a form in (s u, t v). *)
Definition share (s t E : Z) (d c : nat) (b : block) : tri :=
  tadd (tscale s (upper d (inputs b) ++ upper c (outputs b))) (tscale (t * E) (between (cross b))).
(** |u|^2 + |v|^2 less the shares of all blocks, likewise. *)
Definition unshared (s t E : Z) (d c : nat) (blocks : list block) : tri :=
  tadd (repeat [s * E] (d + c)) (tscale (-1) (fold_left (fun sum b => tadd sum (share s t E d c b)) blocks [])).
Definition shares_fit (s t E : Z) (d c : nat) (blocks : list block) : bool :=
  psd hint false (unshared s t E d c blocks).

(** E F^2 (|T w|^2 - 2 v.w + H(v)), as a form in (w, v). *)
Definition output_form (E F : Z) (c : nat) (b : block) : tri :=
  tadd (repeat [] c ++ tscale (F * F) (upper c (outputs b)))
    (tadd (repeat (map (Z.mul (- (F * F * E))) (zunit c)) c)
      (fold_left (fun sum r => tadd sum (tsq E r)) (output_frame b) [])).
Definition outputs_fit (E F : Z) (c : nat) (b : block) : bool := psd hint false (output_form E F c b).

(** A row with its weight in the block's frame. *)
Definition framed (T : list (list Z)) (row : list Z * list Z) : list Z * list Z := (fst row, map (zdot (snd row)) T).
(** - T C^T, row by row of C: what the outputs in the frame are at the axes before any row is active. *)
Definition offset (b : block) : list (list Z) :=
  map (fun r => map Z.opp (map (zdot r) (output_frame b))) (cross b).
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Local Notation rows := (list (list Z * list Z)).
Add Ring Kring : (f_ring K).
Variable hint : nat -> tri -> list Z * list (list Z).

(** *** Shares *)
Lemma qf_fold A (f : A -> tri) l acc z :
  qf K (fold_left (fun sum a => tadd sum (f a)) l acc) z = qf K acc z + sum (map (fun a => qf K (f a) z) l).
Proof.
  revert acc; induction l as [|a l IH]; intro acc; cbn [fold_left map]; [unfold sum; cbn [fold_right]; ring|].
  rewrite IH, qf_tadd. unfold sum. cbn [fold_right]. ring. Qed.
Lemma qf_above n L T x y : length L = n -> length x = n -> qf K (upper n L ++ T) (x ++ y) = qf K (upper n L) x + qf K T y.
Proof.
  revert L x; induction n as [|n IH]; intros [|r L] [|a x] HL Hx; try discriminate; cbn [upper app]; [cbn [qf]; ring|].
  injection HL as HL. injection Hx as Hx. rewrite !qf_cons. cbn [hd tl].
  rewrite IH, lin_app by (rewrite ?map_length; congruence). ring. Qed.
Lemma lin_zeros n r x y : length x = n -> lin K (repeat 0%Z n ++ r) (x ++ y) = lin K r y.
Proof.
  revert x; induction n as [|n IH]; intros [|a x] L; try discriminate; cbn [repeat app lin]; auto. injection L as L.
  rewrite (IH x L), ofZ_0. ring. Qed.
Lemma qf_between C x y : length x = length C -> qf K (between C) (x ++ y) = (1 + 1) * dot (comb x C) y.
Proof.
  revert x; induction C as [|r C IH]; intros [|a x] L; try discriminate; cbn [between app comb length repeat].
  - cbn [qf dot]. ring.
  - injection L as L. rewrite qf_cons, IH by assumption. cbn [hd tl].
    rewrite lin_zeros, ofZ_0, dot_vadd, dot_vscale, <- lin_dot by assumption. ring. Qed.
Lemma dot_app (x y v w : vec) : length x = length v -> dot (x ++ y) (v ++ w) = dot x v + dot y w.
Proof. revert v; induction x as [|a x IH]; intros [|b v] L; try discriminate; cbn [app dot]; [ring|].
  injection L as L. rewrite (IH v L). ring. Qed.
Lemma fit_same n (u w : vec) : (length u <= n)%nat -> dot (fit 0 n u) w = dot u w.
Proof.
  revert u w; induction n as [|n IH]; intros [|a u] [|e w] L; cbn [fit hd tl dot length] in *; auto; try lia.
  - rewrite IH by (cbn; lia). cbn [dot]. ring.
  - rewrite IH by lia. reflexivity. Qed.
Lemma shares_sound s t E d c blocks u v : (0 <= s * E)%Z -> forallb (block_fits d c) blocks = true ->
  shares_fit hint s t E d c blocks = true -> (length u <= d)%nat ->
  0 <= z2 (s * E) * (sq u + sq v) - sum (map (fun b => z2 s * (qf K (upper d (inputs b)) u + qf K (upper c (outputs b)) v)
    + z2 (t * E) * ((1 + 1) * dot (comb u (cross b)) v)) blocks).
Proof.
  intros P S H L. set (x := fit 0 d u). assert (Lx : length x = d) by apply fit_length.
  assert (X : forall w, dot x w = dot u w) by (intro w; now apply fit_same).
  apply psd_sound with (K := K) (z := x ++ v) in H. unfold unshared in H.
  change (-1)%Z with (- (1))%Z in H. rewrite qf_tadd, qf_tscale, qf_fold, ofZ_opp, ofZ_1 in H.
  pose proof (qf_repeat_le K (d + c) (x ++ v) P) as Q. cbn [qf] in H. unfold sq in Q. rewrite dot_app in Q by reflexivity.
  fold (sq x) in Q. fold (sq v) in Q. rewrite (sq_ext K x u X) in Q.
  assert (M : sum (map (fun b => qf K (share s t E d c b) (x ++ v)) blocks) =
    sum (map (fun b => z2 s * (qf K (upper d (inputs b)) u + qf K (upper c (outputs b)) v)
      + z2 (t * E) * ((1 + 1) * dot (comb u (cross b)) v)) blocks)).
  { clear H Q. unfold sum. induction blocks as [|b l IH]; cbn [map fold_right forallb] in *; auto.
    apply andb_prop in S as [B S]. rewrite (IH S). f_equal. unfold block_fits, triangular in B.
    repeat (apply andb_prop in B as [B ?]).
    repeat match goal with X : _ && _ = true |- _ => apply andb_prop in X as [? ?] end.
    repeat match goal with X : Nat.eqb _ _ = true |- _ => apply Nat.eqb_eq in X end.
    unfold share. rewrite qf_tadd, !qf_tscale, qf_above, qf_between by congruence.
    rewrite (qf_ext K _ x u X), !dot_comb, X. reflexivity. }
  rewrite M in H. set (g := sum (map _ blocks)) in *. set (r := qf K (repeat _ _) _) in *.
  match type of Q with 0 <= ?q => match type of H with 0 <= ?h => match goal with |- 0 <= ?e =>
    replace e with (q + h) by ring end end end. auto with pos. Qed.

(** *** Outputs *)
Lemma qf_behind n T x z : length x = n -> qf K (repeat [] n ++ T) (x ++ z) = qf K T z.
Proof.
  revert x; induction n as [|n IH]; intros [|a x] L; try discriminate; auto. injection L as L.
  cbn [repeat app qf lin tl]. rewrite (IH x L). ring. Qed.
Lemma qf_cross s c m x z : length x = m -> (m <= c)%nat ->
  qf K (repeat (map (Z.mul s) (zunit c)) m) (x ++ z) = (1 + 1) * (z2 s * dot x (skipn (c - m) z)).
Proof.
  revert x; induction m as [|m IH]; intros [|a x] L M; try discriminate; cbn [repeat app].
  - cbn [qf dot]. ring.
  - injection L as L. rewrite qf_cons, IH by (assumption || lia). destruct c as [|c]; [lia|].
    change (zunit (S c)) with (0%Z :: zunit c). cbn [map hd tl]. rewrite Z.mul_0_r, ofZ_0, lin_map_mul, lin_unit.
    rewrite app_nth2 by lia. rewrite L. replace (S c - S m)%nat with (c - m)%nat by lia. rewrite dot_skipn.
    replace (S c - m)%nat with (S (c - m)) by lia. ring. Qed.
Lemma outputs_sound E F c b v w : forallb (fun r => Nat.eqb (length r) c) (output_frame b) = true ->
  outputs_fit hint E F c b = true -> (length v <= c)%nat ->
  0 <= z2 (F * F) * qf K (upper c (outputs b)) v - (1 + 1) * (z2 (F * F * E) * dot w v)
       + z2 E * sq (map (fun r => lin K r w) (output_frame b)).
Proof.
  intros S H L. set (x := fit 0 c w). assert (Lx : length x = c) by apply fit_length.
  apply psd_sound with (K := K) (z := x ++ v) in H. unfold output_form in H.
  rewrite !qf_tadd, qf_behind, qf_tscale, qf_cross, qf_fold, Nat.sub_diag, ofZ_opp in H by (assumption || lia).
  assert (X : dot x v = dot w v) by (unfold x; rewrite !(dot_comm K _ v); now apply dot_fit).
  cbn [skipn qf] in H. rewrite X in H.
  assert (Q : sum (map (fun r => qf K (tsq E r) (x ++ v)) (output_frame b)) =
    z2 E * sq (map (fun r => lin K r w) (output_frame b))).
  { clear H. induction (output_frame b) as [|r T IH]; unfold sq, sum in *; cbn [map fold_right dot]; [ring|].
    cbn [forallb] in S. apply andb_prop in S as [R S]. apply Nat.eqb_eq in R. rewrite (IH S), qf_tsq.
    rewrite lin_app by congruence. rewrite (lin_dot K r x). unfold x.
    rewrite dot_fit, <- lin_dot by (unfold vZ; rewrite map_length; lia). ring. }
  rewrite Q in H.
  match type of H with 0 <= ?p => match goal with |- 0 <= ?g => replace g with p by ring end end. exact H. Qed.

(** *** The outputs in a frame *)
Lemma framed_sound b (l : rows) u :
  sq (vadd (comb u (offset b)) (rows_sum K (map (framed (output_frame b)) l) u)) =
  sq (map (fun r => lin K r (vsub (rows_sum K l u) (comb u (cross b)))) (output_frame b)).
Proof.
  set (T := output_frame b). apply sq_ext. intro w.
  transitivity (dot (vsub (rows_sum K l u) (comb u (cross b))) (comb w T)).
  - rewrite dot_vadd, dot_vsub.
    assert (R : dot (rows_sum K (map (framed T) l) u) w = dot (rows_sum K l u) (comb w T)).
    { induction l as [|[x nu] l IH]; cbn [map framed rows_sum fst snd]; [reflexivity|].
      rewrite !dot_vadd, !dot_vscale, IH, <- lin_dot, lin_dot_comb. reflexivity. }
    assert (O : dot (comb u (offset b)) w = - dot (comb u (cross b)) (comb w T)).
    { unfold offset. fold T. generalize (cross b) as C. clear. revert u.
      intros u C; revert u; induction C as [|r C IH]; intros [|a u]; cbn [map comb]; try (cbn [dot]; ring).
      rewrite !dot_vadd, !dot_vscale, IH, <- lin_dot, lin_opp, lin_dot_comb. ring. }
    rewrite R, O. ring.
  - rewrite dot_comm, dot_comb. apply dot_comm. Qed.

(** ** The theorem, for any gamma = s/t

    What each block proves of s^2 F^2 and t^2 E, all of them together prove of s^2 and t^2. *)
Theorem blocks_sound (s t E F : Z) (d c : nat) (B : list (block * rows)) (W u : vec) :
  (0 < s)%Z -> (0 < E)%Z -> (0 < F)%Z -> (length W <= c)%nat -> (length u <= d)%nat ->
  (forall w, dot W w = sum (map (fun b => dot (rows_sum K (snd b) u) w) B)) ->
  (forall x y, (length x <= d)%nat -> 0 <= z2 (s * E) * (sq x + sq y)
    - sum (map (fun b => z2 s * (qf K (upper d (inputs (fst b))) x + qf K (upper c (outputs (fst b))) y)
        + z2 (t * E) * ((1 + 1) * dot (comb x (cross (fst b))) y)) B)) ->
  Forall (fun b => forall v w, (length v <= c)%nat ->
    0 <= z2 (F * F) * qf K (upper c (outputs (fst b))) v - (1 + 1) * (z2 (F * F * E) * dot w v)
         + z2 E * sq (map (fun r => lin K r w) (output_frame (fst b)))) B ->
  Forall (fun b => 0 <= z2 (s * s * (F * F)) * qf K (upper d (inputs (fst b))) u
    - z2 (t * t * E) * sq (vadd (comb u (offset (fst b)))
        (rows_sum K (map (framed (output_frame (fst b))) (snd b)) u))) B ->
  0 <= z2 (s * s) * sq u - z2 (t * t) * sq W.
Proof.
  intros Ps PE PF L Lu HW HS HO HP.
  assert (Pm : 0 <= z2 (t * t)) by (apply z2_pos; nia).
  set (share_at := fun b : block * rows => z2 (s * s) * qf K (upper d (inputs (fst b))) u
    + z2 (t * t) * qf K (upper c (outputs (fst b))) W
    + (1 + 1) * (z2 (t * t * E) * dot (comb u (cross (fst b))) W)).
  specialize (HS (vscale (z2 s) u) (vscale (z2 t) W)). rewrite vscale_length in HS. specialize (HS Lu).
  rewrite !sq_vscale in HS.
  match type of HS with 0 <= _ - sum (map ?f B) =>
    assert (M : sum (map f B) = z2 s * sum (map share_at B)) end.
  { clear. unfold sum. induction B as [|b B IH]; cbn [map fold_right]; [ring|]. rewrite IH. unfold share_at.
    rewrite !qf_vscale, comb_vscale, (dot_comm K (comb u _)), dot_vscale, (dot_comm K W), !ofZ_mul. ring. }
  rewrite M in HS. clear M.
  assert (A : 0 <= z2 E * (z2 (s * s) * sq u + z2 (t * t) * sq W) - sum (map share_at B)).
  { apply (@mul_cancel K (z2 s)); [apply z2_pos; lia|apply z2_nz; lia|]. rewrite !ofZ_mul in *.
    match type of HS with 0 <= ?h => match goal with |- 0 <= ?g => replace g with h by ring end end. exact HS. }
  assert (S : 0 <= z2 (F * F) * sum (map share_at B)
    - (1 + 1) * (z2 (t * t) * z2 (F * F * E) * sum (map (fun b => dot (rows_sum K (snd b) u) W) B))).
  { clear - L Pm HO HP. induction B as [|[b l] B IH]; unfold sum in *; cbn [map fold_right fst snd].
    - match goal with |- 0 <= ?g => replace g with (0 : K) by ring end. auto with pos.
    - apply Forall_cons_iff in HO as [O HO]. apply Forall_cons_iff in HP as [P HP]. specialize (IH HO HP).
      cbn [fst snd] in O, P. specialize (O W (vsub (rows_sum K l u) (comb u (cross b))) L).
      rewrite framed_sound in P. rewrite dot_vsub in O.
      apply (f_mulle K _ _ Pm) in O. unfold share_at at 1. cbn [fst]. rewrite !ofZ_mul in *.
      match type of IH with 0 <= ?i => match type of O with 0 <= ?o => match type of P with 0 <= ?p =>
        match goal with |- 0 <= ?g => replace g with (i + o + p) by ring end end end end. auto with pos. }
  rewrite <- HW in S. fold (sq W) in S.
  assert (PF2 : 0 <= z2 (F * F)) by (apply z2_pos; nia).
  assert (N : z2 (F * F * E) <> 0) by (apply z2_nz; nia).
  apply (@mul_cancel K (z2 (F * F * E))); [apply z2_pos; nia|exact N|].
  apply (f_mulle K _ _ PF2) in A. rewrite (ofZ_mul K (F * F) E) in *.
  match type of S with 0 <= ?a => match type of A with 0 <= ?b =>
    match goal with |- 0 <= ?g => replace g with (a + b) by ring end end end. auto with pos. Qed.
End Soundness.
