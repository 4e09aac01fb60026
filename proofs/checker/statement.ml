(* What a certificate proves, in words: all that the theorem depends on. *)
open Lists

(* The largest decimal of so many digits after the point that is not above a rational. *)
let decimal_down q =
  let digits = 12 in
  let scaled = Z.fdiv (Z.mul (Q.num q) (Z.pow (Z.of_int 10) digits)) (Q.den q) in
  let s = Z.to_string (Z.abs scaled) in
  let s = if String.length s <= digits then String.make (digits + 1 - String.length s) '0' ^ s else s in
  let n = String.length s - digits in
  (if Z.sign scaled < 0 then "-" else "") ^ String.sub s 0 n ^ "." ^ String.sub s n digits

(* The smallest one that is not below it. *)
let decimal_up q =
  let down = decimal_down (Q.neg q) in
  if down.[0] = '-' then String.sub down 1 (String.length down - 1)
  else if String.exists (fun c -> c >= '1' && c <= '9') down then "-" ^ down
  else down

let counted n noun = Printf.sprintf "%d %s%s" n noun (if n = 1 then "" else "s")

(* Positions from 1 on as ranges: they say which columns, also where names are shortened. *)
let ranges positions =
  let range (first, last) = if first = last then string_of_int first else Printf.sprintf "%d-%d" first last in
  let rec join found = function
    | [] -> List.rev found
    | k :: rest -> (
      match found with
      | (first, last) :: others when k = last + 1 -> join ((first, k) :: others) rest
      | _ -> join ((k, k) :: found) rest)
  in
  String.concat ", " (List.map range (join [] positions))

let columns (table : Table.t) indices =
  let names = if table.has_header then ": " ^ Quoted.some (List.map (fun k -> table.names.(k)) indices) else "" in
  Printf.sprintf "column%s %s of %d%s"
    (match indices with [ _ ] -> "" | _ -> "s")
    (ranges (List.map succ indices))
    (Array.length table.names) names

let is_constant (table : Table.t) k =
  let first = (List.hd table.rows).(k) in
  List.for_all
    (fun (row : Table.cell array) ->
      match (Table.as_number row.(k), Table.as_number first) with Some a, Some b -> Q.equal a b | _ -> false)
    table.rows

let preprocessing (table : Table.t) (recipe : Recipe.t) features =
  let scaled =
    match recipe.standardize with
    | None -> "features as in the file"
    | Some _ -> (
      let constant, others = List.partition (is_constant table) features in
      let shifted = Printf.sprintf "constant, so that it is 0 after its value is taken off, %s" (columns table constant) in
      match (constant, others) with
      | [], _ -> "each feature brought to mean 0 and variance 1"
      | _, [] -> shifted
      | _ -> Printf.sprintf "brought to mean 0 and variance 1, %s; %s" (columns table others) shifted)
  in
  scaled ^ if recipe.bias then "; then a feature 1 added to each sample, whose weights are decayed as well" else ""

let encoding loss (recipe : Recipe.t) =
  if not (Loss.takes_signs loss) then "one-hot"
  else match recipe.classes with [ _; _ ] -> "as -1 and 1" | _ -> "each as 1 against the rest as -1"

let weights table (recipe : Recipe.t) weight =
  let column = match weight with None -> [] | Some k -> [ columns table [ k ] ] in
  let by_class =
    match recipe.class_weights with
    | None -> []
    | Some weights ->
      [ String.concat ", "
          (List.map2 (fun name w -> Printf.sprintf "%s for %s" (Text.of_rational w) (Quoted.text name)) recipe.classes weights) ]
  in
  match column @ by_class with [] -> [] | parts -> [ ("weights w_i", String.concat " times " parts) ]

(* What a weight decay does depends on the targets' scale. *)
let target_scale (recipe : Recipe.t) =
  let each (shift, scale) = Printf.sprintf "(y - %s) * %s" (Text.of_rational shift) (Text.of_rational scale) in
  match recipe.standardize_targets with
  | None -> ""
  | Some pairs -> ", targets standardised to " ^ String.concat ", " (List.map each pairs)

let categorical table levels =
  let each (k, levels) = Printf.sprintf "%s: %s %s" (columns table [ k ]) (counted (List.length levels) "level") (Quoted.some levels) in
  match levels with [] -> [] | _ -> [ ("one-hot", String.concat "; " (List.map each levels)) ]

let left_out (table : Table.t) =
  (if table.dropped = 0 then [] else [ ("left out", counted table.dropped "row" ^ " with a value missing") ])
  @ if table.ignored = [] then [] else [ ("ignored", columns table (List.sort compare table.ignored)) ]

(* The lines on the data: what the columns are, and what is done to them. *)
let of_table (table : Table.t) (recipe : Recipe.t) loss =
  let { Problem.features; targets; weight; levels } = Problem.columns table recipe in
  [ ("features", columns table features);
    ((match targets with [ _ ] -> "target" | _ -> "targets"), columns table targets);
    ("task",
      if recipe.classification then
        Printf.sprintf "classification, %s: %d classes %s" (encoding loss recipe)
          (List.length recipe.classes) (Quoted.some recipe.classes)
      else "regression" ^ target_scale recipe);
    ("preprocessing", preprocessing table recipe features) ]
  @ categorical table levels
  @ weights table recipe weight
  @ left_out table
  @ match Reading.words recipe.reading with [] -> [] | words -> [ ("read with", String.concat ", " words) ]

let of_text (p : Checker.problem) =
  ("data", "the text of a problem, which says nothing of columns, task and preprocessing")
  :: (if Checker.weighted p then [ ("weights w_i", "the last number of each sample's line") ] else [])

let lines pairs = String.concat "\n" (List.map (fun (name, value) -> Printf.sprintf "    %-14s %s" name value) pairs)

let training about_data (p : Checker.problem) sha256 bound =
  let n = List.length p.rows in
  Printf.sprintf
    "For every number of neurons%s, the network f(x) = %s on %s has\n\
    \    %s + gamma/2 * %s  >=  %s\n\
     with\n\
     %s"
    (Output_bias.quantified p.bias) (Output_bias.prediction p.bias)
    (if n = 1 then "this sample" else Printf.sprintf "these %d samples" n)
    (Loss.formula (Checker.weighted p) p.loss) (Output_bias.decayed p.bias)
    (decimal_down bound)
    (lines
       ([ ("gamma", Text.of_rational (Q.make p.gamma_num p.gamma_den));
          ("loss", Loss.text p.loss);
          ("output bias", Output_bias.name p.bias) ]
       @ about_data
       @ [ ("size", Printf.sprintf "n = %s, d = %s, c = %s" (counted n "sample") (counted p.features "feature") (counted p.targets "target"));
           ("problem", "SHA-256 " ^ sha256) ]))

(* The cone of the b of b b^T, of q nonnegative coordinates and r free ones. *)
let cone q r =
  let free first last =
    if first = last then Printf.sprintf "coordinate %d free" first
    else Printf.sprintf "coordinates %d to %d free" first last
  in
  let signs =
    if r = 0 then "b >= 0, no coordinate free"
    else if q = 0 then "no sign demanded of b, " ^ free 1 r
    else if q = 1 then "b_1 >= 0, " ^ free 2 (1 + r)
    else Printf.sprintf "b_1, ..., b_%d >= 0, %s" q (free (q + 1) (q + r))
  in
  (* A term is that of -b as well. *)
  if q <= 1 then signs ^ ": this is semidefiniteness and no more" else signs

let matrix (m : Checker.matrix) (claim : Checker.matrix_certificate) sha256 =
  let p = List.length m.entries in
  let q = p - claim.free in
  let says =
    match claim.stated with
    | Copositive -> "copositive: z^T M z >= 0 for all z >= 0"
    | StrictlyCopositive -> "strictly copositive: z^T M z > 0 for all z >= 0, z != 0"
    | NotCopositive -> "not copositive: z^T M z < 0 for a z >= 0, the witness"
    | NotStrictlyCopositive -> "not strictly copositive: z^T M z <= 0 for a z >= 0, z != 0, the witness"
    | CompletelyPositive -> "completely positive: it is a sum of terms b b^T"
    | NotCompletelyPositive -> "not completely positive: it is no sum of terms b b^T"
  in
  let about_b =
    match claim.stated with
    | CompletelyPositive | NotCompletelyPositive -> " with " ^ cone q claim.free
    | _ -> ""
  in
  Printf.sprintf "The symmetric matrix M of order %d is %s%s.\n%s" p says about_b (lines [ ("matrix", "SHA-256 " ^ sha256) ])
