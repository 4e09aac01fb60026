(** * The theorems over any real field of Mathematical Components

    An ordered field of [OrderedField.v] is made of every [realFieldType] of that library, with the rectifier and the
    integers in it; the two main theorems are then stated for its numbers. Compiled only where the library is installed. *)
From Coq Require Import ZArith List Ring_theory InitialRing.
From mathcomp Require Import all_ssreflect ssralg ssrnum.
From Certify Require Import OrderedField Vectors Tree Losses LossBounds OutputBias Objective Checker MatrixChecker.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section MathComp.
Variable F : realFieldType.
Lemma mc_ring : @ring_theory F 0 1 (fun a b => a + b) (fun a b => a * b) (fun a b => a - b) (fun a => - a) eq.
Proof.
split => //; [exact: add0r|exact: addrC|exact: addrA|exact: mul1r|exact: mulrC|exact: mulrA|exact: mulrDl|exact: subrr].
Qed.
Lemma mc_ext : @ring_eq_ext F (fun a b => a + b) (fun a b => a * b) (fun a => - a) eq.
Proof. by split=> a b -> // c d ->. Qed.
Definition mcZ : Z -> F := gen_phiZ 0 1 (fun a b : F => a + b) (fun a b : F => a * b) (fun a => - a).
Let mcM := gen_phiZ_morph (Eqsth F) mc_ext mc_ring.
Definition MCField : OField.
refine {| car := F; f0 := 0; f1 := 1; fadd := (fun a b => a + b); fmul := (fun a b => a * b);
  fsub := (fun a b => a - b); fopp := (fun a => - a); finv := (fun a => a^-1);
  fle := (fun a b : F => is_true (a <= b)); relu := (fun a => Num.max 0 a); ofZ := mcZ; f_ring := mc_ring |}.
- by move=> x /eqP H; rewrite mulVf.
- by move=> x; exact: lexx.
- by move=> x y z; exact: le_trans.
- by move=> x y H1 H2; apply/le_anti; rewrite H1 H2.
- by move=> x y; apply/orP; exact: le_total.
- by move=> x y z H; rewrite ler_add2r.
- exact: mulr_ge0.
- by apply/eqP; exact: oner_neq0.
- by move=> x y /eqP; rewrite mulf_eq0 => /orP [] /eqP; [left|right].
- by move=> x H; apply/max_idPr.
- by move=> x H; apply/max_idPl.
- exact: (morph0 mcM).
- exact: (morph1 mcM).
- exact: (morph_add mcM).
- exact: (morph_mul mcM).
- exact: (morph_opp mcM).
Defined.

Theorem check_sound_over_real_fields hint watch p c l (net : list (list F * list F)) (b : list F) leaves :
  algebraic_loss MCField (loss p) = Some l ->
  check hint watch p c = Proved leaves ->
  (forall u v, List.In (u, v) net -> length u = neuron_size (bias p) (features p)) ->
  admissible (K := MCField) (bias p) b ->
  mcZ (claim_num c) / mcZ (claim_den c) <=
    objective (K := MCField) (weighted_value (K := MCField) (loss_value l)) (data MCField p)
      (mcZ (gamma_num p) / mcZ (gamma_den p)) (bias p) net b :> F.
Proof. exact (@check_sound MCField hint watch p c l net b leaves). Qed.

Theorem check_matrix_sound_over_real_fields hint watch M c leaves :
  check_matrix hint watch M c = Proved leaves -> says MCField (stated c) (free c) M.
Proof. exact (@check_matrix_sound MCField hint watch M c leaves). Qed.
End MathComp.
