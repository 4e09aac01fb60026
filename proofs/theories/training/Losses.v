(** * Other losses: a Fenchel bound for each sample is enough

    A loss f of one output has the bound b at nu if b - nu z <= f z for every z. The bounds of the squared, the
    absolute, the Huber and the hinge loss are rational where nu is. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors Duality.
Import ListNotations.
Set Implicit Arguments.

Section Losses.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).
Lemma squared (y nu z : K) : nu * y - nu * nu / (1 + 1) - nu * z <= (z - y) * (z - y) / (1 + 1).
Proof.
  apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)).
  replace ((1 + 1) * ((z - y) * (z - y) / (1 + 1) - (nu * y - nu * nu / (1 + 1) - nu * z))) with
    ((1 + 1) * ((z - y) * (z - y) / (1 + 1)) + (1 + 1) * (nu * nu / (1 + 1)) + (1 + 1) * (nu * (z - y))) by ring.
  rewrite !half_mul. replace ((z - y) * (z - y) + nu * nu + (1 + 1) * (nu * (z - y))) with
    ((z - y + nu) * (z - y + nu)) by ring. auto with pos. Qed.

Definition absolute (t : K) : K := relu K t + relu K (- t).
Lemma absolute_bound (y nu z : K) : 0 <= 1 - nu -> 0 <= 1 + nu -> nu * y - nu * z <= absolute (z - y).
Proof.
  intros H1 H2. apply sub_le. unfold absolute. set (t := z - y).
  pose proof (relu_ge0 K t) as P. pose proof (relu_ge0 K (- t)) as Q.
  assert (E : t = relu K t - relu K (- t)).
  { destruct (f_total K 0 t) as [H|H].
    - rewrite relu_pos, relu_neg; auto; [ring|]. apply sub_le. replace (0 - - t) with t by ring. exact H.
    - rewrite relu_neg, (relu_pos K (- t)); auto using neg_pos. ring. }
  replace (relu K t + relu K (- t) - (nu * y - nu * z)) with (relu K t + relu K (- t) + nu * t) by (unfold t; ring).
  rewrite E at 3. replace (relu K t + relu K (- t) + nu * (relu K t - relu K (- t))) with
    ((1 + nu) * relu K t + (1 - nu) * relu K (- t)) by ring. auto with pos. Qed.

(** h is the Huber loss of t with threshold d: t^2/2 up to d, then linear. *)
Definition huber (d t h : K) : Prop :=
  (0 <= d - t -> 0 <= d + t -> (1 + 1) * h = t * t) /\
  (0 <= t - d -> (1 + 1) * h = (1 + 1) * (d * t) - d * d) /\
  (0 <= - t - d -> (1 + 1) * h = (1 + 1) * (d * - t) - d * d).
Lemma huber_bound (d y nu z h : K) : huber d (z - y) h -> 0 <= d - nu -> 0 <= d + nu ->
  nu * y - nu * nu / (1 + 1) - nu * z <= h.
Proof.
  intros (H1 & H2 & H3) N1 N2. apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). set (t := z - y) in *.
  replace ((1 + 1) * (h - (nu * y - nu * nu / (1 + 1) - nu * z))) with
    ((1 + 1) * h + (1 + 1) * (nu * nu / (1 + 1)) + (1 + 1) * (nu * t)) by (unfold t; ring).
  rewrite half_mul. destruct (f_total K t d) as [L|L]; [destruct (f_total K (- t) d) as [M|M]|].
  - apply le_sub in L. apply le_sub in M.
    rewrite H1; [|exact L|replace (d + t) with (d - - t) by ring; exact M].
    replace (t * t + nu * nu + (1 + 1) * (nu * t)) with ((t + nu) * (t + nu)) by ring. auto with pos.
  - apply le_sub in M. rewrite H3 by exact M.
    replace ((1 + 1) * (d * - t) - d * d + nu * nu + (1 + 1) * (nu * t)) with
      ((1 + 1) * ((d - nu) * (- t - d)) + (d - nu) * (d - nu)) by ring. auto with pos.
  - apply le_sub in L. rewrite H2 by exact L.
    replace ((1 + 1) * (d * t) - d * d + nu * nu + (1 + 1) * (nu * t)) with
      ((1 + 1) * ((d + nu) * (t - d)) + (d + nu) * (d + nu)) by ring. auto with pos. Qed.

(** The hinge loss relu(1 - y z); its dual variable is s y with 0 <= s <= 1. *)
Lemma hinge_bound (y s z : K) : 0 <= s -> 0 <= 1 - s -> s - (s * y) * z <= relu K (1 - y * z).
Proof.
  intros P Q. apply sub_le. set (t := 1 - y * z). pose proof (relu_ge0 K t) as R. pose proof (relu_ge K t) as G.
  replace (relu K t - (s - s * y * z)) with ((1 - s) * relu K t + s * (relu K t - t)) by (unfold t; ring).
  auto with pos. Qed.

(** A loss that is a sum over the samples, f_i of the i-th prediction. *)
Fixpoint separable (fs : list (vec -> K)) (Z : list vec) : K :=
  match fs, Z with f :: fs', z :: Z' => f z + separable fs' Z' | _, _ => 0 end.
Fixpoint fenchel (fs : list (vec -> K)) (N : list vec) (bounds : list K) : Prop :=
  match fs, N, bounds with
  | f :: fs', nu :: N', b :: bounds' => (forall z, b - dot nu z <= f z) /\ fenchel fs' N' bounds'
  | [], [], [] => True
  | _, _, _ => False end.
Theorem weak_duality_separable D N gamma (net : network K) fs bounds :
  0 <= gamma -> gamma <> 0 -> length D = length fs -> fenchel fs N bounds ->
  (forall u v, In (u, v) net -> sq (gauge D N u) <= gamma * gamma * sq u) ->
  sum bounds <= separable fs (predictions D net) + gamma / (1 + 1) * sum (map decay net).
Proof.
  intros Hg Ng L F H. apply weak_duality_general with (N := N) (l := separable fs); auto. clear H Hg Ng gamma.
  unfold predictions. generalize (map (fun xy : vec * vec => predict (fst xy) net) D)
    (map_length (fun xy : vec * vec => predict (fst xy) net) D). intros Z LZ. rewrite L in LZ. clear L D net.
  revert N bounds Z F LZ. induction fs as [|f fs IH]; intros [|nu N] [|b bounds] [|z Z] F LZ;
    cbn [fenchel] in F; try contradiction; try discriminate; cbn [sum fold_right pair_sum separable].
  - replace (0 - 0) with 0 by ring. auto with pos.
  - destruct F as [Fz F]. injection LZ as LZ. fold (sum bounds). specialize (IH N bounds Z F LZ). specialize (Fz z).
    apply le_sub in IH. apply le_sub in Fz. apply sub_le.
    replace (f z + separable fs Z - (b + sum bounds - (dot nu z + pair_sum Z N))) with
      ((f z - (b - dot nu z)) + (separable fs Z - (sum bounds - pair_sum Z N))) by ring. auto with pos. Qed.
End Losses.
