(** * What the main theorems rest on

    Coq prints, for each of them, the axioms that its proof uses; the Makefile keeps that as build/assumptions.txt. Over
    an abstract ordered field there are none but the field's own laws; over the reals there are the axioms by which
    Coq's library defines them. *)
From Certify Require Import Semidefinite Orthant Logarithm Losses LossBounds Entropies Weights Duality Activations Leaves Shifts Division Blocks Checker CopositiveTree MatrixChecker
  CanonicalText OverReals AsRead.

Print Assumptions weak_duality.
Print Assumptions algebraic_sound.
Print Assumptions row_sound.
Print Assumptions divide_sound.
Print Assumptions blocks_sound.
Print Assumptions lemma3.
Print Assumptions products_sound.
Print Assumptions tau_sound.
Print Assumptions envelope_sound.
Print Assumptions kinks_suffice.
Print Assumptions accepted_sound.
Print Assumptions check_sound.
Print Assumptions check_copositive_sound.
Print Assumptions check_strictly_copositive_sound.
Print Assumptions witness_excludes_proof.
Print Assumptions check_matrix_sound.
Print Assumptions parse_print_problem.
Print Assumptions parse_problem_prints.
Print Assumptions fold_problem_sound.
Print Assumptions parse_print_matrix.
Print Assumptions parse_matrix_prints.
Print Assumptions fold_matrix_sound.
Print Assumptions one_text_of_a_problem.
Print Assumptions one_text_of_a_matrix.
Print Assumptions log_below_sound.
Print Assumptions log_above_sound.
Print Assumptions sample_bound_sound.
Print Assumptions check_sound_over_the_reals.
Print Assumptions check_matrix_sound_over_the_reals.
Print Assumptions weighted_lower_bound_as_read.
Print Assumptions lower_bound_as_read.
Print Assumptions matrix_as_read.
