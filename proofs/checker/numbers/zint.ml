(* What the extracted checker calls instead of Coq's integers: Zarith's, with Coq's conventions. *)
include Z

let floor_divide a b =
  if Z.sign b = 0 then (Z.zero, a)
  else if Z.sign b > 0 then Z.ediv_rem a b
  else
    let q = Z.fdiv a b in
    (q, Z.sub a (Z.mul q b))

let log2_floor a = if Z.sign a <= 0 then Z.zero else Z.pred (Z.of_int (Z.numbits a))

let shift a n =
  if Z.sign n >= 0 then Z.shift_left a (Z.to_int n) else Z.shift_right a (Z.to_int (Z.neg n))

let to_nat a = if Z.sign a <= 0 then 0 else Z.to_int a
