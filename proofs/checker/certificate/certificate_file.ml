(* The certificate file (docs/certificate-format.md). What is read here is only well formed: nothing that this reader
   does can make the checker accept a statement that does not hold of the problem or the matrix that it is given. *)
open Failure
open Lists

let max_file_bytes = 1 lsl 29
let max_dual_exponent = 10_000

type training = {
  problem_sha256 : string;
  gamma : Q.t;
  loss : string;
  output_bias : string;
  recipe : Recipe.t option;
  certificate : Checker.certificate;
}

type t = Training of training | Matrix of { matrix_sha256 : string; claim : Checker.matrix_certificate }

let frame_of = function
  | Json.Object parts when List.sort compare (List.map fst parts) = [ "generators"; "inverse"; "scale" ] ->
    let part key = List.assoc key parts in
    let scale =
      match part "scale" with Json.String s -> Text.integer s "scale" | _ -> Header.wrong "scale" "an integer as a text"
    in
    (Header.rows_of "generators" (part "generators"), Header.rows_of "inverse" (part "inverse"), scale)
  | _ -> Header.wrong "frame" "an object with generators, inverse and scale"

let read_training header lines =
  let problem_sha256 = Header.sha256 header "problem_sha256" in
  let gamma = Header.ratio header "gamma" in
  let loss = Header.text header "loss" in
  let output_bias = Header.text header "output_bias" in
  let recipe = match Header.take header "preprocessing" with Json.Null -> None | v -> Some (Recipe.of_json v) in
  let bound = Header.ratio header "bound" in
  let dual = Header.rows header "dual_point" in
  let exponent = Header.count header "dual_exponent" max_dual_exponent in
  let frame, inverse, frame_scale = frame_of (Header.take header "frame") in
  let nodes = Header.count header "nodes" Tree_text.max_nodes in
  let blocks =
    if Header.has header "blocks" then Some (Block_entries.of_json (Header.take header "blocks") nodes) else None
  in
  let (_ : string) = Header.text header "method" in
  Header.finish header;
  let tree = Tree_text.read_tree lines nodes Tree_text.training_node in
  let trees = match blocks with None -> Checker.OneTree tree | Some blocks -> Block_entries.forest blocks tree in
  Training
    { problem_sha256; gamma; loss; output_bias; recipe;
      certificate =
        { dual; dual_den = Z.shift_left Z.one exponent; claim_num = Q.num bound; claim_den = Q.den bound;
          frame; inverse; frame_scale; trees } }

let nothing stated : Checker.matrix_certificate =
  { stated; witness = []; free = 0; terms = []; terms_multiple = Z.one; vector = []; separator = []; proof = [] }

let read_copositivity stated header lines =
  let matrix_sha256 = Header.sha256 header "matrix_sha256" in
  let witness = Header.integers header "witness" in
  let nodes = Header.count header "nodes" Tree_text.max_nodes in
  let (_ : string) = Header.text header "method" in
  Header.finish header;
  let proof = Tree_text.read_tree lines nodes Tree_text.matrix_node in
  Matrix { matrix_sha256; claim = { (nothing stated) with witness; proof } }

let read_complete_positivity stated header lines =
  let matrix_sha256 = Header.sha256 header "matrix_sha256" in
  let free = Header.count header "free" Tree_text.max_terms in
  let count = Header.count header "terms" Tree_text.max_terms in
  let vector = Header.integers header "vector" in
  let separator = Header.rows header "separator" in
  let nodes = Header.count header "nodes" Tree_text.max_nodes in
  let (_ : string) = Header.text header "method" in
  Header.finish header;
  let terms = Tree_text.read_terms lines count in
  let proof = Tree_text.read_tree lines nodes Tree_text.matrix_node in
  Matrix { matrix_sha256; claim = { (nothing stated) with free; terms; vector; separator; proof } }

let parse content =
  if String.starts_with ~prefix:"\x1f\x8b" content then
    unusable "it is compressed: use `certify check`, or gunzip it first";
  if not (String.for_all (fun c -> Char.code c < 128) content) then
    unusable "it holds bytes that are not ASCII, so it is no certificate";
  let lines = Tree_text.lines_of content in
  let header = Header.parse (Option.value (Tree_text.next_line lines) ~default:"") in
  let read =
    match Header.text header "statement" with
    | "training" -> read_training
    | "copositive" -> read_copositivity Checker.Copositive
    | "strictly_copositive" -> read_copositivity Checker.StrictlyCopositive
    | "not_copositive" -> read_copositivity Checker.NotCopositive
    | "not_strictly_copositive" -> read_copositivity Checker.NotStrictlyCopositive
    | "completely_positive" -> read_complete_positivity Checker.CompletelyPositive
    | "not_completely_positive" -> read_complete_positivity Checker.NotCompletelyPositive
    | _ -> unusable "the header's \"statement\" is none that is read"
  in
  read header lines

let read path =
  let content = Text.read_bounded path max_file_bytes path in
  try parse content with Unusable reason -> unusable "%s: %s" path reason
