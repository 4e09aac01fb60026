(* A Matrix Market file as rows of exact numbers. *)
open Failure
open Lists

let max_order = 512

(* The words of each line, and whether it begins with a percent sign; lines end where Python ends them. *)
let split_lines text =
  let is_end p = p = 10 || (p >= 11 && p <= 13) || (p >= 28 && p <= 30) || p = 0x85 || p = 0x2028 || p = 0x2029 in
  let lines = ref [] and words = ref [] and word = Buffer.create 32 and first = ref (-1) in
  let end_word () =
    if Buffer.length word > 0 then (words := Buffer.contents word :: !words; Buffer.clear word)
  in
  let end_line () =
    end_word ();
    lines := (!first, List.rev !words) :: !lines;
    words := [];
    first := -1
  in
  let last = ref (-1) in
  Text.iter_points
    (fun p ->
      (if p = 10 && !last = 13 then ()
       else if is_end p then end_line ()
       else (
         if !first < 0 then first := p;
         if Text.is_blank p then end_word () else Text.add_point word p));
      last := p)
    text;
  if !first >= 0 then end_line ();
  List.rev !lines

let is_count w = Text.all_digits w && String.length w <= 9

(* The matrix in the bytes of a file. *)
let of_bytes source bytes =
  let percent = Char.code '%' in
  let numbered = List.rev (snd (List.fold_left (fun (n, found) (first, words) -> (n + 1, (n, first, words) :: found)) (1, [])
    (split_lines (Table.decoded source bytes)))) in
  let layout, field, symmetry, others =
    match numbered with
    | (_, first, words) :: others when first = percent -> (
      match List.map String.lowercase_ascii words with
      | [ "%%matrixmarket"; "matrix"; (("coordinate" | "array") as layout); (("real" | "integer" | "pattern") as field);
          (("general" | "symmetric") as symmetry) ] -> (layout, field, symmetry, others)
      | _ -> unusable "%s, line 1 does not begin a real, integer or pattern Matrix Market file, general or symmetric" source)
    | _ -> unusable "%s, line 1 does not begin a real, integer or pattern Matrix Market file, general or symmetric" source
  in
  let lines = List.filter (function _, _, word :: _ -> word.[0] <> '%' | _ -> false) others in
  let sparse = layout = "coordinate" and symmetric = symmetry = "symmetric" in
  let size, entries = match lines with [] -> ([], []) | (_, _, size) :: entries -> (size, entries) in
  if List.length size <> (if sparse then 3 else 2) || not (List.for_all is_count size) then
    unusable "%s does not give the size of the matrix: write the file anew" source;
  let height, width, counts =
    match List.map int_of_string size with h :: w :: counts -> (h, w, counts) | _ -> assert false
  in
  if not (0 < height && height = width && height <= max_order) then
    unusable "%s promises a matrix of %d x %d: give a symmetric one, of order at most %d" source height width max_order;
  let rows = Array.make_matrix height width Q.zero in
  let seen = Array.make_matrix height width false in
  let i = ref (-1) and j = ref 0 in
  let next_of_column () =
    incr i;
    if !i >= height then (incr j; i := if symmetric then !j else 0);
    if !j < width then Some (!i, !j) else None
  in
  let number line word =
    (* Fortran writes exponents of double precision with a D. *)
    match Table.cell source line (String.map (function 'd' -> 'e' | 'D' -> 'E' | c -> c) word) with
    | Table.Number q -> q
    | Table.Name _ -> unusable "%s, line %d: a word is no number; write the file anew" source line
  in
  let set line (i, j) value =
    if not (0 <= i && i < height && 0 <= j && j < width) then
      unusable "%s, line %d names no entry of the matrix: write the file anew" source line;
    if seen.(i).(j) then
      unusable "%s, line %d gives row %d, column %d a second time: write the file anew" source line (i + 1) (j + 1);
    List.iter
      (fun (i, j) -> seen.(i).(j) <- true; rows.(i).(j) <- value)
      (if symmetric then [ (i, j); (j, i) ] else [ (i, j) ])
  in
  let entry (line, _, words) =
    match (words, field) with
    | [ a; b ], "pattern" when sparse && is_count a && is_count b ->
      set line (int_of_string a - 1, int_of_string b - 1) Q.one
    | [ a; b; value ], ("real" | "integer") when sparse && is_count a && is_count b ->
      set line (int_of_string a - 1, int_of_string b - 1) (number line value)
    | [ value ], ("real" | "integer") when not sparse -> (
      match next_of_column () with
      | Some place -> set line place (number line value)
      | None -> unusable "%s has more entries than it promises: write the file anew" source)
    | _ -> unusable "%s, line %d is no entry of the matrix: write the file anew" source line
  in
  List.iter entry entries;
  let promised =
    match counts with
    | [ count ] -> count
    | _ -> if symmetric then height * (height + 1) / 2 else height * width
  in
  if List.length entries <> promised then
    unusable "%s has %d entries and promises %d: write the file anew" source (List.length entries) promised;
  Array.to_list (Array.map Array.to_list rows)
