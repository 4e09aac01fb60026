(* Bytes, UTF-8 and numbers, read as strictly as certify's Python reads them. *)
open Failure

(* Read block by block: a pipe has no size that could be asked for. *)
let read_bounded path limit what =
  let channel = try if path = "-" then stdin else open_in_bin path with Sys_error reason ->
    unusable "%s: %s: check the path" what reason in
  set_binary_mode_in channel true;
  let content = Buffer.create 65536 and block = Bytes.create 65536 in
  let rec fill () =
    let n = try input channel block 0 65536 with Sys_error reason -> unusable "%s: %s: check the path" path reason in
    if n > 0 then (
      Buffer.add_subbytes content block 0 n;
      if Buffer.length content > limit then
        unusable "%s: the file is larger than %d MiB, the most that is read" path (limit lsr 20);
      fill ())
  in
  fill ();
  if path <> "-" then close_in channel;
  Buffer.contents content

(* Each code point of a text, in order; for a byte that is not part of UTF-8, -1. *)
let iter_points f s =
  let n = String.length s in
  let rec go i =
    if i < n then (
      let c = Char.code s.[i] in
      let tail k = if i + k < n then let b = Char.code s.[i + k] in if b land 0xc0 = 0x80 then b land 0x3f else -1 else -1 in
      let take length value least =
        if value < least || (value >= 0xd800 && value < 0xe000) || value > 0x10ffff then (f (-1); go (i + 1))
        else (f value; go (i + length))
      in
      if c < 0x80 then (f c; go (i + 1))
      else
        let a = tail 1 and b = tail 2 and d = tail 3 in
        if c land 0xe0 = 0xc0 && a >= 0 then take 2 (((c land 0x1f) lsl 6) lor a) 0x80
        else if c land 0xf0 = 0xe0 && min a b >= 0 then take 3 (((c land 0x0f) lsl 12) lor (a lsl 6) lor b) 0x800
        else if c land 0xf8 = 0xf0 && min a (min b d) >= 0 then
          take 4 (((c land 0x07) lsl 18) lor (a lsl 12) lor (b lsl 6) lor d) 0x10000
        else (f (-1); go (i + 1)))
  in
  go 0

let exists_point condition s =
  let found = ref false in
  iter_points (fun point -> if condition point then found := true) s;
  !found

let is_utf8 s = not (exists_point (fun point -> point < 0) s)

let add_point buffer p =
  let byte b = Buffer.add_char buffer (Char.chr b) in
  if p < 0x80 then byte p
  else if p < 0x800 then (byte (0xc0 lor (p lsr 6)); byte (0x80 lor (p land 0x3f)))
  else if p < 0x10000 then (
    byte (0xe0 lor (p lsr 12)); byte (0x80 lor ((p lsr 6) land 0x3f)); byte (0x80 lor (p land 0x3f)))
  else (
    byte (0xf0 lor (p lsr 18)); byte (0x80 lor ((p lsr 12) land 0x3f));
    byte (0x80 lor ((p lsr 6) land 0x3f)); byte (0x80 lor (p land 0x3f)))

(* The number of code points. *)
let length s =
  let count = ref 0 in
  String.iter (fun c -> if Char.code c land 0xc0 <> 0x80 then incr count) s;
  !count

let is_blank p =
  (p >= 9 && p <= 13) || (p >= 28 && p <= 32) || p = 0x85 || p = 0xa0 || p = 0x1680
  || (p >= 0x2000 && p <= 0x200a) || p = 0x2028 || p = 0x2029 || p = 0x202f || p = 0x205f || p = 0x3000

(* Without the blanks at both ends. *)
let strip s =
  let offset = ref 0 and first = ref (-1) and last = ref 0 in
  iter_points
    (fun point ->
      let start = !offset in
      offset := start + (if point < 0x80 then 1 else if point < 0x800 then 2 else if point < 0x10000 then 3 else 4);
      if not (is_blank point) then (
        if !first < 0 then first := start;
        last := !offset))
    s;
  if !first < 0 then "" else if !first = 0 && !last = String.length s then s else String.sub s !first (!last - !first)

let is_digit c = c >= '0' && c <= '9'
let is_letter p =
  let rec search low high =
    low < high
    &&
    let middle = (low + high) / 2 in
    let first, last = Letters.ranges.(middle) in
    if p < first then search low middle else if p > last then search (middle + 1) high else true
  in
  search 0 (Array.length Letters.ranges)

let all_digits s = s <> "" && String.for_all is_digit s

(* 0|-?[1-9][0-9]* in at most 4000 characters. *)
let is_integer s =
  let n = String.length s in
  n > 0 && n <= 4000
  && (s = "0"
     ||
     let start = if s.[0] = '-' then 1 else 0 in
     n > start && s.[start] >= '1' && s.[start] <= '9'
     && (let rec ok i = i >= n || (is_digit s.[i] && ok (i + 1)) in ok start))

let integer s place = if is_integer s then Z.of_string s else
  unusable "%s has a number that is no integer of at most 4000 characters" place

let max_length = 1000
let max_exponent = 400

(* [+-]?(digits[.digits]|.digits)([eE][+-]?digits)?: sign, digits before and after the point, exponent. *)
let scan_number s =
  let n = String.length s in
  let rec digits i = if i < n && is_digit s.[i] then digits (i + 1) else i in
  let start = if n > 0 && (s.[0] = '+' || s.[0] = '-') then 1 else 0 in
  let whole = digits start in
  let point = whole < n && s.[whole] = '.' in
  let fraction = if point then digits (whole + 1) else whole in
  if (whole = start && not (point && fraction > whole + 1)) then None
  else
    let parts exponent =
      Some
        ( n > 0 && s.[0] = '-',
          String.sub s start (whole - start),
          (if point then String.sub s (whole + 1) (fraction - whole - 1) else ""),
          exponent )
    in
    if fraction = n then parts ""
    else if s.[fraction] = 'e' || s.[fraction] = 'E' then
      let sign = if fraction + 1 < n && (s.[fraction + 1] = '+' || s.[fraction + 1] = '-') then 1 else 0 in
      let last = digits (fraction + 1 + sign) in
      if last = n && last > fraction + 1 + sign then parts (String.sub s (fraction + 1) (n - fraction - 1)) else None
    else None

let is_number s = String.length s <= max_length && scan_number s <> None

type number = Number of Q.t | Not_a_number | Vast of string

let parse_number s =
  if length s > max_length then Vast (Printf.sprintf "the cell has %d characters; shorten it to at most %d" (length s) max_length)
  else
    match scan_number s with
    | None -> Not_a_number
    | Some (negative, whole, fraction, exponent) ->
      let e = if exponent = "" then Z.zero
        else Z.of_string (if exponent.[0] = '+' then String.sub exponent 1 (String.length exponent - 1) else exponent) in
      if Z.gt (Z.abs e) (Z.of_int max_exponent) then Vast "its exponent is beyond 400; rescale the column"
      else
        let digits = Z.of_string ("0" ^ whole ^ fraction) in
        let power = Z.to_int e - String.length fraction in
        let ten k = Z.pow (Z.of_int 10) k in
        let value = if power >= 0 then Q.of_bigint (Z.mul digits (ten power)) else Q.make digits (ten (-power)) in
        Number (if negative then Q.neg value else value)

(* A decimal or p/q, as a user writes it. *)
let parse_ratio s =
  match parse_number s with
  | Number q -> Some q
  | Vast _ -> None
  | Not_a_number -> (
    let signed = s <> "" && (s.[0] = '-' || s.[0] = '+') in
    let digits = if signed then String.sub s 1 (String.length s - 1) else s in
    match String.split_on_char '/' digits with
    | [ p; q ] when all_digits p && all_digits q && not (Z.equal (Z.of_string q) Z.zero) ->
      let value = Q.make (Z.of_string p) (Z.of_string q) in
      Some (if signed && s.[0] = '-' then Q.neg value else value)
    | _ -> None)

(* "p/q", or "p" for an integer: as Python writes a Fraction. *)
let of_rational q =
  if Z.equal (Q.den q) Z.one then Z.to_string (Q.num q) else Z.to_string (Q.num q) ^ "/" ^ Z.to_string (Q.den q)
