(* The header's `preprocessing`: how a problem is made from a data file (docs/certificate-format.md). *)
open Lists
open Recorded

type t = {
  targets : string list;
  classification : bool;
  classes : string list;
  bias : bool;
  standardize : (Q.t * Q.t) list option;
  sample_weight : string option;
  class_weights : Q.t list option;  (* one for each of the classes *)
  reading : Reading.t;
  categorical : (string * string list) list;  (* the columns, with their levels *)
  standardize_targets : (Q.t * Q.t) list option;
}

let optional = [ "sample_weight"; "class_weights"; "reading"; "categorical"; "standardize_targets" ]

let takes_all_as_it_is recipe = recipe.reading = Reading.usual && recipe.categorical = []

let of_json = function
  | Json.Object entries
    when List.sort compare (List.filter (fun key -> not (List.mem key optional)) (List.map fst entries))
         = [ "bias"; "classes"; "standardize"; "targets"; "task" ] ->
    let entry key = List.assoc key entries in
    let optional key read = Option.map read (List.assoc_opt key entries) in
    let targets = texts "targets" (entry "targets") and classes = texts "classes" (entry "classes") in
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
    if classification && List.mem_assoc "standardize_targets" entries then
      malformed "standardises the targets of a classification";
    let bias = truth "bias" (entry "bias") in
    let standardize = match entry "standardize" with Json.Null -> None | value -> Some (pairs value) in
    let sample_weight = optional "sample_weight" (text "sample_weight") in
    let class_weights =
      optional "class_weights" (function
        | Json.List items when classes <> [] && List.length items = List.length classes ->
          let weights = List.map rational items in
          if List.exists (fun w -> Q.sign w <= 0) weights then malformed "has a class weight that is not positive";
          weights
        | _ -> malformed "has class_weights that are not a list with one for each class")
    in
    let reading = Option.value (optional "reading" Reading.of_json) ~default:Reading.usual in
    let categorical = Option.value (optional "categorical" categories) ~default:[] in
    let standardize_targets = optional "standardize_targets" pairs in
    { targets; classification; classes; bias; standardize; sample_weight; class_weights; reading; categorical;
      standardize_targets }
  | _ -> malformed "is not an object with the keys bias, classes, standardize, targets, task"
