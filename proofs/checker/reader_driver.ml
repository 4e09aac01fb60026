(* Reads many tables, matrices and canonical texts from standard input and prints what the program's readers make of each:
   a hash, or that it is refused; and of rational numbers the bounds of their logarithms. tests/certify/trust/extracted/readers.py holds that against the readers in Python. *)

(* A case is a line "KIND SIZE SIZE" and as many bytes twice: the file, and of a table the recipe for its problem. *)
let of_table loss file recipe =
  let recipe = Recipe.of_json (Json.parse recipe) in
  let p = Problem.of_table (Table.of_bytes ~reading:recipe.reading "table" file) recipe (Q.of_ints 1 8) loss NoBias in
  Loss.refuse_targets p.loss p.y_den (List.map (fun (_, (_, y)) -> y) p.rows);
  Canonical.problem_sha256 p

(* "DIGITS A B": what is below and above 2^DIGITS ln(A/B). *)
let logarithm text =
  match List.map Z.of_string (String.split_on_char ' ' text) with
  | [ digits; a; b ] ->
    let l = Checker.logarithms_to digits in
    Z.to_string (Checker.log_below l a b) ^ " " ^ Z.to_string (Checker.log_above l a b)
  | _ -> failwith "no such logarithm"

let answer kind file recipe =
  match kind with
  | "table" -> of_table Squared file recipe
  | "signs" -> of_table Hinge file recipe
  | "csv" -> Canonical.matrix_sha256 (Matrix_file.of_table "csv" (Table.of_bytes ~least_columns:1 "csv" file))
  | "market" -> Canonical.matrix_sha256 (Matrix_file.of_market "market" file)
  | "logarithm" -> logarithm file
  | "problem" -> Canonical.problem_sha256 (Canonical.parse_problem "problem" file)
  | "matrix" -> Canonical.matrix_sha256 (Canonical.parse_matrix "matrix" file)
  | _ -> failwith "no such kind"

let rec cases () =
  match input_line stdin with
  | exception End_of_file -> ()
  | line ->
    Scanf.sscanf line "%s %d %d" (fun kind size more ->
        let file = really_input_string stdin size in
        let recipe = really_input_string stdin more in
        print_endline (try answer kind file recipe with Failure.Unusable _ | Failure.Other_data _ -> "refused"));
    cases ()

let () =
  set_binary_mode_in stdin true;
  cases ()
