(** * Integers in decimal, and lines of them

    A text is the list of its bytes. [lines] reads any text loosely: who wants just one text for a value prints what
    was read and compares. *)
From Coq Require Import ZArith List Bool Ascii String Lia.
Import ListNotations.
Set Implicit Arguments.

Definition text := list Z.
Definition bytes (s : string) : text := map (fun a => Z.of_N (N_of_ascii a)) (list_ascii_of_string s).
(* Named, so that the extracted program builds each once. *)
Definition newline : Z := 10.
Definition space : Z := 32.
Definition minus : Z := 45.
Definition digit_0 : Z := 48.
Definition digit_9 : Z := 57.
Definition semicolon : Z := 59.
Definition ten : Z := 10.

Section Executable.
Local Open Scope Z_scope.

(** *** Printing *)
Fixpoint digits_onto (fuel : nat) (z : Z) (rest : text) : text :=
  match fuel with
  | O => rest
  | S fuel =>
    if z <? ten then digit_0 + z :: rest
    else let (q, r) := Z.div_eucl z ten in digits_onto fuel q (digit_0 + r :: rest) end.
Definition number (z : Z) : text :=
  let size := Z.abs z in
  let digits := digits_onto (S (Z.to_nat (Z.log2 size))) size [] in
  if z <? 0 then minus :: digits else digits.
(** Each after a space. *)
Fixpoint numbers (l : list Z) : text :=
  match l with [] => [] | z :: l => space :: number z ++ numbers l end.

(** *** Reading *)
(** Longer numbers, of more than some 4300 digits, are not read: what they are worth stays this large. *)
Definition max_bits : Z := 14300.
Definition short (z : Z) : bool := Z.log2 (Z.abs z) <? max_bits.
Definition with_digit (read : option Z) (digit : Z) : option Z :=
  match read with
  | None => Some digit
  | Some z => if short z then Some (ten * z + digit) else Some z end.
Definition with_number (read : option Z) (negative : bool) (l : list Z) : list Z :=
  match read with None => l | Some z => (if negative then - z else z) :: l end.
(** A line is a pair: the numbers before its first semicolon, if it has one, and the others. The arguments after the text are
    what has been read of a number, of a line, and the lines before it, the last one first. *)
Fixpoint lines_from (t : text) (read : option Z) (negative : bool) (before after : list Z)
  (above : list (list Z * list Z)) : list (list Z * list Z) :=
  match t with
  | [] => rev_append above []
  | b :: t =>
    if (digit_0 <=? b) && (b <=? digit_9) then lines_from t (with_digit read (b - digit_0)) negative before after above
    else if b =? minus then lines_from t read true before after above
    else if (b =? semicolon) && match before with [] => true | _ => false end then
      lines_from t None false (rev_append (with_number read negative after) []) [] above
    else if b =? newline then
      lines_from t None false [] [] ((before, rev_append (with_number read negative after) []) :: above)
    else lines_from t None false before (with_number read negative after) above end.
Definition lines (t : text) : list (list Z * list Z) := lines_from t None false [] [] [].

(** What follows a beginning. *)
Fixpoint after (beginning t : text) : option text :=
  match beginning, t with
  | [], _ => Some t
  | a :: beginning, b :: t => if a =? b then after beginning t else None
  | _, [] => None end.
(** Is a text these pieces, one after the other? *)
Fixpoint consists_of {A} (piece : A -> text) (l : list A) (t : text) : bool :=
  match l with
  | [] => match t with [] => true | _ => false end
  | a :: l => match after (piece a) t with Some t => consists_of piece l t | None => false end end.
End Executable.

Local Open Scope Z_scope.
Lemma digits_onto_app fuel z r t : digits_onto fuel z r ++ t = digits_onto fuel z (r ++ t).
Proof.
  revert z r; induction fuel as [|fuel IH]; intros z r; cbn [digits_onto]; [reflexivity|].
  destruct (z <? ten); [reflexivity|]. destruct (Z.div_eucl z ten). now rewrite IH. Qed.

Lemma with_digit_short z d : short z = true -> with_digit (Some z) d = Some (ten * z + d).
Proof. intro H. cbn [with_digit]. now rewrite ?H. Qed.
Lemma short_smaller a b : 0 <= a <= b -> short b = true -> short a = true.
Proof.
  unfold short. intros H Hb. apply Z.ltb_lt in Hb. apply Z.ltb_lt.
  rewrite Z.abs_eq in * by lia. pose proof (Z.log2_le_mono a b). lia. Qed.

Lemma digit_read b t read negative before after above : 0 <= b <= 9 ->
  lines_from (digit_0 + b :: t) read negative before after above =
  lines_from t (with_digit read b) negative before after above.
Proof.
  intro H. cbn [lines_from]. replace ((digit_0 <=? digit_0 + b) && (digit_0 + b <=? digit_9)) with true.
  - replace (digit_0 + b - digit_0) with b by lia. reflexivity.
  - symmetry. apply andb_true_intro. unfold digit_0, digit_9. split; apply Z.leb_le; lia. Qed.
Lemma digits_read fuel z t negative before after above :
  fuel <> O -> 0 <= z < 2 ^ Z.of_nat fuel -> short z = true ->
  lines_from (digits_onto fuel z t) None negative before after above =
  lines_from t (Some z) negative before after above.
Proof.
  revert z t; induction fuel as [|fuel IH]; intros z t N H Hs.
  - congruence.
  - cbn [digits_onto]. unfold ten. destruct (Z.ltb_spec z 10) as [L|L].
    + now rewrite digit_read by lia.
    + pose proof (Z_div_mod z 10 ltac:(lia)) as D. destruct (Z.div_eucl z 10) as [q r]. destruct D as [D R].
      rewrite Nat2Z.inj_succ, Z.pow_succ_r in H by lia.
      assert (short q = true) by (apply (@short_smaller q z); auto; lia).
      rewrite IH; [|destruct fuel; [cbn in H|]; lia|lia|assumption]. rewrite digit_read by lia. rewrite with_digit_short by assumption.
      unfold ten. now rewrite D. Qed.
(** What is printed is read. *)
Lemma number_read z t before after above : short z = true ->
  lines_from (number z ++ t) None false before after above =
  lines_from t (Some (Z.abs z)) (z <? 0) before after above.
Proof.
  intro Hs. unfold number.
  assert (R : forall negative,
    lines_from (digits_onto (S (Z.to_nat (Z.log2 (Z.abs z)))) (Z.abs z) [] ++ t) None negative before after above =
    lines_from t (Some (Z.abs z)) negative before after above).
  { intro negative. rewrite digits_onto_app. cbn [app]. apply digits_read; [discriminate| |].
    - rewrite Nat2Z.inj_succ, Z2Nat.id by apply Z.log2_nonneg. split; [lia|].
      destruct (Z.eq_dec z 0) as [->|N]; [cbn; lia|]. apply Z.log2_spec. lia.
    - unfold short in *. now rewrite Z.abs_involutive. }
  destruct (z <? 0).
  - cbn [app]. cbn [lines_from]. exact (R true).
  - apply R. Qed.
Lemma with_number_signed z l : with_number (Some (Z.abs z)) (z <? 0) l = z :: l.
Proof. cbn [with_number]. destruct (Z.ltb_spec z 0); f_equal; lia. Qed.

(** A text that begins with the end of the number before it. *)
Definition parted (t : text) : Prop := forall read negative before after above,
  lines_from t read negative before after above = lines_from t None false before (with_number read negative after) above.
Lemma parted_at b t : ((digit_0 <=? b) && (b <=? digit_9) || (b =? minus)) = false -> parted (b :: t).
Proof.
  intros H read negative before after above. apply orb_false_elim in H as [H1 H2]. cbn [lines_from].
  rewrite H1, H2. reflexivity. Qed.
Lemma number_parted z t before after above : short z = true -> parted t ->
  lines_from (number z ++ t) None false before after above = lines_from t None false before (z :: after) above.
Proof. intros Hs Ht. now rewrite number_read, Ht, with_number_signed. Qed.
Lemma numbers_read l t before after above : forallb short l = true -> parted t ->
  lines_from (numbers l ++ t) None false before after above = lines_from t None false before (rev l ++ after) above.
Proof.
  revert after; induction l as [|z l IH]; intros after Hs Ht; [reflexivity|].
  cbn [forallb] in Hs. apply andb_prop in Hs as [Hz Hs]. cbn [numbers rev app].
  change (space :: (number z ++ numbers l) ++ t) with ([space] ++ (number z ++ numbers l) ++ t).
  transitivity (lines_from ((number z ++ numbers l) ++ t) None false before after above); [reflexivity|].
  rewrite <- app_assoc, number_parted, IH; auto.
  - now rewrite <- app_assoc.
  - destruct l; [exact Ht|]. now apply parted_at. Qed.

Lemma after_spec b t r : after b t = Some r <-> t = b ++ r.
Proof.
  revert t; induction b as [|a b IH]; intros t; cbn [after app].
  - split; [now intros [= ->]|now intros ->].
  - destruct t as [|c t]; [split; discriminate|]. destruct (Z.eqb_spec a c) as [->|N].
    + rewrite IH. split; [now intros ->|now intros [= ->]].
    + split; [discriminate|]. intros [= E _]. congruence. Qed.
Lemma consists_of_spec A (piece : A -> text) l t : consists_of piece l t = true <-> t = flat_map piece l.
Proof.
  revert t; induction l as [|a l IH]; intros t; cbn [consists_of flat_map].
  - destruct t; [tauto|split; discriminate].
  - destruct (after (piece a) t) eqn:E.
    + apply after_spec in E. subst t. rewrite IH. split; [now intros ->|apply app_inv_head].
    + split; [discriminate|]. intro H. apply after_spec in H. congruence. Qed.
