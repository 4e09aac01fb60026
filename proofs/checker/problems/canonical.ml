(* The canonical texts, by the printer and the parser that are proved to be inverse to each other, and their hashes.
   For Coq a text is the list of its bytes. *)
open Failure

let bytes s =
  let rec from i rest = if i < 0 then rest else from (i - 1) (Z.of_int (Char.code s.[i]) :: rest) in
  from (String.length s - 1) []

let parsed kind section parse source s =
  match parse (bytes s) with
  | Some x -> x
  | None -> unusable "%s is not the text of a %s (docs/certificate-format.md, \"%s\")" source kind section

let parse_problem source = parsed "problem" "The problem and its hash" Checker.parse_problem source
let parse_matrix source = parsed "matrix" "The matrix and its hash" Checker.parse_matrix source

(* What is well-formed is what its text is read as: so the hash is that of no other problem. *)
let sha256 kind well_formed fold x =
  if not (well_formed x) then unusable "this %s has no canonical text" kind;
  let state = Sha256.start () in
  let piece = Buffer.create 1024 in
  fold
    (fun () text ->
      Buffer.clear piece;
      List.iter (fun byte -> Buffer.add_char piece (Char.chr (Z.to_int byte))) text;
      Sha256.add state (Buffer.contents piece))
    () x;
  Sha256.finish state

let problem_sha256 = sha256 "problem" Checker.well_formed Checker.fold_problem
let matrix_sha256 = sha256 "matrix" Checker.well_formed_matrix Checker.fold_matrix
