(** * The leaf [faces]: a matrix is copositive because some of its principal submatrices are

    Each row proves this of the submatrix on a set of indices, by one of five steps, and with the help of earlier rows
    (docs/certificate-format.md, "Faces"; the steps are in [FaceSteps.v] and [FaceMerge.v]). *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Orthant Tree Products Cones Marks Copositive FaceSteps FaceMerge.
Import ListNotations.
Set Implicit Arguments.

(** The set's indices k, each with x_k and p_k. *)
Definition face_row := list (nat * (Z * Z)).

(** ** The sets of earlier rows by their numbers: number 2 n is number n on the left, number 2 n + 1 on the right. *)
Inductive table := Vacant | Slot (evens : table) (set : list nat) (odds : table).
Fixpoint find (n : Z) (t : table) : option (list nat) :=
  match t with
  | Vacant => None
  | Slot evens set odds =>
    if (n =? 1)%Z then Some set
    else let (half, rest) := Z.div_eucl n 2 in if (rest =? 0)%Z then find half evens else find half odds end.
Fixpoint insert (n : Z) (set : list nat) (t : table) : table :=
  match t with
  | Vacant => Slot Vacant set Vacant
  | Slot evens set' odds =>
    let (half, rest) := Z.div_eucl n 2 in
    if (rest =? 0)%Z then Slot (insert half set evens) set' odds else Slot evens set' (insert half set odds) end.

Definition index_of (e : nat * (Z * Z)) : nat := fst e.
Definition x_of (e : nat * (Z * Z)) : Z := fst (snd e).
Definition p_of (e : nat * (Z * Z)) : Z := snd (snd e).

(** What a row counts as, for a matrix whose entries have so many bits. *)
Definition face_work (size : Z) (f : face_row) : Z :=
  let k := Z.of_nat (length f) in
  let entries := forallb (fun e => (x_of e =? 0)%Z && (p_of e =? 0)%Z) f in
  let merge := forallb (fun e => (0 <? x_of e)%Z && (p_of e <? 0)%Z) f in
  (k * k * (if entries || merge then k else 1) * words (size + 2 * longest_by (fun e => bits (x_of e)) f))%Z.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
Variable strict : bool.

Fixpoint subset (small large : list nat) : bool :=
  match large with
  | [] => match small with [] => true | _ => false end
  | i :: large' =>
    match small with
    | [] => true
    | k :: small' => if Nat.eqb i k then subset small' large' else subset small large' end end.

(** Does row p, an earlier one, have a set that contains this one? *)
Definition earlier (known : table) (p : Z) (set : list nat) : bool :=
  (0 <? p) && match find p known with Some large => subset set large | None => false end.
Definition without (k : nat) (set : list nat) : list nat := filter (fun i => negb (Nat.eqb i k)) set.
(** Those of parts have each index, the others the set without k where x_k > 0, or without all k with x_k < 0. *)
Definition parts_named (known : table) (f : face_row) : bool :=
  forallb (fun e => earlier known (p_of e) [index_of e]) f.
Definition faces_named (known : table) (f : face_row) : bool :=
  let all := map index_of f in
  let rest := map index_of (filter (fun e => 0 <=? x_of e) f) in
  forallb (fun e =>
    if 0 <? x_of e then earlier known (p_of e) (without (index_of e) all)
    else if x_of e <? 0 then earlier known (p_of e) rest
    else p_of e =? 0) f.
Definition concave (T : list (list Z)) (f : face_row) (v : nat) (xv : Z) : bool :=
  forallb (fun e => (0 <=? x_of e) || (curvature T v xv (index_of e) (x_of e) <=? 0)) f.

Definition marks_of (m : nat) (f : face_row) : option (list bool) :=
  if Nat.leb (length f) m then marks m 0 (map index_of f) else None.
Definition check_row (T : list (list Z)) (known : table) (f : face_row) : option obligation :=
  match marks_of (length T) f with
  | None => Some FACE_INDEX
  | Some ms =>
    let x := map x_of f in
    let parts := map p_of f in
    if iszero x then
      if iszero parts then owes (check_entries hint strict (face ms T)) FACE_FORM None
      else
        owes (parts_named known f) FACE_ROW (
        owes (separated (fill ms parts) (fill ms parts) T) FACE_FORM None)
    else if nonneg x then
      if forallb (fun p => p <? 0) parts then
        owes (forallb (Z.ltb 0) x) FACE_ROW (owes (merge hint strict x parts (face ms T)) FACE_FORM None)
      else owes (faces_named known f) FACE_ROW (owes (gaddum strict ms (fill ms x) T) FACE_FORM None)
    else
      match filter (fun e => 0 <? x_of e) f with
      | [e] => owes (faces_named known f) FACE_ROW (owes (concave T f (index_of e) (x_of e)) FACE_FORM None)
      | _ => Some FACE_ROW
      end
  end.
Fixpoint check_rows (T : list (list Z)) (fs : list face_row) (number : Z) (known : table) : option obligation :=
  match fs with
  | [] => Some FACE_INDEX
  | f :: fs' =>
    match check_row T known f with
    | Some o => Some o
    | None =>
      match fs' with
      | [] => owes (Nat.eqb (length f) (length T)) FACE_INDEX None
      | _ => check_rows T fs' (number + 1) (insert number (map index_of f) known) end
    end
  end.
Definition check_faces (T : list (list Z)) (fs : list face_row) : option obligation := check_rows T fs 1 Vacant.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable hint : nat -> tri -> list Z * list (list Z).
Variable strict : bool.
Variable T : list (list Z).

Definition outside (set : list nat) (z : vec) : Prop := forall k, ~ In k set -> nth k z 0 = 0.
(** The form is nonnegative, or positive, on the face of a set. *)
Definition proves (set : list nat) : Prop :=
  forall z, length z = length T -> positive K z -> outside set z -> above K strict (form K T z) z.
Fixpoint sound (t : table) : Prop :=
  match t with Vacant => True | Slot evens set odds => sound evens /\ proves set /\ sound odds end.
Lemma find_sound n t set : sound t -> find n t = Some set -> proves set.
Proof.
  revert n; induction t as [|evens IHl set' odds IHr]; intros n S; cbn [find]; [discriminate|].
  destruct S as (Sl & Ss & Sr). destruct (n =? 1)%Z; [intro H; now injection H as <-|].
  destruct (Z.div_eucl n 2) as [half rest]. destruct (rest =? 0)%Z; eauto. Qed.
Lemma insert_sound n set t : proves set -> sound t -> sound (insert n set t).
Proof.
  intro P. revert n; induction t as [|evens IHl set' odds IHr]; intros n S; cbn [insert sound]; [auto|].
  destruct S as (Sl & Ss & Sr). destruct (Z.div_eucl n 2) as [half rest]. destruct (rest =? 0)%Z; cbn [sound]; auto. Qed.

(** *** Marks *)
Lemma marked n k (f : face_row) ms i : marks n k (map index_of f) = Some ms -> nth i ms false = true ->
  In ((k + i)%nat, (nth i (fill ms (map x_of f)) 0%Z, nth i (fill ms (map p_of f)) 0%Z)) f.
Proof.
  revert k f ms i; induction n as [|n IH]; intros k f ms i; cbn [marks]; destruct f as [|[j [x p]] f]; cbn [map index_of x_of p_of fst snd];
    try discriminate.
  - intro H. injection H as <-. now destruct i.
  - destruct (marks n (S k) []) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-. intro E.
    destruct i as [|i]; [discriminate|]. cbn [nth] in E. destruct (IH (S k) [] ms' i M E).
  - destruct (Nat.eqb_spec j k) as [->|Ej].
    + destruct (marks n (S k) (map index_of f)) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-. intro E.
      destruct i as [|i]; cbn [fill nth hd tl]; [left; f_equal; lia|]. right.
      replace (k + S i)%nat with (S k + i)%nat by lia. now apply IH.
    + destruct (marks n (S k) (j :: map index_of f)) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-. intro E.
      destruct i as [|i]; [discriminate|]. cbn [fill nth]. replace (k + S i)%nat with (S k + i)%nat by lia.
      exact (IH (S k) ((j, (x, p)) :: f) ms' i M E). Qed.
(** The marks are those of the indices, of each one once. *)
Lemma marks_In n k (f : face_row) ms i : marks n k (map index_of f) = Some ms -> In i (map index_of f) ->
  (k <= i)%nat /\ nth (i - k) ms false = true.
Proof.
  revert k f ms; induction n as [|n IH]; intros k f ms; cbn [marks]; destruct f as [|e f]; cbn [map]; try discriminate;
    intros H I; [destruct I|destruct I|].
  destruct (Nat.eqb_spec (index_of e) k) as [E|E].
  - destruct (marks n (S k) (map index_of f)) as [ms'|] eqn:M; [|discriminate]. injection H as <-.
    destruct I as [I|I]; [subst i; rewrite E, Nat.sub_diag; cbn [nth]; auto|]. destruct (IH _ _ _ M I) as [L N].
    split; [lia|]. replace (i - k)%nat with (S (i - S k)) by lia. exact N.
  - destruct (marks n (S k) (index_of e :: map index_of f)) as [ms'|] eqn:M; [|discriminate]. injection H as <-.
    destruct (IH _ (e :: f) _ M I) as [L N]. split; [lia|]. replace (i - k)%nat with (S (i - S k)) by lia. exact N. Qed.
Lemma index_marked n (f : face_row) ms i : marks n 0 (map index_of f) = Some ms -> In i (map index_of f) ->
  nth i ms false = true.
Proof. intros M I. destruct (@marks_In _ _ _ _ i M I) as [_ N]. now rewrite Nat.sub_0_r in N. Qed.
Lemma index_injective_from n k (f : face_row) ms e e' : marks n k (map index_of f) = Some ms -> In e f -> In e' f ->
  index_of e = index_of e' -> e = e'.
Proof.
  revert k f ms; induction n as [|n IH]; intros k f ms; cbn [marks]; destruct f as [|e0 f]; cbn [map]; try discriminate;
    intros H I I' E; [destruct I|destruct I|].
  destruct (Nat.eqb_spec (index_of e0) k) as [E0|E0].
  - destruct (marks n (S k) (map index_of f)) as [ms'|] eqn:M; [|discriminate].
    assert (L : forall e1, In e1 f -> index_of e1 <> k).
    { intros e1 I1 E1. apply (in_map index_of) in I1. destruct (@marks_In _ _ _ _ _ M I1). lia. }
    destruct I as [<-|I], I' as [<-|I']; auto.
    + destruct (L e' I'). congruence.
    + destruct (L e I). congruence.
    + now apply (IH _ _ _ M).
  - destruct (marks n (S k) (index_of e0 :: map index_of f)) as [ms'|] eqn:M; [|discriminate].
    now apply (IH _ (e0 :: f) _ M). Qed.
Lemma index_injective n (f : face_row) ms e e' : marks n 0 (map index_of f) = Some ms -> In e f -> In e' f ->
  index_of e = index_of e' -> e = e'.
Proof. apply index_injective_from. Qed.
Lemma keep_count {A} n (f : face_row) ms (z : list A) : marks n 0 (map index_of f) = Some ms -> length z = n ->
  length (keep ms z) = length f.
Proof. intros M L. rewrite (keep_count_from _ _ _ M L). apply map_length. Qed.
Lemma marks_of_sound m f ms : marks_of m f = Some ms -> marks m 0 (map index_of f) = Some ms.
Proof. unfold marks_of. match goal with |- context [if ?b then _ else _] => destruct b end; [auto|discriminate]. Qed.

Lemma subset_In small large i : subset small large = true -> In i small -> In i large.
Proof.
  revert small; induction large as [|j large IH]; intros [|k small] H I; cbn [subset] in H; try discriminate; [destruct I|destruct I|].
  destruct (Nat.eqb_spec j k) as [->|_].
  - destruct I as [->|I]; [now left|right; now apply (IH small)].
  - right. now apply (IH (k :: small)). Qed.

Section Row.
Variables (f : face_row) (ms : list bool) (z : vec).
Hypothesis M : marks (length T) 0 (map index_of f) = Some ms.
Hypothesis Lz : length z = length T.
Hypothesis P : positive K z.
Hypothesis Off : outside (map index_of f) z.
Lemma outside_unmarked i : nth i ms false = false -> nth i z 0 = 0.
Proof. intro E. destruct (Nat.lt_ge_cases i (length T)) as [H|H]; [|apply nth_overflow; lia].
  apply Off. exact (@unmarked _ _ _ _ _ M H E). Qed.
Lemma only_outside j : nth j (only K ms z) 0 = nth j z 0.
Proof.
  assert (N : forall i, nth i ms false = false -> nth i z 0 = 0) by exact outside_unmarked.
  assert (L : length z = length ms) by (rewrite (@marks_length _ _ _ _ M); exact Lz).
  clear - N L. revert z j N L; induction ms as [|b ms' IH]; intros [|a z'] j N L; try discriminate; auto.
  injection L as L. cbn [only]. destruct j as [|j]; cbn [nth].
  - destruct b; auto. symmetry. exact (N O eq_refl).
  - apply IH; auto. intro i. exact (N (S i)). Qed.

Lemma block_sound : above K strict (form K (face ms T) (keep ms z)) (keep ms z) -> above K strict (form K T z) z.
Proof.
  intros [V S]. unfold form, face in V, S. rewrite bilinear_block in V, S. fold (form K T (only K ms z)) in V, S.
  rewrite (form_ext K T _ _ only_outside) in V, S. split; auto. intros E Q k. rewrite <- only_outside.
  apply keep_zero; auto. rewrite (@marks_length _ _ _ _ M). exact Lz. Qed.
Lemma marked_In k : nth k ms false = true -> In k (map index_of f).
Proof. intro E. pose proof (@marked _ _ _ _ k M E) as I. now apply (in_map index_of) in I. Qed.
Lemma earlier_sound known p set b : sound known -> earlier known p set = true ->
  length b = length T -> positive K b -> outside set b -> above K strict (form K T b) b.
Proof.
  intros S H Lb Pb Ob. unfold earlier in H. apply andb_prop in H as [_ H]. destruct (find p known) as [large|] eqn:F; [|discriminate].
  apply (find_sound _ _ S F); auto. intros k Hk. apply Ob. intro I. apply Hk. now apply (@subset_In _ _ _ H). Qed.
(** Outside an entry's set: unmarked, or left out. *)
Lemma outside_without k b : within K ms b -> nth k b 0 = 0 -> outside (without k (map index_of f)) b.
Proof.
  intros Wb Ek i Hi. destruct (nth i ms false) eqn:E; [|now apply Wb].
  destruct (Nat.eq_dec i k) as [->|N]; [exact Ek|]. destruct Hi. apply filter_In. split; [now apply marked_In|].
  now apply negb_true_iff, Nat.eqb_neq. Qed.

Lemma parts_sound known : sound known -> parts_named known f = true ->
  separated (fill ms (map p_of f)) (fill ms (map p_of f)) T = true -> above K strict (form K T z) z.
Proof.
  intros S H1 H2. set (parts := fill ms (map p_of f)) in *. unfold parts_named in H1. rewrite forallb_forall in H1.
  assert (Lp : length z = length parts) by (unfold parts; rewrite fill_length, (@marks_length _ _ _ _ M); exact Lz).
  apply (@peel K strict T parts (map p_of f)); auto.
  - intros i Hi. destruct (nth i ms false) eqn:E; [|now apply outside_unmarked].
    pose proof (@marked _ _ _ _ i M E) as I. apply H1 in I. unfold earlier, p_of at 1, index_of in I. cbn [snd fst] in I.
    apply andb_prop in I as [I _]. apply Z.ltb_lt in I. fold parts in I. lia.
  - intros i Hi. destruct (nth i ms false) eqn:E; [|now apply outside_unmarked]. destruct Hi.
    pose proof (@marked _ _ _ _ i M E) as I. fold parts in I. now apply (in_map p_of) in I.
  - intros q v I Pv Lv A B. apply in_map_iff in I as (e & Ee & I). apply H1 in I as J. unfold earlier in J.
    apply andb_prop in J as [_ J]. rewrite Ee in J. destruct (find q known) as [large|] eqn:F; [|discriminate].
    apply (find_sound _ _ S F); auto; [lia|]. intros k Hk.
    destruct (nth k ms false) eqn:E; [|now apply B, outside_unmarked].
    destruct (Z.eq_dec (nth k parts 0%Z) q) as [Eq|Nq]; [|now apply A]. exfalso. apply Hk.
    pose proof (@marked _ _ _ _ k M E) as I'. apply H1 in I'. unfold earlier, p_of, index_of in I'. cbn [fst snd] in I'.
    apply andb_prop in I' as [_ I']. fold parts in I'. fold p_of in *. unfold parts in *. rewrite Eq, F in I'.
    apply (@subset_In _ _ _ I'). now left. Qed.

Lemma gaddum_row_sound known : sound known -> iszero (map x_of f) = false -> nonneg (map x_of f) = true ->
  faces_named known f = true -> gaddum strict ms (fill ms (map x_of f)) T = true -> above K strict (form K T z) z.
Proof.
  intros S X N H1 H2. unfold faces_named in H1. rewrite forallb_forall in H1. pose proof (@marks_length _ _ _ _ M) as Lm.
  apply (@gaddum_sound K strict T ms z Lm Lz P outside_unmarked (fill ms (map x_of f))); auto.
  - now apply fill_nonneg.
  - rewrite (@fill_iszero _ _ _ _ _ M); [exact X|now rewrite map_length, map_length].
  - now rewrite fill_length.
  - intros. now apply nth_fill_unmarked.
  - intros k b Hk Lb Pb Wb Ek. assert (E : nth k ms false = true).
    { destruct (nth k ms false) eqn:E; auto. rewrite nth_fill_unmarked in Hk by exact E. lia. }
    pose proof (@marked _ _ _ _ k M E) as I. apply H1 in I. unfold x_of at 1, p_of, index_of in I. cbn [fst snd] in I.
    destruct (Z.ltb_spec 0 (nth k (fill ms (map x_of f)) 0%Z)) as [_|]; [|lia].
    apply (earlier_sound _ _ S I); auto. now apply outside_without. Qed.
Lemma exchange_row_sound known e : sound known -> nonneg (map x_of f) = false ->
  filter (fun e => 0 <? x_of e)%Z f = [e] -> faces_named known f = true ->
  concave T f (index_of e) (x_of e) = true -> above K strict (form K T z) z.
Proof.
  intros S X V H1 H2. unfold faces_named in H1. unfold concave in H2. rewrite forallb_forall in H1, H2.
  pose proof (@marks_length _ _ _ _ M) as Lm.
  assert (Iv : In e f /\ (0 < x_of e)%Z).
  { assert (I : In e (filter (fun e => 0 <? x_of e)%Z f)) by (rewrite V; now left). apply filter_In in I as [I J].
    split; auto. now apply Z.ltb_lt. }
  destruct Iv as [Iv Hv].
  set (W := map (fun e => (index_of e, x_of e)) (filter (fun e => x_of e <? 0)%Z f)).
  assert (InW : forall w xw, In (w, xw) W -> exists e', In e' f /\ index_of e' = w /\ x_of e' = xw /\ (xw < 0)%Z).
  { intros w xw I. apply in_map_iff in I as (e' & E & I). injection E as E1 E2. apply filter_In in I as [I J].
    exists e'. apply Z.ltb_lt in J. repeat split; auto. now rewrite <- E2. }
  assert (Wz : within K ms z) by exact outside_unmarked.
  apply (@exchange_sound K strict T ms (index_of e) (x_of e) W Hv); auto.
  - apply (@index_marked _ _ _ _ M). now apply in_map.
  - intros w xw I. destruct (InW _ _ I) as (e' & I' & <- & <- & Neg). repeat split; auto.
    + intro E. assert (e' = e) by (apply (@index_injective _ _ _ _ _ M); auto). subst e'. lia.
    + apply (@index_marked _ _ _ _ M). now apply in_map.
    + apply H2 in I'. apply orb_prop in I' as [C|C]; [apply Z.leb_le in C; lia|now apply Z.leb_le].
  - intros b Lb Pb Wb Ev. pose proof (H1 e Iv) as J. destruct (Z.ltb_spec 0 (x_of e)) as [_|]; [|lia].
    apply (earlier_sound _ _ S J); auto. now apply outside_without.
  - intros b Lb Pb Wb Ew. assert (Some_w : exists e', In e' f /\ (x_of e' < 0)%Z).
    { clear - X. induction f as [|e' f' IH]; [discriminate|]. cbn [map nonneg forallb] in X.
      destruct (Z.leb_spec 0 (x_of e')) as [L|L]; [|exists e'; auto with datatypes].
      destruct (IH X) as (e'' & I & L'). exists e''. auto with datatypes. }
    destruct Some_w as (e' & I' & Neg). pose proof (H1 e' I') as J.
    destruct (Z.ltb_spec 0 (x_of e')); [lia|]. destruct (Z.ltb_spec (x_of e') 0) as [_|]; [|lia].
    apply (earlier_sound _ _ S J); auto. intros k Hk. destruct (nth k ms false) eqn:E; [|now apply Wb].
    pose proof (@marked _ _ _ _ k M E) as I. match type of I with In ?e f => set (e'' := e) in I end.
    destruct (Z.leb_spec 0 (x_of e'')) as [L|L].
    + destruct Hk. change k with (index_of e''). apply in_map, filter_In. split; auto. now apply Z.leb_le.
    + apply (Ew k (x_of e'')). apply in_map_iff. exists e''. split; [reflexivity|]. apply filter_In. split; auto. now apply Z.ltb_lt. Qed.
End Row.

Lemma check_row_sound known f : sound known -> check_row hint strict T known f = None -> proves (map index_of f).
Proof.
  unfold check_row. intros S H z Lz P O. destruct (marks_of (length T) f) as [ms|] eqn:M; [|discriminate].
  apply marks_of_sound in M.
  destruct (iszero (map x_of f)) eqn:X; [destruct (iszero (map p_of f))|destruct (nonneg (map x_of f)) eqn:N;
    [destruct (forallb _ (map p_of f))|]].
  - apply owes_none in H as [H _]. apply (@block_sound f ms z M Lz O). eapply check_entries_sound; [exact H|..].
    + rewrite face_length. apply keep_length. exact Lz.
    + now apply keep_positive.
  - apply owes_none in H as [H1 H]. apply owes_none in H as [H2 _]. exact (@parts_sound f ms z M Lz P O known S H1 H2).
  - apply owes_none in H as [H1 H]. apply owes_none in H as [H2 _]. apply (@block_sound f ms z M Lz O).
    assert (L : length (keep ms z) = length f) by (apply (@keep_count _ _ f _ _ M Lz)).
    eapply merge_sound; [exact H1| | |now apply keep_positive|exact H2]; now rewrite !map_length.
  - apply owes_none in H as [H1 H]. apply owes_none in H as [H2 _]. exact (@gaddum_row_sound f ms z M Lz P O known S X N H1 H2).
  - destruct (filter _ f) as [|e [|]] eqn:V; try discriminate.
    apply owes_none in H as [H1 H]. apply owes_none in H as [H2 _]. exact (@exchange_row_sound f ms z M Lz P O known e S N V H1 H2). Qed.
Lemma check_rows_sound fs number known : sound known -> check_rows hint strict T fs number known = None -> good K strict T.
Proof.
  revert number known; induction fs as [|f fs IH]; intros number known S; cbn [check_rows]; [discriminate|].
  destruct (check_row hint strict T known f) eqn:H1; [discriminate|]. intro H2.
  pose proof (check_row_sound _ _ S H1) as R. destruct fs as [|f' fs'].
  - intros z Lz P. apply R; auto. intros k Hk. apply owes_none in H2 as [H2 _]. apply Nat.eqb_eq in H2.
    unfold check_row in H1. destruct (marks_of (length T) f) as [ms|] eqn:M; [|discriminate]. apply marks_of_sound in M.
    destruct (Nat.lt_ge_cases k (length T)) as [L|L]; [|apply nth_overflow; lia].
    destruct (@all_marked _ _ _ _ M) as [_ A]. rewrite map_length in A.
    pose proof (@marked _ _ _ _ k M (A H2 k L)) as I. destruct Hk. now apply (in_map index_of) in I.
  - apply (IH (number + 1)%Z (insert number (map index_of f) known)); auto using insert_sound. Qed.
Theorem check_faces_sound fs : check_faces hint strict T fs = None -> good K strict T.
Proof. apply check_rows_sound. exact I. Qed.
End Soundness.
