(* The lines after the header: nodes, and the terms of a sum. *)
open Failure
open Lists

let max_nodes = 20_000_000
let max_multipliers = 5_000_000
let max_power = 13_000
let max_terms = 1_000_000
let max_term_integers = 5_000_000

(* An index beyond all that a tree can name, so that the checker refuses it. *)
let no_index = 1 lsl 30
let index z = if Z.sign z >= 0 && Z.lt z (Z.of_int no_index) then Z.to_int z else no_index

let tree_integer word place =
  match String.index_opt word 'p' with
  | None -> Text.integer word place
  | Some i ->
    let digits = String.sub word 0 i and power = String.sub word (i + 1) (String.length word - i - 1) in
    if
      String.length word <= 4000 && Text.is_integer digits && Text.all_digits power && String.length power <= 5
      && power.[0] <> '0' && int_of_string power <= max_power
    then Z.shift_left (Z.of_string digits) (int_of_string power)
    else unusable "%s: a number MpE is not well formed or has E above %d" place max_power

type lines = { text : string; mutable position : int; mutable number : int }

let lines_of text = { text; position = 0; number = 0 }

let next_line l =
  if l.position >= String.length l.text then None
  else
    match String.index_from_opt l.text l.position '\n' with
    | None -> unusable "the last line does not end: the certificate is cut short"
    | Some stop ->
      let line = String.sub l.text l.position (stop - l.position) in
      l.position <- stop + 1;
      l.number <- l.number + 1;
      Some line

let needed l what =
  match next_line l with
  | Some line -> line
  | None -> unusable "the file ends before its last %s: the certificate is cut short" what

let place l = Printf.sprintf "line %d" l.number
let words line = String.split_on_char ' ' line
let integers l line = List.map (fun w -> tree_integer w (place l)) (words line)
let count_of c s = String.fold_left (fun n d -> if d = c then n + 1 else n) 0 s

let spend allowance count =
  allowance := !allowance - count;
  if !allowance < 0 then unusable "the leaves have more than %d multipliers, the most that are read" max_multipliers

let rec pairs l found = function
  | [] -> List.rev found
  | j :: m :: rest -> pairs l ((index j, m) :: found) rest
  | [ _ ] -> unusable "%s: an index has no multiplier" (place l)

let rec triples l found = function
  | [] -> List.rev found
  | k :: x :: p :: rest -> triples l ((index k, (x, p)) :: found) rest
  | _ -> unusable "%s: a row of faces has three integers for each index" (place l)

(* So many lines, each as one row. *)
let read_rows l rows read_row =
  let rec read left found =
    if Z.sign left = 0 then List.rev found else read (Z.pred left) (read_row (needed l "node") :: found)
  in
  read rows []

let read_products l allowance rows =
  read_rows l rows (fun line ->
      spend allowance (count_of ' ' line / 2);
      match integers l line with
      | i :: entries -> (index i, pairs l [] entries)
      | [] -> assert false)

let read_faces l allowance rows =
  read_rows l rows (fun line ->
      spend allowance ((count_of ' ' line / 3) + 1);
      triples l [] (integers l line))

(* The word that a node begins with, and its integers. *)
let node_words l line =
  match String.index_opt line ' ' with
  | None -> (line, [])
  | Some i -> (String.sub line 0 i, integers l (String.sub line (i + 1) (String.length line - i - 1)))

let no_node l = unusable "%s is no node of such a tree: use an unaltered certificate" (place l)

let training_node l allowance line =
  if line = "envelope" then Checker.Envelope
  else
    match node_words l line with
    | "sign", [ k ] -> Checker.Sign (index k)
    | "row", [ i ] -> Checker.RowSign (index i)
    | "split", [ k; m; a; b ] -> Checker.Split (index k, index m, a, b)
    | "leaf", [ scale; unit; rows ] when Z.sign rows >= 0 -> Checker.Products (scale, unit, read_products l allowance rows)
    | "tau", [ a; b; unit; rows ] when Z.sign rows >= 0 -> Checker.Tau (a, b, unit, read_products l allowance rows)
    | _ -> no_node l

let matrix_node l allowance line =
  if line = "envelope" then Checker.MEnvelope
  else
    match node_words l line with
    | "split", [ k; m; a; b ] -> Checker.MSplit (index k, index m, a, b)
    | "part", (_ :: _ as members) ->
      spend allowance (List.length members);
      Checker.MPart (List.map index members)
    | "leaf", [ scale; unit; rows ] when Z.sign rows >= 0 -> Checker.MProducts (scale, unit, read_products l allowance rows)
    | "faces", [ rows ] when Z.sign rows > 0 -> Checker.MFaces (read_faces l allowance rows)
    | _ -> no_node l

let read_tree l nodes read_node =
  let allowance = ref max_multipliers in
  let rec read left found =
    if left = 0 then List.rev found else read (left - 1) (read_node l allowance (needed l "node") :: found)
  in
  let tree = read nodes [] in
  if next_line l <> None then unusable "%s: the header promises %d nodes and the file goes on" (place l) nodes;
  tree

let read_terms l count =
  let allowance = ref max_term_integers in
  let read_term line =
    allowance := !allowance - count_of ' ' line;
    if !allowance < 0 then unusable "the terms have more than %d integers, the most that are read" max_term_integers;
    match words line with
    | "term" :: (_ :: _ :: _ :: _ as entries) -> (
      match List.map (fun w -> Text.integer w (place l)) entries with
      | weight_num :: weight_den :: ray when Z.sign weight_den > 0 && Z.equal (Z.gcd weight_num weight_den) Z.one ->
        { Checker.weight_num; weight_den; ray }
      | _ -> unusable "%s: the term's weight p/q is not in lowest terms with q > 0" (place l))
    | _ -> unusable "%s is no term, 'term p q b1 b2 ...': use an unaltered certificate" (place l)
  in
  let rec read left found = if left = 0 then List.rev found else read (left - 1) (read_term (needed l "term") :: found) in
  read count []
