(** * The theorems over Coq's real numbers

    Coq's reals are an ordered field as [OrderedField.v] wants it; so the two main theorems hold for networks with real
    weights, and for real vectors. *)
From Coq Require Import Reals ZArith List Lra.
From Certify Require Import OrderedField Vectors Tree Losses OutputBias Objective Checker Copositive MatrixChecker.
Open Scope R_scope.

Definition RField : OField.
refine {| car := R; f0 := 0; f1 := 1; fadd := Rplus; fmul := Rmult; fsub := Rminus; fopp := Ropp; finv := Rinv;
  fle := Rle; relu := Rmax 0; ofZ := IZR |}; try (intros; lra).
- split; intros; ring.
- exact Rinv_l.
- intros. now apply Rmult_le_pos.
- exact Rmult_integral.
- exact (Rmax_right 0).
- exact (Rmax_left 0).
- exact plus_IZR.
- exact mult_IZR.
- exact opp_IZR.
Defined.

(** For every network with real weights. *)
Theorem check_sound_over_the_reals hint watch p c (net : list (list R * list R)) (b : list R) leaves :
  check hint watch p c = Proved leaves ->
  (forall u v, In (u, v) net -> length u = features p) ->
  admissible (K := RField) (bias p) b ->
  IZR (claim_num c) / IZR (claim_den c) <=
    objective (K := RField) (value_of (loss p)) (data RField p) (IZR (gamma_num p) / IZR (gamma_den p)) (bias p) net b.
Proof. exact (@check_sound RField hint watch p c net b leaves). Qed.

Theorem check_matrix_sound_over_the_reals hint watch M c leaves :
  check_matrix hint watch M c = Proved leaves -> says RField (stated c) (free c) M.
Proof. exact (@check_matrix_sound RField hint watch M c leaves). Qed.
