(* The user's symmetric matrix, exact, in integers over its least common denominator. *)
open Failure
open Lists

let max_order = Matrix_market.max_order
let max_bits = 13_000

let ratio = Str.regexp "^[+-]?[0-9]+/[0-9]+$"

let number source = function
  | Table.Number q -> q
  | Table.Name s -> (
    let refuse () =
      unusable "%s: a cell is no number; give decimals or fractions such as 1/3, without row names" source
    in
    if not (Str.string_match ratio s 0 && not (String.contains s '\n')) then refuse ();
    match String.split_on_char '/' s with
    | [ p; q ] ->
      let p = if p.[0] = '+' then String.sub p 1 (String.length p - 1) else p in
      let q = Z.of_string q in
      if Z.equal q Z.zero then refuse ();
      Q.make (Z.of_string p) q
    | _ -> refuse ())

let of_rationals source rows : Checker.matrix =
  let p = List.length rows in
  if p > max_order then unusable "%s has %d rows: give a matrix of order at most %d" source p max_order;
  if not (List.for_all (fun row -> List.length row = p) rows) then
    unusable "%s is not square: give a symmetric matrix" source;
  let entries = Array.of_list (List.map Array.of_list rows) in
  for i = 0 to p - 1 do
    for j = 0 to i - 1 do
      if not (Q.equal entries.(i).(j) entries.(j).(i)) then
        unusable "%s is not symmetric: its entries in row %d, column %d and row %d, column %d differ" source (i + 1) (j + 1)
          (j + 1) (i + 1)
    done
  done;
  let vast () =
    unusable "%s has numbers of more than %d bits over their common denominator: round them" source max_bits
  in
  let denominator =
    List.fold_left
      (List.fold_left (fun c q ->
           let c = Z.lcm c (Q.den q) in
           if Z.numbits c > max_bits then vast ();
           c))
      Z.one rows
  in
  let entries = Problem.over denominator rows in
  if List.exists (List.exists (fun e -> Z.numbits e > max_bits)) entries then vast ();
  { entries; denominator }

let of_market source bytes = of_rationals source (Matrix_market.of_bytes source bytes)

let of_table source (table : Table.t) =
  if List.length table.rows > max_order then
    unusable "%s has %d rows: give a matrix of order at most %d" source (List.length table.rows) max_order;
  of_rationals source (List.map (fun row -> List.map (number source) (Array.to_list row)) table.rows)

let read source =
  if Table.ends source ".npy" then
    unusable "%s is a numpy file: use `certify check`, or save the matrix as CSV" source;
  if Table.ends source ".mtx" then of_market source (Table.read_bytes source)
  else of_table source (Table.read ~least_columns:1 source)
