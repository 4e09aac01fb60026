(* certify-check CERT --data F: the proved checker on a certificate file and the user's own data. *)
open Failure
open Lists

let obligation_name : Checker.obligation -> string = function
  | STATEMENT -> "STATEMENT" | DUAL_SHAPE -> "DUAL_SHAPE" | DUAL_SUMS -> "DUAL_SUMS"
  | DUAL_DOMAIN -> "DUAL_DOMAIN" | CLAIM -> "CLAIM"
  | FRAME_SHAPE -> "FRAME_SHAPE" | FRAME_INVERSE -> "FRAME_INVERSE"
  | BLOCK_ROWS -> "BLOCK_ROWS" | BLOCK_SHAPE -> "BLOCK_SHAPE" | SHARES -> "SHARES" | BLOCK_OUTPUT -> "BLOCK_OUTPUT"
  | BLOCK_BIAS -> "BLOCK_BIAS"
  | SIGN_INDEX -> "SIGN_INDEX"
  | ROW_INDEX -> "ROW_INDEX"
  | SPLIT_INDEX -> "SPLIT_INDEX" | SPLIT_SIGNED -> "SPLIT_SIGNED" | SPLIT_POSITIVE -> "SPLIT_POSITIVE"
  | PART_INDEX -> "PART_INDEX" | PART_POSITIVE -> "PART_POSITIVE" | LEAF_SCALE -> "LEAF_SCALE"
  | PRODUCT_INDEX -> "PRODUCT_INDEX" | PRODUCT_SIGN -> "PRODUCT_SIGN" | FACE_INDEX -> "FACE_INDEX"
  | FACE_ROW -> "FACE_ROW" | FACE_FORM -> "FACE_FORM" | LEAF_FORM -> "LEAF_FORM" | LEAF_SIGNED -> "LEAF_SIGNED"
  | TAU_POSITIVE -> "TAU_POSITIVE" | WITNESS -> "WITNESS" | CONE -> "CONE" | PROOF -> "PROOF" | TERM -> "TERM"
  | SUM -> "SUM" | VECTOR -> "VECTOR" | SEPARATOR_SHAPE -> "SEPARATOR_SHAPE" | SEPARATION -> "SEPARATION"
  | COVER -> "COVER" | LIMITS -> "LIMITS"

(* With --progress the number of nodes done goes to standard error from time to time. *)
let watch progress number =
  if progress && Z.equal (Z.logand number (Z.of_int 1023)) Z.zero then Printf.eprintf "%s\n%!" (Z.to_string number);
  true

let verdict result bound words =
  match result with
  | Checker.Proved leaves -> Verdict.valid bound leaves (words ())
  | Checker.Failed (o, node) -> Verdict.rejected ?node (obligation_name o) ""

let verify_training progress (file : Certificate_file.training) about_data make_problem =
  try
    let loss = Loss.recorded file.loss in
    if Q.sign file.gamma <= 0 then other_data "gamma is not positive";
    let p : Checker.problem = make_problem loss (Output_bias.of_name file.output_bias) in
    Loss.refuse_targets p.loss p.y_den (List.map (fun (_, (_, y)) -> y) p.rows);
    let sha256 = Canonical.problem_sha256 p in
    if sha256 <> file.problem_sha256 then other_data "its hash is not that of this data and gamma";
    let bound = Q.make file.certificate.claim_num file.certificate.claim_den in
    verdict
      (Checker.check Psd_hint.hint (watch progress) p file.certificate)
      (Some bound)
      (fun () -> Statement.training (about_data p) p sha256 bound)
  with Other_data reason -> Verdict.rejected "PROBLEM" reason

(* Where it becomes longer than what the checker allows, the rest is left out: the checker refuses it anyway. *)
let terms_multiple (m : Checker.matrix) (claim : Checker.matrix_certificate) =
  List.fold_left
    (fun common (t : Checker.term) ->
      if Z.gt (Z.of_int (Z.numbits common)) Checker.max_denominator_bits then common else Z.lcm common t.weight_den)
    m.denominator claim.terms

let verify_matrix progress sha256 claim (m : Checker.matrix) =
  if Canonical.matrix_sha256 m <> sha256 then Verdict.rejected "MATRIX" "the certificate is for another matrix"
  else
    let claim = { claim with Checker.terms_multiple = terms_multiple m claim } in
    verdict
      (Checker.check_matrix Psd_hint.hint (watch progress) m claim)
      None
      (fun () -> Statement.matrix m claim sha256)

let check (a : Arguments.t) =
  let text path = Text.read_bounded path Table.max_bytes path in
  match (Certificate_file.read a.certificate, a.source) with
  | Training file, Data path -> (
    match file.recipe with
    | None -> unusable "the certificate says nothing of how its problem is made from data: give --text"
    | Some recipe -> (
      let table = Table.read ~reading:recipe.reading path in
      try
        Expected.of_training a.expected file (Some (table, recipe));
        verify_training a.progress file
          (fun p -> Statement.of_table table recipe p.loss)
          (Problem.of_table table recipe file.gamma)
      with Other_data reason -> Verdict.rejected "PROBLEM" reason))
  | Training file, Problem_text path ->
    Expected.of_training a.expected file None;
    let problem = Canonical.parse_problem path (text path) in
    verify_training a.progress file
      Statement.of_text
      (fun loss bias ->
        if problem.loss <> loss then other_data "it states another loss";
        if not (Q.equal (Q.make problem.gamma_num problem.gamma_den) file.gamma && problem.bias = bias) then
          other_data "it states another gamma or output bias";
        problem)
  | Matrix { matrix_sha256; claim }, source ->
    Expected.of_matrix a.expected matrix_sha256 claim;
    verify_matrix a.progress matrix_sha256 claim
      (match source with Data path -> Matrix_file.read path | Problem_text path -> Canonical.parse_matrix path (text path))

let run words =
  match Arguments.parse words with
  | Help -> print_string Arguments.help; flush stdout; 0
  | Version -> print_string Version.text; flush stdout; 0
  | Check a ->
    let verdict = try check a with Not_expected differences -> Verdict.rejected "EXPECTATION" differences in
    print_endline (if a.json then Verdict.json verdict else Verdict.text verdict);
    if verdict.obligation = None then 0 else 1

let () =
  (* Nearly all integers live shortly. *)
  Gc.set { (Gc.get ()) with minor_heap_size = 1 lsl 22; space_overhead = 200 };
  (* What could not be written is not tried again at the end, or that would end with another code. *)
  let say words = try prerr_endline words with Sys_error _ -> close_out_noerr stderr in
  exit
    (try run (List.tl (Array.to_list Sys.argv)) with
    | Unusable reason -> say reason; 2
    | Stack_overflow -> say "the input needs more stack than there is: raise it with `ulimit -s unlimited`"; 2
    | Out_of_memory -> say "the input needs more memory than there is"; 2
    | Sys_error reason ->
      close_out_noerr stdout;
      say ("the verdict cannot be written: " ^ Quoted.text reason);
      70
    | error -> say ("internal error, no verdict: " ^ Quoted.text (Printexc.to_string error)); 70)
