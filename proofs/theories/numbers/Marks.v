(** * Sets of indices as marks

    A certificate names the members of a set by their indices, in ascending order. Here a set is a list with one truth
    value for each index that there is, by which rows and entries are picked out without looking any up. *)
From Coq Require Import ZArith List Bool Lia.
From Certify Require Import Vectors.
Import ListNotations.
Set Implicit Arguments.

(** The indices from k on, ascending and of n that there are, as marks. *)
Fixpoint marks (n k : nat) (indices : list nat) : option (list bool) :=
  match n with
  | O => match indices with [] => Some [] | _ => None end
  | S n' =>
    match indices with
    | i :: rest =>
      if Nat.eqb i k then option_map (cons true) (marks n' (S k) rest)
      else option_map (cons false) (marks n' (S k) indices)
    | [] => option_map (cons false) (marks n' (S k) [])
    end
  end.
(** The marked entries. *)
Fixpoint keep {A} (ms : list bool) (l : list A) : list A :=
  match ms, l with b :: ms', a :: l' => if b then a :: keep ms' l' else keep ms' l' | _, _ => [] end.
(** A list of all indices: that of the marked ones, filled up with zeros. *)
Fixpoint fill (ms : list bool) (l : list Z) : list Z :=
  match ms with
  | [] => []
  | b :: ms' => if b then hd 0%Z l :: fill ms' (tl l) else 0%Z :: fill ms' l end.

Lemma marks_length n k indices ms : marks n k indices = Some ms -> length ms = n.
Proof.
  revert k indices ms; induction n as [|n IH]; intros k [|i indices] ms; cbn [marks]; try discriminate.
  - intro E. now injection E as <-.
  - destruct (marks n (S k) []) eqn:E; [|discriminate]. intro H. injection H as <-. cbn [length]. eauto.
  - destruct (Nat.eqb i k); [destruct (marks n (S k) indices) eqn:E|destruct (marks n (S k) (i :: indices)) eqn:E];
      try discriminate; intro H; injection H as <-; cbn [length]; eauto. Qed.
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
Lemma keep_length {A B} ms (x : list A) (y : list B) : length x = length y -> length (keep ms x) = length (keep ms y).
Proof. revert x y; induction ms as [|b ms IH]; intros [|a x] [|c y] L; try discriminate; cbn [keep]; auto.
  injection L as L. destruct b; cbn [length]; auto. Qed.
Lemma keep_count_from {A} n k indices ms (z : list A) : marks n k indices = Some ms -> length z = n ->
  length (keep ms z) = length indices.
Proof.
  revert k indices ms z; induction n as [|n IH]; intros k [|i indices] ms [|a z] H L; cbn [marks] in H; try discriminate.
  - injection H as <-. reflexivity.
  - destruct (marks n (S k) []) as [ms'|] eqn:M; [|discriminate]. injection H as <-. injection L as L. cbn [keep].
    exact (IH _ _ _ _ M L).
  - injection L as L. destruct (Nat.eqb i k).
    + destruct (marks n (S k) indices) as [ms'|] eqn:M; [|discriminate]. injection H as <-. cbn [keep length].
      now rewrite (IH _ _ _ _ M L).
    + destruct (marks n (S k) (i :: indices)) as [ms'|] eqn:M; [|discriminate]. injection H as <-. cbn [keep].
      exact (IH _ _ _ _ M L). Qed.
Lemma fill_nonneg ms l : nonneg l = true -> nonneg (fill ms l) = true.
Proof.
  revert l; induction ms as [|b ms IH]; intros l H; cbn [fill nonneg forallb]; auto. destruct b; cbn [forallb].
  - destruct l as [|a l]; cbn [hd tl]; [now apply IH|]. cbn [nonneg forallb] in H. apply andb_prop in H as [Ha H].
    rewrite Ha. now apply IH.
  - now apply IH. Qed.
Lemma fill_iszero n k indices ms l : marks n k indices = Some ms -> length l = length indices ->
  iszero (fill ms l) = iszero l.
Proof.
  revert k indices ms l; induction n as [|n IH]; intros k [|i indices] ms l H L; cbn [marks] in H; try discriminate.
  - injection H as <-. destruct l; [reflexivity|discriminate].
  - destruct (marks n (S k) []) as [ms'|] eqn:M; [|discriminate]. injection H as <-. exact (IH _ _ _ _ M L).
  - destruct (Nat.eqb i k).
    + destruct (marks n (S k) indices) as [ms'|] eqn:M; [|discriminate]. injection H as <-.
      destruct l as [|a l]; [discriminate|]. injection L as L. cbn [fill hd tl iszero forallb].
      f_equal. exact (IH _ _ _ _ M L).
    + destruct (marks n (S k) (i :: indices)) as [ms'|] eqn:M; [|discriminate]. injection H as <-. exact (IH _ _ _ _ M L). Qed.
