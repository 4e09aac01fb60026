(* certify-check CERT --data F.csv [--json]: the proved checker on a certificate file and the user's own data. *)
open Failure

let obligation_name : Checker.obligation -> string = function
  | STATEMENT -> "STATEMENT" | DUAL_SHAPE -> "DUAL_SHAPE" | DUAL_SUMS -> "DUAL_SUMS" | CLAIM -> "CLAIM"
  | FRAME_SHAPE -> "FRAME_SHAPE" | FRAME_INVERSE -> "FRAME_INVERSE" | SIGN_INDEX -> "SIGN_INDEX"
  | SPLIT_INDEX -> "SPLIT_INDEX" | SPLIT_SIGNED -> "SPLIT_SIGNED" | SPLIT_POSITIVE -> "SPLIT_POSITIVE"
  | PART_INDEX -> "PART_INDEX" | PART_POSITIVE -> "PART_POSITIVE" | LEAF_SCALE -> "LEAF_SCALE"
  | PRODUCT_INDEX -> "PRODUCT_INDEX" | PRODUCT_SIGN -> "PRODUCT_SIGN" | FACE_INDEX -> "FACE_INDEX"
  | FACE_ROW -> "FACE_ROW" | FACE_FORM -> "FACE_FORM" | LEAF_FORM -> "LEAF_FORM" | LEAF_SIGNED -> "LEAF_SIGNED"
  | TAU_POSITIVE -> "TAU_POSITIVE" | WITNESS -> "WITNESS" | CONE -> "CONE" | PROOF -> "PROOF" | TERM -> "TERM"
  | SUM -> "SUM" | VECTOR -> "VECTOR" | SEPARATOR_SHAPE -> "SEPARATOR_SHAPE" | SEPARATION -> "SEPARATION"
  | COVER -> "COVER" | LIMITS -> "LIMITS"

let bias_of_name = function
  | "none" -> Checker.NoBias
  | "free" -> Checker.FreeBias
  | "decayed" -> Checker.DecayedBias
  | _ -> other_data "the output bias is none of none, free, decayed"

(* The largest decimal of so many digits after the point that is not above a rational. *)
let decimal_down q =
  let digits = 12 in
  let scaled = Z.fdiv (Z.mul (Q.num q) (Z.pow (Z.of_int 10) digits)) (Q.den q) in
  let s = Z.to_string (Z.abs scaled) in
  let s = if String.length s <= digits then String.make (digits + 1 - String.length s) '0' ^ s else s in
  let n = String.length s - digits in
  (if Z.sign scaled < 0 then "-" else "") ^ String.sub s 0 n ^ "." ^ String.sub s n digits

type verdict = { obligation : string option; node : Z.t option; bound : Q.t option; leaves : Z.t; words : string }

let rejected ?node obligation words = { obligation = Some obligation; node; bound = None; leaves = Z.zero; words }

(* With --progress the number of nodes done goes to standard error from time to time. *)
let watch progress number =
  if progress && Z.equal (Z.logand number (Z.of_int 1023)) Z.zero then Printf.eprintf "%s\n%!" (Z.to_string number);
  true

let verdict result bound words =
  match result with
  | Checker.Proved leaves -> { obligation = None; node = None; bound; leaves; words }
  | Checker.Failed (o, node) -> rejected ?node (obligation_name o) ""

let training_words (file : Certificate_file.training) (problem : Problem.t) (p : Checker.problem) bound =
  Printf.sprintf
    "For every number of neurons and all weights, the network on these %d samples (%d features%s, %d targets) has\n\
    \    1/2 |f(X) - Y|^2 + gamma/2 * (sum of the squares of its %s)  >=  %s,    gamma = %s%s"
    (List.length problem.x) p.features
    (match file.recipe with
    | Some { standardize = Some _; bias = true; _ } -> ", standardised, the last one the constant 1"
    | Some { standardize = Some _; _ } -> ", standardised"
    | Some { bias = true; _ } -> ", the last one the constant 1"
    | _ -> "")
    p.targets
    (if p.bias = Checker.DecayedBias then "weights and output biases" else "weights")
    (decimal_down bound) (Q.to_string problem.gamma)
    (if p.bias = Checker.NoBias then "" else Printf.sprintf "; the output bias is %s" file.output_bias)

let verify_training progress (file : Certificate_file.training) make_problem =
  try
    if file.loss <> "squared" then other_data "the loss %S is unknown" file.loss;
    if Q.sign file.gamma <= 0 then other_data "gamma is not positive";
    let bias = bias_of_name file.output_bias in
    let problem : Problem.t = make_problem () in
    if Problem.sha256 problem <> file.problem_sha256 then other_data "its hash is not that of this data and gamma";
    let p : Checker.problem =
      { rows = List.combine problem.x problem.y; x_den = problem.x_den; y_den = problem.y_den;
        gamma_num = Q.num problem.gamma; gamma_den = Q.den problem.gamma;
        features = List.length (List.hd problem.x); targets = List.length (List.hd problem.y); bias }
    in
    let bound = Q.make file.certificate.claim_num file.certificate.claim_den in
    verdict
      (Checker.check Psd_hint.hint (watch progress) p file.certificate)
      (Some bound)
      (training_words file problem p bound)
  with Other_data reason -> rejected "PROBLEM" reason

let matrix_words (m : Checker.matrix) (claim : Checker.matrix_certificate) =
  let p = List.length m.entries in
  Printf.sprintf "The symmetric matrix of order %d is %s." p
    (match claim.stated with
    | Copositive -> "copositive: z^T M z >= 0 for all z >= 0"
    | StrictlyCopositive -> "strictly copositive: z^T M z > 0 for all z >= 0, z != 0"
    | NotCopositive -> "not copositive: z^T M z < 0 for a z >= 0, the witness"
    | NotStrictlyCopositive -> "not strictly copositive: z^T M z <= 0 for a z >= 0, z != 0, the witness"
    | CompletelyPositive | NotCompletelyPositive ->
      Printf.sprintf "%scompletely positive: %s sum of terms b b^T with the first %d of %d entries of b nonnegative"
        (if claim.stated = CompletelyPositive then "" else "not ")
        (if claim.stated = CompletelyPositive then "a" else "no")
        (p - claim.free) p)

(* Where it becomes longer than what the checker allows, the rest is left out: the checker refuses it anyway. *)
let terms_multiple (m : Checker.matrix) (claim : Checker.matrix_certificate) =
  List.fold_left
    (fun common (t : Checker.term) ->
      if Z.gt (Z.of_int (Z.numbits common)) Checker.max_denominator_bits then common else Z.lcm common t.weight_den)
    m.denominator claim.terms

let verify_matrix progress sha256 claim (m : Checker.matrix) =
  if Matrix_file.sha256 m <> sha256 then rejected "MATRIX" "the certificate is for another matrix"
  else
    let claim = { claim with Checker.terms_multiple = terms_multiple m claim } in
    verdict (Checker.check_matrix Psd_hint.hint (watch progress) m claim) None (matrix_words m claim)

let print_text v =
  match v.obligation with
  | None ->
    let count = if Z.equal v.leaves Z.zero then "" else Printf.sprintf " (%s leaves)" (Z.to_string v.leaves) in
    Printf.printf "VALID, trust: proved\n%s\nChecked: every obligation holds%s; the checker is proved in Coq.\n" v.words count
  | Some o ->
    Printf.printf "REJECTED: %s%s%s\n" o
      (match v.node with Some k -> Printf.sprintf " (node %s of the tree)" (Z.to_string (Z.succ k)) | None -> "")
      (if v.words = "" then "" else ": " ^ v.words)

let json_text s =
  let b = Buffer.create 64 in
  String.iter
    (fun c ->
      match c with
      | '"' | '\\' -> Buffer.add_char b '\\'; Buffer.add_char b c
      | c when Char.code c < 32 -> Buffer.add_string b (Printf.sprintf "\\u%04x" (Char.code c))
      | c -> Buffer.add_char b c)
    s;
  "\"" ^ Buffer.contents b ^ "\""

let print_json v =
  let null_or f = function None -> "null" | Some x -> f x in
  let ratio q = Printf.sprintf "\"%s/%s\"" (Z.to_string (Q.num q)) (Z.to_string (Q.den q)) in
  Printf.printf
    "{\"valid\": %b, \"bound\": %s, \"trust\": \"proved\", \"obligation\": %s, \"node\": %s, \"leaves\": %s, \"reason\": %s}\n"
    (v.obligation = None) (null_or ratio v.bound) (null_or json_text v.obligation) (null_or Z.to_string v.node)
    (Z.to_string v.leaves) (json_text v.words)

let usage = "usage: certify-check CERT (--data F.csv | --problem F.txt) [--json] [--progress]"

let () =
  (* Nearly all integers live shortly. *)
  Gc.set { (Gc.get ()) with minor_heap_size = 1 lsl 22; space_overhead = 200 };
  let certificate = ref None and data = ref None and problem = ref None and json = ref false and progress = ref false in
  let rec arguments = function
    | [] -> ()
    | "--json" :: rest -> json := true; arguments rest
    | "--progress" :: rest -> progress := true; arguments rest
    | "--data" :: path :: rest -> data := Some path; arguments rest
    | "--problem" :: path :: rest -> problem := Some path; arguments rest
    | path :: rest when !certificate = None && (path = "-" || path = "" || path.[0] <> '-') ->
      certificate := Some path; arguments rest
    | _ -> unusable "%s" usage
  in
  try
    arguments (List.tl (Array.to_list Sys.argv));
    let path = match !certificate with Some path -> path | None -> unusable "%s" usage in
    let verdict =
      match (Certificate_file.read path, !data, !problem) with
      | Training file, Some data, None -> (
        match file.recipe with
        | None -> unusable "the certificate says nothing of how its problem is made from data: give --problem"
        | Some recipe ->
          let table = Table.read data in
          verify_training !progress file (fun () -> Problem.of_table table recipe file.gamma file.output_bias))
      | Training file, None, Some path ->
        let problem = Problem.of_text path (Text.read_bounded path Table.max_bytes path) in
        verify_training !progress file (fun () ->
            if not (Q.equal problem.gamma file.gamma && problem.bias_name = file.output_bias) then
              other_data "it states another gamma or output bias";
            problem)
      | Matrix { matrix_sha256; claim }, Some data, None ->
        verify_matrix !progress matrix_sha256 claim (Matrix_file.read data)
      | Matrix { matrix_sha256; claim }, None, Some path ->
        verify_matrix !progress matrix_sha256 claim (Matrix_file.of_text path (Text.read_bounded path Table.max_bytes path))
      | _ -> unusable "%s" usage
    in
    if !json then print_json verdict else print_text verdict;
    exit (if verdict.obligation = None then 0 else 1)
  with
  | Unusable reason -> prerr_endline reason; exit 2
  | Stack_overflow -> prerr_endline "the input needs more stack than there is: raise it with `ulimit -s unlimited`"; exit 2
  | Out_of_memory -> prerr_endline "the input needs more memory than there is"; exit 2
  | error ->
    let words = "this is a fault of the program, not of your input; please report it: " ^ Printexc.to_string error in
    (* What cannot be written must not be tried again at the end, or that would end with another code. *)
    (try prerr_endline words with Sys_error _ -> close_out_noerr stderr);
    exit 70
