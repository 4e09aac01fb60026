(* The command line. *)
open Failure
open Lists

type source = Data of string | Problem_text of string

type t = { certificate : string; source : source; json : bool; progress : bool; expected : Expected.t }
type command = Check of t | Help | Version

type draft = {
  path : string option;
  data : string option;
  text : string option;
  as_json : bool;
  with_progress : bool;
  expects : Expected.t;
}

let number name value =
  match Text.parse_ratio value with
  | Some q -> q
  | None -> (
    match Text.parse_number value with
    | Vast _ -> unusable "%s %s is too long a number" name (Quoted.text value)
    | Number _ | Not_a_number -> unusable "%s %s is no number: give a decimal or p/q" name (Quoted.text value))

let positive name value =
  let q = number name value in
  if Q.sign q <= 0 then unusable "%s %s is not positive" name (Quoted.text value);
  q

let one_of name choices value =
  if not (List.mem value choices) then
    unusable "%s %s is none of %s" name (Quoted.text value) (String.concat ", " choices);
  value

let class_weight value =
  match String.rindex_opt value '=' with
  | None -> unusable "--class-weight %s is no LABEL=W, such as a=2" (Quoted.text value)
  | Some i ->
    let label = Text.strip (String.sub value 0 i) in
    let weight = positive "--class-weight" (String.sub value (i + 1) (String.length value - i - 1)) in
    ((match Text.parse_number label with Number q -> Text.of_rational q | Not_a_number | Vast _ -> label), weight)

let loss_of value =
  match Loss.read value with
  | Some kind -> Loss.text kind
  | None -> unusable "--loss %s is none of %s, with a parameter in its range" (Quoted.text value) Loss.words

let count name value =
  if not (Text.all_digits value && String.length value <= 9) then
    unusable "%s %s is no number of coordinates" name (Quoted.text value);
  int_of_string value

let digits name value =
  let value = String.lowercase_ascii value in
  let hexadecimal = function '0' .. '9' | 'a' .. 'f' -> true | _ -> false in
  if not (String.for_all hexadecimal value && String.length value >= 16 && String.length value <= 64) then
    unusable "%s %s is not the SHA-256 of a problem, nor its first 16 hexadecimal digits or more" name (Quoted.text value);
  value

(* What an option does with the draft; it may be given once, unless it is a list. *)
let once name old set value = if old <> None then unusable "%s is given twice" name else set (Some value)

type action = Flag of (draft -> draft) | Value of string * (draft -> string -> draft)

let expects f = fun d value -> { d with expects = f d.expects value }
let flag_of f = fun d -> { d with expects = f d.expects }

let options : (string * action * string) list =
  Expected.
    [ ("--data", Value ("F", fun d v -> once "--data" d.data (fun data -> { d with data }) v),
        "your data: a CSV file, of a matrix also Matrix Market (.mtx)");
      ("--text", Value ("F", fun d v -> once "--text" d.text (fun text -> { d with text }) v),
        "instead of --data: the text of the problem or matrix that is hashed");
      ("--json", Flag (fun d -> { d with as_json = true }), "the verdict as a JSON object");
      ("--progress", Flag (fun d -> { d with with_progress = true }), "the number of nodes done, to standard error");
      ("--statement", Value ("S", expects (fun e v ->
          once "--statement" e.statement (fun statement -> { e with statement }) (one_of "--statement" statements v))),
        "expect this statement: " ^ String.concat ", " statements);
      ("--gamma", Value ("Q", expects (fun e v -> once "--gamma" e.gamma (fun gamma -> { e with gamma }) (positive "--gamma" v))),
        "expect this weight decay, a decimal or p/q");
      ("--target", Value ("COL", expects (fun e v -> { e with targets = v :: e.targets })),
        "expect this target column, by name or position from 1; once for each");
      ("--task", Value ("T", expects (fun e v ->
          once "--task" e.task (fun task -> { e with task }) (one_of "--task" [ "classification"; "regression" ] v))),
        "expect classification or regression");
      ("--bias", Flag (flag_of (fun e -> once "--bias" e.bias (fun bias -> { e with bias }) true)),
        "expect a hidden bias: a feature 1, whose weights are decayed");
      ("--no-bias", Flag (flag_of (fun e -> once "--bias" e.bias (fun bias -> { e with bias }) false)), "expect none");
      ("--output-bias", Value ("B", expects (fun e v ->
          once "--output-bias" e.output_bias (fun output_bias -> { e with output_bias })
            (one_of "--output-bias" Output_bias.names v))),
        "expect this output bias: none, free, decayed or all-free");
      ("--standardize", Flag (flag_of (fun e ->
          once "--standardize" e.standardize (fun standardize -> { e with standardize }) true)),
        "expect features of mean 0 and variance 1");
      ("--no-standardize", Flag (flag_of (fun e ->
          once "--standardize" e.standardize (fun standardize -> { e with standardize }) false)),
        "expect features as in the file");
      ("--sample-weight", Value ("COL", expects (fun e v ->
          once "--sample-weight" e.sample_weight (fun sample_weight -> { e with sample_weight }) v)),
        "expect this column of the samples' weights, by name or position from 1");
      ("--class-weight", Value ("LABEL=W", expects (fun e v -> { e with class_weights = class_weight v :: e.class_weights })),
        "expect this weight of a class, else 1; once for each");
      ("--weighted", Flag (flag_of (fun e -> once "--weighted" e.weighted (fun weighted -> { e with weighted }) true)),
        "expect samples that have weights, of a column or by class");
      ("--no-weighted", Flag (flag_of (fun e -> once "--weighted" e.weighted (fun weighted -> { e with weighted }) false)),
        "expect none");
      ("--as-is", Flag (flag_of (fun e -> once "--as-is" e.as_is (fun as_is -> { e with as_is }) true)),
        "expect a file read as usual, of which every row and column enters as it is");
      ("--no-as-is", Flag (flag_of (fun e -> once "--as-is" e.as_is (fun as_is -> { e with as_is }) false)),
        "expect another");
      ("--ignore", Value ("COL", expects (fun e v -> { e with ignore = v :: e.ignore })),
        "expect this column to be left out, by name or position from 1; once for each");
      ("--drop-missing", Flag (flag_of (fun e ->
          once "--drop-missing" e.drop_missing (fun drop_missing -> { e with drop_missing }) true)),
        "expect rows that miss a value to be left out");
      ("--no-drop-missing", Flag (flag_of (fun e ->
          once "--drop-missing" e.drop_missing (fun drop_missing -> { e with drop_missing }) false)),
        "expect none to be left out");
      ("--categorical", Value ("COL", expects (fun e v -> { e with categorical = v :: e.categorical })),
        "expect this column to be one-hot, by name or position from 1; once for each");
      ("--standardize-target", Flag (flag_of (fun e ->
          once "--standardize-target" e.standardize_target (fun standardize_target -> { e with standardize_target }) true)),
        "expect targets of mean 0 and variance 1");
      ("--no-standardize-target", Flag (flag_of (fun e ->
          once "--standardize-target" e.standardize_target (fun standardize_target -> { e with standardize_target }) false)),
        "expect targets as in the file");
      ("--loss", Value ("L", expects (fun e v -> once "--loss" e.loss (fun loss -> { e with loss }) (loss_of v))),
        "expect this loss: " ^ Loss.words);
      ("--at-least", Value ("BOUND", expects (fun e v ->
          once "--at-least" e.at_least (fun at_least -> { e with at_least }) (number "--at-least" v))),
        "expect a bound of at least this, a decimal or p/q");
      ("--free", Value ("R", expects (fun e v -> once "--free" e.free (fun free -> { e with free }) (count "--free" v))),
        "expect so many free coordinates of complete positivity; with --statement 0 unless given");
      ("--problem", Value ("SHA256", expects (fun e v ->
          once "--problem" e.problem (fun problem -> { e with problem }) (digits "--problem" v))),
        "expect this problem or matrix: its SHA-256, or the first 16 digits or more") ]

let help =
  let line (name, action, what) =
    Printf.sprintf "  %-22s %s\n" (match action with Flag _ -> name | Value (value, _) -> name ^ " " ^ value) what
  in
  "usage: certify-check CERT (--data F | --text F) [options]\n\
   \n\
   Checks a certificate against your data by the checker that is proved sound in Coq.\n\
   Exit code 0: valid, 1: rejected, 2: input that cannot be used, 70: an internal error.\n\
   \n"
  ^ String.concat "" (List.map line options)
  ^ "  --version              the version, and the hash of the sources that this program was built from\n\
    \  --help                 this text\n\
     \n\
     Without expectations a certificate is valid if what it states of your data is true: read what that is. For\n\
     \"my problem, and at least this bound\":\n\
     \n\
    \  certify-check wine.cert --data wine.csv --statement training --target quality --task regression \\\n\
    \    --gamma 1/10 --no-bias --output-bias none --no-standardize --at-least 1.15\n"

let usage = "usage: certify-check CERT (--data F | --text F) [options]; --help lists them"

let empty =
  { path = None; data = None; text = None; as_json = false; with_progress = false; expects = Expected.nothing }

let rec draft_of d = function
  | [] -> d
  | word :: rest when String.length word < 2 || String.sub word 0 2 <> "--" ->
    if d.path <> None || (word <> "-" && word <> "" && word.[0] = '-') then unusable "%s" usage;
    draft_of { d with path = Some word } rest
  | word :: rest -> (
    let name, rest =
      match String.index_opt word '=' with
      | Some i -> (String.sub word 0 i, Error (String.sub word (i + 1) (String.length word - i - 1), rest))
      | None -> (word, Ok rest)
    in
    match (List.find_opt (fun (option, _, _) -> option = name) options, rest) with
    | Some (_, Flag f, _), Ok rest -> draft_of (f d) rest
    | Some (_, Value (_, f), _), (Ok (value :: rest) | Error (value, rest)) -> draft_of (f d value) rest
    | Some (_, Flag _, _), Error _ -> unusable "%s takes no value" name
    | Some (_, Value _, _), Ok [] -> unusable "%s needs a value" name
    | None, _ -> unusable "there is no option %s; %s" (Quoted.text name) usage)

let parse words =
  if List.mem "--help" words || List.mem "-h" words then Help
  else if List.mem "--version" words then Version
  else
    let d = draft_of empty words in
    let certificate = match d.path with Some path -> path | None -> unusable "%s" usage in
    let source =
      match (d.data, d.text) with
      | Some path, None -> Data path
      | None, Some path -> Problem_text path
      | _ -> unusable "give either --data or --text; %s" usage
    in
    Check { certificate; source; json = d.as_json; progress = d.with_progress; expected = d.expects }
