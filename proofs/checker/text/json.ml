(* JSON as the header of a certificate may have it: no numbers but integers, no entry twice, little depth. *)
open Failure
open Lists

type t = Null | Bool of bool | Int of Z.t | String of string | List of t list | Object of (string * t) list

let max_depth = 20

let parse s =
  let n = String.length s in
  let position = ref 0 in
  let bad what = unusable "line 1: the header is no JSON that a certificate may have (%s at character %d)" what (!position + 1) in
  let peek () = if !position < n then s.[!position] else '\000' in
  let rec blanks () =
    match peek () with ' ' | '\t' | '\n' | '\r' when !position < n -> incr position; blanks () | _ -> ()
  in
  let expect c = if !position < n && s.[!position] = c then incr position else bad (Printf.sprintf "no %C" c) in
  let word w value =
    let k = String.length w in
    if !position + k <= n && String.sub s !position k = w then (position := !position + k; value) else bad "no value"
  in
  let hex4 () =
    if !position + 4 > n then bad "a short escape";
    let digits = String.sub s !position 4 in
    if not (String.for_all (function '0' .. '9' | 'a' .. 'f' | 'A' .. 'F' -> true | _ -> false) digits) then
      bad "a wrong escape";
    position := !position + 4;
    int_of_string ("0x" ^ digits)
  in
  let text () =
    expect '"';
    let buffer = Buffer.create 16 in
    let rec go () =
      if !position >= n then bad "an open text";
      let c = s.[!position] in
      incr position;
      if c = '"' then ()
      else if Char.code c < 32 then bad "a control character"
      else if c <> '\\' then (Buffer.add_char buffer c; go ())
      else (
        let e = peek () in
        incr position;
        (match e with
        | '"' | '\\' | '/' -> Buffer.add_char buffer e
        | 'b' -> Buffer.add_char buffer '\b'
        | 'f' -> Buffer.add_char buffer '\012'
        | 'n' -> Buffer.add_char buffer '\n'
        | 'r' -> Buffer.add_char buffer '\r'
        | 't' -> Buffer.add_char buffer '\t'
        | 'u' ->
          let p = hex4 () in
          if p >= 0xd800 && p < 0xdc00 && !position + 6 <= n && s.[!position] = '\\' && s.[!position + 1] = 'u' then (
            let back = !position in
            position := !position + 2;
            let q = hex4 () in
            if q >= 0xdc00 && q < 0xe000 then
              Text.add_point buffer (0x10000 + ((p - 0xd800) lsl 10) + (q - 0xdc00))
            else (position := back; Text.add_point buffer p))
          else Text.add_point buffer p
        | _ -> bad "a wrong escape");
        go ())
    in
    go ();
    Buffer.contents buffer
  in
  let number () =
    let start = !position in
    if peek () = '-' then incr position;
    let first = !position in
    while Text.is_digit (peek ()) do incr position done;
    let digits = !position - first in
    if digits = 0 || (digits > 1 && s.[first] = '0') || digits > 4300 then bad "no integer";
    (match peek () with '.' | 'e' | 'E' -> bad "a number that is no integer" | _ -> ());
    Int (Z.of_string (String.sub s start (!position - start)))
  in
  let rec value depth =
    if depth > max_depth then bad "deep nesting";
    blanks ();
    let v =
      match peek () with
      | '"' -> String (text ())
      | '{' ->
        incr position;
        blanks ();
        if peek () = '}' then (incr position; Object []) else Object (entries depth (Hashtbl.create 16) [])
      | '[' ->
        incr position;
        blanks ();
        if peek () = ']' then (incr position; List []) else List (items depth [])
      | 't' -> word "true" (Bool true)
      | 'f' -> word "false" (Bool false)
      | 'n' -> word "null" Null
      | _ -> number ()
    in
    blanks ();
    v
  and items depth found =
    let v = value (depth + 1) in
    match peek () with
    | ',' -> incr position; items depth (v :: found)
    | _ -> expect ']'; List.rev (v :: found)
  and entries depth seen found =
    blanks ();
    let key = text () in
    if Hashtbl.mem seen key then bad "an entry given twice";
    Hashtbl.add seen key ();
    blanks ();
    expect ':';
    let v = value (depth + 1) in
    match peek () with
    | ',' -> incr position; entries depth seen ((key, v) :: found)
    | _ -> expect '}'; List.rev ((key, v) :: found)
  in
  let v = value 0 in
  if !position <> n then bad "something after the header";
  v
