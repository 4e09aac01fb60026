(* What the user expects the certificate to state, option by option, and how what it states differs from that. *)
open Failure
open Lists

type t = {
  gamma : Q.t option;
  targets : string list;  (* none: any *)
  task : string option;
  bias : bool option;
  output_bias : string option;
  standardize : bool option;
  loss : string option;
  at_least : Q.t option;
  statement : string option;
  free : int option;
  problem : string option;  (* the first digits of the hash *)
}

let nothing =
  { gamma = None; targets = []; task = None; bias = None; output_bias = None; standardize = None; loss = None;
    at_least = None; statement = None; free = None; problem = None }

let statements =
  [ "training"; "copositive"; "strictly_copositive"; "not_copositive"; "not_strictly_copositive"; "completely_positive";
    "not_completely_positive" ]

let statement_name : Checker.statement -> string = function
  | Copositive -> "copositive"
  | StrictlyCopositive -> "strictly_copositive"
  | NotCopositive -> "not_copositive"
  | NotStrictlyCopositive -> "not_strictly_copositive"
  | CompletelyPositive -> "completely_positive"
  | NotCompletelyPositive -> "not_completely_positive"

(* "expected gamma = 1/10, found 1/5", where something is expected and it is not what is found. *)
let differs name expected found same show =
  match expected with
  | Some e when not (same e found) -> [ Printf.sprintf "expected %s%s, found %s" name (show e) (show found) ]
  | _ -> []

let words name expected found = differs (name ^ " ") expected found ( = ) Quoted.word
let flag name expected found =
  differs (name ^ " ") expected found ( = ) (function true -> "yes" | false -> "no")

let hash expected found =
  let begins prefix = String.length prefix <= String.length found && String.sub found 0 (String.length prefix) = prefix in
  differs "problem " expected found (fun prefix _ -> begins prefix) Fun.id

let agree differences =
  match List.concat differences with [] -> () | some -> raise (Not_expected (String.concat "; " some))

(* An expectation on what this certificate has not is a mistake. *)
let unused ~why options =
  List.iter (fun (name, given) -> if given then unusable "%s cannot be used here: %s" name why) options

let of_recipe e =
  [ ("--target", e.targets <> []); ("--task", e.task <> None); ("--bias and --no-bias", e.bias <> None);
    ("--standardize and --no-standardize", e.standardize <> None) ]

let column_names (table : Table.t) indices =
  String.concat ", " (List.map (fun k -> Quoted.word table.names.(k)) (List.sort_uniq compare indices))

let index table target =
  try Problem.column_of table target with Other_data reason -> unusable "--target %s: %s" (Quoted.text target) reason

let targets e table (recipe : Recipe.t) =
  let expected = List.sort_uniq compare (List.map (index table) e.targets) in
  let found = List.sort_uniq compare (snd (Problem.columns table recipe)) in
  if e.targets = [] || expected = found then []
  else
    [ Printf.sprintf "expected target%s %s, found %s"
        (match expected with [ _ ] -> "" | _ -> "s")
        (column_names table expected) (column_names table found) ]

let at_least e bound =
  match e.at_least with
  | Some least when Q.lt bound least ->
    [ Printf.sprintf "expected a bound of at least %s, found %s" (Text.of_rational least) (Statement.decimal_down bound) ]
  | _ -> []

(* Raises Not_expected with all differences; the table is the user's, from which the recipe makes the problem. *)
let of_training e (file : Certificate_file.training) data =
  agree [ words "statement" e.statement "training" ];
  unused ~why:"the certificate is of a training problem" [ ("--free", e.free <> None) ];
  if data = None then unused ~why:"the text of a problem says nothing of columns; give --data" (of_recipe e);
  let bound = Q.make file.certificate.claim_num file.certificate.claim_den in
  let of_data =
    match data with
    | None -> []
    | Some (table, (recipe : Recipe.t)) ->
      [ targets e table recipe;
        words "task" e.task (if recipe.classification then "classification" else "regression");
        flag "bias" e.bias recipe.bias;
        flag "standardize" e.standardize (recipe.standardize <> None) ]
  in
  agree
    ([ differs "gamma = " e.gamma file.gamma Q.equal Text.of_rational ]
    @ of_data
    @ [ words "output bias" e.output_bias file.output_bias;
        words "loss" e.loss file.loss;
        at_least e bound;
        hash e.problem file.problem_sha256 ])

let of_matrix e sha256 (claim : Checker.matrix_certificate) =
  agree [ words "statement" e.statement (statement_name claim.stated) ];
  unused ~why:"the certificate is of a matrix"
    (("--gamma", e.gamma <> None) :: of_recipe e
    @ [ ("--output-bias", e.output_bias <> None); ("--loss", e.loss <> None); ("--at-least", e.at_least <> None) ]);
  (match claim.stated with
  | CompletelyPositive | NotCompletelyPositive -> ()
  | _ -> unused ~why:"the certificate is not of complete positivity" [ ("--free", e.free <> None) ]);
  agree [ differs "free " e.free claim.free ( = ) string_of_int; hash e.problem sha256 ]
