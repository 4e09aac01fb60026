(** * The words of the losses, with their parameters

    A loss has one text in a problem's: a word, and a parameter in lowest terms. *)
From Coq Require Import ZArith Bool String List Lia.
From Certify Require Import LossBounds Decimals.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Local Open Scope list_scope.
Definition loss_word (l : loss_kind) : text := Eval compute in
  match l with
  | Squared => bytes " squared" | Huber _ _ => bytes " huber" | Absolute => bytes " absolute"
  | Quantile _ _ => bytes " quantile" | EpsilonInsensitive _ _ => bytes " epsilon-insensitive"
  | Hinge => bytes " hinge" | SquaredHinge => bytes " squared-hinge" | MulticlassHinge => bytes " multiclass-hinge"
  | Logistic => bytes " logistic" | CrossEntropy _ _ => bytes " cross-entropy" | Poisson => bytes " poisson" end.
Definition slash : text := Eval compute in bytes "/".
(** The parameter p/q, as numbers: none, p where q is 1, or both; and the words with it. *)
Definition parameter (l : loss_kind) : list Z :=
  let ratio p q := if q =? 1 then [p] else [p; q] in
  match l with
  | Huber p q | Quantile p q | EpsilonInsensitive p q => ratio p q
  | CrossEntropy p q => if p =? 0 then [] else ratio p q
  | _ => [] end.
Definition loss_text (l : loss_kind) : text :=
  loss_word l ++ match parameter l with
  | [] => [] | [p] => numbers [p] | p :: q :: _ => numbers [p] ++ slash ++ number q end.
(** A parameter in lowest terms, and in its range. *)
Definition lowest_terms (l : loss_kind) : bool :=
  match l with
  | Huber p q | Quantile p q | EpsilonInsensitive p q | CrossEntropy p q => (Z.gcd p q =? 1) && forallb short [p; q]
  | _ => true end.
(** The losses that a text may have, with the parameter that stands there; they are tried one after another. *)
Definition losses_with (parameter : list Z) : list loss_kind :=
  let (p, q) := match parameter with [] => (0, 1) | [p] => (p, 1) | p :: q :: _ => (p, q) end in
  [Squared; Huber p q; Absolute; Quantile p q; EpsilonInsensitive p q; Hinge; SquaredHinge; MulticlassHinge; Logistic;
   CrossEntropy p q; Poisson].
End Executable.

(** *** What is printed is read *)
Lemma loss_read l t above : lowest_terms l = true -> parted t ->
  lines_from (loss_text l ++ t) None false [] [] above = lines_from t None false [] (rev (parameter l)) above.
Proof.
  intros H Ht.
  assert (R : forall word p q, forallb short [p; q] = true ->
    (forall u, lines_from (word ++ u) None false [] [] above = lines_from u None false [] [] above) ->
    lines_from ((word ++ match (if q =? 1 then [p] else [p; q])%Z with
      | [] => [] | [p] => numbers [p] | p :: q :: _ => numbers [p] ++ slash ++ number q end) ++ t) None false [] [] above =
    lines_from t None false [] (rev (if q =? 1 then [p] else [p; q])%Z) above).
  { intros word p q S W. cbn [forallb] in S. repeat (apply andb_prop in S as [? S]). rewrite <- app_assoc, W.
    destruct (q =? 1)%Z; rewrite <- ?app_assoc.
    - rewrite numbers_read; [reflexivity|cbn [forallb]; now rewrite H0|assumption].
    - rewrite numbers_read; [|cbn [forallb]; now rewrite H0|now apply parted_at].
      match goal with |- lines_from (slash ++ ?u) _ _ _ ?a ?b = _ =>
        transitivity (lines_from u None false [] a b); [reflexivity|] end.
      rewrite number_parted by assumption. reflexivity. }
  destruct l; try reflexivity; cbn [lowest_terms] in H; apply andb_prop in H as [_ H];
    unfold loss_text; cbn [parameter]; try (apply R; [exact H|reflexivity]).
  destruct (num =? 0)%Z; [reflexivity|]. apply R; [exact H|reflexivity]. Qed.

(** *** No other loss is read of it *)
(** One of the losses that are tried has the text that is printed. *)
Lemma loss_text_tried ps l l' r r' : In l (losses_with ps) -> In l' (losses_with ps) ->
  loss_text l ++ newline :: r = loss_text l' ++ newline :: r' -> l = l'.
Proof.
  unfold losses_with. destruct (match ps with [] => _ | _ => _ end) as [p q]. cbn [In]. intros H H' E.
  repeat (destruct H as [<-|H]; [|]); try contradiction;
    repeat (destruct H' as [<-|H']; [try reflexivity; exfalso; revert E; unfold loss_text; cbn [parameter];
      try (destruct (p =? 0)%Z); try (destruct (q =? 1)%Z); cbn; discriminate|]); contradiction. Qed.
Lemma loss_is_tried l : valid_loss l = true -> lowest_terms l = true -> In l (losses_with (parameter l)).
Proof.
  destruct l; cbn [valid_loss lowest_terms parameter]; intros V L; try (cbn; tauto);
    try (destruct (Z.eqb_spec den 1) as [->|_]; cbn; tauto).
  destruct (Z.eqb_spec num 0) as [->|_]; [|destruct (Z.eqb_spec den 1) as [->|_]; cbn; tauto].
  apply andb_prop in L as [G _]. apply Z.eqb_eq in G. rewrite Z.gcd_0_l in G. apply andb_prop in V as [_ V].
  apply Z.ltb_lt in V. replace den with 1%Z by lia. cbn. tauto. Qed.
