(** * Proof trees: what a certificate owes, and a walk that leaves no cone out

    A tree is a list of nodes in preorder; the cones still owed wait on a stack. What a cone is and what a node does
    with it is up to the statement: [Checker.v] is of training problems, [CopositiveTree.v] of matrices. *)
From Coq Require Import ZArith List Bool.
Import ListNotations.
Set Implicit Arguments.

(** What a certificate owes; the names are those of certify.checker.obligations. *)
Inductive obligation :=
| STATEMENT | DUAL_SHAPE | DUAL_SUMS | DUAL_DOMAIN | CLAIM | FRAME_SHAPE | FRAME_INVERSE
| BLOCK_ROWS | BLOCK_SHAPE | SHARES | BLOCK_OUTPUT | BLOCK_BIAS
| SIGN_INDEX | ROW_INDEX | SPLIT_INDEX | SPLIT_SIGNED | SPLIT_POSITIVE | PART_INDEX | PART_POSITIVE
| LEAF_SCALE | PRODUCT_INDEX | PRODUCT_SIGN | FACE_INDEX | FACE_ROW | FACE_FORM | LEAF_FORM | LEAF_SIGNED | TAU_POSITIVE
| WITNESS | CONE | PROOF | TERM | SUM | VECTOR | SEPARATOR_SHAPE | SEPARATION | COVER | LIMITS.

(** Nothing is owed if a condition holds and nothing is owed after it. *)
Definition owes (condition : bool) (o : obligation) (rest : option obligation) : option obligation :=
  if condition then rest else Some o.
Lemma owes_none b o rest : owes b o rest = None -> b = true /\ rest = None.
Proof. destruct b; cbn; auto; discriminate. Qed.

(** The number of leaves, or what the certificate owes and at which node. *)
Inductive result := Proved (leaves : Z) | Failed (o : obligation) (node : option Z).
(** What became of one tree of several: covered, with the work, nodes and leaves of all so far, or what it owes. *)
Inductive outcome := Covered (spent number leaves : Z) | Missed (o : obligation) (node : option Z).

(** Longer ones serve nobody but who wants to exhaust the checker's memory. *)
Definition max_generator_bits := 4096%Z.
(** The most work that a proof may take (docs/certificate-format.md, "Work"). *)
Definition max_training_work := 1000000000000%Z.
Definition max_matrix_work := 4000000000%Z.

Section Walk.
Variables cone node : Type.
Local Open Scope Z_scope.
(** What a node does with its cone: nothing that counts, all, or to leave it to two others. *)
Inductive step_result := Refused (o : obligation) | Closed | Divided (first second : cone).
Definition of_leaf (o : option obligation) : step_result :=
  match o with Some o => Refused o | None => Closed end.

Variable step : node -> cone -> step_result.
(** What a cone counts as; at most so many vectors may wait. *)
Variable vectors : cone -> Z.
(** What a node on its cone counts as; at most so much work may be asked for. *)
Variable work : node -> cone -> Z.
Variable max_work : Z.
(** Told of each node before it is checked, for progress; any function will do. *)
Variable watch : Z -> bool.
Definition max_pending := 500000.
Fixpoint walk (nodes : list node) (stack : list (cone * Z)) (held spent number leaves : Z) : outcome :=
  match nodes with
  | [] => match stack with [] => Covered spent number leaves | _ => Missed COVER None end
  | n :: nodes' =>
    match stack with
    | [] => Missed COVER (Some number)
    | (c, v) :: stack' =>
      let spent' := spent + work n c in
      if spent' <=? max_work then
      if watch number then
      match step n c with
      | Refused o => Missed o (Some number)
      | Closed => walk nodes' stack' (held - v) spent' (number + 1) (leaves + 1)
      | Divided first second =>
        let v1 := vectors first in
        let v2 := vectors second in
        let held' := held - v + v1 + v2 in
        if held' <=? max_pending then
          walk nodes' ((first, v1) :: (second, v2) :: stack') held' spent' (number + 1) leaves
        else Missed LIMITS (Some number)
      end
      else Missed LIMITS (Some number)
      else Missed LIMITS None
    end
  end.
Definition check_tree (nodes : list node) (root : cone) : result :=
  let v := vectors root in
  match walk nodes [(root, v)] v 0 0 0 with Covered _ _ leaves => Proved leaves | Missed o node => Failed o node end.

(** ** If each node proves of its cone what its children prove of theirs, a complete tree proves it of the root. *)
Variable holds : cone -> Prop.
Definition proved (r : step_result) : Prop :=
  match r with Refused _ => False | Closed => True | Divided first second => holds first /\ holds second end.
Hypothesis step_sound : forall n c, proved (step n c) -> holds c.
Theorem walk_sound nodes stack held spent number leaves spent' number' leaves' :
  walk nodes stack held spent number leaves = Covered spent' number' leaves' -> Forall (fun cv => holds (fst cv)) stack.
Proof.
  revert stack held spent number leaves. induction nodes as [|n nodes IH]; intros stack held spent number leaves; cbn [walk].
  - destruct stack; [constructor|discriminate].
  - destruct stack as [|[c v] stack]; [discriminate|]. destruct (_ <=? _); [|discriminate].
    destruct (watch number); [|discriminate].
    pose proof (step_sound n c) as S. destruct (step n c) as [o| |first second]; [discriminate| |].
    + intro H. constructor; [apply S; exact I|exact (IH _ _ _ _ _ H)].
    + destruct (_ <=? _); [|discriminate]. intro H. apply IH in H.
      apply Forall_cons_iff in H as [H1 H]. apply Forall_cons_iff in H as [H2 H].
      constructor; [apply S; split; assumption|exact H]. Qed.
Corollary check_tree_sound nodes root leaves : check_tree nodes root = Proved leaves -> holds root.
Proof.
  unfold check_tree. destruct (walk _ _ _ _ _ _) eqn:H; [|discriminate]. intros _. apply walk_sound in H. now inversion H. Qed.
End Walk.
Arguments Refused {cone} o. Arguments Closed {cone}. Arguments of_leaf {cone} o.
