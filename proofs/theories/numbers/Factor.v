(** * Hints that Coq computes itself: scales and an approximate Cholesky factor

    For the decisions of [Semidefinite] inside Coq, where no other program can give the hints. Nothing is proved of them and
    nothing need be: [psd_sound] holds for any. *)
From Coq Require Import ZArith List.
From Certify Require Import Vectors Sizes Triangles.
Import ListNotations.
Local Open Scope Z_scope.

(** Bits of the factor's entries, attempt by attempt. *)
Definition precision (attempt : nat) : Z := nth attempt [56; 96; 192] 512.
Definition half_bits (a : Z) : Z := (bits a + 1) / 2.
(** The columns of a factor from the diagonal on; or, where there is none, a vector at which the form is small. *)
Inductive outcome := Factor (columns : list (list Z)) | Descent (z : list Z).
(** The factor of T - delta I, rounded to integers; a row that starts with 0 has an empty column. *)
Fixpoint cholesky (fuel : nat) (b delta : Z) (T : tri) : outcome :=
  match fuel, T with
  | S fuel', r :: T' =>
    let pivot := hd 0 r - delta in
    if hd 0 r =? 0 then
      match cholesky fuel' b delta T' with Factor F => Factor ([] :: F) | Descent z => Descent (0 :: z) end
    else if pivot <=? 0 then Descent [Z.shiftl 1 b]
    else
      let root := Z.sqrt pivot in
      let below := map (fun a => (2 * a + root) / (2 * root)) (tl r) in
      match cholesky fuel' b delta (tadd T' (tsq (-1) below)) with
      | Factor F => Factor ((root :: below) :: F)
      | Descent z => Descent (- (zdot below z / root) :: z)
      end
  | _, _ => Factor []
  end.
Fixpoint value (T : tri) (z : list Z) : Z :=
  match T, z with r :: T', a :: z' => a * (zdot r z + zdot (tl r) z') + value T' z' | _, _ => 0 end.
(** Rows and columns are multiplied by powers of two until all diagonal entries have 2h - 1 or 2h bits; of the result,
    as many leading bits are factored as the precision says. A form that is negative somewhere is given up. *)
Definition hint (attempt : nat) (T : tri) : list Z * list (list Z) :=
  let b := precision attempt in
  let halves := map (fun r => half_bits (hd 0 r)) T in
  let h := fold_right Z.max b halves in
  let scales := map (fun half => if half =? 0 then 1 else Z.shiftl 1 (h - half)) halves in
  let scaled := tcongruent scales T in
  let leading := map (map (fun a => Z.shiftr a (2 * (h - b)))) scaled in
  match cholesky (length T) b (Z.shiftl (Z.of_nat (length T)) b) leading with
  | Factor columns => (scales, map (map (fun a => Z.shiftl a (h - b))) columns)
  | Descent z => (if value scaled z <? 0 then [0] else [], [])
  end.
