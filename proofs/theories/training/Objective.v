(** * The training objective

    What the theorems bound from below, for networks of every width: the sum of the losses of all samples, and the
    weight decay (docs/method.md, section 2). *)
From Coq Require Import List Ring.
From Certify Require Import OrderedField Vectors OutputBias.
Import ListNotations.
Set Implicit Arguments.

Section Objective.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation vec := (list K).
(** A network is a list of neurons (u_j, v_j), as many as one likes, and an output bias b. *)
Definition network := list (vec * vec).
(** The prediction for the sample x without b: the sum of relu(x.u_j) v_j, or relu(x.w_j + t_j) v_j with free biases. *)
Fixpoint predict (kind : output_bias) (x : vec) (net : network) : vec :=
  match net with
  | [] => []
  | (u, v) :: net' => vadd (vscale (relu K (activation kind x u)) v) (predict kind x net') end.
(** |u|^2 + |v|^2, without the bias of the neuron if that is free. *)
Definition decay (kind : output_bias) (uv : vec * vec) : K := sq (weights kind (fst uv)) + sq (snd uv).

(** A sample is its features x and what the loss l compares the prediction with: the target, or a weight and the target. *)
Variable A : Type.
Variable l : vec -> A -> K.
Definition sample_loss (kind : output_bias) (net : network) (b : vec) (xy : vec * A) : K :=
  l (vadd (predict kind (fst xy) net) b) (snd xy).
(** The losses of all samples, and gamma/2 (sum of |u_j|^2 + |v_j|^2, and |b|^2 if it is decayed). *)
Definition objective (D : list (vec * A)) (gamma : K) (kind : output_bias) (net : network) (b : vec) : K :=
  sum (map (sample_loss kind net b) D) + gamma / (1 + 1) * (sum (map (decay kind) net) + bias_decay kind b).
(** The loss of a sample that counts w times. *)
Definition weighted_value (z : vec) (wy : K * A) : K := fst wy * l z (snd wy).
End Objective.
Arguments predict {K} kind x net. Arguments decay {K} kind uv. Arguments sample_loss {K A} l kind net b xy.
Arguments objective {K A} l D gamma kind net b.
Arguments weighted_value {K A} l z wy.

(** Weights 1 change nothing. *)
Lemma objective_unweighted (K : OField) (A : Type) (l : list K -> A -> K) D gamma kind net b :
  objective (weighted_value l) (map (fun xy => (fst xy, (f1 K, snd xy))) D) gamma kind net b = objective l D gamma kind net b.
Proof.
  unfold objective. f_equal. f_equal. rewrite map_map. apply map_ext. intros [x y].
  unfold sample_loss, weighted_value. cbn [fst snd]. apply (Ring_theory.Rmul_1_l (f_ring K)). Qed.
