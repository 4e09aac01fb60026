(* The output biases: all that the program itself says of them. What they are is in theories/training/OutputBias.v. *)
open Failure
open Lists

let name : Checker.output_bias -> string = function
  | NoBias -> "none"
  | FreeBias -> "free"
  | DecayedBias -> "decayed"
  | AllFreeBias -> "all-free"

(* The inside of a neuron beside its weights, the prediction, and all that is decayed. *)
let neuron : Checker.output_bias -> string = function NoBias | FreeBias | DecayedBias -> "" | AllFreeBias -> " + a_j"
let prediction : Checker.output_bias -> string = function NoBias -> "" | FreeBias | DecayedBias | AllFreeBias -> " + b"
let quantified : Checker.output_bias -> string = function
  | NoBias -> " and all weights"
  | FreeBias | DecayedBias -> ", all weights and every b"
  | AllFreeBias -> ", all weights and all biases a_j and b"
let decayed : Checker.output_bias -> string = function
  | NoBias | FreeBias | AllFreeBias -> "sum_j (|u_j|^2 + |v_j|^2)"
  | DecayedBias -> "(sum_j (|u_j|^2 + |v_j|^2) + |b|^2)"

let all = [ Checker.NoBias; FreeBias; DecayedBias; AllFreeBias ]
let names = List.map name all

let of_name text =
  match List.find_opt (fun bias -> name bias = text) all with
  | Some bias -> bias
  | None -> other_data "the output bias is none of %s" (String.concat ", " names)
