(* Bytes in other encodings as UTF-8. *)

let latin_1 bytes =
  let text = Buffer.create (String.length bytes) in
  String.iter (fun c -> Text.add_point text (Char.code c)) bytes;
  Buffer.contents text

(* With its byte order mark, which is left out; None if it has none, or is cut short, or half of a pair is missing. *)
let utf_16 bytes =
  let n = String.length bytes in
  let text = Buffer.create n in
  let rec decode unit_at i =
    if i = n then Some (Buffer.contents text)
    else if i + 1 >= n then None
    else
      let unit = unit_at bytes i in
      if unit < 0xd800 || unit >= 0xe000 then (Text.add_point text unit; decode unit_at (i + 2))
      else if unit >= 0xdc00 || i + 3 >= n then None
      else
        let low = unit_at bytes (i + 2) in
        if low < 0xdc00 || low >= 0xe000 then None
        else (
          Text.add_point text (0x10000 + ((unit - 0xd800) lsl 10) + (low - 0xdc00));
          decode unit_at (i + 4))
  in
  if n < 2 then None
  else
    match String.sub bytes 0 2 with
    | "\xff\xfe" -> decode String.get_uint16_le 2
    | "\xfe\xff" -> decode String.get_uint16_be 2
    | _ -> None
