(* How a data file becomes a table: what of it is unusual, as a certificate records it. *)
open Lists

type encoding = Utf_8 | Utf_16 | Latin_1

type t = {
  separator : char option;  (* a space stands for any spaces and tabs; None: to be guessed *)
  comma : bool;  (* whether that is the decimal sign *)
  encoding : encoding;
  header : bool option;  (* None: to be guessed *)
  ignore : string list;
  drop_missing : bool;
}

let usual = { separator = None; comma = false; encoding = Utf_8; header = None; ignore = []; drop_missing = false }

let separators = [ (',', "comma"); (';', "semicolon"); ('\t', "tab"); ('|', "bar"); (' ', "whitespace") ]

let of_json = function
  | Json.Object entries ->
    let unknown key = Recorded.malformed (Printf.sprintf "has an unknown %s" key) in
    let reading =
      List.fold_left
        (fun reading (key, value) ->
          match (key, value) with
          | "separator", Json.String s when String.length s = 1 && List.mem_assoc s.[0] separators ->
            { reading with separator = Some s.[0] }
          | "decimal", Json.String "." -> { reading with comma = false }
          | "decimal", Json.String "," -> { reading with comma = true }
          | "encoding", Json.String "utf-8" -> { reading with encoding = Utf_8 }
          | "encoding", Json.String "utf-16" -> { reading with encoding = Utf_16 }
          | "encoding", Json.String "latin-1" -> { reading with encoding = Latin_1 }
          | "header", value -> { reading with header = Some (Recorded.truth "header" value) }
          | "drop_missing", value -> { reading with drop_missing = Recorded.truth "drop_missing" value }
          | "ignore", value -> { reading with ignore = Recorded.texts "ignored columns" value }
          | _ -> unknown "reading")
        usual entries
    in
    if reading.comma && reading.separator = Some ',' then unknown "separator, which is the decimal sign";
    reading
  | _ -> Recorded.malformed "has a reading that is not an object with entries of a reading"

(* What is unusual about the text, part by part. *)
let words reading =
  let if_ condition words = if condition then [ words ] else [] in
  (match reading.separator with None -> [] | Some c -> [ "cells separated by " ^ List.assoc c separators ])
  @ if_ reading.comma "decimal commas"
  @ (match reading.encoding with Utf_8 -> [] | Utf_16 -> [ "text in utf-16" ] | Latin_1 -> [ "text in latin-1" ])
  @ if_ (reading.header = Some true) "the first row taken for names"
  @ if_ (reading.header = Some false) "the first row taken for data"
