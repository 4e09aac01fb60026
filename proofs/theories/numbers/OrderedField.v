(** * Ordered fields with the integers inside, and the rectifier

    All theorems hold over any ordered field: over Coq's real numbers ([OverReals.v]), over every real field of
    Mathematical Components ([OverMathComp.v]), over the rationals. *)
From Coq Require Import ZArith List Bool Ring Field Lia.
Import ListNotations.
Set Implicit Arguments.

Record OField := {
  car :> Type;
  f0 : car; f1 : car;
  fadd : car -> car -> car; fmul : car -> car -> car;
  fsub : car -> car -> car; fopp : car -> car; finv : car -> car;
  fle : car -> car -> Prop;
  relu : car -> car;
  ofZ : Z -> car;
  f_ring : ring_theory f0 f1 fadd fmul fsub fopp eq;
  f_inv : forall x, x <> f0 -> fmul (finv x) x = f1;
  f_refl : forall x, fle x x;
  f_trans : forall x y z, fle x y -> fle y z -> fle x z;
  f_anti : forall x y, fle x y -> fle y x -> x = y;
  f_total : forall x y, fle x y \/ fle y x;
  f_addle : forall x y z, fle x y -> fle (fadd x z) (fadd y z);
  f_mulle : forall x y, fle f0 x -> fle f0 y -> fle f0 (fmul x y);
  f_01 : f1 <> f0;
  f_integral : forall x y, fmul x y = f0 -> x = f0 \/ y = f0;
  relu_pos : forall x, fle f0 x -> relu x = x;
  relu_neg : forall x, fle x f0 -> relu x = f0;
  ofZ_0 : ofZ 0 = f0; ofZ_1 : ofZ 1 = f1;
  ofZ_add : forall a b, ofZ (a + b) = fadd (ofZ a) (ofZ b);
  ofZ_mul : forall a b, ofZ (a * b) = fmul (ofZ a) (ofZ b);
  ofZ_opp : forall a, ofZ (- a) = fopp (ofZ a)
}.

Declare Scope field_scope.
Delimit Scope field_scope with F.
Create HintDb pos.

(** The field is the one that the operands are of, or else the one that the section is about. *)
Existing Class OField.
Module FieldNotations.
Notation "0" := (f0 _) : field_scope.
Notation "1" := (f1 _) : field_scope.
Infix "+" := (fadd _) : field_scope.
Infix "*" := (fmul _) : field_scope.
Infix "-" := (fsub _) : field_scope.
Notation "- x" := (fopp _ x) : field_scope.
Infix "<=" := (fle _) : field_scope.
Notation "x / y" := (fmul _ x (finv _ y)) : field_scope.
End FieldNotations.

Section Facts.
Variable K : OField.
Local Open Scope field_scope.
Import FieldNotations.
Add Ring Kring : (f_ring K).
Local Notation z2 := (ofZ K).

Lemma sub_le a b : 0 <= b - a -> a <= b.
Proof. intro H. apply (f_addle K _ _ a) in H. replace (0 + a) with a in H by ring.
  replace (b - a + a) with b in H by ring. exact H. Qed.
Lemma le_sub a b : a <= b -> 0 <= b - a.
Proof. intro H. apply (f_addle K _ _ (- a)) in H. replace (a + - a) with 0 in H by ring.
  replace (b + - a) with (b - a) in H by ring. exact H. Qed.
Lemma add_pos a b : 0 <= a -> 0 <= b -> 0 <= a + b.
Proof. intros Ha Hb. apply (f_trans K _ _ _ Hb). apply sub_le.
  replace (a + b - b) with a by ring. exact Ha. Qed.
Lemma neg_pos a : a <= 0 -> 0 <= - a.
Proof. intro H. apply le_sub in H. replace (- a) with (0 - a) by ring. exact H. Qed.
Lemma sqr_pos a : 0 <= a * a.
Proof. destruct (f_total K 0 a) as [H|H]; [now apply f_mulle|].
  replace (a * a) with (- a * - a) by ring. apply f_mulle; now apply neg_pos. Qed.
Lemma one_pos : 0 <= 1.
Proof. replace 1 with (1 * 1) by ring. apply sqr_pos. Qed.
Hint Resolve sqr_pos add_pos f_mulle f_refl one_pos : pos.

Lemma z2_nat n : 0 <= z2 (Z.of_nat n).
Proof. induction n as [|n IH]; [rewrite ofZ_0; auto with pos|].
  rewrite Nat2Z.inj_succ, <- Z.add_1_r, ofZ_add, ofZ_1. auto with pos. Qed.
Lemma z2_pos a : (0 <= a)%Z -> 0 <= z2 a.
Proof. intro H. rewrite <- (Z2Nat.id a H). apply z2_nat. Qed.
Lemma z2_sub a b : z2 (a - b) = z2 a - z2 b.
Proof. unfold Z.sub. rewrite ofZ_add, ofZ_opp. ring. Qed.
Lemma z2_le a b : (a <= b)%Z -> z2 a <= z2 b.
Proof. intro H. apply sub_le. rewrite <- z2_sub. apply z2_pos. lia. Qed.
Lemma z2_2 : z2 2 = 1 + 1.
Proof. change 2%Z with (1 + 1)%Z. rewrite ofZ_add, ofZ_1. reflexivity. Qed.
Lemma z2_nz a : (0 < a)%Z -> z2 a <> 0.
Proof. intros H E. apply (f_01 K). apply f_anti; [|apply one_pos].
  rewrite <- E, <- ofZ_1. apply z2_le. lia. Qed.
(** For the tactic [field]. *)
Lemma f_field : field_theory (f0 K) (f1 K) (fadd K) (fmul K) (fsub K) (fopp K) (fun a b => a / b) (finv K) eq.
Proof. constructor; [exact (f_ring K)|exact (f_01 K)|reflexivity|exact (f_inv K)]. Qed.
Lemma inv_pos a : 0 <= a -> a <> 0 -> 0 <= finv K a.
Proof. intros H N. replace (finv K a) with (a * (finv K a * finv K a)).
  - auto with pos.
  - transitivity (finv K a * (finv K a * a)); [ring|]. rewrite f_inv by assumption. ring. Qed.
Lemma mul_cancel a b : 0 <= a -> a <> 0 -> 0 <= a * b -> 0 <= b.
Proof. intros H N P. replace b with (finv K a * (a * b)).
  - apply f_mulle; auto using inv_pos.
  - transitivity (finv K a * a * b); [ring|]. rewrite f_inv by assumption. ring. Qed.
Lemma mul_inv b : b <> 0 -> b * finv K b = 1.
Proof. intro H. rewrite (f_ring K).(Rmul_comm). now apply f_inv. Qed.
Lemma div_mul a b : b <> 0 -> b * (a / b) = a.
Proof. intro H. transitivity (b * finv K b * a); [ring|]. rewrite mul_inv by assumption. ring. Qed.
Lemma add_zero a b : 0 <= a -> 0 <= b -> a + b = 0 -> a = 0 /\ b = 0.
Proof. intros Ha Hb E. assert (A : a = 0).
  - apply f_anti; auto. apply sub_le. replace (0 - a) with b by (rewrite <- E; ring). exact Hb.
  - split; auto. rewrite A in E. rewrite <- E. ring. Qed.
Lemma opp_zero : - 0 = 0.
Proof. ring. Qed.
Lemma mul_zero a : a * 0 = 0.
Proof. ring. Qed.
Lemma opp_div a b : - a / b = 0 - a / b.
Proof. ring. Qed.
Lemma sqr_zero a : a * a = 0 -> a = 0.
Proof. intro E. now destruct (f_integral K _ _ E). Qed.
Lemma mul_inj a x y : a <> 0 -> a * x = a * y -> x = y.
Proof. intros N E. transitivity (finv K a * (a * x)).
  - transitivity (finv K a * a * x); [rewrite f_inv by assumption; ring|ring].
  - rewrite E. transitivity (finv K a * a * y); [ring|rewrite f_inv by assumption; ring]. Qed.
Lemma mul_nz a b : a <> 0 -> b <> 0 -> a * b <> 0.
Proof. intros Ha Hb E. destruct (f_integral K _ _ E); auto. Qed.
Lemma two_nz : 1 + 1 <> 0.
Proof. rewrite <- z2_2. now apply z2_nz. Qed.
Lemma two_pos : 0 <= 1 + 1.
Proof. auto with pos. Qed.
Lemma half_mul x : (1 + 1) * (x / (1 + 1)) = x.
Proof. apply div_mul, two_nz. Qed.
(** The order of ratios of integers is that of the products across. *)
Lemma z2_ratio_le a b c d : (0 < b)%Z -> (0 < d)%Z -> (a * d <= c * b)%Z -> z2 a / z2 b <= z2 c / z2 d.
Proof.
  intros Hb Hd H. pose proof (z2_nz Hb) as Nb. pose proof (z2_nz Hd) as Nd. apply sub_le.
  apply (@mul_cancel (z2 b)); [apply z2_pos; lia|assumption|]. apply (@mul_cancel (z2 d)); [apply z2_pos; lia|assumption|].
  replace (z2 d * (z2 b * (z2 c / z2 d - z2 a / z2 b))) with (z2 (c * b - a * d)).
  - apply z2_pos. lia.
  - rewrite z2_sub, !ofZ_mul. transitivity (z2 b * (z2 d * (z2 c / z2 d)) - z2 d * (z2 b * (z2 a / z2 b))); [|ring].
    rewrite !div_mul by assumption. ring. Qed.
Lemma z2_ratio_pos a b : (0 <= a)%Z -> (0 < b)%Z -> 0 <= z2 a / z2 b.
Proof. intros Ha Hb. apply f_mulle; [now apply z2_pos|]. apply inv_pos; [apply z2_pos; lia|now apply z2_nz]. Qed.
(** |e| <= r squares. *)
Lemma sqr_le e r : 0 <= r - e -> 0 <= r + e -> 0 <= r * r - e * e.
Proof. intros P Q. replace (r * r - e * e) with ((r - e) * (r + e)) by ring. auto with pos. Qed.

Lemma relu_ge0 x : 0 <= relu K x.
Proof. destruct (f_total K 0 x) as [H|H]; [rewrite relu_pos|rewrite relu_neg]; auto with pos. Qed.
Lemma relu_ge x : 0 <= relu K x - x.
Proof. destruct (f_total K 0 x) as [H|H]; [rewrite relu_pos|rewrite relu_neg]; auto.
  - replace (x - x) with 0 by ring. auto with pos.
  - replace (0 - x) with (- x) by ring. now apply neg_pos. Qed.
Lemma relu_le x y : 0 <= y -> 0 <= y - x -> 0 <= y - relu K x.
Proof. intros P Q. destruct (f_total K 0 x) as [H|H]; [rewrite relu_pos|rewrite relu_neg]; auto.
  replace (y - 0) with y by ring. exact P. Qed.
Lemma relu_slack x : relu K x * (relu K x - x) = 0.
Proof. destruct (f_total K 0 x) as [H|H]; [rewrite relu_pos|rewrite relu_neg]; auto; ring. Qed.
Lemma relu_scale a x : 0 <= a -> relu K (a * x) = a * relu K x.
Proof. intro Ha. destruct (f_total K 0 x) as [H|H].
  - rewrite !relu_pos; auto with pos.
  - rewrite !relu_neg; auto; [ring|]. apply sub_le. replace (0 - a * x) with (a * - x) by ring.
    auto using neg_pos with pos. Qed.
End Facts.
#[global] Hint Resolve sqr_pos add_pos f_mulle f_refl one_pos two_pos z2_pos : pos.
