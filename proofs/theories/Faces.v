(** * The leaf [faces]: a matrix is copositive because some of its principal submatrices are

    Each row proves this of the submatrix on a set of indices, by its entries, by parts whose sets earlier rows have
    proved, or by Gaddum's criterion: a vector x >= 0 that the submatrix makes nonnegative, where earlier rows have
    the set without k for each k with x_k > 0. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Forms Tree Cones Leaves Copositive.
Import ListNotations.
Set Implicit Arguments.

(** The set's indices k, each with x_k and the number of an earlier row. *)
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

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
Variable strict : bool.

(** A list of all indices: that of the marked ones, filled up with zeros. *)
Fixpoint fill (ms : list bool) (l : list Z) : list Z :=
  match ms with
  | [] => []
  | b :: ms' => if b then hd 0 l :: fill ms' (tl l) else 0 :: fill ms' l end.
Fixpoint member (k : nat) (set : list nat) : bool :=
  match set with [] => false | i :: set' => Nat.eqb i k || member k set' end.
(** Both ascend. *)
Fixpoint subset (small large : list nat) : bool :=
  match large with
  | [] => match small with [] => true | _ => false end
  | i :: large' =>
    match small with
    | [] => true
    | k :: small' => if Nat.eqb i k then subset small' large' else subset small large' end end.

(** No entry of a row is negative whose index is in another part; those of part 0 are in none. *)
Fixpoint apart (q : Z) (parts r : list Z) : bool :=
  match parts, r with
  | p :: parts', a :: r' => ((p =? 0) || (p =? q) || (0 <=? a)) && apart q parts' r'
  | _, _ => true end.
Fixpoint separated (all parts : list Z) (T : list (list Z)) : bool :=
  match parts, T with
  | q :: parts', r :: T' => ((q =? 0) || apart q all r) && separated all parts' T'
  | _, _ => true end.
Definition check_parts (known : table) (f : face_row) (parts : list Z) (T : list (list Z)) : bool :=
  forallb (fun e => (0 <? snd (snd e)) &&
    match find (snd (snd e)) known with Some set => member (fst e) set | None => false end) f &&
  separated parts parts T.

(** T x + x^T T. *)
Definition gradient (T : list (list Z)) (x : list Z) : list Z := zadd (map (fun r => zdot r x) T) (zcomb x T).
Fixpoint nonneg_where (ms : list bool) (y : list Z) : bool :=
  match ms, y with b :: ms', a :: y' => (negb b || (0 <=? a)) && nonneg_where ms' y' | _, _ => true end.
Definition without (k : nat) (set : list nat) : list nat := filter (fun i => negb (Nat.eqb i k)) set.
Definition check_gaddum (known : table) (f : face_row) (ms : list bool) (x : list Z) (T : list (list Z)) : bool :=
  let y := gradient T x in
  nonneg x && nonneg_where ms y && (negb strict || (0 <? zdot x y)) &&
  forallb (fun e =>
    if 0 <? fst (snd e) then
      match find (snd (snd e)) known with Some set => subset (without (fst e) (map fst f)) set | None => false end
    else snd (snd e) =? 0) f.

Definition marks_of (m : nat) (f : face_row) : option (list bool) :=
  if Nat.leb (length f) m then marks m 0 (map fst f) else None.
Definition check_row (T : list (list Z)) (known : table) (f : face_row) : bool :=
  match marks_of (length T) f with
  | None => false
  | Some ms =>
    let x := fill ms (map (fun e => fst (snd e)) f) in
    let parts := fill ms (map (fun e => snd (snd e)) f) in
    if iszero x then
      if iszero parts then check_entries hint strict (face ms T) else check_parts known f parts T
    else check_gaddum known f ms x T
  end.
Fixpoint check_rows (T : list (list Z)) (fs : list face_row) (number : Z) (known : table) : bool :=
  match fs with
  | [] => false
  | f :: fs' =>
    check_row T known f &&
    match fs' with
    | [] => Nat.eqb (length f) (length T)
    | _ => check_rows T fs' (number + 1) (insert number (map fst f) known) end
  end.
Definition check_faces (T : list (list Z)) (fs : list face_row) : bool := check_rows T fs 1 Vacant.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Local Notation "0" := (f0 K) : field_scope.
Local Notation "1" := (f1 K) : field_scope.
Local Infix "+" := (fadd K) : field_scope.
Local Infix "*" := (fmul K) : field_scope.
Local Infix "-" := (fsub K) : field_scope.
Local Notation "- x" := (fopp K x) : field_scope.
Local Infix "<=" := (fle K) : field_scope.
Local Notation "x / y" := (x * finv K y) : field_scope.
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
Lemma marks_least n k indices ms i : marks n k indices = Some ms -> In i indices -> (k <= i)%nat.
Proof.
  revert k indices ms; induction n as [|n IH]; intros k [|j indices] ms; cbn [marks]; try discriminate; intros H [].
  - destruct (Nat.eqb_spec j k); [lia|]. destruct (marks n (S k) (j :: indices)) eqn:E; [|discriminate].
    subst j. specialize (IH _ _ _ E (or_introl eq_refl)). lia.
  - destruct (Nat.eqb j k).
    + destruct (marks n (S k) indices) eqn:E; [|discriminate]. specialize (IH _ _ _ E H0). lia.
    + destruct (marks n (S k) (j :: indices)) eqn:E; [|discriminate]. specialize (IH _ _ _ E (or_intror H0)). lia. Qed.
Lemma unmarked n k indices ms i : marks n k indices = Some ms -> (i < n)%nat -> nth i ms false = false ->
  ~ In (k + i)%nat indices.
Proof.
  revert k i indices ms; induction n as [|n IH]; intros k i indices ms; [lia|]. cbn [marks]. intros H Hi E I.
  destruct indices as [|j indices]; [destruct I|]. destruct (Nat.eqb_spec j k) as [Ej|Ej].
  - destruct (marks n (S k) indices) as [ms'|] eqn:M; [|discriminate]. injection H as <-.
    destruct i as [|i]; [discriminate|]. cbn [nth] in E. destruct I as [I|I]; [lia|].
    apply (IH (S k) i _ _ M); [lia|exact E|]. now replace (S k + i)%nat with (k + S i)%nat by lia.
  - destruct (marks n (S k) (j :: indices)) as [ms'|] eqn:M; [|discriminate]. injection H as <-.
    pose proof (marks_least _ _ _ _ M I) as L. destruct i as [|i]; [lia|].
    apply (IH (S k) i _ _ M); [lia|exact E|]. now replace (S k + i)%nat with (k + S i)%nat by lia. Qed.
Lemma nth_fill_unmarked ms l i : nth i ms false = false -> nth i (fill ms l) 0%Z = 0%Z.
Proof. revert l i; induction ms as [|b ms IH]; intros l [|i] E; cbn [fill nth] in *; auto;
    destruct b; cbn [nth]; auto; discriminate. Qed.
Lemma fill_length ms l : length (fill ms l) = length ms.
Proof. revert l; induction ms as [|b ms IH]; intro l; cbn [fill length]; auto. destruct b; cbn [length]; auto. Qed.
Lemma marked n k (f : face_row) ms i : marks n k (map fst f) = Some ms -> nth i ms false = true ->
  In ((k + i)%nat, (nth i (fill ms (map (fun e => fst (snd e)) f)) 0%Z, nth i (fill ms (map (fun e => snd (snd e)) f)) 0%Z)) f.
Proof.
  revert k f ms i; induction n as [|n IH]; intros k f ms i; cbn [marks]; destruct f as [|[j [x p]] f]; cbn [map fst snd];
    try discriminate.
  - intro H. injection H as <-. now destruct i.
  - destruct (marks n (S k) []) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-. intro E.
    destruct i as [|i]; [discriminate|]. cbn [nth] in E. destruct (IH (S k) [] ms' i M E).
  - destruct (Nat.eqb_spec j k) as [->|Ej].
    + destruct (marks n (S k) (map fst f)) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-. intro E.
      destruct i as [|i]; cbn [fill nth hd tl]; [left; f_equal; lia|]. right.
      replace (k + S i)%nat with (S k + i)%nat by lia. now apply IH.
    + destruct (marks n (S k) (j :: map fst f)) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-. intro E.
      destruct i as [|i]; [discriminate|]. cbn [fill nth]. replace (k + S i)%nat with (S k + i)%nat by lia.
      exact (IH (S k) ((j, (x, p)) :: f) ms' i M E). Qed.
Lemma all_marked n k indices ms : marks n k indices = Some ms -> (length indices <= n)%nat /\
  (length indices = n -> forall i, (i < n)%nat -> nth i ms false = true).
Proof.
  revert k indices ms; induction n as [|n IH]; intros k indices ms; cbn [marks]; destruct indices as [|j indices];
    cbn [length]; try discriminate.
  - split; [lia|lia].
  - split; [lia|discriminate].
  - destruct (Nat.eqb j k).
    + destruct (marks n (S k) indices) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-.
      destruct (IH _ _ _ M) as [L A]. split; [lia|]. intros E [|i] Hi; cbn [nth]; auto. apply A; lia.
    + destruct (marks n (S k) (j :: indices)) as [ms'|] eqn:M; [|discriminate]. intro H. injection H as <-.
      destruct (IH _ _ _ M) as [L A]. cbn [length] in L. split; [lia|]. lia. Qed.
Lemma marks_of_sound m f ms : marks_of m f = Some ms -> marks m 0 (map fst f) = Some ms.
Proof. unfold marks_of. destruct (Nat.leb (length f) m); [auto|discriminate]. Qed.

(** *** A vector that is zero outside a set *)
Section Row.
Variables (f : face_row) (ms : list bool) (z : vec).
Hypothesis M : marks (length T) 0 (map fst f) = Some ms.
Hypothesis Lz : length z = length T.
Hypothesis P : positive K z.
Hypothesis Off : outside (map fst f) z.
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

(** *** By the entries *)
Lemma entries_sound : good K strict (face ms T) -> above K strict (form K T z) z.
Proof.
  intro H. pose proof (@marks_length _ _ _ _ M) as Lm. destruct (@face_sound K strict ms T z Lm Lz P H) as [V S].
  assert (E : form K T (only K ms z) = form K T z).
  { unfold form. rewrite !bilinear_left.
    rewrite (dot_ext K _ _ only_outside). rewrite <- !bilinear_left. unfold bilinear.
    rewrite !(dot_comm K (comb z T)). apply dot_ext, only_outside. }
  rewrite E in V, S. split; auto. intros F Q k. rewrite <- only_outside. now apply S. Qed.

(** *** By parts *)
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
    above K strict (form K T v) v) ->
  above K strict (form K T w) w.
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
Lemma member_In k set : member k set = true -> In k set.
Proof. induction set as [|i set IH]; cbn [member]; [discriminate|]. intro H. apply orb_prop in H as [H|H]; [left|right; auto].
  now apply Nat.eqb_eq. Qed.
Lemma parts_sound known : sound known ->
  check_parts known f (fill ms (map (fun e => snd (snd e)) f)) T = true -> above K strict (form K T z) z.
Proof.
  intros S H. set (parts := fill ms (map (fun e => snd (snd e)) f)) in *. unfold check_parts in H.
  apply andb_prop in H as [H1 H2]. rewrite forallb_forall in H1.
  assert (Lp : length z = length parts) by (unfold parts; rewrite fill_length, (@marks_length _ _ _ _ M); exact Lz).
  apply (@peel parts (map (fun e => snd (snd e)) f)); auto.
  - intros i Hi. destruct (nth i ms false) eqn:E; [|now apply outside_unmarked].
    pose proof (@marked _ _ _ _ i M E) as I. apply H1 in I. cbn [snd fst] in I. apply andb_prop in I as [I _].
    apply Z.ltb_lt in I. fold parts in I. lia.
  - intros i Hi. destruct (nth i ms false) eqn:E; [|now apply outside_unmarked]. destruct Hi.
    pose proof (@marked _ _ _ _ i M E) as I. fold parts in I. now apply (in_map (fun e => snd (snd e))) in I.
  - intros q v I Pv Lv A B. apply in_map_iff in I as (e & Ee & I). apply H1 in I as J. apply andb_prop in J as [_ J].
    rewrite Ee in J. destruct (find q known) as [set|] eqn:F; [|discriminate].
    apply (find_sound _ _ S F); auto; [lia|]. intros k Hk.
    destruct (nth k ms false) eqn:E; [|now apply B, outside_unmarked].
    destruct (Z.eq_dec (nth k parts 0%Z) q) as [Eq|Nq]; [|now apply A]. exfalso. apply Hk.
    pose proof (@marked _ _ _ _ k M E) as I'. apply H1 in I'. cbn [fst snd] in I'. apply andb_prop in I' as [_ I'].
    fold parts in I'. rewrite Eq, F in I'. now apply member_In. Qed.

(** *** By Gaddum's criterion: from z along - x to the boundary, where an earlier row holds *)
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
Lemma nonneg_where_sound y w : nonneg_where ms y = true -> positive K w -> length w = length ms ->
  (forall i, nth i ms false = false -> nth i w 0 = 0) -> 0 <= lin K y w.
Proof.
  clear. revert y w; induction ms as [|b ms' IH]; intros [|a y] [|e w] H Pw L N; try discriminate; cbn [lin]; auto with pos.
  injection L as L. cbn [nonneg_where] in H. apply andb_prop in H as [Ha H]. apply positive_cons in Pw as [Pe Pw].
  apply add_pos; [|apply IH; auto; intro i; exact (N (S i))].
  destruct b; cbn [negb orb] in Ha.
  - apply Z.leb_le in Ha. auto with pos.
  - pose proof (N O eq_refl) as Z. cbn [nth] in Z. rewrite Z. replace (z2 a * 0) with 0 by ring. auto with pos. Qed.
Lemma subset_In small large i : subset small large = true -> In i small -> In i large.
Proof.
  revert small; induction large as [|j large IH]; intros [|k small] H I; cbn [subset] in H; try discriminate; [destruct I|destruct I|].
  destruct (Nat.eqb_spec j k) as [->|_].
  - destruct I as [->|I]; [now left|right; now apply (IH small)].
  - right. now apply (IH (k :: small)). Qed.
Lemma gaddum_sound known : sound known -> iszero (fill ms (map (fun e => fst (snd e)) f)) = false ->
  check_gaddum strict known f ms (fill ms (map (fun e => fst (snd e)) f)) T = true -> above K strict (form K T z) z.
Proof.
  intros So Zx H. set (x := fill ms (map (fun e => fst (snd e)) f)) in *. unfold check_gaddum in H.
  apply andb_prop in H as [H H4]. apply andb_prop in H as [H H3]. apply andb_prop in H as [H1 H2].
  rewrite forallb_forall in H4. pose proof (@marks_length _ _ _ _ M) as Lm.
  assert (Lx : length x = length T) by (unfold x; now rewrite fill_length).
  destruct (@ratio x z H1 Zx P) as (s & k & Ps & Hk & Ek & All); [lia|].
  set (b := vadd z (vscale (- s) (vZ K x))).
  assert (Eb : forall i, nth i b 0 = nth i z 0 - s * z2 (nth i x 0%Z)).
  { intro i. rewrite <- !dot_unit. unfold b. rewrite dot_vadd, dot_vscale, !dot_unit, nth_vZ. ring. }
  assert (Lb : length b = length T).
  { unfold b. rewrite vadd_length. unfold vscale, vZ. rewrite !map_length. lia. }
  assert (Xout : forall i, nth i ms false = false -> nth i x 0%Z = 0%Z) by (intros; now apply nth_fill_unmarked).
  assert (Bout : forall i, nth i ms false = false -> nth i b 0 = 0).
  { intros i E. rewrite Eb, (outside_unmarked _ E), (Xout _ E), ofZ_0. ring. }
  assert (Pb : positive K b) by (intro i; rewrite Eb; apply All).
  destruct (nth k ms false) eqn:E; [|rewrite Xout in Hk by assumption; lia].
  pose proof (@marked _ _ _ _ k M E) as I. apply H4 in I. cbn [fst snd] in I. fold x in I.
  destruct (Z.ltb_spec 0 (nth k x 0%Z)) as [_|]; [|lia].
  match type of I with context [find ?p known] => destruct (find p known) as [set|] eqn:F; [|discriminate] end.
  destruct (find_sound _ _ So F) with (z := b) as [Vb Sb]; auto.
  { intros i Hi. destruct (nth i ms false) eqn:Ei; auto.
    destruct (Nat.eq_dec i k) as [->|Nk]; [rewrite Eb, Ek; ring|]. destruct Hi.
    apply (@subset_In _ _ i I). apply filter_In. split; [|now apply negb_true_iff, Nat.eqb_neq].
    pose proof (@marked _ _ _ _ i M Ei) as J. now apply (in_map fst) in J. }
  set (y := gradient T x) in *.
  assert (Yb : 0 <= lin K y b) by (apply nonneg_where_sound; auto; lia).
  assert (Yx : 0 <= lin K y (vZ K x)).
  { apply nonneg_where_sound; auto using nonneg_positive; [unfold vZ; rewrite map_length; lia|].
    intros i Ei. rewrite nth_vZ, (Xout _ Ei). apply ofZ_0. }
  assert (Ez : forall w w', dot z (map (fun r => lin K r w) w') = dot b (map (fun r => lin K r w) w') + s * dot (vZ K x) (map (fun r => lin K r w) w')).
  { intros w w'. unfold b. rewrite dot_vadd, dot_vscale. ring. }
  assert (Form : (1 + 1) * form K T z = (1 + 1) * form K T b + ((1 + 1) * s * lin K y b + s * s * lin K y (vZ K x))).
  { unfold y. rewrite !gradient_sound. unfold form.
    assert (L : forall w, bilinear K T z w = bilinear K T b w + s * bilinear K T (vZ K x) w).
    { intro w. rewrite !bilinear_left. apply Ez. }
    assert (R : forall w, bilinear K T w z = bilinear K T w b + s * bilinear K T w (vZ K x)).
    { intro w. unfold bilinear. rewrite !(dot_comm K (comb w T)). unfold b. rewrite dot_vadd, dot_vscale. ring. }
    rewrite L, !R. ring. }
  assert (Pm : 0 <= (1 + 1) * s * lin K y b + s * s * lin K y (vZ K x)) by auto with pos.
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
End Row.

(** *** Rows *)
Lemma check_row_sound known f : sound known -> check_row hint strict T known f = true -> proves (map fst f).
Proof.
  unfold check_row. intros S H z Lz P O. destruct (marks_of (length T) f) as [ms|] eqn:M; [|discriminate].
  apply marks_of_sound in M. destruct (iszero (fill ms (map (fun e => fst (snd e)) f))) eqn:X.
  - destruct (iszero (fill ms (map (fun e => snd (snd e)) f))).
    + apply (entries_sound f M Lz P O). eapply check_entries_sound. exact H.
    + exact (parts_sound f M Lz P O _ S H).
  - exact (gaddum_sound f M Lz P O _ S X H). Qed.
Lemma check_rows_sound fs number known : sound known -> check_rows hint strict T fs number known = true -> good K strict T.
Proof.
  revert number known; induction fs as [|f fs IH]; intros number known S; cbn [check_rows]; [discriminate|].
  intro H. apply andb_prop in H as [H1 H2]. pose proof (check_row_sound _ _ S H1) as R. destruct fs as [|f' fs'].
  - intros z Lz P. apply R; auto. intros k Hk. apply Nat.eqb_eq in H2. unfold check_row in H1.
    destruct (marks_of (length T) f) as [ms|] eqn:M; [|discriminate]. apply marks_of_sound in M.
    destruct (Nat.lt_ge_cases k (length T)) as [L|L]; [|apply nth_overflow; lia].
    destruct (@all_marked _ _ _ _ M) as [_ A]. rewrite map_length in A.
    pose proof (@marked _ _ _ _ k M (A H2 k L)) as I. destruct Hk. now apply (in_map fst) in I.
  - apply (IH (number + 1)%Z (insert number (map fst f) known)); auto using insert_sound. Qed.
Theorem check_faces_sound fs : check_faces hint strict T fs = true -> good K strict T.
Proof. apply check_rows_sound. exact I. Qed.
End Soundness.
