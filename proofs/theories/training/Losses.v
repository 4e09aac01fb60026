(** * The losses of one sample, and what a dual point proves of each

    A loss compares the prediction z of a network with what a sample has for it, as a rule the target y. All that the
    bound on the training loss needs of it is a Fenchel bound: a number b for the dual variable nu with
    b - nu.z <= the loss of z, for every z. The largest such number is minus the convex conjugate at -nu; where that is
    infinite, nu lies outside of the domain and proves nothing. The losses here are those of any ordered field; those
    with logarithms are in [Entropies.v], and the bounds in integers in [LossBounds.v]. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors.
Import ListNotations.
Set Implicit Arguments.

Section Losses.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation vec := (list K).
Add Ring Kring : (f_ring K).

(** A is what a sample has besides its features: the target, or a weight and the target. *)
Record loss_function (A : Type) := {
  loss_value : vec -> A -> K;
  loss_domain : vec -> A -> Prop;
  loss_bound : vec -> A -> K;
  fenchel : forall nu y z, loss_domain nu y -> loss_bound nu y - dot nu z <= loss_value z y
}.

(** ** The squared loss 1/2 |z - y|^2 *)
Definition squared_value (z y : vec) : K := sq (vsub z y) / (1 + 1).
Definition squared_bound (nu y : vec) : K := dot nu y - sq nu / (1 + 1).
Lemma squared_fenchel nu y z : squared_bound nu y - dot nu z <= squared_value z y.
Proof.
  unfold squared_bound, squared_value. apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)).
  match goal with |- 0 <= (1 + 1) * (?a - (?b - ?c - ?d)) => replace ((1 + 1) * (a - (b - c - d))) with
    ((1 + 1) * a + (1 + 1) * c + (1 + 1) * (d - b)) by ring end.
  rewrite !half_mul. pose proof (sq_pos K (vadd (vsub z y) nu)) as P.
  rewrite sq_vadd, dot_vsub, !(dot_comm K _ nu) in P.
  match type of P with 0 <= ?e => match goal with |- 0 <= ?g => replace g with e by ring end end. exact P. Qed.
Definition squared : loss_function vec :=
  {| loss_value := squared_value; loss_domain := fun _ _ => True; loss_bound := squared_bound;
     fenchel := fun nu y z _ => squared_fenchel nu y z |}.

(** ** Losses that are sums over the outputs of a loss of one output *)
Section PerOutput.
Variables (f : K -> K -> K) (inside : K -> K -> Prop) (b : K -> K -> K).
Hypothesis one_output : forall nu y z, inside nu y -> b nu y - nu * z <= f z y.
Fixpoint over_outputs (g : K -> K -> K) (z y : vec) : K :=
  match y with [] => 0 | e :: y' => g (hd 0 z) e + over_outputs g (tl z) y' end.
Fixpoint inside_each (nu y : vec) : Prop :=
  match y with [] => nu = [] | e :: y' => inside (hd 0 nu) e /\ inside_each (tl nu) y' end.
Lemma outputs_fenchel nu y z : inside_each nu y -> over_outputs b nu y - dot nu z <= over_outputs f z y.
Proof.
  revert nu z; induction y as [|e y IH]; cbn [inside_each over_outputs]; intros nu z H.
  - subst nu. replace (0 - dot [] z) with 0 by (cbn [dot]; ring). auto with pos.
  - destruct H as [H I]. pose proof (le_sub K _ _ (one_output (hd 0 z) H)) as P. pose proof (le_sub K _ _ (IH _ (tl z) I)) as Q.
    assert (E : dot nu z = hd 0 nu * hd 0 z + dot (tl nu) (tl z)).
    { destruct nu, z; cbn [dot hd tl]; rewrite ?dot_nil_r; ring. }
    apply sub_le. rewrite E. match type of P with 0 <= ?p => match type of Q with 0 <= ?q =>
      match goal with |- 0 <= ?g => replace g with (p + q) by ring end end end. auto with pos. Qed.
Definition per_output : loss_function vec :=
  {| loss_value := over_outputs f; loss_domain := inside_each; loss_bound := over_outputs b;
     fenchel := outputs_fenchel |}.
End PerOutput.

Definition modulus (t : K) : K := relu K t + relu K (- t).
Lemma modulus_pos t : 0 <= t -> modulus t = t.
Proof. intro H. unfold modulus. rewrite relu_pos, relu_neg; auto; [ring|].
  apply sub_le. replace (0 - - t) with t by ring. exact H. Qed.
Lemma modulus_neg t : t <= 0 -> modulus t = - t.
Proof. intro H. unfold modulus. rewrite relu_neg, relu_pos; auto using neg_pos. ring. Qed.

(** The absolute loss |z - y|. *)
Lemma absolute_fenchel nu y z : 0 <= 1 - nu /\ 0 <= 1 + nu -> nu * y - nu * z <= modulus (z - y).
Proof.
  intros [H1 H2]. apply sub_le. set (t := z - y).
  replace (modulus t - (nu * y - nu * z)) with (modulus t + nu * t) by (unfold t; ring).
  destruct (f_total K 0 t) as [H|H]; [rewrite modulus_pos|rewrite modulus_neg]; auto.
  - replace (t + nu * t) with ((1 + nu) * t) by ring. auto with pos.
  - replace (- t + nu * t) with ((1 - nu) * - t) by ring. auto using neg_pos with pos. Qed.
Definition absolute : loss_function vec := per_output _ _ _ absolute_fenchel.

(** The Huber loss: with r = z - y it is r^2/2 up to |r| = d, then d |r| - d^2/2. *)
Definition huber_value (d z y : K) : K :=
  let beyond := relu K (modulus (z - y) - d) in ((z - y) * (z - y) - beyond * beyond) / (1 + 1).
Lemma huber_fenchel d nu y z : 0 <= d - nu /\ 0 <= d + nu -> nu * y - nu * nu / (1 + 1) - nu * z <= huber_value d z y.
Proof.
  intros [H1 H2]. unfold huber_value. apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)). set (r := z - y).
  set (e := relu K (modulus r - d)).
  replace ((1 + 1) * ((r * r - e * e) / (1 + 1) - (nu * y - nu * nu / (1 + 1) - nu * z))) with
    ((1 + 1) * ((r * r - e * e) / (1 + 1)) + (1 + 1) * (nu * nu / (1 + 1)) + (1 + 1) * (nu * r)) by (unfold r; ring).
  rewrite !half_mul. unfold e. clear e. destruct (f_total K 0 (modulus r - d)) as [B|B].
  - rewrite relu_pos by assumption. destruct (f_total K 0 r) as [R|R];
      [rewrite modulus_pos in * by assumption|rewrite modulus_neg in * by assumption].
    + replace (r * r - (r - d) * (r - d) + nu * nu + (1 + 1) * (nu * r)) with
        ((1 + 1) * ((d + nu) * (r - d)) + (d + nu) * (d + nu)) by ring. auto with pos.
    + replace (r * r - (- r - d) * (- r - d) + nu * nu + (1 + 1) * (nu * r)) with
        ((1 + 1) * ((d - nu) * (- r - d)) + (d - nu) * (d - nu)) by ring. auto with pos.
  - rewrite relu_neg by assumption.
    replace (r * r - 0 * 0 + nu * nu + (1 + 1) * (nu * r)) with ((r + nu) * (r + nu)) by ring. auto with pos. Qed.
Definition huber (d : K) : loss_function vec := per_output _ _ _ (huber_fenchel d).

(** The quantile loss max(q (y - z), (1 - q)(z - y)): one of the two rectified terms is 0. *)
Lemma relu_split x : relu K x - relu K (- x) = x.
Proof.
  destruct (f_total K 0 x) as [H|H].
  - rewrite (relu_pos K _ H), relu_neg; [ring|]. apply sub_le. replace (0 - - x) with x by ring. exact H.
  - rewrite (relu_neg K _ H), relu_pos by now apply neg_pos. ring. Qed.
Definition quantile_value (q z y : K) : K := q * relu K (y - z) + (1 - q) * relu K (z - y).
Lemma quantile_fenchel q nu y z : 0 <= q - nu /\ 0 <= 1 - q + nu -> nu * y - nu * z <= quantile_value q z y.
Proof.
  intros [H1 H2]. unfold quantile_value. apply sub_le. pose proof (relu_split (y - z)) as S.
  replace (- (y - z)) with (z - y) in S by ring. set (a := relu K (y - z)) in *. set (b := relu K (z - y)) in *.
  replace (nu * y - nu * z) with (nu * (a - b)) by (rewrite S; ring).
  replace (q * a + (1 - q) * b - nu * (a - b)) with ((q - nu) * a + (1 - q + nu) * b) by ring.
  pose proof (relu_ge0 K (y - z)). pose proof (relu_ge0 K (z - y)). auto with pos. Qed.
Definition quantile (q : K) : loss_function vec := per_output _ _ _ (quantile_fenchel q).

(** The epsilon-insensitive loss max(0, |z - y| - e). *)
Lemma modulus_ge0 t : 0 <= modulus t.
Proof. unfold modulus. pose proof (relu_ge0 K t). pose proof (relu_ge0 K (- t)). auto with pos. Qed.
Lemma modulus_products a b : 0 <= modulus a * modulus b + a * b.
Proof.
  destruct (f_total K 0 a) as [A|A]; [rewrite (modulus_pos _ A)|rewrite (modulus_neg _ A)];
    (destruct (f_total K 0 b) as [B|B]; [rewrite (modulus_pos _ B)|rewrite (modulus_neg _ B)]).
  - auto with pos.
  - replace (a * - b + a * b) with (0 : K) by ring. auto with pos.
  - replace (- a * b + a * b) with (0 : K) by ring. auto with pos.
  - replace (- a * - b + a * b) with (- a * - b + - a * - b) by ring. auto using neg_pos with pos. Qed.
Definition insensitive_value (e z y : K) : K := relu K (modulus (z - y) - e).
Lemma insensitive_fenchel e nu y z : 0 <= 1 - nu /\ 0 <= 1 + nu ->
  nu * y - e * modulus nu - nu * z <= insensitive_value e z y.
Proof.
  intros [H1 H2]. unfold insensitive_value. apply sub_le. set (t := modulus (z - y) - e).
  pose proof (relu_ge0 K t) as R. pose proof (relu_ge K t) as G. pose proof (modulus_products nu (z - y)) as P.
  assert (M : 0 <= 1 - modulus nu).
  { destruct (f_total K 0 nu) as [A|A]; [rewrite (modulus_pos _ A)|rewrite (modulus_neg _ A)]; auto.
    replace (1 - - nu) with (1 + nu) by ring. exact H2. }
  pose proof (modulus_ge0 nu) as Q.
  replace (relu K t - (nu * y - e * modulus nu - nu * z)) with
    ((1 - modulus nu) * relu K t + modulus nu * (relu K t - t) + (modulus nu * modulus (z - y) + nu * (z - y)))
    by (unfold t; ring). auto with pos. Qed.
Definition insensitive (e : K) : loss_function vec := per_output _ _ _ (insensitive_fenchel e).

(** The hinge loss max(0, 1 - y z), where y is 1 or -1. *)
Lemma hinge_fenchel nu y z : y * y = 1 /\ 0 <= y * nu /\ 0 <= 1 - y * nu -> y * nu - nu * z <= relu K (1 - y * z).
Proof.
  intros (Y & P & Q). apply sub_le. set (t := 1 - y * z). pose proof (relu_ge0 K t) as R. pose proof (relu_ge K t) as G.
  replace (nu * z) with (y * nu * (y * z)).
  - replace (relu K t - (y * nu - y * nu * (y * z))) with ((1 - y * nu) * relu K t + y * nu * (relu K t - t))
      by (unfold t; ring). auto with pos.
  - transitivity (y * y * (nu * z)); [ring|]. rewrite Y. ring. Qed.
Definition hinge : loss_function vec := per_output (fun z y => relu K (1 - y * z)) _ (fun nu y => y * nu) hinge_fenchel.

(** Half its square. *)
Definition squared_hinge_value (z y : K) : K := relu K (1 - y * z) * relu K (1 - y * z) / (1 + 1).
Lemma squared_hinge_fenchel nu y z : y * y = 1 /\ 0 <= y * nu ->
  y * nu - nu * nu / (1 + 1) - nu * z <= squared_hinge_value z y.
Proof.
  intros (Y & P). unfold squared_hinge_value. apply sub_le. apply (@mul_cancel K _ _ (two_pos K) (two_nz K)).
  set (t := 1 - y * z). pose proof (relu_ge K t) as G. set (p := relu K t) in *. set (s := y * nu) in *.
  replace (nu * z) with (s * (1 - t)).
  - replace (nu * nu) with (s * s) by (transitivity (y * y * (nu * nu)); [unfold s; ring|rewrite Y; ring]).
    replace ((1 + 1) * (p * p / (1 + 1) - (s - s * s / (1 + 1) - s * (1 - t)))) with
      ((1 + 1) * (p * p / (1 + 1)) + (1 + 1) * (s * s / (1 + 1)) - (1 + 1) * (s * t)) by ring.
    rewrite !half_mul. replace (p * p + s * s - (1 + 1) * (s * t)) with ((p - s) * (p - s) + (1 + 1) * (s * (p - t))) by ring.
    auto with pos.
  - unfold s, t. transitivity (y * y * (nu * z)); [ring|]. rewrite Y. ring. Qed.
Definition squared_hinge : loss_function vec := per_output _ _ _ squared_hinge_fenchel.

(** ** The multi-class hinge loss of Crammer and Singer: the largest z_k + [k is another class], less that of the class

    With the unit vector y of the class, [k is another class] is 1 - y_k, and the class's own output y.z. *)
Definition larger (a b : K) : K := b + relu K (a - b).
Definition largest (l : vec) : K := match l with [] => 0 | a :: l' => fold_right larger a l' end.
Fixpoint rivals (z y : vec) : vec :=
  match y with [] => [] | e :: y' => hd 0 z + (1 - e) :: rivals (tl z) y' end.
Definition multiclass_hinge_value (z y : vec) : K := largest (rivals z y) - dot y z.
(** The probabilities y - nu. *)
Fixpoint inside_simplex (nu y : vec) : Prop :=
  match y with [] => nu = [] | e :: y' => 0 <= e - hd 0 nu /\ inside_simplex (tl nu) y' end.
Definition multiclass_hinge_domain (nu y : vec) : Prop := inside_simplex nu y /\ sum nu = 0 /\ sum y = 1.
Definition multiclass_hinge_bound : vec -> vec -> K := over_outputs (fun nu e => (e - nu) * (1 - e)).
Lemma larger_l a b : 0 <= larger a b - a.
Proof. unfold larger. replace (b + relu K (a - b) - a) with (relu K (a - b) - (a - b)) by ring. apply relu_ge. Qed.
Lemma larger_r a b : 0 <= larger a b - b.
Proof. unfold larger. replace (b + relu K (a - b) - b) with (relu K (a - b)) by ring. apply relu_ge0. Qed.
Lemma largest_ge l a : In a l -> 0 <= largest l - a.
Proof.
  assert (F : forall a l b, a = b \/ In a l -> 0 <= fold_right larger b l - a).
  { clear. intros a l b; induction l as [|c l IH]; cbn [fold_right In].
    - intros [->|[]]. replace (b - b) with (0 : K) by ring. auto with pos.
    - assert (T : 0 <= fold_right larger b l - a -> 0 <= larger c (fold_right larger b l) - a).
      { intro H. replace (larger c (fold_right larger b l) - a) with
          ((larger c (fold_right larger b l) - fold_right larger b l) + (fold_right larger b l - a)) by ring.
        pose proof (larger_r c (fold_right larger b l)). auto with pos. }
      intros [H|[->|H]]; [now apply T, IH; left|apply larger_l|now apply T, IH; right]. }
  destruct l as [|b l]; [intros []|]. intros [->|H]; apply F; auto. Qed.
(** What the parts weigh, they weigh together at most as much as if each were the largest. *)
Lemma rivals_le m nu y z : inside_simplex nu y -> (forall a, In a (rivals z y) -> 0 <= m - a) ->
  0 <= (sum y - sum nu) * m - over_outputs (fun nu e => (e - nu) * (1 - e)) nu y - (dot y z - dot nu z).
Proof.
  revert nu z; induction y as [|e y IH]; cbn [inside_simplex over_outputs rivals]; intros nu z I H.
  - subst nu. replace ((sum [] - sum []) * m - 0 - (dot [] z - dot [] z)) with (0 : K) by (cbn; ring). auto with pos.
  - destruct I as [P I]. pose proof (IH _ (tl z) I (fun a i => H a (or_intror i))) as Q.
    pose proof (H _ (or_introl eq_refl)) as R.
    assert (E : dot nu z = hd 0 nu * hd 0 z + dot (tl nu) (tl z)).
    { destruct nu, z; cbn [dot hd tl]; rewrite ?dot_nil_r; ring. }
    assert (F : dot (e :: y) z = e * hd 0 z + dot y (tl z)) by (destruct z; cbn [dot hd tl]; rewrite ?dot_nil_r; ring).
    assert (S : sum nu = hd 0 nu + sum (tl nu)) by (destruct nu; cbn; ring).
    change (sum (e :: y)) with (e + sum y). rewrite E, F, S.
    match type of Q with 0 <= ?q => match goal with |- 0 <= ?g =>
      replace g with (q + (e - hd 0 nu) * (m - (hd 0 z + (1 - e)))) by ring end end. auto with pos. Qed.
Lemma multiclass_hinge_fenchel nu y z : multiclass_hinge_domain nu y ->
  multiclass_hinge_bound nu y - dot nu z <= multiclass_hinge_value z y.
Proof.
  intros (I & S & T). pose proof (rivals_le (largest (rivals z y)) nu y z I (fun a => largest_ge _ a)) as P.
  rewrite S, T in P. apply sub_le. unfold multiclass_hinge_value, multiclass_hinge_bound.
  match type of P with 0 <= ?p => match goal with |- 0 <= ?g => replace g with p by ring end end. exact P. Qed.
Definition multiclass_hinge : loss_function vec :=
  {| loss_value := multiclass_hinge_value; loss_domain := multiclass_hinge_domain;
     loss_bound := multiclass_hinge_bound; fenchel := multiclass_hinge_fenchel |}.

(** ** A loss that counts w times, w > 0 *)
Section Weighted.
Variables (A : Type) (l : loss_function A).
Definition weighted_domain (nu : vec) (wy : K * A) : Prop :=
  0 <= fst wy /\ fst wy <> 0 /\ loss_domain l (vscale (finv K (fst wy)) nu) (snd wy).
Definition weighted_bound (nu : vec) (wy : K * A) : K :=
  fst wy * loss_bound l (vscale (finv K (fst wy)) nu) (snd wy).
Lemma weighted_fenchel nu wy z : weighted_domain nu wy ->
  weighted_bound nu wy - dot nu z <= fst wy * loss_value l z (snd wy).
Proof.
  destruct wy as [w y]. unfold weighted_domain, weighted_bound. cbn [fst snd]. intros (P & N & H).
  pose proof (le_sub K _ _ (fenchel l _ _ z H)) as F. rewrite dot_vscale in F. apply sub_le.
  set (v := loss_value l z y) in *. set (b := loss_bound l _ y) in *.
  replace (w * v - (w * b - dot nu z)) with (w * (v - (b - finv K w * dot nu z))); [auto with pos|].
  transitivity (w * v - w * b + w * (dot nu z / w)); [ring|]. rewrite div_mul by assumption. ring. Qed.
Definition weighted : loss_function (K * A) :=
  {| loss_value := fun z wy => fst wy * loss_value l z (snd wy); loss_domain := weighted_domain;
     loss_bound := weighted_bound; fenchel := weighted_fenchel |}.
End Weighted.

End Losses.
Arguments loss_value {K A} l z y : rename. Arguments loss_domain {K A} l nu y : rename.
Arguments loss_bound {K A} l nu y : rename.
Arguments over_outputs {K} g z y. Arguments inside_each {K} inside nu y. Arguments modulus {K} t.
Arguments huber {K} d. Arguments quantile {K} q. Arguments insensitive {K} e.
Arguments inside_simplex {K} nu y.
