(* The output biases: all that the program itself says of them. What they are is in theories/training/OutputBias.v. *)
open Failure
open Lists

let name : Checker.output_bias -> string = function
  | NoBias -> "none" | FreeBias -> "free" | DecayedBias -> "decayed" | AllFree -> "all-free"

(* The prediction, and all that is decayed. *)
let prediction : Checker.output_bias -> string = function
  | NoBias -> "sum_j relu(u_j . x) v_j"
  | FreeBias | DecayedBias -> "sum_j relu(u_j . x) v_j + b"
  | AllFree -> "sum_j relu(u_j . x + a_j) v_j + b"
let quantified : Checker.output_bias -> string = function
  | NoBias -> " and all weights"
  | FreeBias | DecayedBias -> ", all weights and every b"
  | AllFree -> ", all weights and all biases a_j and b"
let decayed : Checker.output_bias -> string = function
  | NoBias | FreeBias | AllFree -> "sum_j (|u_j|^2 + |v_j|^2)"
  | DecayedBias -> "(sum_j (|u_j|^2 + |v_j|^2) + |b|^2)"

let all = [ Checker.NoBias; FreeBias; DecayedBias; AllFree ]
let names = List.map name all

let of_name text =
  match List.find_opt (fun bias -> name bias = text) all with
  | Some bias -> bias
  | None -> other_data "the output bias is none of %s" (String.concat ", " names)

(* A feature 1 would be a hidden bias that the weight decay counts. *)
let refuse_feature_one bias recorded =
  if Checker.frees_hidden bias && recorded then
    other_data "the output bias %s frees the hidden biases, and its recipe adds a feature 1, whose weights are decayed"
      (name bias)
