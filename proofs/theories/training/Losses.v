(** * The losses of one sample, and what a dual point proves of each

    A loss compares the prediction z of a network with what a sample has for it, as a rule the target y. All that the
    bound on the training loss needs of it is a Fenchel bound: a number b for the dual variable nu with
    b - nu.z <= the loss of z, for every z. The largest such number is minus the convex conjugate at -nu; where that is
    infinite, nu lies outside of the domain and proves nothing. A further loss is a [loss_function] here, a
    [loss_kind], and its bound in integers. *)
From Coq Require Import ZArith List Bool Ring Lia.
From Certify Require Import OrderedField Vectors.
Import ListNotations.
Set Implicit Arguments.

(** The losses that a training problem may have. *)
Inductive loss_kind : Set := Squared.

(** ** In integers: nu over nu_den, y over y_den, and each bound over [bound_scale] *)
Section Executable.
Local Open Scope Z_scope.
(** One denominator for the bounds of all samples, so that their sum is one of integers. *)
Definition bound_scale (kind : loss_kind) (nu_den y_den : Z) : Z :=
  match kind with Squared => 2 * (nu_den * nu_den) * y_den end.
(** The bound of a sample; None outside of the domain. *)
Definition sample_bound (kind : loss_kind) (nu_den y_den : Z) (nu y : list Z) : option Z :=
  match kind with Squared => Some (2 * nu_den * zdot nu y - y_den * zdot nu nu) end.
End Executable.

Section Losses.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Local Notation z2 := (ofZ K).
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

(** The hinge loss max(0, 1 - y z), where y is 1 or -1. *)
Lemma hinge_fenchel nu y z : y * y = 1 /\ 0 <= y * nu /\ 0 <= 1 - y * nu -> y * nu - nu * z <= relu K (1 - y * z).
Proof.
  intros (Y & P & Q). apply sub_le. set (t := 1 - y * z). pose proof (relu_ge0 K t) as R. pose proof (relu_ge K t) as G.
  replace (nu * z) with (y * nu * (y * z)).
  - replace (relu K t - (y * nu - y * nu * (y * z))) with ((1 - y * nu) * relu K t + y * nu * (relu K t - t))
      by (unfold t; ring). auto with pos.
  - transitivity (y * y * (nu * z)); [ring|]. rewrite Y. ring. Qed.
Definition hinge : loss_function vec := per_output (fun z y => relu K (1 - y * z)) _ (fun nu y => y * nu) hinge_fenchel.

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

(** ** What a kind of loss means *)
(** A function that a kind of loss may mean: the bounds in integers are bounds of it. *)
Definition represents (kind : loss_kind) (l : loss_function vec) : Prop :=
  forall nu_den y_den nu y b, (0 < nu_den)%Z -> (0 < y_den)%Z -> sample_bound kind nu_den y_den nu y = Some b ->
  loss_domain l (vQ K nu_den nu) (vQ K y_den y) /\
  z2 b <= z2 (bound_scale kind nu_den y_den) * loss_bound l (vQ K nu_den nu) (vQ K y_den y).
Definition function_of (kind : loss_kind) : loss_function vec := match kind with Squared => squared end.
Definition value_of (kind : loss_kind) : vec -> vec -> K := loss_value (function_of kind).

Lemma bound_scale_positive kind nu_den y_den : (0 < nu_den)%Z -> (0 < y_den)%Z -> (0 < bound_scale kind nu_den y_den)%Z.
Proof. destruct kind. unfold bound_scale. nia. Qed.
Theorem sample_bound_sound kind : represents kind (function_of kind).
Proof.
  intros nu_den y_den nu y b Hn Hy H. destruct kind; cbn [function_of sample_bound bound_scale] in *.
  - match type of H with Some ?x = _ => replace b with x by congruence end. cbn [loss_domain loss_bound squared]. split; [exact I|]. unfold squared_bound, sq.
    rewrite !dot_vQ2, z2_sub, !ofZ_mul, z2_2.
    set (n := z2 nu_den). set (d := z2 y_den). set (a := z2 (zdot nu y)). set (q := z2 (zdot nu nu)).
    assert (En : n * finv K n = 1) by now apply mul_inv, z2_nz.
    assert (Ed : d * finv K d = 1) by now apply mul_inv, z2_nz.
    match goal with |- _ <= ?g => replace g with ((1 + 1) * n * a - d * q); [apply f_refl|] end.
    transitivity ((1 + 1) * n * (n * finv K n) * (d * finv K d) * a -
      (n * finv K n) * (n * finv K n) * d * ((1 + 1) * (q / (1 + 1)))); [|ring].
    rewrite En, Ed, half_mul. ring. Qed.
End Losses.
Arguments loss_value {K A} l z y : rename. Arguments loss_domain {K A} l nu y : rename.
Arguments loss_bound {K A} l nu y : rename. Arguments value_of {K} kind z y.
