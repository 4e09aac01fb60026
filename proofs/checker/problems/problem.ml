(* From a table and a recipe to the exact training problem, in integers. *)
open Failure
open Lists

let max_bits = 14_000

let common_denominator rows = List.fold_left (List.fold_left (fun c q -> Z.lcm c (Q.den q))) Z.one rows

let over denominator = List.map (List.map (fun q -> Z.mul (Q.num q) (Z.divexact denominator (Q.den q))))

let refuse_vast rows =
  let bits =
    List.fold_left
      (List.fold_left (fun most q -> max most (Z.numbits (Q.num q) - Z.numbits (Q.den q) + 1)))
      min_int rows
  in
  let seen = Hashtbl.create 64 and common = ref Z.one in
  List.iter
    (List.iter (fun q ->
         let d = Q.den q in
         if not (Hashtbl.mem seen d) then (
           Hashtbl.add seen d ();
           common := Z.lcm !common d;
           if Z.numbits !common + max bits 0 > max_bits then
             other_data "it has numbers that need integers of more than %d bits over a common denominator" max_bits)))
    rows

(* The only (shift, scale) that a recipe may have for a feature (docs/certificate-format.md, "From a data file"). *)
let standardization column =
  let b = common_denominator [ column ] in
  let entries = List.hd (over b [ column ]) in
  let n = Z.of_int (List.length column) in
  let total = List.fold_left Z.add Z.zero entries in
  let squares = List.fold_left (fun s e -> Z.add s (Z.mul e e)) Z.zero entries in
  let size = Z.mul n b in
  let v = Z.sub (Z.mul n squares) (Z.mul total total) in
  if Z.equal v Z.zero then (List.hd column, Q.one)
  else
    let exponent = 20 - Z.numbits size + (Z.numbits v / 2) in
    let power base e = if e >= 0 then Q.of_bigint (Z.pow base e) else Q.inv (Q.of_bigint (Z.pow base (-e))) in
    let two = Z.of_int 2 and four = Z.of_int 4 in
    let floor q = Z.fdiv (Q.num q) (Q.den q) in
    let root = Z.sqrt (floor (Q.mul (Q.make (Z.mul size size) v) (power four exponent))) in
    let scale = Q.mul (Q.of_bigint root) (power two (-exponent)) in
    let unit = power two (exponent - 40) in
    let mean = Q.div (Q.make total size) unit in
    let below = floor mean in
    let rest = Q.sub mean (Q.of_bigint below) in
    let order = Q.compare rest (Q.of_ints 1 2) in
    let nearest = if order > 0 || (order = 0 && Z.is_odd below) then Z.succ below else below in
    (Q.mul (Q.of_bigint nearest) unit, scale)

let column_of ?(role = "target") (table : Table.t) target =
  match Table.places table.names target with
  | [ k ] -> k
  | [] -> other_data "it has no column %s" (Quoted.text target)
  | _ -> other_data "the %s %s can mean several of its columns" role (Quoted.text target)

let label = function
  | Table.Number q -> Text.of_rational q
  | Table.Name s -> s

let number role cell =
  match (Table.as_number cell, cell) with
  | Some q, _ -> q
  | None, Table.Name s -> other_data "%s is text and a %s must be a number" (Quoted.text s) role
  | None, Table.Number _ -> assert false

(* The indices of the features, of the targets and of the weights, and the levels of categorical features. *)
type columns = { features : int list; targets : int list; weight : int option; levels : (int * string list) list }

let columns (table : Table.t) (recipe : Recipe.t) =
  let targets = List.map (column_of table) recipe.targets in
  if List.length (List.sort_uniq compare targets) < List.length targets then other_data "a target column is named twice";
  let weight = Option.map (column_of ~role:"sample weight" table) recipe.sample_weight in
  if List.exists (fun k -> weight = Some k) targets then other_data "a column is a target and the sample weight";
  if List.exists (fun k -> List.mem k targets || weight = Some k) table.ignored then
    other_data "a target or the sample weight is ignored";
  let is_feature k = not (List.mem k targets || weight = Some k || List.mem k table.ignored) in
  let features = List.filter is_feature (List.init (Array.length table.names) Fun.id) in
  if features = [] then other_data "every column is a target or the sample weight, or ignored";
  let levels =
    List.map (fun (name, levels) -> (column_of ~role:"categorical column" table name, levels)) recipe.categorical
  in
  let categorical = List.map fst levels in
  if not (List.for_all (fun k -> List.mem k features) categorical) then other_data "a categorical column is no feature";
  if List.length (List.sort_uniq compare categorical) < List.length categorical then
    other_data "a categorical column is named twice";
  { features; targets; weight; levels }

let standardised pairs x =
  match pairs with
  | None -> x
  | Some pairs ->
    if List.length pairs <> List.length (List.hd x) then other_data "it has another number of columns than the recipe";
    let columns = List.mapi (fun j _ -> List.map (fun row -> List.nth row j) x) pairs in
    let same (shift, scale) (shift', scale') = Q.equal shift shift' && Q.equal scale scale' in
    if not (List.for_all2 (fun column pair -> same (standardization column) pair) columns pairs) then
      other_data "the recorded standardisation does not bring its columns to mean 0 and variance 1";
    let x = List.map (List.map2 (fun (shift, scale) q -> Q.mul (Q.sub q shift) scale) pairs) x in
    refuse_vast x;
    x

(* The labels that occur are those that are recorded. *)
let require_same what recorded names =
  List.iter
    (fun name ->
      if not (List.mem name recorded) then other_data "the %s %s is not one of the recorded" what (Quoted.text name))
    names;
  List.iter
    (fun name ->
      if not (List.mem name names) then other_data "no row has the recorded %s %s" what (Quoted.text name))
    recorded

(* A column for each class, or of two classes that of the second alone where the loss takes signs. *)
let encoded loss (recipe : Recipe.t) names =
  require_same "class" recipe.classes names;
  let signs = Loss.takes_signs loss in
  let other = if signs then Q.minus_one else Q.zero in
  let columns = match recipe.classes with [ _; second ] when signs -> [ second ] | classes -> classes in
  List.map (fun name -> List.map (fun c -> if c = name then Q.one else other) columns) names

(* The numbers of the features, a column for each level of one that is categorical. *)
let inputs (table : Table.t) { features; levels; _ } =
  List.iter
    (fun (k, levels) -> require_same "level" levels (List.map (fun row -> label row.(k)) table.rows))
    levels;
  let entries row k =
    match List.assoc_opt k levels with
    | None -> [ number "feature" row.(k) ]
    | Some levels -> List.map (fun level -> if level = label row.(k) then Q.one else Q.zero) levels
  in
  let x = List.map (fun row -> List.concat_map (entries row) features) table.rows in
  refuse_vast x;
  x

let sample_weights (table : Table.t) (recipe : Recipe.t) weight names =
  let column =
    match weight with
    | None -> List.map (fun _ -> Q.one) table.rows
    | Some k ->
      let column = List.map (fun row -> number "sample weight" row.(k)) table.rows in
      refuse_vast [ column ];
      if List.exists (fun w -> Q.sign w <= 0) column then other_data "it has a sample weight that is not positive";
      column
  in
  match recipe.class_weights with
  | None -> column
  | Some weights ->
    let by_class = List.combine recipe.classes weights in
    let column = List.map2 (fun w name -> Q.mul w (List.assoc name by_class)) column names in
    refuse_vast [ column ];
    column

let of_table (table : Table.t) (recipe : Recipe.t) gamma loss bias : Checker.problem =
  Output_bias.refuse_feature_one bias recipe.bias;
  let columns = columns table recipe in
  let { targets; weight; _ } = columns in
  let select columns row = List.map (fun k -> row.(k)) columns in
  let x = standardised recipe.standardize (inputs table columns) in
  let x = if recipe.bias then List.map (fun row -> row @ [ Q.one ]) x else x in
  let names =
    if recipe.classification then List.map (fun row -> label (List.hd (select targets row))) table.rows else []
  in
  let y =
    if recipe.classification then encoded loss recipe names
    else (
      let y = List.map (fun row -> List.map (number "regression target") (select targets row)) table.rows in
      refuse_vast y;
      standardised recipe.standardize_targets y)
  in
  let w = sample_weights table recipe weight names in
  let x_den = common_denominator x and y_den = common_denominator y and w_den = common_denominator [ w ] in
  let weights_and_targets = List.combine (List.hd (over w_den [ w ])) (over y_den y) in
  { rows = List.combine (over x_den x) weights_and_targets; x_den; w_den; y_den;
    gamma_num = Q.num gamma; gamma_den = Q.den gamma;
    features = List.length (List.hd x); targets = List.length (List.hd y); loss; bias }
