(** * The training problem and weak duality, for every width (docs/method.md, section 2) *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors.
Import ListNotations.
Set Implicit Arguments.

(** No output bias, one that costs nothing, one that costs gamma/2 |b|^2. *)
Inductive output_bias := NoBias | FreeBias | DecayedBias.

Section Duality.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
(** A network is a list of neurons (u_j, v_j), as many as one likes, and an output bias b. *)
Definition network := list (vec * vec).
(** The prediction for the sample x without b: the sum of relu(x.u_j) v_j. *)
Fixpoint predict (x : vec) (net : network) : vec :=
  match net with
  | [] => []
  | (u, v) :: net' => vadd (vscale (relu K (dot x u)) v) (predict x net') end.
Definition squared_error (net : network) (b : vec) (xy : vec * vec) : K :=
  sq (vsub (vadd (predict (fst xy) net) b) (snd xy)).
Definition decay (uv : vec * vec) : K := sq (fst uv) + sq (snd uv).
Definition bias_decay (kind : output_bias) (b : vec) : K := match kind with DecayedBias => sq b | _ => 0 end.
Definition admissible (kind : output_bias) (b : vec) : Prop := match kind with NoBias => b = [] | _ => True end.
(** 1/2 |f(X) - Y|^2 + gamma/2 (sum of |u_j|^2 + |v_j|^2, and |b|^2 if it is decayed). *)
Definition loss (D : list (vec * vec)) (gamma : K) (kind : output_bias) (net : network) (b : vec) : K :=
  sum (map (squared_error net b) D) / (1 + 1) +
  gamma / (1 + 1) * (sum (map decay net) + bias_decay kind b).

(** A dual point N has a row for each sample; N^T relu(Xu), <N,Y>, |N|^2, N^T 1. *)
Fixpoint gauge (D : list (vec * vec)) (N : list vec) (u : vec) : vec :=
  match D, N with
  | (x, _) :: D', nu :: N' => vadd (vscale (relu K (dot x u)) nu) (gauge D' N' u)
  | _, _ => [] end.
Fixpoint inner (D : list (vec * vec)) (N : list vec) : K :=
  match D, N with (_, y) :: D', nu :: N' => dot nu y + inner D' N' | _, _ => 0 end.
Fixpoint nsq (D : list (vec * vec)) (N : list vec) : K :=
  match D, N with _ :: D', nu :: N' => sq nu + nsq D' N' | _, _ => 0 end.
Fixpoint sums (D : list (vec * vec)) (N : list vec) : vec :=
  match D, N with _ :: D', nu :: N' => vadd nu (sums D' N') | _, _ => [] end.
Fixpoint cross (D : list (vec * vec)) (N : list vec) (net : network) : K :=
  match D, N with (x, _) :: D', nu :: N' => dot nu (predict x net) + cross D' N' net | _, _ => 0 end.

(** What N must satisfy for the kind of output bias, and what that costs of the bound. *)
Definition sums_fit (kind : output_bias) (s : vec) : Prop :=
  match kind with FreeBias => forall w, dot s w = 0 | _ => True end.
Definition toll (kind : output_bias) (gamma : K) (s : vec) : K :=
  match kind with DecayedBias => sq s / gamma | _ => 0 end.

Lemma errors_pos net b D : 0 <= sum (map (squared_error net b) D).
Proof. induction D; simpl; auto with pos. unfold squared_error at 1. auto with pos. Qed.
Lemma young D N net b :
  0 <= sum (map (squared_error net b) D) - ((inner D N + inner D N) - nsq D N) + (cross D N net + cross D N net)
       + (dot (sums D N) b + dot (sums D N) b).
Proof. revert N; induction D as [|[x y] D IH]; intros [|nu N]; cbn [map sum fold_right inner nsq cross sums].
  - simpl. replace (0 - (0 + 0 - 0) + (0 + 0) + (0 + 0)) with 0 by ring. auto with pos.
  - simpl. replace (0 - (0 + 0 - 0) + (0 + 0) + (0 + 0)) with 0 by ring. auto with pos.
  - fold (sum (map (squared_error net b) D)). cbn [dot].
    replace (squared_error net b (x, y) + sum (map (squared_error net b) D) - (0 + 0 - 0) + (0 + 0) + (0 + 0))
      with (squared_error net b (x, y) + sum (map (squared_error net b) D)) by ring.
    apply add_pos; [apply sq_pos|apply errors_pos].
  - fold (sum (map (squared_error net b) D)). specialize (IH N). unfold squared_error at 1. cbn [fst snd].
    pose proof (sq_pos K (vadd (vsub (vadd (predict x net) b) y) nu)) as P.
    rewrite sq_vadd, dot_vsub, dot_vadd in P. rewrite dot_vadd, (dot_comm K nu), (dot_comm K nu), (dot_comm K nu).
    match goal with |- 0 <= ?g => replace g with
      ((sq (vsub (vadd (predict x net) b) y) + (dot (predict x net) nu + dot b nu - dot y nu +
        (dot (predict x net) nu + dot b nu - dot y nu)) + sq nu) +
       (sum (map (squared_error net b) D) - (inner D N + inner D N - nsq D N) + (cross D N net + cross D N net) +
        (dot (sums D N) b + dot (sums D N) b))) by ring end.
    auto with pos. Qed.
Lemma cross_nil D N : cross D N [] = 0.
Proof. revert N; induction D as [|[x y] D IH]; intros [|nu N]; cbn [cross predict]; auto.
  rewrite IH, dot_nil_r. ring. Qed.
Lemma cross_cons D N u v net : cross D N ((u, v) :: net) = dot (gauge D N u) v + cross D N net.
Proof. revert N; induction D as [|[x y] D IH]; intros [|nu N]; cbn [cross predict gauge]; try (simpl; ring).
  rewrite IH, !dot_vadd, dot_vscale, (dot_comm K nu), dot_vadd, dot_vscale, (dot_comm K v), (dot_comm K (predict x net)). ring. Qed.
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
  (forall u v, In (u, v) net -> sq (gauge D N u) <= gamma * gamma * sq u) ->
  0 <= gamma * sum (map decay net) - (cross D N net + cross D N net).
Proof.
  intros Hg Ng H. induction net as [|[u v] net IH].
  - rewrite cross_nil. simpl. replace (gamma * 0 - (0 + 0)) with 0 by ring. auto with pos.
  - rewrite cross_cons. cbn [map sum fold_right]. fold (sum (map decay net)). unfold decay at 1. cbn [fst snd].
    assert (P := @neuron gamma (gauge D N u) u v Hg Ng (H u v (or_introl eq_refl))).
    assert (Q := IH (fun u' v' I => H u' v' (or_intror I))).
    match goal with |- 0 <= ?e => replace e with
     ((gamma * (sq u + sq v) - (dot (gauge D N u) v + dot (gauge D N u) v)) +
      (gamma * sum (map decay net) - (cross D N net + cross D N net))) by ring end.
    auto with pos.
Qed.
(** What is left over of an output bias: gamma/2 |b|^2 - s.b >= -toll/2. *)
Lemma bias_le kind gamma s b : 0 <= gamma -> gamma <> 0 -> sums_fit kind s -> admissible kind b ->
  0 <= gamma * bias_decay kind b - (dot s b + dot s b) + toll kind gamma s.
Proof.
  intros Hg Ng Hs Hb. destruct kind; cbn [bias_decay sums_fit admissible toll] in *.
  - rewrite Hb, dot_nil_r. replace (gamma * 0 - (0 + 0) + 0) with 0 by ring. auto with pos.
  - rewrite Hs. replace (gamma * 0 - (0 + 0) + 0) with 0 by ring. auto with pos.
  - apply (@mul_cancel K gamma _ Hg Ng). pose proof (sq_pos K (vsub (vscale gamma b) s)) as P.
    unfold vsub in P. rewrite sq_vadd, !sq_vscale, dot_vscale, (dot_comm K b), dot_vscale in P.
    match goal with |- 0 <= ?e => replace e with
      (gamma * gamma * sq b + (gamma * (- (1) * dot s b) + gamma * (- (1) * dot s b)) +
       (gamma * (sq s / gamma))) by ring end.
    rewrite div_mul by assumption.
    match type of P with 0 <= ?e => replace e with
      (gamma * gamma * sq b + (gamma * (- (1) * dot s b) + gamma * (- (1) * dot s b)) + sq s) in P by ring end.
    exact P.
Qed.

(** ** The theorem: if |N^T relu(Xu)| <= gamma |u| for the hidden weights u of a network, its loss is at least
    <N,Y> - 1/2 |N|^2, less what an output bias costs. *)
Theorem weak_duality D N gamma kind net b :
  0 <= gamma -> gamma <> 0 ->
  sums_fit kind (sums D N) -> admissible kind b ->
  (forall u v, In (u, v) net -> sq (gauge D N u) <= gamma * gamma * sq u) ->
  inner D N - (nsq D N + toll kind gamma (sums D N)) / (1 + 1) <= loss D gamma kind net b.
Proof.
  intros Hg Ng Hs Hb H. apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). unfold loss.
  set (L := sum (map (squared_error net b) D)).
  pose proof (@cross_le D N gamma net Hg Ng H) as E.
  pose proof (young D N net b) as Y. fold L in Y.
  pose proof (@bias_le kind gamma (sums D N) b Hg Ng Hs Hb) as B.
  set (tl := toll kind gamma (sums D N)) in *. set (bd := bias_decay kind b) in *.
  assert (A : (1 + 1) * (L / (1 + 1) + gamma / (1 + 1) * (sum (map decay net) + bd) - (inner D N - (nsq D N + tl) / (1 + 1))) =
    (L - (inner D N + inner D N - nsq D N) + (cross D N net + cross D N net) + (dot (sums D N) b + dot (sums D N) b)) +
    (gamma * sum (map decay net) - (cross D N net + cross D N net)) +
    (gamma * bd - (dot (sums D N) b + dot (sums D N) b) + tl)).
  { transitivity ((1 + 1) * (L / (1 + 1)) + (1 + 1) * (gamma / (1 + 1)) * (sum (map decay net) + bd)
      - (inner D N + inner D N - (1 + 1) * ((nsq D N + tl) / (1 + 1)))); [ring|].
    rewrite !half_mul. ring. }
  rewrite A. auto with pos.
Qed.

(** ** Any loss l of the predictions Z with a Fenchel bound at -N: l Z >= bound - <N,Z>, so bound = -l*(-N). *)
Fixpoint pair_sum (Z N : list vec) : K :=
  match Z, N with z :: Z', nu :: N' => dot nu z + pair_sum Z' N' | _, _ => 0 end.
Definition predictions (D : list (vec * vec)) (net : network) : list vec := map (fun xy => predict (fst xy) net) D.
Theorem weak_duality_general D N gamma net (l : list vec -> K) bound :
  0 <= gamma -> gamma <> 0 ->
  bound - pair_sum (predictions D net) N <= l (predictions D net) ->
  (forall u v, In (u, v) net -> sq (gauge D N u) <= gamma * gamma * sq u) ->
  bound <= l (predictions D net) + gamma / (1 + 1) * sum (map decay net).
Proof.
  intros Hg Ng Hl H. pose proof (@cross_le D N gamma net Hg Ng H) as E.
  apply le_sub in Hl.
  assert (P : pair_sum (predictions D net) N = cross D N net).
  { clear. revert N; induction D as [|[x y] D IH]; intros [|nu N]; cbn [predictions map pair_sum cross fst]; auto.
    fold (predictions D net). now rewrite IH. }
  rewrite P in Hl. apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)).
  set (L := l (predictions D net)) in *.
  assert (A : (1 + 1) * (L + gamma / (1 + 1) * sum (map decay net) - bound) =
    (L - (bound - cross D N net)) + (L - (bound - cross D N net)) +
    (gamma * sum (map decay net) - (cross D N net + cross D N net))).
  { transitivity ((1 + 1) * L + (1 + 1) * (gamma / (1 + 1)) * sum (map decay net) - (1 + 1) * bound); [ring|].
    rewrite half_mul. ring. }
  rewrite A. auto with pos.
Qed.
End Duality.
Arguments predict {K} x net. Arguments loss {K} D gamma kind net b. Arguments gauge {K} D N u.
Arguments inner {K} D N. Arguments nsq {K} D N. Arguments sums {K} D N. Arguments admissible {K} kind b.
Arguments decay {K} uv. Arguments pair_sum {K} Z N. Arguments predictions {K} D net.
Arguments sums_fit {K} kind s. Arguments toll {K} kind gamma s.
