(** * Lists as long as the data

    There may be millions of samples. What runs over all of them calls itself last and hands on what it has found, so
    that the extracted program needs no stack for it; the definitions below are the plain ones. *)
From Coq Require Import List.
Import ListNotations.
Set Implicit Arguments.

Fixpoint map_onto {A B} (f : A -> B) (l : list A) (found : list B) : list B :=
  match l with [] => rev_append found [] | a :: l' => map_onto f l' (f a :: found) end.
Definition long_map {A B} (f : A -> B) (l : list A) : list B := map_onto f l [].

Lemma map_onto_eq {A B} (f : A -> B) l found : map_onto f l found = rev_append found (map f l).
Proof. revert found; induction l as [|a l IH]; intro found; cbn [map_onto map]; [reflexivity|]. now rewrite IH. Qed.
Lemma long_map_eq {A B} (f : A -> B) l : long_map f l = map f l.
Proof. exact (map_onto_eq f l []). Qed.
