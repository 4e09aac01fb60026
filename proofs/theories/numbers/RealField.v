(** * Coq's real numbers as an ordered field of [OrderedField.v] *)
From Coq Require Import Reals Lra.
From Certify Require Import OrderedField.
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
