(** * What the main theorems rest on

    Over an abstract ordered field: on nothing but the field's own laws. Over the reals: on the axioms by which Coq's
    library defines them. *)
From Certify Require Import Forms Duality Activations Leaves Checker OverReals.

Print Assumptions weak_duality.
Print Assumptions lemma3.
Print Assumptions products_sound.
Print Assumptions tau_sound.
Print Assumptions envelope_sound.
Print Assumptions check_sound.
Print Assumptions check_sound_over_the_reals.
