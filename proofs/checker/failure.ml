(* The ways to end without a proof. *)

(* The input cannot be used: what, where and what to do. Exit code 2. *)
exception Unusable of string

(* The certificate is not for this data. Exit code 1. *)
exception Other_data of string

let unusable format = Printf.ksprintf (fun text -> raise (Unusable text)) format
let other_data format = Printf.ksprintf (fun text -> raise (Other_data text)) format

(* The certificate states something else than what was expected. Exit code 1. *)
exception Not_expected of string
