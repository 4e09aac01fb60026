(** * Weak duality: what a dual point proves of the objective, for every width (docs/method.md, section 2)

    A dual point N has a row for each sample. Where |N^T relu(Xu)| <= gamma |u| for all u, which the tree of a
    certificate proves, the objective is at least the sum of the loss's bounds at the rows, less the output bias's toll.
    Where neurons have free biases, so is it if |N^T relu(Xw + t 1)| <= gamma |w| for all w and t. The premise does not
    know the loss, and the loss not the network. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Losses OutputBias Objective.
Import ListNotations.
Set Implicit Arguments.

Section Duality.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Variable A : Type.
Local Notation samples := (list (vec * A)).
Variable kind : output_bias.

(** N^T relu(Xu), or N^T relu(Xw + t 1) for a neuron with a free bias, the sum of the rows of N, and <N, predictions>. *)
Fixpoint gauge (D : samples) (N : list vec) (u : vec) : vec :=
  match D, N with
  | (x, _) :: D', nu :: N' => vadd (vscale (relu K (activation kind x u)) nu) (gauge D' N' u)
  | _, _ => [] end.
Fixpoint sum_of_rows (N : list vec) : vec := match N with nu :: N' => vadd nu (sum_of_rows N') | [] => [] end.
Fixpoint cross (D : samples) (N : list vec) (net : network K) : K :=
  match D, N with (x, _) :: D', nu :: N' => dot nu (predict kind x net) + cross D' N' net | _, _ => 0 end.

Lemma cross_nil D N : cross D N [] = 0.
Proof. revert N; induction D as [|[x y] D IH]; intros [|nu N]; cbn [cross predict]; auto.
  rewrite IH, dot_nil_r. ring. Qed.
Lemma cross_cons D N u v net : cross D N ((u, v) :: net) = dot (gauge D N u) v + cross D N net.
Proof. revert N; induction D as [|[x y] D IH]; intros [|nu N]; cbn [cross predict gauge]; try (simpl; ring).
  rewrite IH, !dot_vadd, dot_vscale, (dot_comm K nu), dot_vadd, dot_vscale, (dot_comm K v), (dot_comm K (predict kind x net)). ring. Qed.
(** v . g <= gamma/2 (|u|^2 + |v|^2) if |g| <= gamma |u|. *)
Lemma neuron gamma g u v : 0 <= gamma -> gamma <> 0 -> sq g <= gamma * gamma * sq u ->
  0 <= gamma * (sq u + sq v) - (dot g v + dot g v).
Proof. intros Hg Ng H. apply (@mul_cancel K gamma _ Hg Ng).
  pose proof (sq_pos K (vsub (vscale gamma v) g)) as P. apply le_sub in H.
  unfold vsub in P. rewrite sq_vadd, !sq_vscale, dot_vscale, (dot_comm K v), dot_vscale in P.
  match goal with |- 0 <= ?e => replace e with
    ((gamma * gamma * sq u - sq g) +
     (gamma * gamma * sq v + (gamma * (- (1) * dot g v) + gamma * (- (1) * dot g v)) + - (1) * - (1) * sq g)) by ring end.
  auto with pos. Qed.
Lemma cross_le D N gamma net : 0 <= gamma -> gamma <> 0 ->
  (forall u v, In (u, v) net -> sq (gauge D N u) <= gamma * gamma * sq (weights kind u)) ->
  0 <= gamma * sum (map (decay kind) net) - (cross D N net + cross D N net).
Proof.
  intros Hg Ng H. induction net as [|[u v] net IH].
  - rewrite cross_nil. simpl. replace (gamma * 0 - (0 + 0)) with 0 by ring. auto with pos.
  - rewrite cross_cons. cbn [map sum fold_right]. fold (sum (map (decay kind) net)). unfold decay at 1. cbn [fst snd].
    assert (P := @neuron gamma (gauge D N u) (weights kind u) v Hg Ng (H u v (or_introl eq_refl))).
    assert (Q := IH (fun u' v' I => H u' v' (or_intror I))).
    match goal with |- 0 <= ?e => replace e with
     ((gamma * (sq (weights kind u) + sq v) - (dot (gauge D N u) v + dot (gauge D N u) v)) +
      (gamma * sum (map (decay kind) net) - (cross D N net + cross D N net))) by ring end.
    auto with pos.
Qed.

(** ** The loss *)
Variable l : loss_function K A.
(** A row for each sample, in the domain of the loss. *)
Fixpoint in_domain (D : samples) (N : list vec) : Prop :=
  match D, N with
  | (_, y) :: D', nu :: N' => loss_domain l nu y /\ in_domain D' N'
  | [], [] => True
  | _, _ => False end.
Fixpoint sum_of_bounds (D : samples) (N : list vec) : K :=
  match D, N with (_, y) :: D', nu :: N' => loss_bound l nu y + sum_of_bounds D' N' | _, _ => 0 end.
Lemma losses_le D N net b : in_domain D N ->
  0 <= sum (map (sample_loss (loss_value l) kind net b) D) - sum_of_bounds D N + cross D N net + dot (sum_of_rows N) b.
Proof.
  revert N; induction D as [|[x y] D IH]; intros [|nu N] H; cbn [in_domain] in H; try contradiction;
    cbn [map sum fold_right sum_of_bounds cross sum_of_rows].
  - replace (0 - 0 + 0 + dot [] b) with 0 by (cbn [dot]; ring). auto with pos.
  - fold (sum (map (sample_loss (loss_value l) kind net b) D)). destruct H as [H I]. specialize (IH N I).
    unfold sample_loss at 1. cbn [fst snd].
    pose proof (le_sub K _ _ (fenchel l _ _ (vadd (predict kind x net) b) H)) as F.
    rewrite (dot_comm K nu), dot_vadd, !(dot_comm K _ nu) in F. rewrite dot_vadd.
    match type of IH with 0 <= ?p => match type of F with 0 <= ?q => match goal with |- 0 <= ?g =>
      replace g with (q + p) by ring end end end. auto with pos. Qed.

(** ** The theorem, for every loss and every output bias *)
Theorem weak_duality D N gamma net b :
  0 <= gamma -> gamma <> 0 ->
  in_domain D N ->
  allows kind (sum_of_rows N) -> admissible kind b ->
  (forall u v, In (u, v) net -> sq (gauge D N u) <= gamma * gamma * sq (weights kind u)) ->
  sum_of_bounds D N - toll kind gamma (sum_of_rows N) <= objective (loss_value l) D gamma kind net b.
Proof.
  intros Hg Ng HD Hs Hb H. apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). unfold objective.
  pose proof (@losses_le D N net b HD) as F.
  pose proof (@cross_le D N gamma net Hg Ng H) as E.
  pose proof (@bias_le K kind gamma (sum_of_rows N) b Hg Ng Hs Hb) as B.
  set (L := sum (map (sample_loss _ kind net b) D)) in *. set (V := sum_of_bounds D N) in *. set (c := cross D N net) in *.
  set (s := dot (sum_of_rows N) b) in *. set (tl := toll kind gamma (sum_of_rows N)) in *. set (bd := bias_decay kind b) in *.
  replace ((1 + 1) * (L + gamma / (1 + 1) * (sum (map (decay kind) net) + bd) - (V - tl))) with
    ((L - V + c + s) + (L - V + c + s) + (gamma * sum (map (decay kind) net) - (c + c)) +
     (gamma * bd - (s + s) + (1 + 1) * tl)).
  - auto with pos.
  - transitivity ((1 + 1) * L + ((1 + 1) * (gamma / (1 + 1))) * (sum (map (decay kind) net) + bd) - (1 + 1) * (V - tl)); [|ring].
    rewrite half_mul. ring. Qed.
End Duality.
Arguments gauge {K A} kind D N u. Arguments sum_of_rows {K} N. Arguments in_domain {K A} l D N.
Arguments sum_of_bounds {K A} l D N.
