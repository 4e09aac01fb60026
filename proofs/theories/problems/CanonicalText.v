(** * The canonical texts of a training problem and of a matrix

    The hash in a certificate is that of a text (docs/certificate-format.md, "The problem and its hash" and "The matrix
    and its hash"), which is printed and read here. A problem that is [well_formed] has just one text, and a text is
    that of just one problem: as integers, and also as the rational numbers that these mean. *)
From Coq Require Import ZArith Znumtheory Bool String List Lia Ring.
From Certify Require Import OrderedField Vectors Long LossBounds Weights OutputBias Checker CompletePositivity MatrixChecker Decimals LossText.
Import ListNotations.
Set Implicit Arguments.

Section Executable.
Local Open Scope Z_scope.
Local Open Scope list_scope.

(** *** Printing *)
Definition title : text := Eval compute in bytes "certify problem 1" ++ [newline] ++ bytes "loss".
Definition bias_title : text := Eval compute in [newline] ++ bytes "output_bias".
Definition gamma_word : text := Eval compute in [newline] ++ bytes "gamma".
Definition size_word : text := Eval compute in [newline] ++ bytes "size".
Definition denominators_word : text := Eval compute in [newline] ++ bytes "denominators".
Definition bias_word (b : output_bias) : text := Eval compute in
  match b with NoBias => bytes " none" | FreeBias => bytes " free" | DecayedBias => bytes " decayed"
  | AllFree => bytes " all-free" end.
Definition between : text := Eval compute in bytes " ;".
Definition end_of_line : text := Eval compute in [newline].
(** Does a sample count more than once, or less? Then its weight stands after its target. *)
Definition weighted (p : problem) : bool := negb ((w_den p =? 1) && forallb (fun row => fst (snd row) =? 1) (rows p)).
Definition denominators (with_weights : bool) (p : problem) : list Z :=
  x_den p :: y_den p :: if with_weights then [w_den p] else [].
Definition head (with_weights : bool) (p : problem) : text :=
  title ++ loss_text (loss p) ++ bias_title ++ bias_word (bias p) ++
  gamma_word ++ numbers [gamma_num p] ++ slash ++ number (gamma_den p) ++
  size_word ++ numbers [Z.of_nat (length (rows p)); Z.of_nat (features p); Z.of_nat (targets p)] ++
  denominators_word ++ numbers (denominators with_weights p) ++ end_of_line.
Definition sample (with_weights : bool) (row : list Z * (Z * list Z)) : text :=
  tl (numbers (fst row)) ++ between ++ numbers (snd (snd row)) ++
  (if with_weights then between ++ numbers [fst (snd row)] else []) ++ end_of_line.
Definition print_problem (p : problem) : text := head (weighted p) p ++ flat_map (sample (weighted p)) (rows p).

Definition matrix_title : text := Eval compute in bytes "certify matrix 1" ++ [newline] ++ bytes "order".
Definition denominator_word : text := Eval compute in [newline] ++ bytes "denominator".
Definition matrix_head (M : matrix) : text :=
  matrix_title ++ numbers [Z.of_nat (order M)] ++ denominator_word ++ numbers [denominator M] ++ end_of_line.
Definition matrix_row (r : list Z) : text := tl (numbers r) ++ end_of_line.
Definition print_matrix (M : matrix) : text := matrix_head M ++ flat_map matrix_row (entries M).

(** The same, piece by piece, for what takes a text in pieces. *)
Definition fold_problem {A} (take : A -> text -> A) (start : A) (p : problem) : A :=
  let with_weights := weighted p in
  fold_left (fun a row => take a (sample with_weights row)) (rows p) (take start (head with_weights p)).
Definition fold_matrix {A} (take : A -> text -> A) (start : A) (M : matrix) : A :=
  fold_left (fun a r => take a (matrix_row r)) (entries M) (take start (matrix_head M)).

(** *** What has a text *)
Definition common {A} (row : A -> list Z) (l : list A) (d : Z) : Z :=
  fold_left (fun d a => fold_left Z.gcd (row a) d) l d.
(** Integers over their least common denominator. *)
Definition least {A} (row : A -> list Z) (l : list A) (d : Z) : bool := (0 <? d) && (common row l d =? 1).
Definition of_width (width : nat) (r : list Z) : bool := Nat.eqb (length r) width && forallb short r.
Definition weight_of (row : list Z * (Z * list Z)) : list Z := [fst (snd row)].
Definition target_of (row : list Z * (Z * list Z)) : list Z := snd (snd row).
Definition well_formed (p : problem) : bool :=
  Nat.ltb 0 (length (rows p)) && Nat.ltb 0 (features p) && Nat.ltb 0 (targets p) &&
  forallb (fun row => of_width (features p) (fst row) && of_width (targets p) (target_of row) &&
                      (0 <? fst (snd row)) && short (fst (snd row))) (rows p) &&
  (0 <? gamma_num p) && (0 <? gamma_den p) && (Z.gcd (gamma_num p) (gamma_den p) =? 1) &&
  forallb short [gamma_num p; gamma_den p; x_den p; y_den p] &&
  forallb short [Z.of_nat (length (rows p)); Z.of_nat (features p); Z.of_nat (targets p)] &&
  least fst (rows p) (x_den p) && least target_of (rows p) (y_den p) &&
  least weight_of (rows p) (w_den p) && short (w_den p) &&
  valid_loss (loss p) && lowest_terms (loss p).
Definition well_formed_matrix (M : matrix) : bool :=
  Nat.ltb 0 (order M) && forallb (of_width (order M)) (entries M) && is_symmetric (order M) (entries M) &&
  short (denominator M) && short (Z.of_nat (order M)) && least (fun r => r) (entries M) (denominator M).

(** *** Reading *)
(** The words that a text may have are tried one after another. *)
Definition kinds (parameter : list Z) : list (loss_kind * output_bias) :=
  list_prod (losses_with parameter) [NoBias; FreeBias; DecayedBias; AllFree].
(** The weight is the last number of a line. *)
Definition read_sample (with_weights : bool) (line : list Z * list Z) : list Z * (Z * list Z) :=
  (fst line, if with_weights then (last (snd line) 0, removelast (snd line)) else (1, snd line)).
Definition reads (with_weights : bool) (t : text) (p : problem) : bool :=
  match after (head with_weights p) t with
  | Some t => consists_of (sample with_weights) (rows p) t && well_formed p && Bool.eqb (weighted p) with_weights
  | None => false end.
Definition parse_problem (t : text) : option problem :=
  match lines t with
  | _ :: (_, parameter) :: _ :: (_, [p; q]) :: _ :: (_, a :: b :: weights) :: samples =>
    let with_weights := match weights with [] => false | _ => true end in
    match long_map (read_sample with_weights) samples with
    | [] => None
    | (((x, (_, y)) :: _) as rows) =>
      let of_kind kind :=
        {| rows := rows; x_den := a; w_den := hd 1 weights; y_den := b; gamma_num := p; gamma_den := q;
           features := length x; targets := length y; loss := fst kind; bias := snd kind |} in
      find (reads with_weights t) (map of_kind (kinds parameter)) end
  | _ => None end.
Definition parse_matrix (t : text) : option matrix :=
  match lines t with
  | _ :: _ :: (_, [q]) :: rows =>
    let M := {| entries := map snd rows; denominator := q |} in
    match after (matrix_head M) t with
    | Some t => if consists_of matrix_row (entries M) t && well_formed_matrix M then Some M else None
    | None => None end
  | _ => None end.
End Executable.

(** *** A text is that of what is read of it *)
Lemma prints_spec A (piece : A -> text) start l t :
  match after start t with Some t => consists_of piece l t | None => false end = true <->
  t = start ++ flat_map piece l.
Proof.
  destruct (after start t) as [r|] eqn:E.
  - apply after_spec in E. subst t. rewrite consists_of_spec. split; [now intros ->|apply app_inv_head].
  - split; [discriminate|]. intro H. apply after_spec in H. congruence. Qed.
Lemma reads_spec w p t : reads w t p = true <-> t = print_problem p /\ well_formed p = true /\ weighted p = w.
Proof.
  unfold reads, print_problem. pose proof (prints_spec (sample w) (head w p) (rows p) t) as S.
  destruct (after (head w p) t) as [r|].
  - rewrite !andb_true_iff, Bool.eqb_true_iff, S. intuition (subst; auto).
  - split; [discriminate|]. intros (-> & _ & <-). now apply S. Qed.
Theorem parse_problem_prints t p : parse_problem t = Some p -> print_problem p = t /\ well_formed p = true.
Proof.
  unfold parse_problem. intro H.
  repeat match type of H with context [match ?x with _ => _ end] =>
    match x with context [match _ with _ => _ end] => fail 1 | find _ _ => fail 1 | _ => destruct x; try discriminate H end end;
  apply find_some in H as [_ H]; apply reads_spec in H; intuition congruence. Qed.
Theorem parse_matrix_prints t M : parse_matrix t = Some M -> print_matrix M = t /\ well_formed_matrix M = true.
Proof.
  unfold parse_matrix. intro H. destruct (lines t) as [|? [|? [|[? [|q [|]]] l]]]; try discriminate.
  set (M' := {| entries := _ |}) in H. pose proof (prints_spec matrix_row (matrix_head M') (entries M') t) as S.
  destruct (after (matrix_head M') t); [|discriminate].
  destruct (consists_of matrix_row (entries M') t0); [|discriminate].
  destruct (well_formed_matrix M') eqn:W; [|discriminate]. injection H as <-. split; [symmetry; now apply S|assumption]. Qed.

(** *** What is printed is read *)
Lemma head_read w p t : lowest_terms (loss p) = true ->
  forallb short [gamma_num p; gamma_den p; x_den p; y_den p] = true -> short (w_den p) = true ->
  forallb short [Z.of_nat (length (rows p)); Z.of_nat (features p); Z.of_nat (targets p)] = true ->
  lines_from (head w p ++ t) None false [] [] [] = lines_from t None false [] [] (rev [([], [1%Z]); ([], parameter (loss p)); ([], []);
    ([], [gamma_num p; gamma_den p]); ([], [Z.of_nat (length (rows p)); Z.of_nat (features p); Z.of_nat (targets p)]);
    ([], denominators w p)]).
Proof.
  cbn [forallb]. intros Hl H Hw S. repeat (apply andb_prop in H as [? H]). clear H.
  unfold head. rewrite <- !app_assoc.
  match goal with |- lines_from (title ++ ?u) _ _ _ _ _ = _ =>
    transitivity (lines_from u None false [] [] [([], [1%Z])]); [reflexivity|] end.
  rewrite loss_read; [|exact Hl|now apply parted_at].
  match goal with |- lines_from (bias_title ++ bias_word _ ++ ?u) _ _ _ ?a ?b = _ =>
    transitivity (lines_from u None false [] [] (([], rev_append a []) :: b)); [destruct (bias p); reflexivity|] end.
  match goal with |- lines_from (gamma_word ++ ?u) _ _ _ _ ?b = _ =>
    transitivity (lines_from u None false [] [] (([], []) :: b)); [reflexivity|] end.
  rewrite numbers_read; [|cbn [forallb]; now rewrite H0|now apply parted_at].
  match goal with |- lines_from (slash ++ ?u) _ _ _ ?a ?b = _ =>
    transitivity (lines_from u None false [] a b); [reflexivity|] end.
  rewrite number_parted; [|assumption|now apply parted_at].
  match goal with |- lines_from (size_word ++ ?u) _ _ _ ?a ?b = _ =>
    transitivity (lines_from u None false [] [] (([], rev_append a []) :: b)); [reflexivity|] end.
  rewrite numbers_read; [|assumption|now apply parted_at].
  match goal with |- lines_from (denominators_word ++ ?u) _ _ _ ?a ?b = _ =>
    transitivity (lines_from u None false [] [] (([], rev_append a []) :: b)); [reflexivity|] end.
  rewrite numbers_read; [|destruct w; cbn [denominators forallb]; now rewrite H2, H3, ?Hw|now apply parted_at].
  match goal with |- lines_from (end_of_line ++ ?u) _ _ _ ?a ?b = _ =>
    transitivity (lines_from u None false [] [] (([], rev_append a []) :: b)); [reflexivity|] end.
  cbn [rev app]. rewrite !rev_append_rev, !app_nil_r, !rev_involutive. reflexivity. Qed.

(** The first of a line's numbers has no space before it. *)
Lemma first_numbers_read l t before above : forallb short l = true -> parted t ->
  lines_from (tl (numbers l) ++ t) None false before [] above = lines_from t None false before (rev l) above.
Proof.
  intros Hs Ht. destruct l as [|z l]; [reflexivity|]. pose proof (numbers_read (z :: l) before [] above Hs Ht) as E.
  rewrite app_nil_r in E. rewrite <- E. reflexivity. Qed.
Lemma rev_append_nil A (l : list A) : rev_append l [] = rev l.
Proof. now rewrite rev_append_rev, app_nil_r. Qed.
(** A sample as it is read. *)
Definition line_of (w : bool) (row : list Z * (Z * list Z)) : list Z * list Z :=
  (fst row, target_of row ++ if w then weight_of row else []).
Definition all_short (row : list Z * (Z * list Z)) : bool :=
  negb (Nat.eqb (length (fst row)) 0) && forallb short (fst row) && forallb short (target_of row) && short (fst (snd row)).
Lemma sample_read w row t above : all_short row = true ->
  lines_from (sample w row ++ t) None false [] [] above = lines_from t None false [] [] (line_of w row :: above).
Proof.
  destruct row as [x [v y]]. unfold all_short, line_of, weight_of, target_of, sample. cbn [fst snd]. intro H.
  repeat (apply andb_prop in H as [H ?]). rewrite <- !app_assoc.
  rewrite first_numbers_read by (auto; now apply parted_at).
  match goal with |- lines_from (between ++ ?u) _ _ _ ?a ?b = _ =>
    transitivity (lines_from u None false (rev_append a []) [] b); [reflexivity|] end.
  rewrite numbers_read by (auto; destruct w; now apply parted_at). rewrite rev_append_nil, rev_involutive, app_nil_r.
  destruct w.
  - rewrite <- app_assoc. destruct x as [|e x]; [discriminate|].
    match goal with |- lines_from (between ++ ?u) _ _ _ ?a ?b = _ =>
      transitivity (lines_from u None false (e :: x) a b); [reflexivity|] end.
    rewrite numbers_read; [|cbn [forallb]; now rewrite H0|now apply parted_at].
    match goal with |- lines_from (end_of_line ++ ?u) _ _ ?c ?a ?b = _ =>
      transitivity (lines_from u None false [] [] ((c, rev_append a []) :: b)); [reflexivity|] end.
    rewrite rev_append_nil. cbn [rev app]. now rewrite rev_involutive.
  - match goal with |- lines_from ([] ++ end_of_line ++ ?u) _ _ ?c ?a ?b = _ =>
      transitivity (lines_from u None false [] [] ((c, rev_append a []) :: b)); [reflexivity|] end.
    now rewrite rev_append_nil, rev_involutive, app_nil_r. Qed.
Lemma samples_read w l above : forallb all_short l = true ->
  lines_from (flat_map (sample w) l) None false [] [] above = rev above ++ map (line_of w) l.
Proof.
  revert above; induction l as [|row l IH]; intros above H.
  - cbn. now rewrite rev_append_nil, app_nil_r.
  - cbn [forallb] in H. apply andb_prop in H as [Hr H].
    cbn [flat_map map]. rewrite sample_read, IH by assumption. cbn [rev]. now rewrite <- app_assoc. Qed.
Lemma read_line w row : (w = false -> fst (snd row) = 1%Z) -> read_sample w (line_of w row) = row.
Proof.
  destruct row as [x [v y]]. unfold read_sample, line_of, weight_of, target_of. cbn [fst snd]. intro H. destruct w.
  - now rewrite last_last, removelast_last.
  - rewrite app_nil_r. now rewrite H. Qed.
Lemma matrix_row_read r t above : forallb short r = true ->
  lines_from (matrix_row r ++ t) None false [] [] above = lines_from t None false [] [] (([], r) :: above).
Proof.
  intro H. unfold matrix_row. rewrite <- app_assoc, first_numbers_read by (auto; now apply parted_at).
  match goal with |- lines_from (end_of_line ++ ?u) _ _ ?c ?a ?b = _ =>
    transitivity (lines_from u None false [] [] ((c, rev_append a []) :: b)); [reflexivity|] end.
  now rewrite rev_append_nil, rev_involutive. Qed.
Lemma matrix_rows_read l above : forallb (forallb short) l = true ->
  lines_from (flat_map matrix_row l) None false [] [] above = rev above ++ map (pair []) l.
Proof.
  revert above; induction l as [|r l IH]; intros above H.
  - cbn. now rewrite rev_append_nil, app_nil_r.
  - cbn [forallb] in H. apply andb_prop in H as [Hr H].
    cbn [flat_map]. rewrite matrix_row_read, IH by assumption. cbn [rev map]. now rewrite <- app_assoc. Qed.
Lemma matrix_head_read M t : short (Z.of_nat (order M)) = true -> short (denominator M) = true ->
  lines_from (matrix_head M ++ t) None false [] [] [] = lines_from t None false [] []
    (rev [([], [1%Z]); ([], [Z.of_nat (order M)]); ([], [denominator M])]).
Proof.
  intros Ho Hd. unfold matrix_head. rewrite <- !app_assoc.
  match goal with |- lines_from (matrix_title ++ ?u) _ _ _ _ _ = _ =>
    transitivity (lines_from u None false [] [] [([], [1%Z])]); [reflexivity|] end.
  rewrite numbers_read; [|cbn [forallb]; now rewrite Ho|now apply parted_at].
  match goal with |- lines_from (denominator_word ++ ?u) _ _ _ ?a ?b = _ =>
    transitivity (lines_from u None false [] [] (([], rev_append a []) :: b)); [reflexivity|] end.
  rewrite numbers_read; [reflexivity|cbn [forallb]; now rewrite Hd|now apply parted_at]. Qed.

(** ** Round trip *)
Lemma kind_printed ps p q : In (loss p) (losses_with ps) -> In (loss q) (losses_with ps) ->
  print_problem p = print_problem q -> (loss p, bias p) = (loss q, bias q).
Proof.
  intros Hp Hq. unfold print_problem, head. rewrite <- !app_assoc. intro H. apply app_inv_head in H.
  pose proof (loss_text_tried _ _ _ _ _ Hp Hq H) as E. rewrite E in *. apply app_inv_head in H. apply app_inv_head in H.
  destruct (bias p), (bias q); reflexivity || discriminate H. Qed.
Lemma find_kind A B (f : A -> bool) (g : B -> A) l a :
  (exists k, In k l /\ g k = a) -> (forall k, In k l -> f (g k) = true -> g k = a) -> f a = true -> find f (map g l) = Some a.
Proof.
  intros (k & I & E) F T. destruct (find f (map g l)) as [a'|] eqn:X.
  - apply find_some in X as [I' H]. apply in_map_iff in I' as (k' & <- & I'). f_equal. now apply F.
  - rewrite (find_none _ _ X a) in T; [discriminate T|]. rewrite <- E. now apply in_map. Qed.
Lemma weights_one p : weighted p = false -> w_den p = 1%Z /\ forall row, In row (rows p) -> fst (snd row) = 1%Z.
Proof.
  unfold weighted. intro H. apply negb_false_iff, andb_prop in H as [H1 H2]. apply Z.eqb_eq in H1. split; [assumption|].
  intros row I. rewrite forallb_forall in H2. now apply Z.eqb_eq, H2. Qed.
Theorem parse_print_problem p : well_formed p = true -> parse_problem (print_problem p) = Some p.
Proof.
  intro W. pose proof W as H. unfold well_formed in H.
  apply andb_prop in H as [H Hlow]. apply andb_prop in H as [H Hvalid]. apply andb_prop in H as [H Hwd].
  repeat (apply andb_prop in H as [H ?]).
  assert (S : forallb all_short (rows p) = true).
  { apply forallb_forall. intros row I. rewrite forallb_forall in H8. specialize (H8 row I). unfold all_short, of_width in *.
    repeat match goal with X : (_ && _) = true |- _ => apply andb_prop in X as [? ?] end.
    repeat match goal with X : (_ =? _)%nat = true |- _ => apply Nat.eqb_eq in X | X : (_ <? _)%nat = true |- _ =>
      apply Nat.ltb_lt in X end.
    repeat (apply andb_true_intro; split); try assumption. apply negb_true_iff, Nat.eqb_neq. lia. }
  assert (L : lines (print_problem p) = [([], [1%Z]); ([], parameter (loss p)); ([], []); ([], [gamma_num p; gamma_den p]);
    ([], [Z.of_nat (length (rows p)); Z.of_nat (features p); Z.of_nat (targets p)]);
    ([], denominators (weighted p) p)] ++ map (line_of (weighted p)) (rows p)).
  { unfold lines, print_problem. rewrite head_read by assumption. now rewrite samples_read, rev_involutive. }
  assert (Rows : map (read_sample (weighted p)) (map (line_of (weighted p)) (rows p)) = rows p).
  { rewrite map_map. transitivity (map (fun row => row) (rows p)); [|apply map_id]. apply map_ext_in. intros row I.
    apply read_line. intro U. now apply (weights_one p U). }
  unfold parse_problem. rewrite L. cbn [app denominators].
  replace (match (if weighted p then [w_den p] else []) with [] => false | _ :: _ => true end) with (weighted p)
    by now destruct (weighted p).
  rewrite long_map_eq, Rows.
  assert (Wd : hd 1%Z (if weighted p then [w_den p] else []) = w_den p).
  { destruct (weighted p) eqn:U; [reflexivity|]. symmetry. now apply (weights_one p U). }
  rewrite Wd. destruct (rows p) as [|[x [v y]] l] eqn:E; [discriminate|].
  cbn [forallb fst snd target_of] in H8. unfold of_width in H8.
  repeat match goal with X : (_ && _) = true |- _ => apply andb_prop in X as [? ?] end.
  repeat match goal with X : (_ =? _)%nat = true |- _ => apply Nat.eqb_eq in X end.
  assert (I : In (loss p, bias p) (kinds (parameter (loss p)))).
  { apply in_prod; [now apply loss_is_tried|]. destruct (bias p); cbn; tauto. }
  apply find_kind.
  - exists (loss p, bias p). split; [exact I|]. destruct p; cbn in *; subst; reflexivity.
  - intros [l' b] J Hk. apply reads_spec in Hk as [Hk _]. apply in_prod_iff in I as [I _]. apply in_prod_iff in J as [J _].
    apply (@kind_printed (parameter (loss p))) in Hk; [|exact I|exact J]. cbn [loss bias fst snd] in Hk.
    injection Hk as <- <-. destruct p; cbn in *; subst; reflexivity.
  - apply reads_spec. auto. Qed.
Theorem parse_print_matrix M : well_formed_matrix M = true -> parse_matrix (print_matrix M) = Some M.
Proof.
  intro W. pose proof W as H. unfold well_formed_matrix in H. repeat (apply andb_prop in H as [H ?]).
  assert (L : lines (print_matrix M) = [([], [1%Z]); ([], [Z.of_nat (order M)]); ([], [denominator M])] ++
    map (pair []) (entries M)).
  { unfold lines, print_matrix. rewrite matrix_head_read by assumption. rewrite matrix_rows_read, rev_involutive; [reflexivity|].
    apply forallb_forall. intros r Hi. rewrite forallb_forall in H4. specialize (H4 r Hi). unfold of_width in H4.
    now apply andb_prop in H4. }
  unfold parse_matrix. rewrite L. cbn [app]. rewrite map_map, map_id.
  replace {| entries := entries M; denominator := denominator M |} with M by now destruct M.
  pose proof (prints_spec matrix_row (matrix_head M) (entries M) (print_matrix M)) as [_ S]. specialize (S eq_refl).
  destruct (after (matrix_head M) (print_matrix M)); [|discriminate]. now rewrite S, W. Qed.

(** ** Piece by piece *)
Lemma fold_pieces A B (take : A -> text -> A) (piece : B -> text) l start :
  (forall a s t, take (take a s) t = take a (s ++ t)) -> (forall a, take a [] = a) ->
  fold_left (fun a b => take a (piece b)) l start = take start (flat_map piece l).
Proof.
  intros Happ Hnil. revert start; induction l as [|b l IH]; intro start; cbn [fold_left flat_map]; [now rewrite Hnil|].
  now rewrite IH, Happ. Qed.
Theorem fold_problem_sound A (take : A -> text -> A) start p :
  (forall a s t, take (take a s) t = take a (s ++ t)) -> (forall a, take a [] = a) ->
  fold_problem take start p = take start (print_problem p).
Proof. intros Happ Hnil. unfold fold_problem. now rewrite fold_pieces, Happ. Qed.
Theorem fold_matrix_sound A (take : A -> text -> A) start M :
  (forall a s t, take (take a s) t = take a (s ++ t)) -> (forall a, take a [] = a) ->
  fold_matrix take start M = take start (print_matrix M).
Proof. intros Happ Hnil. unfold fold_matrix. now rewrite fold_pieces, Happ. Qed.

(** ** What means the same has the same text *)
Lemma gcd_divides m k a b : (k | m * a)%Z -> (k | m * b)%Z -> (k | m * Z.gcd a b)%Z.
Proof.
  intros Ha Hb. destruct (Z.gcd_bezout a b (Z.gcd a b) eq_refl) as (u & v & E). rewrite <- E.
  replace (m * (u * a + v * b))%Z with (u * (m * a) + v * (m * b))%Z by ring.
  apply Z.divide_add_r; now apply Z.divide_mul_r. Qed.
Lemma common_divides m k l d : (k | m * d)%Z -> (forall r a, In r l -> In a r -> (k | m * a)%Z) ->
  (k | m * common (fun r => r) l d)%Z.
Proof.
  unfold common. revert d; induction l as [|r l IH]; intros d Hd H; cbn [fold_left]; [assumption|].
  apply IH; [|intros r' a Hr Ha; apply (H r'); cbn; auto].
  assert (Hr : forall a, In a r -> (k | m * a)%Z) by (intros a Ha; apply (H r); cbn; auto). clear H IH.
  revert d Hd; induction r as [|a r IH]; intros d Hd; cbn [fold_left]; [assumption|].
  apply IH; [intros b Hb; apply Hr; cbn; auto|]. apply gcd_divides; [assumption|]. apply Hr. cbn. auto. Qed.

Lemma common_map A (row : A -> list Z) l d : common row l d = common (fun r => r) (map row l) d.
Proof.
  unfold common. revert d; induction l as [|a l IH]; intro d; [reflexivity|]. cbn [map fold_left]. apply IH. Qed.
Lemma least_map A (row : A -> list Z) l d : least row l d = least (fun r => r) (map row l) d.
Proof. unfold least. now try rewrite (common_map row). Qed.

Section Meaning.
Variable K : OField.
Local Notation "x / y" := (fmul K x (finv K y)).
Local Notation z2 := (ofZ K).
Add Ring Kring : (f_ring K).

Lemma z2_inj a b : z2 a = z2 b -> a = b.
Proof.
  intro E. assert (D : forall c, (0 < c)%Z -> z2 c <> f0 K) by (intros c Hc; now apply z2_nz).
  assert (S : forall a b, z2 a = z2 b -> z2 (a - b) = f0 K) by (intros x y H; rewrite z2_sub, H; ring).
  destruct (Z.lt_trichotomy a b) as [L|[L|L]]; [|assumption|].
  - destruct (D (b - a)%Z); [lia|]. now apply S.
  - destruct (D (a - b)%Z); [lia|]. now apply S. Qed.
Lemma ratio_inj a b c d : (0 < b)%Z -> (0 < d)%Z -> z2 a / z2 b = z2 c / z2 d -> (a * d = c * b)%Z.
Proof.
  intros Hb Hd E. apply z2_inj. rewrite !ofZ_mul. pose proof (z2_nz K Hb) as Nb. pose proof (z2_nz K Hd) as Nd.
  rewrite <- (div_mul K (z2 a) Nb), <- (div_mul K (z2 c) Nd), E. ring. Qed.
Lemma ratios_inj b d l l' : (0 < b)%Z -> (0 < d)%Z -> map (vQ K b) l = map (vQ K d) l' ->
  map (map (Z.mul d)) l = map (map (Z.mul b)) l'.
Proof.
  intros Hb Hd. revert l'; induction l as [|r l IH]; intros [|r' l'] E; try discriminate; [reflexivity|].
  cbn [map] in *. injection E as E1 E2. f_equal; [|now apply IH]. clear IH E2 l l'.
  revert r' E1; induction r as [|a r IH]; intros [|c r'] E; try discriminate; [reflexivity|].
  cbn [vQ map] in *. injection E as E1 E2. f_equal; [|now apply IH].
  apply ratio_inj in E1; [lia|assumption|assumption]. Qed.
Lemma scaled_divides b d l l' : map (map (Z.mul d)) l = map (map (Z.mul b)) l' ->
  forall r a, In r l -> In a r -> (b | d * a)%Z.
Proof.
  intros E r a Hr Ha. assert (I : In (map (Z.mul d) r) (map (map (Z.mul b)) l')) by (rewrite <- E; now apply in_map).
  apply in_map_iff in I as (r' & E' & _). assert (I : In (d * a)%Z (map (Z.mul b) r')).
  { rewrite E'. now apply (in_map (Z.mul d)). }
  apply in_map_iff in I as (c & <- & _). apply Z.divide_factor_l. Qed.
Lemma map_mul_inj d l l' : d <> 0%Z -> map (map (Z.mul d)) l = map (map (Z.mul d)) l' -> l = l'.
Proof.
  intro N. revert l'; induction l as [|r l IH]; intros [|r' l'] E; try discriminate; [reflexivity|].
  cbn [map] in E. injection E as E1 E2. f_equal; [|now apply IH]. clear IH E2 l l'.
  revert r' E1; induction r as [|a r IH]; intros [|c r'] E; try discriminate; [reflexivity|].
  cbn [map] in E. injection E as E1 E2. f_equal; [|now apply IH]. now apply Z.mul_cancel_l in E1. Qed.
Lemma least_unique b d l l' : least (fun r => r) l b = true -> least (fun r => r) l' d = true -> map (vQ K b) l = map (vQ K d) l' ->
  b = d /\ l = l'.
Proof.
  unfold least. intros Hb Hd E. apply andb_prop in Hb as [Hb Gb]. apply andb_prop in Hd as [Hd Gd].
  apply Z.ltb_lt in Hb, Hd. apply Z.eqb_eq in Gb, Gd. apply ratios_inj in E; [|assumption|assumption].
  assert (B : (b | d * 1)%Z).
  { rewrite <- Gb. apply common_divides; [apply Z.divide_factor_r|]. exact (scaled_divides _ _ _ _ E). }
  assert (D : (d | b * 1)%Z).
  { rewrite <- Gd. apply common_divides; [apply Z.divide_factor_r|]. exact (scaled_divides _ _ _ _ (eq_sym E)). }
  rewrite Z.mul_1_r in B, D. assert (b = d) by (apply Z.divide_antisym_nonneg; lia || assumption). subst d.
  split; [reflexivity|]. apply map_mul_inj in E; [assumption|lia]. Qed.
Lemma rows_equal (l l' : list (list Z * (Z * list Z))) : map fst l = map fst l' -> map target_of l = map target_of l' ->
  map weight_of l = map weight_of l' -> l = l'.
Proof.
  revert l'; induction l as [|[a [w b]] l IH]; intros [|[a' [w' b']] l'] E F G; try discriminate; [reflexivity|].
  cbn in *. injection E as -> E. injection F as -> F. injection G as -> G. f_equal. now apply IH. Qed.
Lemma gamma_least p : well_formed p = true ->
  least (fun r => r) [[gamma_num p]] (gamma_den p) = true.
Proof.
  intro H. unfold well_formed in H. repeat (apply andb_prop in H as [H ?]). unfold least, common. cbn [fold_left].
  rewrite Z.gcd_comm. now apply andb_true_intro. Qed.

(** Equal rational matrices, weights, weight decays, losses and output biases: the same text. *)
Theorem one_text_of_a_problem t t' p p' : parse_problem t = Some p -> parse_problem t' = Some p' ->
  data K p = data K p' -> gamma K p = gamma K p' ->
  loss p = loss p' -> bias p = bias p' -> t = t'.
Proof.
  intros H H' Ed Eg Ek Eb. apply parse_problem_prints in H as [<- W]. apply parse_problem_prints in H' as [<- W'].
  pose proof (gamma_least p W) as G. pose proof (gamma_least p' W') as G'.
  destruct (least_unique _ _ _ _ G G') as [Egd Egn]; [cbn; unfold gamma in Eg; now rewrite Eg|]. injection Egn as Egn.
  unfold well_formed in W, W'. repeat (apply andb_prop in W as [W ?]). repeat (apply andb_prop in W' as [W' ?]).
  rewrite least_map in *.
  assert (Ex : map (vQ K (x_den p)) (map fst (rows p)) = map (vQ K (x_den p')) (map fst (rows p'))).
  { apply (f_equal (map fst)) in Ed. unfold data in Ed. now rewrite !map_map in *. }
  assert (Ey : map (vQ K (y_den p)) (map target_of (rows p)) = map (vQ K (y_den p')) (map target_of (rows p'))).
  { apply (f_equal (map (fun row => snd (snd row)))) in Ed. unfold data in Ed. now rewrite !map_map in *. }
  assert (Ew : map (vQ K (w_den p)) (map weight_of (rows p)) = map (vQ K (w_den p')) (map weight_of (rows p'))).
  { apply (f_equal (map (fun row => [fst (snd row)]))) in Ed. unfold data in Ed. now rewrite !map_map in *. }
  apply least_unique in Ex as [Exd Ex]; [|assumption|assumption].
  apply least_unique in Ey as [Eyd Ey]; [|assumption|assumption].
  apply least_unique in Ew as [Ewd Ew]; [|assumption|assumption].
  pose proof (rows_equal _ _ Ex Ey Ew) as Er. clear Ex Ey Ew.
  assert (Ew : features p = features p' /\ targets p = targets p').
  { destruct (rows p) as [|xy l] eqn:El; [discriminate|]. rewrite <- Er in *. cbn [forallb] in *. unfold of_width in *.
    repeat match goal with X : (_ && _) = true |- _ => apply andb_prop in X as [? ?] end.
    repeat match goal with X : (_ =? _)%nat = true |- _ => apply Nat.eqb_eq in X end. split; congruence. }
  destruct Ew. f_equal. destruct p, p'; cbn in *. congruence. Qed.
Theorem one_text_of_a_matrix t t' M M' : parse_matrix t = Some M -> parse_matrix t' = Some M' ->
  map (vQ K (denominator M)) (entries M) = map (vQ K (denominator M')) (entries M') -> t = t'.
Proof.
  intros H H' E. apply parse_matrix_prints in H as [<- W]. apply parse_matrix_prints in H' as [<- W'].
  unfold well_formed_matrix in W, W'. repeat (apply andb_prop in W as [W ?]). repeat (apply andb_prop in W' as [W' ?]).
  apply least_unique in E as [Ed Ee]; [|assumption|assumption]. destruct M, M'; cbn in *. congruence. Qed.
End Meaning.
