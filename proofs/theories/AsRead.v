(** * The theorems about the numbers as they stand in a file

    The file of `certify check --trust kernel` shows the user's data in decimals and fractions, with what is made of
    them; the integers of a problem or a matrix are found to be the same numbers by evaluation. *)
From Coq Require Import ZArith QArith Qreals Reals List String Bool Lia Lra.
From Certify Require Import OrderedField RealField Vectors Orthant Tree LossBounds Entropies Weights OutputBias Objective Checker Copositive CompletePositivity
  MatrixChecker OverReals.
Import ListNotations.

(** ** What is made of a row of a table *)
(** A 1 in the place of the label. *)
Definition one_hot (classes : list string) (label : string) : list Q :=
  map (fun name => if String.eqb name label then 1%Q else 0%Q) classes.
(** 1 for the label's class and -1 for the others; of two classes only that of the second. *)
Definition signs (classes : list string) (label : string) : list Q :=
  let sign name := if String.eqb name label then 1%Q else (-1)%Q in
  match classes with [_; second] => [sign second] | _ => map sign classes end.
(** What a sample's class counts. *)
Fixpoint class_weight (classes : list (string * Q)) (label : string) : Q :=
  match classes with
  | [] => 1%Q
  | (name, weight) :: classes' => if String.eqb name label then weight else class_weight classes' label end.
(** (x - shift) * scale, by the pair (shift, scale) of each feature. *)
Fixpoint standardised (pairs : list (Q * Q)) (x : list Q) : list Q :=
  match pairs, x with
  | (shift, scale) :: pairs', a :: x' => ((a - shift) * scale)%Q :: standardised pairs' x'
  | _, _ => [] end.

(** ** Rationals as real numbers *)
Definition reals : list Q -> list R := map Q2R.
Definition real_samples : list (list Q * list Q) -> list (list R * list R) :=
  map (fun xy => (reals (fst xy), reals (snd xy))).
(** With a weight before the target. *)
Definition real_weighted_samples : list (list Q * (Q * list Q)) -> list (list R * (R * list R)) :=
  map (fun row => (reals (fst row), (Q2R (fst (snd row)), reals (snd (snd row))))).
Definition counted_once : list (list Q * list Q) -> list (list Q * (Q * list Q)) :=
  map (fun xy => (fst xy, (1%Q, snd xy))).

(** ** Integers over a denominator, and rationals *)
Section Same.
Local Open Scope Z_scope.
Definition same (den a : Z) (q : Q) : bool := a * QDen q =? Qnum q * den.
Fixpoint all2 {A B} (f : A -> B -> bool) (x : list A) (y : list B) : bool :=
  match x, y with [], [] => true | a :: x', b :: y' => f a b && all2 f x' y' | _, _ => false end.
Definition same_row (den : Z) : list Z -> list Q -> bool := all2 (same den).
Definition same_sample (p : problem) (row : list Z * (Z * list Z)) (xy : list Q * (Q * list Q)) : bool :=
  same_row (x_den p) (fst row) (fst xy) && same (w_den p) (fst (snd row)) (fst (snd xy))
  && same_row (y_den p) (snd (snd row)) (snd (snd xy)).
Definition same_problem (p : problem) (c : certificate) (D : list (list Q * (Q * list Q))) (gamma claim : Q) : bool :=
  (0 <? x_den p) && (0 <? w_den p) && (0 <? y_den p) && (0 <? gamma_den p) && (0 <? claim_den c)
  && all2 (same_sample p) (rows p) D && same (gamma_den p) (gamma_num p) gamma
  && same (claim_den c) (claim_num c) claim.
Definition same_matrix (I : matrix) (M : list (list Q)) : bool :=
  (0 <? denominator I) && all2 (same_row (denominator I)) (entries I) M.
End Same.

Lemma same_sound den a q : (0 < den)%Z -> same den a q = true -> (IZR a * / IZR den)%R = Q2R q.
Proof.
  intros D E. apply Z.eqb_eq, (f_equal IZR) in E. rewrite !mult_IZR in E. unfold Q2R.
  assert (Dn : IZR den <> 0%R) by (apply not_0_IZR; lia).
  assert (Qn : IZR (QDen q) <> 0%R) by (apply not_0_IZR; lia).
  apply (Rmult_eq_reg_r (IZR den * IZR (QDen q))); [|now apply Rmult_integral_contrapositive].
  transitivity (IZR a * IZR (QDen q) * (/ IZR den * IZR den))%R; [ring|].
  transitivity (IZR (Qnum q) * IZR den * (/ IZR (QDen q) * IZR (QDen q)))%R; [|ring].
  rewrite !Rinv_l, E by assumption. reflexivity. Qed.
Lemma all2_sound {A B C} (f : A -> B -> bool) (g : A -> C) (h : B -> C) x y :
  (forall a b, f a b = true -> g a = h b) -> all2 f x y = true -> map g x = map h y.
Proof.
  intro F. revert y; induction x as [|a x IH]; intros [|b y] H; cbn [all2 map] in *; try discriminate; auto.
  apply andb_prop in H as [E H]. rewrite (F _ _ E), (IH _ H). reflexivity. Qed.
Lemma all2_length {A B} (f : A -> B -> bool) x y : all2 f x y = true -> List.length x = List.length y.
Proof. revert y; induction x as [|a x IH]; intros [|b y] H; cbn [all2 List.length] in *; try discriminate; auto.
  apply andb_prop in H as [_ H]. now rewrite (IH _ H). Qed.
Lemma all2_nth {A B} (f : A -> B -> bool) a b x y i : all2 f x y = true -> (i < List.length x)%nat ->
  f (nth i x a) (nth i y b) = true.
Proof. revert y i; induction x as [|e x IH]; intros [|g y] [|i] H L; cbn [all2 List.length nth] in *; try discriminate; try lia;
    apply andb_prop in H as [E H]; auto. apply IH; auto; lia. Qed.

(** ** Of a training problem *)
(** The claim bounds the objective on D, for every network. *)
Theorem weighted_lower_bound_as_read hint watch p c (net : list (list R * list R)) (b : list R) leaves D gamma claim :
  check hint watch p c = Proved leaves ->
  same_problem p c D gamma claim = true ->
  (forall u v, In (u, v) net -> List.length u = neuron_size (bias p) (features p)) ->
  admissible (K := RField) (bias p) b ->
  (Q2R claim <= objective (K := RField) (weighted_value (K := RField) (value_of (loss p))) (real_weighted_samples D)
    (Q2R gamma) (bias p) net b)%R.
Proof.
  intros H S L B. pose proof (check_sound_over_the_reals hint watch p c net b leaves H L B) as T.
  unfold same_problem in S. repeat (apply andb_prop in S as [S ?]).
  repeat match goal with X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X end.
  rewrite <- (same_sound (claim_den c) (claim_num c) claim), <- (same_sound (gamma_den p) (gamma_num p) gamma) by assumption.
  replace (real_weighted_samples D) with (data RField p); [exact T|].
  unfold data, real_weighted_samples, weight_and_target, vQ, reals. eapply all2_sound; [|eassumption].
  intros [x [w y]] [x' [w' y']] E.
  apply andb_prop in E as [E Ey]. apply andb_prop in E as [Ex Ew]. cbn [fst snd] in *.
  f_equal; [|f_equal; [now apply same_sound|]]; (eapply all2_sound; [|eassumption]); intros a q; now apply same_sound. Qed.
(** Where each sample counts once. *)
Theorem lower_bound_as_read hint watch p c (net : list (list R * list R)) (b : list R) leaves D gamma claim :
  check hint watch p c = Proved leaves ->
  same_problem p c (counted_once D) gamma claim = true ->
  (forall u v, In (u, v) net -> List.length u = neuron_size (bias p) (features p)) ->
  admissible (K := RField) (bias p) b ->
  (Q2R claim <= objective (K := RField) (value_of (loss p)) (real_samples D) (Q2R gamma) (bias p) net b)%R.
Proof.
  intros H S L B. pose proof (weighted_lower_bound_as_read hint watch p c net b leaves _ gamma claim H S L B) as T.
  rewrite <- (@objective_unweighted RField). unfold real_weighted_samples, counted_once in T. rewrite map_map in T.
  unfold real_samples. rewrite map_map. cbn [fst snd] in T. rewrite (RMicromega.Q2R_1) in T. exact T. Qed.

(** ** Of a matrix *)
(** z^T M z. *)
Definition value (M : list (list Q)) (z : list R) : R :=
  dot (K := RField) z (map (fun row => dot (K := RField) (reals row) z) M).
(** M is a sum of b b^T, finitely many, whose first q coordinates are nonnegative. *)
Definition completely_positive (M : list (list Q)) (q : nat) : Prop :=
  exists B : list (list R),
    (forall b, In b B -> forall i, (i < q)%nat -> (0 <= nth i b 0)%R) /\
    (forall i j, (i < List.length M)%nat -> (j < List.length M)%nat ->
       Q2R (nth j (nth i M []) 0%Q) = sum (K := RField) (map (fun b => nth i b 0 * nth j b 0)%R B)).
Notation positive := (Orthant.positive RField).
Notation nonzero := (MatrixChecker.nonzero RField).
(** What the six statements say, the last [free] coordinates of any sign. *)
Definition states (s : statement) (free : nat) (M : list (list Q)) : Prop :=
  let n := List.length M in
  match s with
  | Copositive => forall z, List.length z = n -> positive z -> (0 <= value M z)%R
  | StrictlyCopositive => forall z, List.length z = n -> positive z -> nonzero z -> (0 < value M z)%R
  | NotCopositive => exists z, List.length z = n /\ positive z /\ (value M z < 0)%R
  | NotStrictlyCopositive => exists z, List.length z = n /\ positive z /\ nonzero z /\ (value M z <= 0)%R
  | CompletelyPositive => completely_positive M (n - free)
  | NotCompletelyPositive => ~ completely_positive M (n - free)
  end.

Lemma dot_scaled (f : list Z -> R) i z T :
  dot (K := RField) z (map (fun r => fmul RField (f r) i) T) = fmul RField (dot (K := RField) z (map f T)) i.
Proof. revert z; induction T as [|r T IH]; intros [|e z]; cbn [dot map]; try rewrite IH; cbn; ring. Qed.
Section Matrices.
Variables (I : matrix) (M : list (list Q)).
Hypothesis agrees : same_matrix I M = true.
Lemma denominator_positive : (0 < denominator I)%Z.
Proof. apply andb_prop in agrees as [D _]. now apply Z.ltb_lt in D. Qed.
Lemma rows_agree : all2 (same_row (denominator I)) (entries I) M = true.
Proof. now apply andb_prop in agrees as [_ E]. Qed.
Lemma order_as_read : order I = List.length M.
Proof. exact (all2_length _ _ _ rows_agree). Qed.
Lemma value_as_read z : MatrixChecker.value RField I z = value M z.
Proof.
  unfold MatrixChecker.value, Copositive.form, value. rewrite bilinear_left.
  pose proof denominator_positive as D. pose proof rows_agree as E.
  rewrite (map_ext _ (fun r => dot (K := RField) (vZ RField r) z)) by (intro; apply lin_dot).
  set (i := finv RField (ofZ RField (denominator I))).
  replace (map (fun row => dot (K := RField) (reals row) z) M)
    with (map (fun r => fmul RField (dot (K := RField) (vZ RField r) z) i) (entries I)).
  - rewrite dot_scaled. reflexivity.
  - eapply all2_sound; [|exact E]. intros r q Eq. cbn beta.
    assert (V : reals q = vQ RField (denominator I) r).
    { symmetry. unfold vQ, reals. eapply all2_sound; [|exact Eq]. intros a p. now apply same_sound. }
    rewrite V, dot_vQ, lin_dot. cbn. unfold i. cbn. ring. Qed.
Lemma completely_positive_as_read q :
  CompletePositivity.completely_positive RField (entries I) (denominator I) q <-> completely_positive M q.
Proof.
  pose proof denominator_positive as D. pose proof order_as_read as L. unfold order in L.
  assert (E : forall i j, (i < List.length M)%nat -> (j < List.length M)%nat ->
    entry_of RField (entries I) (denominator I) i j = Q2R (nth j (nth i M []) 0%Q)).
  { intros i j Hi Hj. unfold entry_of. pose proof rows_agree as E. rewrite <- L in Hi.
    apply (all2_nth _ [] [] _ _ i) in E; [|exact Hi].
    destruct (Nat.lt_ge_cases j (List.length (nth i (entries I) []))) as [J|J].
    - apply same_sound; [exact D|]. exact (all2_nth _ _ _ _ _ j E J).
    - rewrite nth_overflow by exact J. rewrite (all2_length _ _ _ E) in J. rewrite nth_overflow by exact J.
      apply same_sound; [exact D|]. reflexivity. }
  unfold CompletePositivity.completely_positive, completely_positive. rewrite L.
  split; intros (B & P & S); exists B; (split; [exact P|]); intros i j Hi Hj.
  - rewrite <- E by assumption. now apply S.
  - rewrite E by assumption. now apply S. Qed.

(** What the checker accepts holds of M. *)
Theorem matrix_as_read hint watch c leaves :
  check_matrix hint watch I c = Proved leaves -> states (stated c) (free c) M.
Proof.
  intro H. apply check_matrix_sound_over_the_reals in H. revert H. unfold states, says.
  destruct (stated c); rewrite order_as_read; intro H.
  - intros z Z P. rewrite <- value_as_read. now apply H.
  - intros z Z P N. rewrite <- value_as_read. destruct (H z Z P N) as [[V|V] D]; [exact V|destruct (D V)].
  - destruct H as (z & Z & P & [V|V] & D); [|destruct (D V)]. exists z. now rewrite <- value_as_read.
  - destruct H as (z & H). exists z. now rewrite <- value_as_read.
  - now apply completely_positive_as_read.
  - intro C. apply H. now apply completely_positive_as_read. Qed.
End Matrices.
