(** * The output bias: none, a free one, a decayed one, or one that is free like those of the neurons

    The prediction of a network for x is f(x) + b. This says which b there may be and what it adds to the objective;
    then what that demands of a dual point, and what toll it takes of its bound. Both depend only on the sum s of the
    rows of the dual point. Where all biases are free, a neuron is relu(x.w + t) v, written as the weights u = w ++ [t];
    else it is relu(x.u) v. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors.
Import ListNotations.
Set Implicit Arguments.

(** No output bias, one that costs nothing, one that costs gamma/2 |b|^2, and one that costs nothing, as do the biases
    of the neurons. *)
Inductive output_bias := NoBias | FreeBias | DecayedBias | AllFree.
Definition frees_hidden (kind : output_bias) : bool := match kind with AllFree => true | _ => false end.
(** How many weights u a neuron has for d features. *)
Definition neuron_size (kind : output_bias) (d : nat) : nat := match kind with AllFree => S d | _ => d end.

(** ** In integers: s over s_den, gamma = gamma_num / gamma_den *)
Section Executable.
Local Open Scope Z_scope.
Definition sums_fit (kind : output_bias) (s : list Z) : bool := match kind with FreeBias | AllFree => iszero s | _ => true end.
(** The toll is toll_num / toll_den. *)
Definition toll_num (kind : output_bias) (gamma_den : Z) (s : list Z) : Z :=
  match kind with DecayedBias => gamma_den * zdot s s | _ => 0 end.
Definition toll_den (kind : output_bias) (gamma_num s_den : Z) : Z :=
  match kind with DecayedBias => 2 * (s_den * s_den) * gamma_num | _ => 1 end.
End Executable.

Section OutputBias.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** The weights u of a neuron: those that features are multiplied with and that are decayed, and its bias. *)
Definition weights (kind : output_bias) (u : vec) : vec := match kind with AllFree => removelast u | _ => u end.
Definition hidden_bias (kind : output_bias) (u : vec) : K := match kind with AllFree => last u 0 | _ => 0 end.
(** What a neuron applies relu to, for the features x. *)
Definition activation (kind : output_bias) (x u : vec) : K :=
  match kind with AllFree => dot x (removelast u) + last u 0 | _ => dot x u end.
Lemma activation_eq kind x u : activation kind x u = dot x (weights kind u) + hidden_bias kind u.
Proof. destruct kind; cbn [activation weights hidden_bias]; ring. Qed.
Lemma weights_length kind d u : length u = neuron_size kind d -> length (weights kind u) = d.
Proof.
  destruct kind; cbn [weights neuron_size]; auto. intro H. destruct u as [|a u]; [discriminate|].
  rewrite (app_removelast_last 0 (l := a :: u)), app_length in H by discriminate. cbn [length] in H. lia. Qed.

Definition bias_decay (kind : output_bias) (b : vec) : K := match kind with DecayedBias => sq b | _ => 0 end.
Definition admissible (kind : output_bias) (b : vec) : Prop := match kind with NoBias => b = [] | _ => True end.
(** What s must satisfy, and what that costs of the bound. *)
Definition allows (kind : output_bias) (s : vec) : Prop := match kind with FreeBias | AllFree => forall w, dot s w = 0 | _ => True end.
Definition toll (kind : output_bias) (gamma : K) (s : vec) : K :=
  match kind with DecayedBias => sq s / gamma / (1 + 1) | _ => 0 end.

(** gamma/2 |b|^2 - s.b >= - toll, for every b. *)
Lemma bias_le kind gamma s b : 0 <= gamma -> gamma <> 0 -> allows kind s -> admissible kind b ->
  0 <= gamma * bias_decay kind b - (dot s b + dot s b) + (1 + 1) * toll kind gamma s.
Proof.
  intros Hg Ng Hs Hb. destruct kind; cbn [bias_decay allows admissible toll] in *.
  - rewrite Hb, dot_nil_r. replace (gamma * 0 - (0 + 0) + (1 + 1) * 0) with 0 by ring. auto with pos.
  - rewrite Hs. replace (gamma * 0 - (0 + 0) + (1 + 1) * 0) with 0 by ring. auto with pos.
  - rewrite half_mul. apply (@mul_cancel K gamma _ Hg Ng). pose proof (sq_pos K (vsub (vscale gamma b) s)) as P.
    unfold vsub in P. rewrite sq_vadd, !sq_vscale, dot_vscale, (dot_comm K b), dot_vscale in P.
    match goal with |- 0 <= ?e => replace e with
      (gamma * gamma * sq b + (gamma * (- (1) * dot s b) + gamma * (- (1) * dot s b)) +
       (gamma * (sq s / gamma))) by ring end.
    rewrite div_mul by assumption.
    match type of P with 0 <= ?e => match goal with |- 0 <= ?g => replace g with e by ring end end.
    exact P.
  - rewrite Hs. replace (gamma * 0 - (0 + 0) + (1 + 1) * 0) with 0 by ring. auto with pos.
Qed.

(** *** That the integers say so *)
Section Integers.
Variables (s : list Z) (s_den gamma_num gamma_den : Z).
Hypothesis Hs : (0 < s_den)%Z.
Hypothesis Hn : (0 < gamma_num)%Z.
Hypothesis Hd : (0 < gamma_den)%Z.
Variable v : vec.
Hypothesis E : forall w, dot v w = dot (vQ K s_den s) w.
Lemma sums_fit_sound kind : sums_fit kind s = true -> allows kind v.
Proof. destruct kind; cbn [sums_fit allows]; auto; intros H w; rewrite E, dot_vQ, iszero_lin by exact H; ring. Qed.
Lemma toll_den_positive kind : (0 < toll_den kind gamma_num s_den)%Z.
Proof. destruct kind; cbn [toll_den]; nia. Qed.
Lemma toll_sound kind :
  z2 (toll_num kind gamma_den s) = z2 (toll_den kind gamma_num s_den) * toll kind (z2 gamma_num / z2 gamma_den) v.
Proof.
  destruct kind; cbn [toll_num toll_den toll]; rewrite ?ofZ_0; [ring|ring| |ring].
  rewrite (sq_ext K v (vQ K s_den s) E). unfold sq at 1. rewrite dot_vQ2, !ofZ_mul, z2_2.
  set (n := z2 s_den). set (p := z2 gamma_num). set (q := z2 gamma_den). set (Q := z2 (zdot s s)).
  assert (Nq : q <> 0) by now apply z2_nz. assert (Np : p <> 0) by now apply z2_nz.
  assert (En : n * finv K n = 1) by now apply mul_inv, z2_nz.
  assert (Ng : p / q <> 0) by (apply mul_nz; [assumption|]; intro X; apply (f_01 K); rewrite <- (mul_inv K Nq), X; ring).
  set (T := finv K n * finv K n * Q). transitivity ((n * n * p) * ((1 + 1) * (T / (p / q) / (1 + 1)))); [|ring].
  rewrite half_mul. apply (@mul_inj K (p / q)); auto.
  transitivity (n * n * p * (p / q * (T / (p / q)))); [|ring]. rewrite div_mul by assumption. unfold T.
  transitivity (p * Q * (q * finv K q)); [ring|]. rewrite mul_inv by assumption.
  transitivity (p * Q * ((n * finv K n) * (n * finv K n))); [rewrite En; ring|ring]. Qed.
End Integers.
End OutputBias.
Arguments bias_decay {K} kind b. Arguments admissible {K} kind b. Arguments allows {K} kind s.
Arguments toll {K} kind gamma s. Arguments weights {K} kind u. Arguments hidden_bias {K} kind u.
Arguments activation {K} kind x u.
