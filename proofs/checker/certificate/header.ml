(* The header of a certificate: one JSON object, read entry by entry; each is of its documented form, none is left over. *)
open Failure
open Lists

let max_characters = 1 lsl 25

type t = { entries : (string * Json.t) list; taken : (string, unit) Hashtbl.t }

let take header key =
  match List.assoc_opt key header.entries with
  | Some v -> Hashtbl.replace header.taken key (); v
  | None -> unusable "the header has no %S" key

let wrong key what = unusable "the header's %S is not %s" key what

let parse line =
  if String.length line > max_characters then unusable "line 1: the header is longer than %d characters" max_characters;
  let entries = match Json.parse line with Json.Object e -> e | _ -> unusable "line 1: the header is no object" in
  if List.assoc_opt "format" entries <> Some (Json.String "certify-certificate") then
    unusable "line 1: the header does not say \"format\": \"certify-certificate\"";
  let header = { entries; taken = Hashtbl.create 16 } in
  ignore (take header "format");
  if take header "version" <> Json.Int Z.one then unusable "the format version is not 1, the only one that is read";
  header

(* An object in the header, to be read entry by entry as well. *)
let of_object key = function
  | Json.Object entries -> { entries; taken = Hashtbl.create 16 }
  | _ -> wrong key "an object"

let has header key = List.mem_assoc key header.entries

let finish header =
  List.iter
    (fun (key, _) -> if not (Hashtbl.mem header.taken key) then 
      unusable "the header has the unknown entry %s" (Quoted.text key))
    header.entries

let text header key =
  match take header key with
  | Json.String s when String.length s <= 1000 && String.for_all (fun c -> c >= ' ' && c <= '~') s -> s
  | _ -> wrong key "a text of at most 1000 printable ASCII characters"

let sha256 header key =
  let digits = text header key in
  if not (String.length digits = 64 && String.for_all (function '0' .. '9' | 'a' .. 'f' -> true | _ -> false) digits) then
    wrong key "64 hexadecimal digits";
  digits

let ratio header key =
  match take header key with
  | Json.String s -> (
    match String.split_on_char '/' s with
    | [ p; q ] ->
      let p = Text.integer p key and q = Text.integer q key in
      if Z.sign q > 0 && Z.equal (Z.gcd p q) Z.one then Q.make p q
      else wrong key "a fraction in lowest terms with a positive denominator"
    | _ -> wrong key "a fraction \"p/q\"")
  | _ -> wrong key "a fraction \"p/q\""

let count header key limit =
  match take header key with
  | Json.Int z when Z.sign z >= 0 && Z.leq z (Z.of_int limit) -> Z.to_int z
  | _ -> wrong key (Printf.sprintf "an integer from 0 to %d" limit)

let texts key = function
  | Json.List items -> List.map (function Json.String s -> s | _ -> wrong key "a list of texts") items
  | _ -> wrong key "a list of texts"

let row_of key text = List.map (fun w -> Text.integer w key) (String.split_on_char ' ' text)
let rows_of key value = List.map (row_of key) (texts key value)
let rows header key = rows_of key (take header key)
let integers header key = List.map (fun s -> Text.integer s key) (texts key (take header key))
