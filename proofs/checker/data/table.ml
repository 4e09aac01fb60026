(* A CSV file as a table of exact cells: decimals are the rationals that they are, anything else is a text. *)
open Failure
open Lists

type cell = Number of Q.t | Name of string

(* In columns that are ignored the cells are blank; the rows that were dropped miss a value. *)
type t = { names : string array; has_header : bool; rows : cell array list; ignored : int list; dropped : int }

exception Not_csv

let max_field = 131_072 (* characters *)

(* Spaces before the end of a line separate nothing. *)
let without_last_blank separator cells =
  match List.rev cells with "" :: (_ :: _ as others) when separator = ' ' -> List.rev others | _ -> cells

(* The records of RFC 4180, read strictly; blanks after a separator are dropped. *)
let records text separator =
  let text = if separator = ' ' then String.map (fun c -> if c = '\t' then ' ' else c) text else text in
  let n = String.length text in
  let found = ref [] and fields = ref [] and field = Buffer.create 64 in
  let line = ref 1 and first_line = ref 1 and points = ref 0 in
  let save () = fields := Buffer.contents field :: !fields; Buffer.clear field; points := 0 in
  let finish () = found := (!first_line, List.rev !fields) :: !found; fields := []; first_line := !line in
  let line_end i = if text.[i] = '\r' && i + 1 < n && text.[i + 1] = '\n' then i + 2 else i + 1 in
  let add c =
    if Char.code c land 0xc0 <> 0x80 then incr points;
    if !points > max_field then raise Not_csv;
    Buffer.add_char field c in
  let rec start_record i =
    if i < n then
      match text.[i] with
      | '\n' | '\r' -> incr line; first_line := !line; start_record (line_end i)
      | _ -> start_field i
  and end_record i = save (); incr line; finish (); start_record (line_end i)
  and last_record () = save (); finish ()
  and start_field i =
    if i >= n then last_record ()
    else
      match text.[i] with
      | '\n' | '\r' -> end_record i
      | '"' -> quoted (i + 1)
      | ' ' -> start_field (i + 1)
      | c when c = separator -> save (); start_field (i + 1)
      | c -> add c; in_field (i + 1)
  and in_field i =
    if i >= n then last_record ()
    else
      match text.[i] with
      | '\n' | '\r' -> end_record i
      | c when c = separator -> save (); start_field (i + 1)
      | c -> add c; in_field (i + 1)
  and quoted i =
    if i >= n then raise Not_csv
    else
      match text.[i] with
      | '"' -> after_quote (i + 1)
      | ('\n' | '\r') as c -> if c = '\n' || not (i + 1 < n && text.[i + 1] = '\n') then incr line; add c; quoted (i + 1)
      | c -> add c; quoted (i + 1)
  and after_quote i =
    if i >= n then last_record ()
    else
      match text.[i] with
      | '"' -> add '"'; quoted (i + 1)
      | '\n' | '\r' -> end_record i
      | c when c = separator -> save (); start_field (i + 1)
      | _ -> raise Not_csv
  in
  start_record 0;
  List.filter_map
    (fun (line, cells) ->
      let cells = without_last_blank separator (List.map Text.strip cells) in
      if cells = [] || cells = [ "" ] then None else Some (line, cells))
    (List.rev !found)

let width rows = List.length (snd (List.hd rows))
let rectangular rows = rows <> [] && List.for_all (fun (_, cells) -> List.length cells = width rows) rows

let first_comma_as_point cell =
  match String.index_opt cell ',' with
  | None -> cell
  | Some i -> String.mapi (fun j c -> if i = j then '.' else c) cell

let merit rows =
  let numbers =
    List.fold_left
      (fun sum (_, cells) ->
        List.fold_left (fun sum cell -> if Text.is_number (first_comma_as_point cell) then sum + 1 else sum) sum cells)
      0 rows
  in
  let w = width rows in
  (w > 1, Q.of_ints numbers (w * List.length rows), w)

let better (wide, share, w) (wide', share', w') =
  if wide <> wide' then wide else match Q.compare share share' with 0 -> w > w' | order -> order > 0

let guessed = [ ';'; '\t'; ',' ]

(* The reading under the best separator; a single column has none. *)
let split source text least_columns (reading : Reading.t) =
  let has_one = List.exists (String.contains text) guessed in
  let separators =
    match reading.separator with
    | Some separator -> [ separator ]
    | None ->
      List.filter (fun c -> not (reading.comma && c = ',')) guessed
      @ if least_columns = 1 && not has_one then [ ' ' ] else []
  in
  let readings =
    List.filter_map
      (fun separator -> match records text separator with rows -> Some rows | exception Not_csv -> None)
      separators
  in
  let single = least_columns = 1 && not has_one in
  let best =
    List.fold_left
      (fun best rows ->
        match best with
        | Some b when not (better (merit rows) (merit b)) -> best
        | _ -> Some rows)
      None (List.filter rectangular readings)
  in
  match best with
  | Some rows when single || width rows > 1 -> rows
  | _ ->
    unusable "%s is no table: give every row the same number of cells%s, and close every quote" source
      (if least_columns > 1 then ", at least two" else "")

let is_name cell =
  cell <> ""
  && (not (String.contains "0123456789+-.," cell.[0]))
  && (not
        (List.mem (String.lowercase_ascii cell) [ "na"; "n/a"; "nan"; "null"; "none"; "inf"; "infinity" ]))
  && Text.exists_point Text.is_letter cell

(* A cell as it would be with a decimal point. *)
let pointed (reading : Reading.t) cell =
  if reading.comma then String.map (function ',' -> '.' | '.' -> ',' | c -> c) cell else cell

let is_true cell = List.mem cell [ "True"; "true"; "TRUE" ]
let is_false cell = List.mem cell [ "False"; "false"; "FALSE" ]
let is_truth_value cell = is_true cell || is_false cell

(* A cell where numbers are wanted. *)
let as_number = function
  | Number q -> Some q
  | Name s -> if is_true s then Some Q.one else if is_false s then Some Q.zero else None

let has_header reading rows =
  let is_number cell = Text.is_number (pointed reading cell) in
  match List.map (fun (_, cells) -> Array.of_list cells) rows with
  | [] -> false
  | [ first ] -> Array.exists is_name first && not (Array.exists is_number first)
  | first :: body ->
    let names = ref 0 and numbers = ref 0 in
    Array.iteri
      (fun k title ->
        let count = List.fold_left (fun sum row -> if is_number row.(k) || is_truth_value row.(k) then sum + 1 else sum) 0 body in
        if 2 * count >= List.length body then (
          if is_name title && not (is_truth_value title) then incr names;
          if is_number title then incr numbers))
      first;
    !names > !numbers

let is_not_finite cell =
  let s = String.lowercase_ascii cell in
  let s = if s <> "" && (s.[0] = '+' || s.[0] = '-') then String.sub s 1 (String.length s - 1) else s in
  List.mem s [ "nan"; "inf"; "infinity" ]

let has_comma cell =
  let s = if cell <> "" && (cell.[0] = '+' || cell.[0] = '-') then String.sub cell 1 (String.length cell - 1) else cell in
  String.contains s ',' && List.for_all Text.all_digits (String.split_on_char ',' s)

let is_missing cell =
  List.mem (String.lowercase_ascii cell) [ ""; "."; "?"; "na"; "n/a"; "#n/a"; "<na>"; "nan"; "-nan"; "null" ]

let cell ?(reading = Reading.usual) source line text =
  let number = Text.parse_number (pointed reading text) in
  match number with
  | Number q -> Number q
  | Vast reason -> unusable "%s, line %d: %s" source line reason
  | Not_a_number ->
    if text = "" then unusable "%s, line %d: a cell is blank; fill it in or remove the row" source line;
    if is_not_finite text then unusable "%s, line %d: a cell is %s; fill it in or remove the row" source line (Quoted.text text);
    if has_comma (pointed reading text) || (reading.comma && Text.parse_number text <> Not_a_number) then
      unusable "%s, line %d: a cell is %s; write decimals with a %s and thousands without marks" source line
        (Quoted.text text)
        (if reading.comma then "comma, as the certificate says," else "point");
    Name text

(* The places of the columns that have this name or 1-based position. *)
let places names target =
  let text = Text.strip target in
  let width = Array.length names in
  let found = List.filter (fun k -> names.(k) = text) (List.init width Fun.id) in
  if Text.all_digits text && String.length text <= 9 && int_of_string text >= 1 && int_of_string text <= width then
    List.sort_uniq compare ((int_of_string text - 1) :: found)
  else found

let max_bytes = 1 lsl 30

let read_bytes source = Text.read_bounded source max_bytes source

(* The bytes of a file as UTF-8 text, without its byte order mark. *)
let decoded ?(encoding = Reading.Utf_8) source bytes =
  let refuse name = unusable "%s is not %s text: save the table as CSV in UTF-8" source name in
  let name, text =
    match encoding with
    | Reading.Utf_16 -> ("UTF-16", Encoding.utf_16 bytes)
    | Latin_1 -> ("Latin-1", Some (Encoding.latin_1 bytes))
    | Utf_8 ->
      let marked = String.length bytes >= 3 && String.sub bytes 0 3 = "\xef\xbb\xbf" in
      let text = if marked then String.sub bytes 3 (String.length bytes - 3) else bytes in
      ("UTF-8", if Text.is_utf8 text then Some text else None)
  in
  match text with Some text when not (String.contains text '\000') -> text | _ -> refuse name

let ends source suffix = Filename.check_suffix (String.lowercase_ascii source) suffix

(* The table in the bytes of a CSV file. *)
let of_bytes ?(least_columns = 2) ?(reading = Reading.usual) source bytes =
  let rows = split source (decoded ~encoding:reading.encoding source bytes) least_columns reading in
  let has_header = match reading.header with Some b -> b | None -> has_header reading rows in
  let body = if has_header then List.tl rows else rows in
  if body = [] then unusable "%s has a header and no rows: add the data below it" source;
  let titles = snd (List.hd rows) in
  let names =
    Array.of_list (List.mapi (fun k title -> if has_header && title <> "" then title else string_of_int (k + 1)) titles)
  in
  Array.iter
    (fun name ->
      if Text.length name > Text.max_length then
        unusable "%s has a column name of %d characters: shorten it to %d" source (Text.length name) Text.max_length)
    names;
  let ignored =
    List.map
      (fun name ->
        match places names name with
        | [ k ] -> k
        | _ -> unusable "%s has no column %s, or several, which the certificate ignores" source (Quoted.text name))
      reading.ignore
  in
  let is_ignored = Array.init (Array.length names) (fun k -> List.mem k ignored) in
  let misses_a_value (_, cells) =
    List.exists Fun.id (List.mapi (fun k text -> (not is_ignored.(k)) && is_missing text) cells)
  in
  let kept = if reading.drop_missing then List.filter (fun row -> not (misses_a_value row)) body else body in
  if kept = [] then unusable "%s: each row misses a value" source;
  let exact line k text = if is_ignored.(k) then Name "" else cell ~reading source line text in
  let rows = List.map (fun (line, cells) -> Array.of_list (List.mapi (exact line) cells)) kept in
  { names; has_header; rows; ignored; dropped = List.length body - List.length kept }

let read ?(least_columns = 2) ?(reading = Reading.usual) source =
  if ends source ".parquet" || ends source ".pq" then
    unusable "%s is a Parquet file: use `certify check`, or save the table as CSV" source;
  if ends source ".gz" then unusable "%s is compressed: use `certify check`, or gunzip it first" source;
  of_bytes ~least_columns ~reading source (read_bytes source)
