(* The losses: all that the program itself says of them. What they are is in theories/training/Losses.v. *)
open Failure
open Lists

let name : Checker.loss_kind -> string = function Squared -> "squared"

(* The sum over all samples. *)
let formula : Checker.loss_kind -> string = function Squared -> "1/2 |f(X) - Y|^2"

let all = [ Checker.Squared ]
let names = List.map name all

let of_name text =
  match List.find_opt (fun loss -> name loss = text) all with
  | Some loss -> loss
  | None -> other_data "the loss %s is unknown" (Quoted.text text)
