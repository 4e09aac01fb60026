(* Scales and an approximate Cholesky factor of a symmetric matrix: hints, whose use the proved checker verifies.

   Rows and columns are multiplied by powers of two until all diagonal entries have 2h - 1 or 2h bits; of the result
   less order * 2^h on the diagonal, a factor is computed in fixed point. *)

let nothing = ([], [])

let bits_of_attempt = [| 64; 128; 256; 512 |]

(* The strictly lower and diagonal entries of a matrix kept as its upper triangle. *)
let dense triangle =
  let order = List.length triangle in
  let a = Array.make_matrix order order Z.zero in
  List.iteri (fun i row -> List.iteri (fun j e -> if i + j < order then a.(i + j).(i) <- e) row) triangle;
  a

let factor a support h =
  let order = Array.length support in
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
    let h = Array.fold_left max bits_of_attempt.(attempt) halves in
    let shifts = Array.map (fun half -> h - half) halves in
    let entry i j = Z.shift_left a.(support.(i)).(support.(j)) (shifts.(i) + shifts.(j)) in
    match factor entry support h with
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
