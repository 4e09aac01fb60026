(* Texts of a certificate or of data, fit to stand in a sentence: short, in quotes, and unable to look like anything
   but a text, as what is neither ASCII nor a letter is escaped (controls, line breaks, marks of direction, blanks), and
   letters that have no shape or are written from right to left, which would move what stands beside them. *)

let most = 40

let hidden = [ 0x115f; 0x1160; 0x3164; 0xffa0 ]
let leftward = [ (0x590, 0x8ff); (0xfb1d, 0xfdff); (0xfe70, 0xfeff); (0x10800, 0x10fff); (0x1e800, 0x1efff) ]

let shown point =
  if point < 128 then point >= 32 && point < 127 && point <> Char.code '"' && point <> Char.code '\\'
  else
    Text.is_letter point
    && not (List.mem point hidden || List.exists (fun (first, last) -> first <= point && point <= last) leftward)

let text s =
  let b = Buffer.create 64 in
  Buffer.add_char b '"';
  let rest = ref most in
  Text.iter_points
    (fun point ->
      if !rest > 0 then
        if shown point then Text.add_point b point
        else if point = Char.code '"' || point = Char.code '\\' then (Buffer.add_char b '\\'; Text.add_point b point)
        else Buffer.add_string b (Printf.sprintf "\\u{%x}" (max point 0));
      decr rest)
    s;
  Buffer.add_char b '"';
  if !rest < 0 then Buffer.add_string b "...";
  Buffer.contents b

(* A plain word needs no quotes. *)
let word s =
  let plain = function 'a' .. 'z' | 'A' .. 'Z' | '0' .. '9' | '_' | '.' | '-' -> true | _ -> false in
  if s <> "" && String.length s <= most && String.for_all plain s then s else text s

(* The first of many, and that there are more. *)
let some ?(limit = 12) names =
  let rec first k = function
    | [] -> []
    | _ when k = 0 -> [ "..." ]
    | name :: rest -> text name :: first (k - 1) rest
  in
  String.concat ", " (first limit names)
