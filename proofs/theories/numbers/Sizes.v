(** * How long integers are

    What checking a certificate may take, in work and in memory, is bounded by the bits of its numbers. *)
From Coq Require Import ZArith List.
Local Open Scope Z_scope.

Definition bits (a : Z) : Z := if a =? 0 then 0 else Z.log2 (Z.abs a) + 1.
Definition size_of (w : list Z) : Z := fold_right (fun a => Z.max (bits a)) 0 w.
(** The length of the longest entry; lists may be as long as a hostile file makes them, so that nothing recurses. *)
Definition longest_by {A} (length : A -> Z) (l : list A) : Z := fold_left (fun most a => Z.max most (length a)) l 0.
Definition longest (rows : list (list Z)) : Z := longest_by (longest_by bits) rows.
(** Of integers of so many bits. *)
Definition words (bits : Z) : Z := fst (Z.div_eucl bits 64) + 1.
