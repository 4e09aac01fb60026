(* The header's `preprocessing`: how a problem is made from a data file (docs/certificate-format.md). *)
open Failure
open Lists

type t = {
  targets : string list;
  classification : bool;
  classes : string list;
  bias : bool;
  standardize : (Q.t * Q.t) list option;
  sample_weight : string option;
  class_weights : Q.t list option;  (* one for each of the classes *)
}

let malformed reason = unusable "the certificate's preprocessing %s: use an unaltered certificate" reason
let max_entries = 100_000
let max_length = 4000

let texts value key =
  match value with
  | Json.List items when List.length items <= max_entries ->
    let texts =
      List.map
        (function
          | Json.String s when Text.length s <= max_length -> s
          | _ -> malformed (Printf.sprintf "has %s that are not texts of at most %d characters" key max_length))
        items
    in
    if List.length (List.sort_uniq compare texts) < List.length texts then malformed ("repeats one of its " ^ key);
    texts
  | _ -> malformed (Printf.sprintf "has no list of at most %d %s" max_entries key)

(* A text as Python writes a Fraction. *)
let rational value =
  let wrong () = malformed "has a shift, a scale or a weight that is not a text \"p/q\" in lowest terms" in
  match value with
  | Json.String s when String.length s <= max_length -> (
    let q =
      match String.split_on_char '/' s with
      | [ p ] when Text.is_integer p -> Q.of_bigint (Z.of_string p)
      | [ p; q ] when Text.is_integer p && Text.is_integer q && q.[0] <> '-' && q <> "0" ->
        Q.make (Z.of_string p) (Z.of_string q)
      | _ -> wrong ()
    in
    match Text.of_rational q = s with true -> q | false -> wrong ())
  | _ -> wrong ()

let optional = [ "sample_weight"; "class_weights" ]

let of_json = function
  | Json.Object entries
    when List.sort compare (List.filter (fun key -> not (List.mem key optional)) (List.map fst entries))
         = [ "bias"; "classes"; "standardize"; "targets"; "task" ] ->
    let entry key = List.assoc key entries in
    let targets = texts (entry "targets") "targets" and classes = texts (entry "classes") "classes" in
    if targets = [] then malformed "names no target";
    let classification =
      match entry "task" with
      | Json.String "classification" -> true
      | Json.String "regression" -> false
      | _ -> malformed "has a task other than classification and regression"
    in
    if classification && (List.length targets <> 1 || List.length classes < 2) then
      malformed "is a classification without exactly one target and at least two classes";
    if (not classification) && classes <> [] then malformed "is a regression with classes";
    let bias = match entry "bias" with Json.Bool b -> b | _ -> malformed "has a bias other than true and false" in
    let standardize =
      match entry "standardize" with
      | Json.Null -> None
      | Json.List (_ :: _ as pairs) when List.length pairs <= max_entries ->
        Some
          (List.map
             (function
               | Json.List [ shift; scale ] ->
                 let shift = rational shift and scale = rational scale in
                 if Q.sign scale <= 0 then malformed "has a scale that is not positive";
                 (shift, scale)
               | _ -> malformed "standardises a feature by something else than a shift and a scale")
             pairs)
      | _ -> malformed (Printf.sprintf "standardises by something else than a list of at most %d pairs" max_entries)
    in
    let sample_weight =
      match List.assoc_opt "sample_weight" entries with
      | None -> None
      | Some (Json.String s) when Text.length s <= max_length -> Some s
      | Some _ -> malformed (Printf.sprintf "has a sample_weight that is not a text of at most %d characters" max_length)
    in
    let class_weights =
      match List.assoc_opt "class_weights" entries with
      | None -> None
      | Some (Json.List items) when classes <> [] && List.length items = List.length classes ->
        let weights = List.map rational items in
        if List.exists (fun w -> Q.sign w <= 0) weights then malformed "has a class weight that is not positive";
        Some weights
      | Some _ -> malformed "has class_weights that are not a list with one for each class"
    in
    { targets; classification; classes; bias; standardize; sample_weight; class_weights }
  | _ -> malformed "is not an object with the keys bias, classes, standardize, targets, task"
