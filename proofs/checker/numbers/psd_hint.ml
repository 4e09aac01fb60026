(* Scales and an approximate Cholesky factor of a symmetric matrix: hints, whose use the proved checker verifies.

   Rows and columns are multiplied by powers of two until all diagonal entries have 2h - 1 or 2h bits; of the result
   less a little on the diagonal, a factor is computed: at first in floating point, then in fixed point. *)

let nothing = ([], [])

let least_bits = [| 64; 128; 256; 512 |] (* h, attempt by attempt *)
let float_bits = 60 (* what is kept of h where the factor is computed in floating point *)

(* The strictly lower and diagonal entries of a matrix kept as its upper triangle. *)
let dense triangle =
  let order = List.length triangle in
  let a = Array.make_matrix order order Z.zero in
  List.iteri (fun i row -> List.iteri (fun j e -> if i + j < order then a.(i + j).(i) <- e) row) triangle;
  a

(* Of a matrix with a diagonal of 2h bits less order * 2^-46 of that, which is far more than rounding takes. *)
let float_factor a order h =
  let r = Array.make_matrix order order 0. in
  let leading i j = ldexp (Z.to_float (Z.shift_right (a i j) (2 * (h - float_bits)))) (-2 * float_bits) in
  let delta = ldexp (float_of_int order) (-46) in
  let inner i j =
    let p = r.(i) and q = r.(j) in
    let sum = ref 0. in
    for k = 0 to j - 1 do
      sum := !sum +. (p.(k) *. q.(k))
    done;
    !sum
  in
  let rec rows i =
    i >= order
    ||
    (for j = 0 to i - 1 do
       r.(i).(j) <- (leading i j -. inner i j) /. r.(j).(j)
     done;
     let squared = leading i i -. delta -. inner i i in
     (* Not a number passes neither. *)
     squared > 0. && Array.for_all (fun e -> Float.abs e < 2.) r.(i)
     && (r.(i).(i) <- sqrt squared;
         rows (i + 1)))
  in
  let entry e = Z.shift_left (Z.of_float (ldexp e float_bits)) (h - float_bits) in
  if rows 0 then Some (Array.map (Array.map entry) r) else None

(* Of a matrix with a diagonal of 2h bits less order * 2^h. *)
let fixed_point_factor a order h =
  let delta = Z.shift_left (Z.of_int order) h in
  let r = Array.make_matrix order order Z.zero in
  let inner i j =
    let sum = ref Z.zero in
    for k = 0 to j - 1 do
      sum := Z.add !sum (Z.mul r.(i).(k) r.(j).(k))
    done;
    !sum
  in
  let rec rows i =
    i >= order
    ||
    (for j = 0 to i - 1 do
       let pivot = r.(j).(j) in
       let twice = Z.shift_left (Z.sub (a i j) (inner i j)) 1 in
       r.(i).(j) <- Z.fdiv (Z.add twice pivot) (Z.shift_left pivot 1)
     done;
     let squared = Z.sub (Z.sub (a i i) delta) (inner i i) in
     Z.sign squared > 0
     && (r.(i).(i) <- Z.sqrt squared;
         rows (i + 1)))
  in
  if rows 0 then Some r else None

let hint attempt triangle =
  let a = dense triangle in
  let order = Array.length a in
  let all = List.init order Fun.id in
  if List.exists (fun i -> Z.sign a.(i).(i) < 0) all then nothing
  else
    let support = Array.of_list (List.filter (fun i -> Z.sign a.(i).(i) > 0) all) in
    let halves = Array.map (fun i -> (Z.numbits a.(i).(i) + 1) / 2) support in
    let h = Array.fold_left max least_bits.(attempt) halves in
    let shifts = Array.map (fun half -> h - half) halves in
    let entry i j = Z.shift_left a.(support.(i)).(support.(j)) (shifts.(i) + shifts.(j)) in
    let factor = if attempt = 0 then float_factor else fixed_point_factor in
    match factor entry (Array.length support) h with
    | None -> nothing
    | Some r ->
      let place = Array.make order (-1) in
      Array.iteri (fun k i -> place.(i) <- k) support;
      let scale i = if place.(i) < 0 then Z.one else Z.shift_left Z.one shifts.(place.(i)) in
      (* Column i of the factor, from the diagonal on. *)
      let column i =
        if place.(i) < 0 then []
        else
          List.init (order - i) (fun j ->
              let row = place.(i + j) in
              if row < 0 then Z.zero else r.(row).(place.(i)))
      in
      (List.map scale all, List.map column all)
