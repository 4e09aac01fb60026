(* The losses: their texts, their formulas, and the targets that they are made for. What they are is in
   theories/training/LossBounds.v, Losses.v and Entropies.v. *)
open Failure
open Lists

let ratio p q = Text.of_rational (Q.make p q)

(* The text in certificates and in the hash: a word, and a parameter in lowest terms. *)
let text : Checker.loss_kind -> string = function
  | Squared -> "squared"
  | Huber (p, q) -> "huber " ^ ratio p q
  | Absolute -> "absolute"
  | Quantile (p, q) -> "quantile " ^ ratio p q
  | EpsilonInsensitive (p, q) -> "epsilon-insensitive " ^ ratio p q
  | Hinge -> "hinge"
  | SquaredHinge -> "squared-hinge"
  | MulticlassHinge -> "multiclass-hinge"
  | Logistic -> "logistic"
  | CrossEntropy (p, _) when Z.equal p Z.zero -> "cross-entropy"
  | CrossEntropy (p, q) -> "cross-entropy " ^ ratio p q
  | Poisson -> "poisson"

let residual = "f(x_i)_k - y_ik"
let margin = "y_ik f(x_i)_k"

(* The sum over all samples, with the weight of each where there are weights. *)
let formula weighted : Checker.loss_kind -> string =
  let w = if weighted then "w_i " else "" in
  let less p q = Text.of_rational (Q.sub Q.one (Q.make p q)) in
  function
  | Squared -> if weighted then "1/2 sum_i w_i |f(x_i) - y_i|^2" else "1/2 |f(X) - Y|^2"
  | Huber (p, q) -> Printf.sprintf "1/2 sum_ik %s((%s)^2 - max(0, |%s| - %s)^2)" w residual residual (ratio p q)
  | Absolute -> Printf.sprintf "sum_ik %s|%s|" w residual
  | Quantile (p, q) -> Printf.sprintf "sum_ik %smax(%s (y_ik - f(x_i)_k), %s (%s))" w (ratio p q) (less p q) residual
  | EpsilonInsensitive (p, q) -> Printf.sprintf "sum_ik %smax(0, |%s| - %s)" w residual (ratio p q)
  | Hinge -> Printf.sprintf "sum_ik %smax(0, 1 - %s)" w margin
  | SquaredHinge -> Printf.sprintf "1/2 sum_ik %smax(0, 1 - %s)^2" w margin
  | MulticlassHinge -> Printf.sprintf "sum_i %s(max_k (f(x_i)_k + 1 - y_ik) - <y_i, f(x_i)>)" w
  | Logistic -> Printf.sprintf "sum_ik %slog(1 + exp(-%s))" w margin
  | CrossEntropy (p, q) ->
    let uniform = if Z.equal q Z.one then Z.to_string p ^ "/c" else Printf.sprintf "%s/(%s c)" (Z.to_string p) (Z.to_string q) in
    let target =
      if Z.equal p Z.zero then "y_ik" else if Z.equal p q then uniform else Printf.sprintf "(%s y_ik + %s)" (less p q) uniform
    in
    Printf.sprintf "-sum_ik %s%s log softmax(f(x_i))_k" w target
  | Poisson -> Printf.sprintf "sum_ik %s(exp f(x_i)_k - y_ik f(x_i)_k)" w

(* Are two classes one column of signs, and more a column each? *)
let takes_signs : Checker.loss_kind -> bool = function
  | Hinge | SquaredHinge | Logistic -> true
  | Squared | Huber _ | Absolute | Quantile _ | EpsilonInsensitive _ | MulticlassHinge | CrossEntropy _ | Poisson -> false

type made = Plain of Checker.loss_kind | With of string * Q.t * (Z.t -> Z.t -> Checker.loss_kind)

(* By the word: whether it has a parameter, what that is called, and what it is where it is left out. *)
let kinds =
  [ ("squared", Plain Checker.Squared);
    ("huber", With ("D", Q.one, fun p q -> Checker.Huber (p, q)));
    ("absolute", Plain Absolute);
    ("quantile", With ("T", Q.of_ints 1 2, fun p q -> Quantile (p, q)));
    ("epsilon-insensitive", With ("E", Q.of_ints 1 10, fun p q -> EpsilonInsensitive (p, q)));
    ("hinge", Plain Hinge);
    ("squared-hinge", Plain SquaredHinge);
    ("multiclass-hinge", Plain MulticlassHinge);
    ("logistic", Plain Logistic);
    ("cross-entropy", With ("S", Q.zero, fun p q -> CrossEntropy (p, q)));
    ("poisson", Plain Poisson) ]

let words =
  String.concat ", " (List.map (fun (word, made) -> match made with Plain _ -> word | With (letter, _, _) -> word ^ " " ^ letter) kinds)

let max_parameter = 400

(* "huber", "huber 0.5" and "huber 1/2" are read; None for what is no loss, or has no such parameter. *)
let read text =
  let made =
    match String.split_on_char ' ' text with
    | word :: parameters -> (
      match (List.assoc_opt word kinds, parameters) with
      | Some (Plain kind), [] -> Some kind
      | Some (With (_, default, make)), [] -> Some (make (Q.num default) (Q.den default))
      | Some (With (_, _, make)), [ parameter ] when String.length parameter <= max_parameter -> (
        match Text.parse_ratio parameter with
        | Some q when String.length (Text.of_rational q) <= max_parameter -> Some (make (Q.num q) (Q.den q))
        | _ -> None)
      | _ -> None)
    | [] -> None
  in
  match made with Some kind when Checker.valid_loss kind -> Some kind | _ -> None

(* The loss of a certificate, which has one spelling. *)
let recorded spelled =
  match read spelled with
  | Some kind when text kind = spelled -> kind
  | _ -> other_data "the loss %s is unknown, or not spelled as certificates spell it" (Quoted.text spelled)

(* Probabilities sum to 1, up to what their rounding to decimals or floats leaves. *)
let sum_tolerance = Q.of_ints 1 1_000_000

let target_words : Checker.loss_kind -> string = function
  | Hinge | SquaredHinge | Logistic -> "the numbers 1 and -1"
  | MulticlassHinge -> "one-hot rows"
  | CrossEntropy _ -> "probabilities that sum to 1 in each row"
  | Poisson -> "numbers of at least 0"
  | Squared | Huber _ | Absolute | Quantile _ | EpsilonInsensitive _ -> "any numbers"

(* Targets over a denominator that the loss is not made for are a mistake. *)
let refuse_targets (kind : Checker.loss_kind) y_den targets =
  let sums_to_one row =
    let sum = Q.make (List.fold_left Z.add Z.zero row) y_den in
    Q.leq (Q.abs (Q.sub sum Q.one)) sum_tolerance
  in
  let fits row = Checker.target_fits kind y_den row && match kind with CrossEntropy _ -> sums_to_one row | _ -> true in
  let number = ref 0 in
  List.iter
    (fun row ->
      incr number;
      if not (fits row) then
        other_data "the loss %s takes %s as targets, which those of row %d are not" (text kind) (target_words kind) !number)
    targets
