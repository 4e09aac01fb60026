(* What this program was built from; build/sources.ml is written by the Makefile. *)
let text =
  Printf.sprintf "certify-check of certify %s\nsources: %s\ncoqc: %s\nocaml: %s\n" Sources.version Sources.sha256 Sources.coqc
    Sources.ocaml
