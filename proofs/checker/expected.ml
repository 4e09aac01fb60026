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
  sample_weight : string option;
  class_weights : (string * Q.t) list;  (* of those that are not 1; none: any *)
  weighted : bool option;
  as_is : bool option;
  ignore : string list;  (* none: any *)
  drop_missing : bool option;
  categorical : string list;  (* none: any *)
  standardize_target : bool option;
  loss : string option;
  at_least : Q.t option;
  statement : string option;
  free : int option;
  problem : string option;  (* the first digits of the hash *)
}

let nothing =
  { gamma = None; targets = []; task = None; bias = None; output_bias = None; standardize = None;
    sample_weight = None; class_weights = []; weighted = None; as_is = None; ignore = []; drop_missing = None;
    categorical = []; standardize_target = None; loss = None; at_least = None; statement = None; free = None; problem = None }

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

(* "expected a hidden bias, found none", "expected no standardisation, found standardisation". *)
let flag article name expected found =
  match expected with
  | Some true when not found -> [ Printf.sprintf "expected %s%s, found none" article name ]
  | Some false when found -> [ Printf.sprintf "expected no %s, found %s%s" name article name ]
  | _ -> []

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
    ("--standardize and --no-standardize", e.standardize <> None); ("--sample-weight", e.sample_weight <> None);
    ("--class-weight", e.class_weights <> []); ("--weighted and --no-weighted", e.weighted <> None);
    ("--as-is and --no-as-is", e.as_is <> None); ("--ignore", e.ignore <> []);
    ("--drop-missing and --no-drop-missing", e.drop_missing <> None); ("--categorical", e.categorical <> []);
    ("--standardize-target and --no-standardize-target", e.standardize_target <> None) ]

(* Its name, or its position where that is no name of its own. *)
let column_name (table : Table.t) k =
  let name = table.names.(k) in
  let alike = List.filter (String.equal name) (Array.to_list table.names) in
  if List.length alike > 1 || Text.all_digits name then Printf.sprintf "column %d" (k + 1) else Quoted.word name

let column_names table indices = String.concat ", " (List.map (column_name table) indices)

let index option table name =
  try Problem.column_of table name with Other_data reason -> unusable "%s %s: %s" option (Quoted.text name) reason

(* Columns, in any order; none expected is any. *)
let same_columns option singular plural table expected found =
  let expected = List.sort_uniq compare (List.map (index option table) expected) in
  let found = List.sort_uniq compare found in
  if expected = [] || expected = found then []
  else
    [ Printf.sprintf "expected %s %s, found %s"
        (match expected with [ _ ] -> singular | _ -> plural)
        (column_names table expected)
        (if found = [] then "none" else column_names table found) ]

let targets e table (recipe : Recipe.t) =
  same_columns "--target" "target" "targets" table e.targets (Problem.columns table recipe).targets

let ignored e (table : Table.t) =
  same_columns "--ignore" "ignored column" "ignored columns" table e.ignore table.ignored

let categorical e table (recipe : Recipe.t) =
  same_columns "--categorical" "categorical column" "categorical columns" table e.categorical
    (List.map fst (Problem.columns table recipe).levels)

let sample_weight e table (recipe : Recipe.t) =
  match e.sample_weight with
  | None -> []
  | Some name ->
    let expected = index "--sample-weight" table name in
    let found = (Problem.columns table recipe).weight in
    if found = Some expected then []
    else
      [ Printf.sprintf "expected sample weight %s, found %s" (column_name table expected)
          (match found with None -> "none" | Some k -> column_name table k) ]

let class_weights e (recipe : Recipe.t) =
  if e.class_weights = [] then []
  else (
    List.iter
      (fun (name, _) ->
        if not (List.mem name recipe.classes) then
          unusable "--class-weight %s: there is no such class" (Quoted.text name))
      e.class_weights;
    let expected = List.map (fun name -> Option.value (List.assoc_opt name e.class_weights) ~default:Q.one) recipe.classes in
    let found = Option.value recipe.class_weights ~default:(List.map (fun _ -> Q.one) recipe.classes) in
    let shown weights =
      String.concat ", " (List.map2 (fun name w -> Quoted.word name ^ "=" ^ Text.of_rational w) recipe.classes weights)
    in
    if List.equal Q.equal expected found then []
    else [ Printf.sprintf "expected class weights %s, found class weights %s" (shown expected) (shown found) ])

let at_least e bound =
  match e.at_least with
  | Some least when Q.lt bound least ->
    [ Printf.sprintf "expected a bound of at least %s, found %s" (Statement.decimal_up least) (Statement.decimal_down bound) ]
  | _ -> []

let of_complete_positivity statement = statement = "completely_positive" || statement = "not_completely_positive"

let refuse_unsuitable e statement =
  if statement <> "training" then
    unused ~why:("the statement " ^ statement ^ " is of a matrix")
      (("--gamma", e.gamma <> None) :: of_recipe e
      @ [ ("--output-bias", e.output_bias <> None); ("--loss", e.loss <> None); ("--at-least", e.at_least <> None) ]);
  if not (of_complete_positivity statement) then
    unused ~why:("the statement " ^ statement ^ " has no free coordinates") [ ("--free", e.free <> None) ]

(* What is expected must make sense together, before it is compared with what is found. *)
let of_statement e found =
  Option.iter (refuse_unsuitable e) e.statement;
  agree [ words "statement" e.statement found ];
  refuse_unsuitable e found

(* Raises Not_expected with all differences; the table is the user's, from which the recipe makes the problem. *)
let of_training e (file : Certificate_file.training) data =
  of_statement e "training";
  if data = None then unused ~why:"the text of a problem says nothing of columns; give --data" (of_recipe e);
  let bound = Q.make file.certificate.claim_num file.certificate.claim_den in
  let of_data =
    match data with
    | None -> []
    | Some (table, (recipe : Recipe.t)) ->
      [ targets e table recipe;
        words "task" e.task (if recipe.classification then "classification" else "regression");
        flag "a " "hidden bias" e.bias recipe.bias;
        flag "" "standardisation" e.standardize (recipe.standardize <> None);
        sample_weight e table recipe;
        class_weights e recipe;
        flag "" "sample weights" e.weighted (recipe.sample_weight <> None || recipe.class_weights <> None);
        differs "the data " e.as_is (Recipe.takes_all_as_it_is recipe) ( = ) (fun b -> if b then "as it is" else "changed");
        ignored e table;
        flag "" "rows left out that miss a value" e.drop_missing recipe.reading.drop_missing;
        categorical e table recipe;
        flag "" "standardisation of targets" e.standardize_target (recipe.standardize_targets <> None) ]
  in
  agree
    ([ differs "gamma = " e.gamma file.gamma Q.equal Text.of_rational ]
    @ of_data
    @ [ words "output bias" e.output_bias file.output_bias;
        words "loss" e.loss file.loss;
        at_least e bound;
        hash e.problem file.problem_sha256 ])

let of_matrix e sha256 (claim : Checker.matrix_certificate) =
  let found = statement_name claim.stated in
  of_statement e found;
  (* By themselves the words mean that no coordinate is free. *)
  let free = if e.free = None && e.statement <> None && of_complete_positivity found then Some 0 else e.free in
  agree [ differs "free = " free claim.free ( = ) string_of_int; hash e.problem sha256 ]
