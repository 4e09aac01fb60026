(* The entry "blocks" of a training certificate's header: blocks of samples, each with its part of the proof. *)
open Failure
open Lists

let max_blocks = 100_000
let max_row_numbers = 1_000_000
let max_outputs = 20_000_000
let max_exponent = 10_000

type part = { members : int list; block : Checker.block; nodes : int }
type t = { share_exponent : int; frame_exponent : int; parts : part list }

let rec ascending = function
  | a :: (b :: _ as rest) -> Z.lt a b && ascending rest
  | _ -> true

let row_numbers header key =
  match Header.take header key with
  | Json.String text ->
    let numbers = Header.row_of key text in
    if Z.sign (List.hd numbers) < 0 || not (ascending numbers) then Header.wrong key "row numbers in ascending order";
    List.map Tree_text.index numbers
  | _ -> Header.wrong key "a text"

let part_of value =
  let entries = Header.of_object "parts" value in
  let members = row_numbers entries "rows" in
  let inputs = Header.rows entries "inputs" in
  let outputs = Header.rows entries "outputs" in
  let cross = Header.rows entries "cross" in
  let output_frame = Header.rows entries "output_frame" in
  let nodes = Header.count entries "nodes" Tree_text.max_nodes in
  Header.finish entries;
  { members; block = { inputs; outputs; cross; output_frame }; nodes }

let sum f parts = List.fold_left (fun total part -> total + f part) 0 parts

(* Of a header that promises so many nodes, which are those of all blocks. *)
let of_json value nodes =
  let entries = Header.of_object "blocks" value in
  let share_exponent = Header.count entries "share_exponent" max_exponent in
  let frame_exponent = Header.count entries "frame_exponent" max_exponent in
  let values = match Header.take entries "parts" with Json.List values -> values | _ -> Header.wrong "parts" "a list" in
  Header.finish entries;
  if values = [] then unusable "the header has blocks, but none with samples";
  if List.length values > max_blocks then unusable "the header has more than %d blocks, the most that are read" max_blocks;
  let parts = List.map part_of values in
  if sum (fun p -> List.length p.members) parts > max_row_numbers then
    unusable "the blocks have more than %d row numbers, the most that are read" max_row_numbers;
  if sum (fun p -> List.length p.members * List.length p.block.output_frame) parts > max_outputs then
    unusable "the blocks' samples have more than %d outputs, the most that are read" max_outputs;
  if sum (fun p -> p.nodes) parts <> nodes then unusable "the nodes of the blocks do not add up to those of the header";
  { share_exponent; frame_exponent; parts }

(* The nodes of all trees, one after another, cut into them. *)
let forest blocks tree : Checker.forest =
  let rec cut left found rest =
    match rest with
    | node :: rest when left > 0 -> cut (left - 1) (node :: found) rest
    | _ -> (List.rev found, rest)
  in
  let rest = ref tree in
  let part p =
    let part_tree, others = cut p.nodes [] !rest in
    rest := others;
    { Checker.members = p.members; block_of = p.block; part_tree }
  in
  Checker.InBlocks (blocks.share_exponent, blocks.frame_exponent, List.rev (List.rev_map part blocks.parts))
