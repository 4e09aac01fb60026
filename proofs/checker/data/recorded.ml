(* The values of a recorded recipe, read as JSON that may come from anybody. *)
open Failure
open Lists

let malformed reason = unusable "the certificate's preprocessing %s: use an unaltered certificate" reason
let max_entries = 100_000
let max_length = 4000
let max_levels = 1000

let texts key = function
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

let text key = function
  | Json.String s when Text.length s <= max_length -> s
  | _ -> malformed (Printf.sprintf "has a %s that is not a text of at most %d characters" key max_length)

let truth key = function Json.Bool b -> b | _ -> malformed (Printf.sprintf "has a %s other than true and false" key)

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

(* The shift and the scale of each column. *)
let pairs = function
  | Json.List (_ :: _ as pairs) when List.length pairs <= max_entries ->
    List.map
      (function
        | Json.List [ shift; scale ] ->
          let shift = rational shift and scale = rational scale in
          if Q.sign scale <= 0 then malformed "has a scale that is not positive";
          (shift, scale)
        | _ -> malformed "standardises a column by something else than a shift and a scale")
      pairs
  | _ -> malformed (Printf.sprintf "standardises by something else than a list of at most %d pairs" max_entries)

(* The categorical columns, each with its levels. *)
let categories = function
  | Json.List (_ :: _ as columns) when List.length columns <= max_entries ->
    List.map
      (function
        | Json.List [ column; levels ] ->
          let levels = texts "levels" levels in
          let count = List.length levels in
          if count < 2 || count > max_levels then
            malformed (Printf.sprintf "has a categorical column that has not 2 to %d levels" max_levels);
          (text "categorical column" column, levels)
        | _ -> malformed "has a categorical column that is not a column and a list of levels")
      columns
  | _ -> malformed (Printf.sprintf "has no list of at most %d categorical columns" max_entries)
