(* The certificate file (docs/certificate-format.md). What is read here is only well formed: nothing that this reader
   does can make the checker accept a bound that does not hold for the problem it is given. *)
open Failure

let max_file_bytes = 1 lsl 29
let max_header = 1 lsl 25
let max_nodes = 20_000_000
let max_multipliers = 5_000_000
let max_dual_exponent = 10_000
let max_power = 13_000

type t = {
  problem_sha256 : string;
  gamma : Q.t;
  loss : string;
  output_bias : string;
  recipe : Recipe.t option;
  certificate : Checker.certificate;
}

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

let needed l =
  match next_line l with
  | Some line -> line
  | None -> unusable "the file ends before its last node: the certificate is cut short"

let place l = Printf.sprintf "line %d" l.number
let integers l line = List.map (fun w -> tree_integer w (place l)) (String.split_on_char ' ' line)

let read_products l rows allowance =
  let rec read left found =
    if Z.sign left = 0 then List.rev found
    else
      let words = String.split_on_char ' ' (needed l) in
      allowance := !allowance - ((List.length words - 1) / 2);
      if !allowance < 0 then unusable "the leaves have more than %d multipliers, the most that are read" max_multipliers;
      let numbers = List.map (fun w -> tree_integer w (place l)) words in
      let rec pairs = function
        | [] -> []
        | j :: m :: rest -> (index j, m) :: pairs rest
        | [ _ ] -> unusable "%s: an index has no multiplier" (place l)
      in
      read (Z.pred left) ((index (List.hd numbers), pairs (List.tl numbers)) :: found)
  in
  read rows []

let read_node l allowance =
  let line = needed l in
  if line = "envelope" then Checker.Envelope
  else
    let kind, rest =
      match String.index_opt line ' ' with
      | None -> (line, [])
      | Some i -> (String.sub line 0 i, integers l (String.sub line (i + 1) (String.length line - i - 1)))
    in
    match (kind, rest) with
    | "sign", [ k ] -> Checker.Sign (index k)
    | "split", [ k; m; a; b ] -> Checker.Split (index k, index m, a, b)
    | "leaf", [ scale; unit; rows ] when Z.sign rows >= 0 -> Checker.Products (scale, unit, read_products l rows allowance)
    | "tau", [ a; b; unit; rows ] when Z.sign rows >= 0 -> Checker.Tau (a, b, unit, read_products l rows allowance)
    | _ -> unusable "%s is no node: use an unaltered certificate" (place l)

let read_tree l nodes =
  let allowance = ref max_multipliers in
  let rec read left found = if left = 0 then List.rev found else read (left - 1) (read_node l allowance :: found) in
  let tree = read nodes [] in
  if next_line l <> None then unusable "%s: the header promises %d nodes and the file goes on" (place l) nodes;
  tree

let parse content =
  if not (String.for_all (fun c -> Char.code c < 128) content) then
    unusable "it holds bytes that are not ASCII, so it is no certificate";
  let l = { text = content; position = 0; number = 0 } in
  let header_line = match next_line l with Some line -> line | None -> "" in
  if String.length header_line > max_header then unusable "line 1: the header is longer than %d characters" max_header;
  let entries = match Json.parse header_line with Json.Object e -> e | _ -> unusable "line 1: the header is no object" in
  let taken = Hashtbl.create 16 in
  let take key =
    match List.assoc_opt key entries with
    | Some v -> Hashtbl.replace taken key (); v
    | None -> unusable "the header has no %S" key
  in
  let wrong key what = unusable "the header's %S is not %s" key what in
  if List.assoc_opt "format" entries <> Some (Json.String "certify-certificate") then
    unusable "line 1: the header does not say \"format\": \"certify-certificate\"";
  ignore (take "format");
  if take "version" <> Json.Int Z.one then unusable "the format version is not 1, the only one that is read";
  if take "statement" <> Json.String "training" then unusable "the header's \"statement\" is not \"training\"";
  let text key =
    match take key with
    | Json.String s when String.length s <= 1000 && String.for_all (fun c -> c >= ' ' && c <= '~') s -> s
    | _ -> wrong key "a text of at most 1000 printable ASCII characters"
  in
  let ratio key =
    match take key with
    | Json.String s -> (
      match String.split_on_char '/' s with
      | [ p; q ] ->
        let p = Text.integer p key and q = Text.integer q key in
        if Z.sign q > 0 && Z.equal (Z.gcd p q) Z.one then Q.make p q
        else wrong key "a fraction in lowest terms with a positive denominator"
      | _ -> wrong key "a fraction \"p/q\"")
    | _ -> wrong key "a fraction \"p/q\""
  in
  let count key limit =
    match take key with
    | Json.Int z when Z.sign z >= 0 && Z.leq z (Z.of_int limit) -> Z.to_int z
    | _ -> wrong key (Printf.sprintf "an integer from 0 to %d" limit)
  in
  let rows key = function
    | Json.List items ->
      List.map
        (function
          | Json.String s -> List.map (fun w -> Text.integer w key) (String.split_on_char ' ' s)
          | _ -> wrong key "a list of texts")
        items
    | _ -> wrong key "a list of texts"
  in
  let sha256 = text "problem_sha256" in
  if not (String.length sha256 = 64 && String.for_all (function '0' .. '9' | 'a' .. 'f' -> true | _ -> false) sha256) then
    wrong "problem_sha256" "64 hexadecimal digits";
  let gamma = ratio "gamma" and loss = text "loss" and output_bias = text "output_bias" in
  let recipe = match take "preprocessing" with Json.Null -> None | v -> Some (Recipe.of_json v) in
  let bound = ratio "bound" in
  let dual = rows "dual_point" (take "dual_point") in
  let exponent = count "dual_exponent" max_dual_exponent in
  let frame, inverse, frame_scale =
    match take "frame" with
    | Json.Object parts when List.sort compare (List.map fst parts) = [ "generators"; "inverse"; "scale" ] ->
      ( rows "generators" (List.assoc "generators" parts),
        rows "inverse" (List.assoc "inverse" parts),
        match List.assoc "scale" parts with
        | Json.String s -> Text.integer s "scale"
        | _ -> wrong "scale" "an integer as a text" )
    | _ -> wrong "frame" "an object with generators, inverse and scale"
  in
  let nodes = count "nodes" max_nodes in
  let (_ : string) = text "method" in
  List.iter (fun (key, _) -> if not (Hashtbl.mem taken key) then unusable "the header has the unknown entry %S" key) entries;
  let tree = read_tree l nodes in
  { problem_sha256 = sha256; gamma; loss; output_bias; recipe;
    certificate =
      { dual; dual_den = Z.shift_left Z.one exponent; claim_num = Q.num bound; claim_den = Q.den bound;
        frame; inverse; frame_scale; tree } }

let read path =
  let content = Text.read_bounded path max_file_bytes path in
  try parse content with Unusable reason -> unusable "%s: %s" path reason
