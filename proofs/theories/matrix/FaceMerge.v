(** * The step [merge] of a leaf [faces]

    The indices of a matrix are put into classes, and of each pair of classes the least entry is taken. Where the small
    matrix of these entries is copositive, so is the matrix itself. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Triangles Semidefinite Orthant Copositive.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
Variable strict : bool.

Fixpoint congruent (x all : list Z) (A : list (list Z)) : list (list Z) :=
  match x, A with a :: x', r :: A' => zscale a (zmul all r) :: congruent x' all A' | _, _ => [] end.
Fixpoint distinct (l : list Z) : list Z :=
  match l with [] => [] | p :: l' => p :: filter (fun q => negb (q =? p)) (distinct l') end.
Fixpoint place (p : Z) (classes : list Z) : nat :=
  match classes with [] => O | q :: classes' => if q =? p then O else S (place p classes') end.
Fixpoint least (c : nat) (places : list nat) (r : list Z) : option Z :=
  match places, r with
  | c' :: places', a :: r' =>
    let others := least c places' r' in
    if Nat.eqb c' c then match others with Some b => Some (Z.min a b) | None => Some a end else others
  | _, _ => None end.
Definition least_or_0 (places : list nat) (r : list Z) (c : nat) : Z :=
  match least c places r with Some a => a | None => 0 end.
Fixpoint columns (n : nat) (A : list (list Z)) : list (list Z) :=
  match n with O => [] | S n' => map (hd 0) A :: columns n' (map (@tl Z) A) end.
Definition merged (n : nat) (places : list nat) (A : list (list Z)) : list (list Z) :=
  let each := seq 0 n in
  let by_column := map (fun r => map (least_or_0 places r) each) A in
  columns n (map (fun column => map (least_or_0 places column) each) (columns n by_column)).
(** Is row k of A not below row c of G, for the class c of k, column by column? *)
Fixpoint row_above (g : list Z) (places : list nat) (r : list Z) : bool :=
  match places, r with
  | c :: places', a :: r' => (nth c g 0 <=? a) && row_above g places' r'
  | [], [] => true
  | _, _ => false end.
Fixpoint rows_above (G : list (list Z)) (all places : list nat) (A : list (list Z)) : bool :=
  match places, A with
  | c :: places', r :: A' => Nat.ltb c (length G) && row_above (nth c G []) all r && rows_above G all places' A'
  | [], [] => true
  | _, _ => false end.
Definition merge (x parts : list Z) (A : list (list Z)) : bool :=
  let classes := distinct parts in
  let places := map (fun p => place p classes) parts in
  let scaled := congruent x x A in
  let G := merged (length classes) places scaled in
  rows_above G places places scaled && check_entries hint strict G.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable strict : bool.

(** With y_c the sum of z_k / x_k over a class c, the form of the classes at y is not larger. *)
Lemma dot_units cs u w : dot (comb u (map zunit cs)) w = dot u (map (fun c => nth c w 0) cs).
Proof. rewrite dot_comb, map_map. f_equal. apply map_ext. intro c. apply lin_unit. Qed.
Lemma nth_units c cs u : nth c (comb u (map zunit cs)) 0 = dot u (map (fun c' => if Nat.eqb c' c then 1 else 0) cs).
Proof. rewrite <- dot_unit. change (vZ K (zunit c)) with (unit K c). rewrite dot_units. f_equal. apply map_ext. intro c'. apply nth_unit. Qed.
Lemma units_pos cs c u : positive K u -> 0 <= nth c (comb u (map zunit cs)) 0.
Proof.
  intro P. rewrite nth_units. revert u P; induction cs as [|c' cs IH]; intros [|e u] P; cbn [map dot]; auto with pos.
  apply positive_cons in P as [Pe P]. apply add_pos; auto. destruct (Nat.eqb c' c); auto with pos. Qed.
Lemma units_zero cs u : length u = length cs -> positive K u -> zero K (comb u (map zunit cs)) -> zero K u.
Proof.
  revert u; induction cs as [|c' cs IH]; intros [|e u] L P Z; try discriminate; [apply zero_nil|]. injection L as L.
  apply positive_cons in P as [Pe P].
  assert (E : forall c, e * (if Nat.eqb c' c then 1 else 0) = 0 /\ nth c (comb u (map zunit cs)) 0 = 0).
  { intro c. specialize (Z c). rewrite nth_units in Z. cbn [map dot] in Z. rewrite <- nth_units in Z.
    apply add_zero in Z; auto; [|now apply units_pos]. destruct (Nat.eqb c' c); auto with pos. }
  apply zero_cons; [|apply IH; auto; intro c; apply E]. destruct (E c') as [E' _]. rewrite Nat.eqb_refl in E'.
  now replace (e * 1) with e in E' by ring. Qed.
Lemma units_beyond n cs u j : (forall c, In c cs -> (c < n)%nat) -> (n <= j)%nat -> nth j (comb u (map zunit cs)) 0 = 0.
Proof.
  rewrite nth_units. revert u; induction cs as [|c cs IH]; intros [|e u] H L; cbn [map dot]; auto.
  rewrite IH by (auto with datatypes). destruct (Nat.eqb_spec c j) as [->|_]; [|ring].
  specialize (H j (or_introl eq_refl)). lia. Qed.
Lemma row_above_sound g cs r u : row_above g cs r = true -> positive K u ->
  dot u (map (fun c => nth c (vZ K g) 0) cs) <= lin K r u.
Proof.
  revert r u; induction cs as [|c cs IH]; intros [|a r] [|e u] H P; cbn [row_above] in H; try discriminate;
    cbn [map dot lin]; auto with pos.
  apply andb_prop in H as [Ha H]. apply Z.leb_le in Ha. apply positive_cons in P as [Pe P]. specialize (IH r u H P).
  apply sub_le. apply le_sub in IH. rewrite nth_vZ. set (b := nth c g 0%Z) in *.
  replace (z2 a * e + lin K r u - (e * z2 b + dot u (map (fun c => nth c (vZ K g) 0) cs))) with
    (z2 (a - b) * e + (lin K r u - dot u (map (fun c => nth c (vZ K g) 0) cs))) by (rewrite z2_sub; ring).
  apply add_pos; auto. apply f_mulle; auto. apply z2_pos. lia. Qed.
Lemma rows_above_sound G all cs A u w : rows_above G all cs A = true -> positive K u -> positive K w ->
  dot u (map (fun c => lin K (nth c G []) (comb w (map zunit all))) cs) <= dot u (map (fun r => lin K r w) A) /\
  forall c, In c cs -> (c < length G)%nat.
Proof.
  revert A u; induction cs as [|c cs IH]; intros [|r A] u H P Pw; cbn [rows_above] in H; try discriminate.
  - cbn [map]. split; [auto with pos|intros c []].
  - apply andb_prop in H as [H H2]. apply andb_prop in H as [H0 H1]. apply Nat.ltb_lt in H0. cbn [map].
    split; [|intros c' [<-|I]; auto; eapply IH; eauto]. destruct u as [|e u]; cbn [dot]; [auto with pos|].
    apply positive_cons in P as [Pe P]. destruct (IH A u H2 P Pw) as [L _].
    pose proof (row_above_sound _ _ _ H1 Pw) as R. rewrite lin_dot, dot_comm, dot_units.
    apply sub_le. apply le_sub in L, R.
    set (a := dot w _) in *. set (l := lin K r w) in *. set (p := dot u (map (fun r => lin K r w) A)) in *.
    match goal with |- 0 <= e * l + p - (e * a + ?q) => replace (e * l + p - (e * a + q)) with (e * (l - a) + (p - q)) by ring end.
    auto with pos. Qed.
Lemma descale_positive x z : forallb (Z.ltb 0) x = true -> positive K z -> positive K (descale K x z).
Proof.
  revert z; induction x as [|a x IH]; intros [|e z] H P; cbn [descale]; auto.
  cbn [forallb] in H. apply andb_prop in H as [Ha H]. apply Z.ltb_lt in Ha. apply positive_cons in P as [Pe P].
  apply positive_and_cons; auto. apply f_mulle; auto. apply inv_pos; [apply z2_pos; lia|now apply z2_nz]. Qed.
Lemma congruent_sound x all A z u : forallb (Z.ltb 0) x = true -> length z = length x ->
  dot (descale K x z) (map (fun r => lin K r u) (congruent x all A)) = dot z (map (fun r => lin K (zmul all r) u) A).
Proof.
  revert A z; induction x as [|a x IH]; intros [|r A] [|e z] H L; try discriminate; cbn [descale congruent map dot]; auto.
  cbn [forallb] in H. apply andb_prop in H as [Ha H]. apply Z.ltb_lt in Ha. injection L as L. rewrite IH by assumption.
  rewrite lin_zscale. f_equal. transitivity (z2 a * (e / z2 a) * lin K (zmul all r) u); [ring|].
  rewrite div_mul by now apply z2_nz. reflexivity. Qed.
Theorem merge_sound hint x parts A z : forallb (Z.ltb 0) x = true -> length z = length x -> length parts = length x ->
  positive K z -> merge hint strict x parts A = true -> above K strict (form K A z) z.
Proof.
  intros Hx Lz Lp P H. unfold merge in H. set (cs := map (fun p => place p (distinct parts)) parts) in *.
  set (G := merged _ _ _) in *. apply andb_prop in H as [H1 H2]. set (u := descale K x z).
  assert (Pu : positive K u) by (now apply descale_positive).
  assert (Lu : length u = length cs) by (unfold u, cs; rewrite descale_length, map_length; lia).
  set (y := comb u (map zunit cs)). destruct (rows_above_sound _ _ _ _ H1 Pu Pu) as [L Below]. fold y in L.
  assert (EA : dot u (map (fun r => lin K r u) (congruent x x A)) = form K A z).
  { unfold u at 1. rewrite congruent_sound by assumption. unfold form. rewrite bilinear_left. f_equal.
    apply map_ext. intro r. now apply lin_zmul. }
  assert (EG : dot u (map (fun c => lin K (nth c G []) y) cs) = form K G y).
  { unfold form. rewrite bilinear_left. unfold y at 2. rewrite dot_units. f_equal. apply map_ext. intro c. symmetry. apply nth_lin. }
  rewrite EA, EG in L. set (y' := fit 0 (length G) y).
  assert (Ey : forall j, nth j y' 0 = nth j y 0).
  { intro j. unfold y'. destruct (Nat.lt_ge_cases j (length G)) as [Hj|Hj]; [now apply nth_fit|].
    rewrite nth_overflow by (now rewrite fit_length). symmetry. now apply units_beyond with (n := length G). }
  destruct (check_entries_sound (K := K) _ _ _ H2 (t := y')) as [V S].
  { apply fit_length. }
  { intro j. rewrite Ey. now apply units_pos. }
  rewrite (form_ext K G y' y Ey) in V, S. split; [now apply (f_trans K _ _ _ V)|].
  intros St F. rewrite F in L. apply (@descale_zero K x); auto. apply (units_zero cs); auto. intro j. rewrite <- Ey.
  apply S; auto. now apply f_anti. Qed.
End Soundness.
