(* The output biases: all that the program itself says of them. What they are is in theories/training/OutputBias.v. *)
open Failure
open Lists

let name : Checker.output_bias -> string = function NoBias -> "none" | FreeBias -> "free" | DecayedBias -> "decayed"

(* The prediction, and all that is decayed. *)
let prediction : Checker.output_bias -> string = function NoBias -> "" | FreeBias | DecayedBias -> " + b"
let quantified : Checker.output_bias -> string = function
  | NoBias -> " and all weights"
  | FreeBias | DecayedBias -> ", all weights and every b"
let decayed : Checker.output_bias -> string = function
  | NoBias | FreeBias -> "sum_j (|u_j|^2 + |v_j|^2)"
  | DecayedBias -> "(sum_j (|u_j|^2 + |v_j|^2) + |b|^2)"

let all = [ Checker.NoBias; FreeBias; DecayedBias ]
let names = List.map name all

let of_name text =
  match List.find_opt (fun bias -> name bias = text) all with
  | Some bias -> bias
  | None -> other_data "the output bias is none of %s" (String.concat ", " names)
