(* What the program answers. *)

type t = {
  obligation : string option;  (* what is not met; nothing if the certificate is valid *)
  node : Z.t option;  (* of the tree, counted from 0 *)
  bound : Q.t option;
  leaves : Z.t;
  words : string;  (* the statement, or why it is not proved *)
}

let valid bound leaves words = { obligation = None; node = None; bound; leaves; words }
let rejected ?node obligation words = { obligation = Some obligation; node; bound = None; leaves = Z.zero; words }

let text v =
  match v.obligation with
  | None ->
    let count =
      if Z.equal v.leaves Z.zero then ""
      else if Z.equal v.leaves Z.one then " (1 leaf)"
      else Printf.sprintf " (%s leaves)" (Z.to_string v.leaves)
    in
    Printf.sprintf "VALID, trust: proved\n%s\nChecked: every obligation holds%s; the checker is proved in Coq." v.words count
  | Some o ->
    Printf.sprintf "REJECTED: %s%s%s" o
      (match v.node with Some k -> Printf.sprintf " (node %s of the tree)" (Z.to_string (Z.succ k)) | None -> "")
      (if v.words = "" then "" else ": " ^ v.words)

let json_text s =
  let b = Buffer.create 64 in
  let escaped unit = Buffer.add_string b (Printf.sprintf "\\u%04x" unit) in
  Text.iter_points
    (fun point ->
      if point = Char.code '"' || point = Char.code '\\' then (Buffer.add_char b '\\'; Buffer.add_char b (Char.chr point))
      else if point >= 32 && point < 127 then Buffer.add_char b (Char.chr point)
      else if point < 0 then escaped 0xfffd
      else if point < 0x10000 then escaped point
      else (
        escaped (0xd800 lor ((point - 0x10000) lsr 10));
        escaped (0xdc00 lor ((point - 0x10000) land 0x3ff))))
    s;
  "\"" ^ Buffer.contents b ^ "\""

let json v =
  let null_or f = function None -> "null" | Some x -> f x in
  let ratio q = Printf.sprintf "\"%s/%s\"" (Z.to_string (Q.num q)) (Z.to_string (Q.den q)) in
  Printf.sprintf
    "{\"valid\": %b, \"bound\": %s, \"trust\": \"proved\", \"obligation\": %s, \"node\": %s, \"leaves\": %s, \"reason\": %s}"
    (v.obligation = None) (null_or ratio v.bound) (null_or json_text v.obligation) (null_or Z.to_string v.node)
    (Z.to_string v.leaves) (json_text v.words)
