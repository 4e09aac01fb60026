(** * Premises, and trees that prove them

    A premise is about some rows (x, nu), a quadratic form g, a matrix O and two integers: lambda g(u) - mu |O^T u +
    N^T relu(Xu)|^2 >= 0 for all u, where N has the rows nu. With |u|^2 for g(u), no O and all rows it is the premise of
    weak duality; that of a block of rows has another form, and an O ([Blocks.v]). A tree proves it, from a cone that is
    all of space to its leaves ([Leaves.v]). *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Sizes Triangles Tree Products Cones Leaves.
Import ListNotations.
Set Implicit Arguments.

Inductive node :=
| Sign (k : nat)
| RowSign (i : nat)
| Split (k l : nat) (a b : Z)
| Products (scale unit : Z) (multipliers : products)
| Tau (a b unit : Z) (multipliers : products)
| Envelope.
(** The form is |u|^2 where none is given. *)
Record premise := {
  premise_form : option tri;
  premise_lam : Z; premise_mu : Z;
  premise_offset : list (list Z);                 (* the rows of O *)
  premise_outputs : nat;                          (* how many columns N has *)
  premise_rows : list (list Z * list Z);          (* (x, nu) *)
  premise_tree : list node
}.

Section Executable.
Local Open Scope Z_scope.
Variable hint : nat -> tri -> list Z * list (list Z).
(** Told of each node before it is checked, for progress; any function will do. *)
Variable watch : Z -> bool.

(** The rows are those of the premise, of which the cone knows the mixed ones. *)
Definition step (metric : list (list Z) -> tri) (lam mu : Z) (rows : list (list Z * list Z)) (n : node) (c : cone)
  : step_result cone :=
  let d := length (signed c) in
  match n with
  | Sign k =>
    match owes (Nat.ltb k d && negb (nth k (signed c) false)) SIGN_INDEX None with
    | Some o => Refused o
    | None => let (first, second) := sign_children k c in Divided first second end
  | RowSign i =>
    let p := map (zdot (fst (nth i rows ([], [])))) (generators c) in
    match owes (existsb (fun row => same_vector p (fst row)) (mixed c)) ROW_INDEX None with
    | Some o => Refused o
    | None => let (first, second) := row_children p c in Divided first second end
  | Split k l a b =>
    match
      owes (Nat.ltb k d && Nat.ltb l d && negb (Nat.eqb k l)) SPLIT_INDEX (
      owes (nth k (signed c) false && nth l (signed c) false) SPLIT_SIGNED (
      owes ((0 <? a) && (0 <? b)) SPLIT_POSITIVE (
      owes (size_of (combination k l a b (generators c)) <=? max_generator_bits) LIMITS None)))
    with
    | Some o => Refused o
    | None => let (first, second) := split_children k l a b c in Divided first second end
  | Products scale unit ms => of_leaf (check_products hint metric lam mu scale unit ms c)
  | Tau a b unit ms => of_leaf (check_tau hint metric lam mu a b unit ms c)
  | Envelope => of_leaf (check_envelope hint metric lam mu c) end.

Definition metric_of (form : option tri) : list (list Z) -> tri :=
  match form with None => gram | Some G => gram_in G end.

(** What a node counts as (docs/certificate-format.md, "Work"); [fixed] are the bits that are the same for all. *)
Definition fixed_bits (q : premise) : Z :=
  bits (premise_lam q) + bits (premise_mu q)
  + 2 * (longest_by (fun r => longest_by bits (fst r)) (premise_rows q)
         + longest_by (fun r => longest_by bits (snd r)) (premise_rows q)).
Definition work (fixed outputs : Z) (n : node) (c : cone) : Z :=
  let d := Z.of_nat (length (signed c)) in
  let r := Z.of_nat (length (mixed c) + length (forms c)) in
  let b := fixed + 2 * longest (generators c) in
  let small more := d * (d * d + r * outputs) * words (b + more) in
  match n with
  | Products scale unit ms =>
    (d + r) * (d + r) * (d + r) * words (b + bits scale + bits unit + longest_multiplier ms)
  | Tau a b' unit ms => small (bits a + bits b' + bits unit + longest_multiplier ms)
  | _ => small 0 end.
(** What a cone counts as (docs/certificate-format.md, "Tree"). *)
Definition vectors (outputs : nat) (c : cone) : Z :=
  Z.of_nat (length (signed c)) + Z.of_nat outputs + Z.of_nat (length (mixed c)) + Z.of_nat (length (forms c)).

(** The trees of premises, one after another; no premise is made before its turn. *)
Fixpoint check_premises A (premise_of : A -> premise) (W : list (list Z)) (l : list A) (spent number leaves : Z) : result :=
  match l with
  | [] => Proved leaves
  | a :: l' =>
    let q := premise_of a in
    let c := root W (premise_offset q) (premise_rows q) in
    let v := vectors (premise_outputs q) c in
    match
      walk (step (metric_of (premise_form q)) (premise_lam q) (premise_mu q) (premise_rows q)) (vectors (premise_outputs q))
        (work (fixed_bits q) (Z.of_nat (premise_outputs q))) max_training_work watch (premise_tree q) [(c, v)] v spent number
        leaves
    with
    | Covered spent number leaves => check_premises premise_of W l' spent number leaves
    | Missed o node => Failed o node end
  end.
End Executable.

Section Soundness.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable hint : nat -> tri -> list Z * list (list Z).
Variable watch : Z -> bool.

Definition norm_of (form : option tri) : vec -> K := match form with None => sq (K := K) | Some G => qf K G end.
Lemma norm_of_ext form x y : (forall w, dot x w = dot y w) -> norm_of form x = norm_of form y.
Proof. destruct form; [apply qf_ext|apply sq_ext]. Qed.
Lemma metric_of_sound form V t : qf K (metric_of form V) t = norm_of form (comb t V).
Proof. destruct form; [apply qf_gram_in|apply qf_gram]. Qed.
Lemma step_sound form lam mu rows n c : (0 <= mu)%Z ->
  proved (good K (norm_of form) lam mu) (step hint (metric_of form) lam mu rows n c) -> good K (norm_of form) lam mu c.
Proof.
  intros Hm. pose proof (norm_of_ext form) as Ne. pose proof (metric_of_sound form) as Ms.
  destruct n as [k|i|k l a b|scale unit ms|a b unit ms|]; cbn [step].
  - match goal with |- context [owes ?x SIGN_INDEX None] => destruct (owes x SIGN_INDEX None) eqn:E end;
      [intros []|]. apply owes_none in E as [E _]. apply andb_prop in E as [E _]. apply Nat.ltb_lt in E.
    pose proof (@sign_sound K _ Ne lam mu k c E) as S. destruct (sign_children k c). intros [H1 H2]. auto.
  - destruct (owes _ ROW_INDEX None); [intros []|].
    pose proof (@row_sound K _ Ne lam mu (map (zdot (fst (nth i rows ([], [])))) (generators c)) c) as S.
    destruct (row_children _ c). intros [H1 H2]. auto.
  - match goal with |- context [match ?x with Some o => Refused o | None => _ end] => destruct x eqn:E end;
      [intros []|]. apply owes_none in E as [E1 E]. apply owes_none in E as [E2 E]. apply owes_none in E as [E3 _].
    repeat match goal with X : (_ && _) = true |- _ => apply andb_prop in X as [? ?] end.
    repeat match goal with
    | X : (_ <? _)%Z = true |- _ => apply Z.ltb_lt in X
    | X : (_ <? _)%nat = true |- _ => apply Nat.ltb_lt in X
    | X : negb _ = true |- _ => apply negb_true_iff, Nat.eqb_neq in X end.
    pose proof (@split_sound K _ Ne lam mu k l a b c) as S. destruct (split_children k l a b c).
    intros [G1 G2]. apply S; auto.
  - destruct (check_products hint (metric_of form) lam mu scale unit ms c) eqn:E; [intros []|]. intros _.
    eapply products_sound; eassumption.
  - destruct (check_tau hint (metric_of form) lam mu a b unit ms c) eqn:E; [intros []|]. intros _.
    eapply tau_sound; eassumption.
  - destruct (check_envelope hint (metric_of form) lam mu c) eqn:E; [intros []|]. intros _.
    eapply envelope_sound; eassumption. Qed.

(** What a premise says. *)
Definition premise_holds (q : premise) (u : vec) : Prop :=
  0 <= z2 (premise_lam q) * norm_of (premise_form q) u
    - z2 (premise_mu q) * sq (vadd (comb u (premise_offset q)) (rows_sum K (premise_rows q) u)).
Lemma rows_sum_ext l x y : (forall w, dot x w = dot y w) -> rows_sum K l x = rows_sum K l y.
Proof. intro E. induction l as [|[q nu] l IH]; cbn [rows_sum]; auto.
  rewrite IH, !lin_dot, !(dot_comm K (vZ K q)), E. reflexivity. Qed.
Lemma check_premises_sound A (premise_of : A -> premise) W l spent number leaves total x u :
  check_premises hint watch premise_of W l spent number leaves = Proved total ->
  (forall a, In a l -> (0 <= premise_mu (premise_of a))%Z) -> (forall w, dot u w = dot (comb x W) w) ->
  Forall (fun a => premise_holds (premise_of a) u) l.
Proof.
  intros H M E. revert spent number leaves H; induction l as [|a l IH]; intros spent number leaves;
    cbn [check_premises]; [constructor|].
  destruct (walk _ _ _ _ _ _ _ _ _ _ _) as [spent' number' leaves'|] eqn:H; [|discriminate]. intro Hl. constructor.
  - set (q := premise_of a) in *.
    apply walk_sound with (holds := good K (norm_of (premise_form q)) (premise_lam q) (premise_mu q)) in H;
      [|intros ? ?; apply step_sound, M; now left].
    apply Forall_cons_iff in H as [H _]. cbn [fst] in H. apply root_sound with (t := x) in H; [|apply norm_of_ext].
    unfold premise_holds. rewrite (norm_of_ext _ _ _ E), (rows_sum_ext _ _ _ E).
    replace (sq (vadd (comb u _) _)) with
      (sq (vadd (comb (comb x W) (premise_offset q)) (rows_sum K (premise_rows q) (comb x W)))); [exact H|]. apply sq_ext. intro w. rewrite !dot_vadd, (dot_comb K u), E, <- dot_comb. reflexivity.
  - apply (IH (fun a I => M a (or_intror I)) _ _ _ Hl). Qed.
End Soundness.
