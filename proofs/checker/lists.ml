(* The functions on lists that in OCaml's library use stack for each entry, here without: a file may have millions of
   rows. *)
module List = struct
  include Stdlib.List

  let map f l = rev (rev_map f l)
  let map2 f a b = rev (rev_map2 f a b)
  let combine a b = map2 (fun x y -> (x, y)) a b
  let append a b = rev_append (rev a) b

  let mapi f l =
    let k = ref (-1) in
    map (fun x -> incr k; f !k x) l
end

let ( @ ) = List.append
