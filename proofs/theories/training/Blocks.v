(** * Blocks of samples with shares of the norm

    The premise |N^T relu(Xu)| <= gamma |u| of all rows follows from premises of blocks of them. A block b has a share
    G_b of |u|^2 and a share H_b of |v|^2, quadratic forms that add up to no more than these, and a frame T_b in which
    its outputs are measured. Its own premise is gamma^2 G_b(u) >= |T_b w_b|^2 for its outputs w_b = N_b^T relu(X_b u);
    that the frame is fine enough says H_b(v) + |T_b w|^2 >= 2 v.w, for all v and w. Nowhere is a root or an inverse.

    Shares are integers over E, frames over F. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Triangles Semidefinite Cones.
Import ListNotations.
Set Implicit Arguments.

Record block := {
  inputs : list (list Z);         (* E G_b, a lower triangle of order d *)
  outputs : list (list Z);        (* E H_b, one of order c *)
  output_frame : list (list Z)    (* F T_b, rows of c entries *)
}.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).

Fixpoint growing (k : nat) (L : list (list Z)) : bool :=
  match L with [] => true | r :: L' => Nat.eqb (length r) k && growing (S k) L' end.
Definition triangular (n : nat) (L : list (list Z)) : bool := Nat.eqb (length L) n && growing 1 L.
Definition block_fits (d c : nat) (b : block) : bool :=
  triangular d (inputs b) && triangular c (outputs b) && Nat.ltb 0 (length (output_frame b))
  && forallb (fun r => Nat.eqb (length r) c) (output_frame b).

(** E |x|^2 less the shares of all blocks. *)
Definition unshared (E : Z) (n : nat) (share : block -> list (list Z)) (blocks : list block) : tri :=
  tadd (repeat [E] n) (tscale (-1) (fold_left (fun sum b => tadd sum (upper n (share b))) blocks [])).
Definition shares_fit (E : Z) (d c : nat) (blocks : list block) : bool :=
  psd hint false (unshared E d inputs blocks) && psd hint false (unshared E c outputs blocks).

(** E F^2 (|T w|^2 - 2 v.w + H(v)), as a form in (w, v). *)
Definition output_form (E F : Z) (c : nat) (b : block) : tri :=
  tadd (repeat [] c ++ tscale (F * F) (upper c (outputs b)))
    (tadd (repeat (map (Z.mul (- (F * F * E))) (zunit c)) c)
      (fold_left (fun sum r => tadd sum (tsq E r)) (output_frame b) [])).
Definition outputs_fit (E F : Z) (c : nat) (b : block) : bool := psd hint false (output_form E F c b).

(** A row with its weight in the block's frame. *)
Definition framed (T : list (list Z)) (row : list Z * list Z) : list Z * list Z := (fst row, map (zdot (snd row)) T).
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
Lemma unshared_sound E n share blocks z : (0 <= E)%Z -> psd hint false (unshared E n share blocks) = true ->
  0 <= z2 E * sq z - sum (map (fun b => qf K (upper n (share b)) z) blocks).
Proof.
  intros P H. apply psd_sound with (K := K) (z := z) in H. unfold unshared in H.
  change (-1)%Z with (- (1))%Z in H. rewrite qf_tadd, qf_tscale, qf_fold, ofZ_opp, ofZ_1 in H.
  pose proof (qf_repeat_le K n z P) as Q. cbn [qf] in H.
  set (g := sum (map _ blocks)) in *. set (r := qf K (repeat [E] n) z) in *.
  replace (z2 E * sq z - g) with ((z2 E * sq z - r) + (r + - (1) * (0 + g))) by ring. auto with pos. Qed.

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
Lemma framed_sound T (l : rows) u :
  sq (rows_sum K (map (framed T) l) u) = sq (map (fun r => lin K r (rows_sum K l u)) T).
Proof.
  apply sq_ext. intro w. transitivity (dot (rows_sum K l u) (comb w T)).
  - induction l as [|[x nu] l IH]; cbn [map framed rows_sum fst snd]; [reflexivity|].
    rewrite !dot_vadd, !dot_vscale, IH, <- lin_dot, lin_dot_comb. reflexivity.
  - rewrite dot_comm, dot_comb. apply dot_comm. Qed.

(** ** The theorem, for any lambda and mu

    What each block proves of lambda F^2 and mu E, all of them together prove of lambda and mu. *)
Theorem blocks_sound (lam mu E F : Z) (d c : nat) (B : list (block * rows)) (W u : vec) :
  (0 <= lam)%Z -> (0 <= mu)%Z -> (0 < E)%Z -> (0 < F)%Z -> (length W <= c)%nat ->
  (forall w, dot W w = sum (map (fun b => dot (rows_sum K (snd b) u) w) B)) ->
  (forall z, 0 <= z2 E * sq z - sum (map (fun b => qf K (upper d (inputs (fst b))) z) B)) ->
  (forall z, 0 <= z2 E * sq z - sum (map (fun b => qf K (upper c (outputs (fst b))) z) B)) ->
  Forall (fun b => forall v w, (length v <= c)%nat ->
    0 <= z2 (F * F) * qf K (upper c (outputs (fst b))) v - (1 + 1) * (z2 (F * F * E) * dot w v)
         + z2 E * sq (map (fun r => lin K r w) (output_frame (fst b)))) B ->
  Forall (fun b => 0 <= z2 (lam * (F * F)) * qf K (upper d (inputs (fst b))) u
    - z2 (mu * E) * sq (rows_sum K (map (framed (output_frame (fst b))) (snd b)) u)) B ->
  0 <= z2 lam * sq u - z2 mu * sq W.
Proof.
  intros Pl Pm PE PF L HW HG HH HO HP. specialize (HG u). specialize (HH W).
  apply (z2_pos K) in Pl. apply (z2_pos K) in Pm.
  assert (S : 0 <= z2 lam * z2 (F * F) * sum (map (fun b => qf K (upper d (inputs (fst b))) u) B)
    + z2 mu * z2 (F * F) * sum (map (fun b => qf K (upper c (outputs (fst b))) W) B)
    - (1 + 1) * (z2 mu * z2 (F * F * E) * sum (map (fun b => dot (rows_sum K (snd b) u) W) B))).
  { clear - L Pm HO HP. induction B as [|[b l] B IH]; unfold sum in *; cbn [map fold_right fst snd].
    - match goal with |- 0 <= ?g => replace g with (0 : K) by ring end. auto with pos.
    - apply Forall_cons_iff in HO as [O HO]. apply Forall_cons_iff in HP as [P HP]. specialize (IH HO HP).
      cbn [fst snd] in O, P. specialize (O W (rows_sum K l u) L). rewrite framed_sound in P.
      apply (f_mulle K _ _ Pm) in O. rewrite !ofZ_mul in *.
      match type of IH with 0 <= ?i => match type of O with 0 <= ?o => match type of P with 0 <= ?p =>
        match goal with |- 0 <= ?g => replace g with (i + o + p) by ring end end end end. auto with pos. }
  rewrite <- HW in S. fold (sq W) in S.
  assert (PF2 : 0 <= z2 (F * F)) by (apply z2_pos; nia).
  assert (N : z2 (F * F * E) <> 0) by (apply z2_nz; nia).
  apply (@mul_cancel K (z2 (F * F * E))); [apply z2_pos; nia|exact N|].
  apply (f_mulle K _ _ (f_mulle K _ _ Pl PF2)) in HG. apply (f_mulle K _ _ (f_mulle K _ _ Pm PF2)) in HH.
  rewrite (ofZ_mul K (F * F) E) in *.
  match type of S with 0 <= ?s => match type of HG with 0 <= ?a => match type of HH with 0 <= ?b =>
    match goal with |- 0 <= ?g => replace g with (a + b + s) by ring end end end end. auto with pos. Qed.
End Soundness.
