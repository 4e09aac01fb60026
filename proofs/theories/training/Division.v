(** * Rows divided among blocks

    A certificate with blocks names for each block the rows that are its own. Here the rows are taken, one after
    another, out of a tree in which they are found by their numbers; so none can be taken twice, and what nobody has
    taken is still there in the end. A million rows are divided without a deep stack; see [Long.v]. *)
From Coq Require Import ZArith List Bool Ring.
From Certify Require Import OrderedField Vectors Sizes.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Variable A : Type.
Inductive store := Empty | Fork (before : store) (number : nat) (row : option A) (after : store).

(** The first rows of a list, as many as a tree of this depth holds; the number of the next one, and the rest. *)
Fixpoint build (depth number : nat) (l : list A) : store * nat * list A :=
  match depth with
  | O => (Empty, number, l)
  | S depth' =>
    let '(before, middle, rest) := build depth' number l in
    match rest with
    | [] => (before, middle, [])
    | a :: rest =>
      let '(after, next, rest) := build depth' (S middle) rest in (Fork before middle (Some a) after, next, rest)
    end
  end.
Fixpoint take (k : nat) (s : store) : option (A * store) :=
  match s with
  | Empty => None
  | Fork before middle row after =>
    if Nat.ltb k middle then
      match take k before with Some (a, before) => Some (a, Fork before middle row after) | None => None end
    else if Nat.ltb middle k then
      match take k after with Some (a, after) => Some (a, Fork before middle row after) | None => None end
    else match row with Some a => Some (a, Fork before middle None after) | None => None end
  end.
Fixpoint take_all (ks : list nat) (s : store) (found : list A) : option (list A * store) :=
  match ks with
  | [] => Some (rev_append found [], s)
  | k :: ks => match take k s with Some (a, s) => take_all ks s (a :: found) | None => None end
  end.
Variable B : Type.
Variable members : B -> list nat.
Fixpoint deal (parts : list B) (s : store) (found : list (B * list A)) : option (list (B * list A) * store) :=
  match parts with
  | [] => Some (rev_append found [], s)
  | b :: parts =>
    match take_all (members b) s [] with Some (l, s) => deal parts s ((b, l) :: found) | None => None end
  end.
Variable idle : A -> bool.
Fixpoint all_idle (s : store) : bool :=
  match s with
  | Empty => true
  | Fork before _ row after =>
    all_idle before && match row with Some a => idle a | None => true end && all_idle after end.
(** Each part with its rows, if each that is named is there and the part's alone, and all that no part names are idle. *)
Definition divide (l : list A) (parts : list B) : option (list (B * list A)) :=
  let '(s, _, rest) := build (Z.to_nat (bits (Z.of_nat (length l)))) 0 l in
  match deal parts s [] with
  | Some (found, s) => if all_idle s && forallb idle rest then Some found else None
  | None => None end.
End Executable.
Arguments Empty {A}.

(** What is summed over all rows is the sum of what is summed over the parts, if idle rows add nothing. *)
Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Add Ring Kring : (f_ring K).
Variable A : Type.
Variable value : A -> K.
Definition total (l : list A) : K := sum (map value l).
Fixpoint held (s : store A) : K :=
  match s with
  | Empty => 0
  | Fork before _ row after => held before + match row with Some a => value a | None => 0 end + held after end.

Lemma total_cons a l : total (a :: l) = value a + total l.
Proof. reflexivity. Qed.
Lemma sum_rev_append (x y : list K) : sum (rev_append x y) = sum x + sum y.
Proof.
  revert y; induction x as [|a x IH]; intro y; cbn [rev_append]; [|rewrite IH];
    unfold sum; cbn [fold_right]; ring. Qed.
Lemma map_rev_append B (f : B -> K) x y : map f (rev_append x y) = rev_append (map f x) (map f y).
Proof. revert y; induction x as [|a x IH]; intro y; cbn [rev_append map]; auto. now rewrite IH. Qed.
Lemma build_sound depth number l s next rest : build depth number l = (s, next, rest) -> total l = held s + total rest.
Proof.
  revert number l s next rest; induction depth as [|depth IH]; intros number l s next rest; cbn [build].
  - intro H. injection H as <- _ <-. cbn [held]. ring.
  - destruct (build depth number l) as [[before middle] mine] eqn:E1. apply IH in E1. rewrite E1. destruct mine as [|a mine].
    + intro H. injection H as <- _ <-. reflexivity.
    + destruct (build depth (S middle) mine) as [[after next'] rest'] eqn:E2. apply IH in E2.
      intro H. injection H as <- _ <-. rewrite total_cons, E2. cbn [held]. ring. Qed.
Lemma take_sound k s a s' : take k s = Some (a, s') -> held s = value a + held s'.
Proof.
  revert a s'; induction s as [|before IH1 middle row after IH2]; intros a s'; cbn [take held]; [discriminate|].
  destruct (Nat.ltb k middle); [|destruct (Nat.ltb middle k)].
  - destruct (take k before) as [[b t]|]; [|discriminate]. intro H. injection H as <- <-. cbn [held].
    rewrite (IH1 _ _ eq_refl). ring.
  - destruct (take k after) as [[b t]|]; [|discriminate]. intro H. injection H as <- <-. cbn [held].
    rewrite (IH2 _ _ eq_refl). ring.
  - destruct row as [b|]; [|discriminate]. intro H. injection H as <- <-. cbn [held]. ring. Qed.
Lemma take_all_sound ks s found l s' : take_all ks s found = Some (l, s') ->
  total found + held s = total l + held s'.
Proof.
  revert s found; induction ks as [|k ks IH]; intros s found; cbn [take_all].
  - intro H. injection H as <- <-. unfold total. rewrite map_rev_append, sum_rev_append. cbn [map sum fold_right]. ring.
  - destruct (take k s) as [[a t]|] eqn:E; [|discriminate]. intro H. rewrite <- (IH _ _ H), (take_sound _ _ E), total_cons.
    ring. Qed.
Variable B : Type.
Variable members : B -> list nat.
Lemma deal_sound parts s found ls s' : deal members parts s found = Some (ls, s') ->
  sum (map (fun q => total (snd q)) found) + held s = sum (map (fun q => total (snd q)) ls) + held s'.
Proof.
  revert s found; induction parts as [|b parts IH]; intros s found; cbn [deal].
  - intro H. injection H as <- <-. rewrite map_rev_append, sum_rev_append. cbn [map sum fold_right]. ring.
  - destruct (take_all (members b) s []) as [[l t]|] eqn:E; [|discriminate]. intro H. rewrite <- (IH _ _ H).
    apply take_all_sound in E. unfold total at 1 in E. cbn [map sum fold_right snd] in *.
    replace (held s) with (0 + held s) by ring. unfold total in *. rewrite E. unfold sum. ring. Qed.

Variable idle : A -> bool.
Hypothesis idle_sound : forall a, idle a = true -> value a = 0.
Lemma all_idle_sound s : all_idle idle s = true -> held s = 0.
Proof.
  induction s as [|before IH1 middle row after IH2]; cbn [all_idle held]; auto. intro H.
  apply andb_prop in H as [H H2]. apply andb_prop in H as [H1 H]. rewrite IH1, IH2 by assumption.
  destruct row as [a|]; [rewrite (idle_sound H)|]; ring. Qed.
Theorem divide_sound l parts ls : divide members idle l parts = Some ls ->
  total l = sum (map (fun q => total (snd q)) ls).
Proof.
  unfold divide. destruct (build _ 0 l) as [[s next] rest] eqn:E. apply build_sound in E.
  destruct (deal members parts s []) as [[found s']|] eqn:D; [|discriminate]. apply deal_sound in D.
  destruct (_ && _) eqn:I; [|discriminate]. intro H. injection H as <-. apply andb_prop in I as [I1 I2].
  rewrite (all_idle_sound _ I1) in D. cbn [map sum fold_right] in D.
  assert (R : total rest = 0).
  { clear - I2 idle_sound. induction rest as [|a rest IH]; [reflexivity|]. cbn [forallb] in I2.
    apply andb_prop in I2 as [I I2]. rewrite total_cons, (idle_sound I), (IH I2). ring. }
  rewrite E, R. transitivity (0 + held s); [ring|]. rewrite D. ring. Qed.
End Soundness.
