(** * The theorems over Coq's real numbers

    Coq's reals are an ordered field as [OrderedField.v] wants it, in which also the losses with logarithms have a meaning;
    so the two main theorems hold for networks with real weights and every loss, and for real vectors. *)
From Coq Require Import Reals ZArith List.
From Certify Require Import OrderedField RealField Vectors Tree Losses LossBounds Entropies OutputBias Objective Checker Copositive
  MatrixChecker.
Open Scope R_scope.

(** For every network with real weights, and every loss. *)
Theorem check_sound_over_the_reals hint watch p c (net : list (list R * list R)) (b : list R) leaves :
  check hint watch p c = Proved leaves ->
  (forall u v, In (u, v) net -> length u = neuron_size (bias p) (features p)) ->
  admissible (K := RField) (bias p) b ->
  IZR (claim_num c) / IZR (claim_den c) <=
    objective (K := RField) (weighted_value (K := RField) (value_of (loss p))) (data RField p)
      (IZR (gamma_num p) / IZR (gamma_den p)) (bias p) net b.
Proof.
  intro H. apply (@accepted_sound RField hint watch p c (function_of (loss p)) net b leaves); [|exact H].
  exact (sample_bound_sound _ (@valid_where_accepted hint watch p c leaves H)). Qed.

Theorem check_matrix_sound_over_the_reals hint watch M c leaves :
  check_matrix hint watch M c = Proved leaves -> says RField (stated c) (free c) M.
Proof. exact (@check_matrix_sound RField hint watch M c leaves). Qed.
