"""The conditions of the checker and of its theorems that `mutants.py` takes away, theory by theory."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """A condition taken away.

    Attributes:
        condition: in words.
        place: a text that occurs once in the theory, with the condition in <<double angles>>.
        instead: what is there without it.
        purpose: what a condition is there for that is not needed for soundness; empty for the others.
    """

    condition: str
    place: str
    instead: str = "true"
    purpose: str = ""

    def applied(self, text: str) -> str:
        """Return the text of the theory without the condition."""
        before, rest = self.place.split("<<")
        condition, after = rest.split(">>")
        old = before + condition + after
        if text.count(old) != 1:
            raise RuntimeError(f"{self.condition}: its text occurs {text.count(old)} times")
        return text.replace(old, before + self.instead + after)


# The theories in the order in which they need each other.
MUTANTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "numbers/Semidefinite": (
        ("a pivot is not negative", "<<(p =? 0)>> && iszero o"),
        ("beside a pivot 0 all is 0", "(p =? 0) && <<iszero o>>"),
        ("divisions are exact", "if <<r =? 0>> then match zquot"),
        ("a residual's row is paid by its diagonal", "hd 0 r - hd 0 owed<< - zsum o>>", ""),
        ("what earlier rows owe is paid", "hd 0 r - <<hd 0 owed ->> zsum o", ""),
        ("sizes count, not values", "let o := <<map Z.abs (tl r)>> in\n      ((if", "tl r"),
        ("scales are positive", "<<forallb (Z.ltb 0) s>> && dominant"),
        ("definite: no pivot is 0", "if p <=? 0 then <<negb strict>> && (p"),
        ("definite: rows of a residual have something over", "((if strict then <<1>> else 0) <=?", "0"),
    ),
    "numbers/Orthant": (
        ("only positive entries become 0", "map (<<Z.min>> 0) o end", "fun _ =>"),
        ("the diagonal stays", "<<a>> :: map (Z.min 0) o end", "Z.max 1 a"),
        (
            "definite: without negative entries the diagonal is positive",
            "forallb nonneg T && <<(negb strict || forallb (fun r => 0 <? hd 0 r) T)>> ||",
        ),
    ),
    "tree/Tree": (
        (
            "no cone is left over",
            "<<[] => Covered spent number leaves | _ => Missed COVER None>> end",
            "_ => Covered spent number leaves",
        ),
        ("few cones wait", "if held' <=? <<max_pending>> then", "Z.max held' max_pending", "memory"),
        ("the tree takes little work", "if spent' <=? <<max_work>> then", "Z.max spent' max_work", "time"),
    ),
    "tree/Products": (
        ("multipliers are not negative", "<<(0 <=? snd e)>> || vanishes"),
        ("free ones only where alpha_i beta_i = 0", "<<Nat.eqb>> j (i + m)", "Nat.leb"),
        ("free ones not for the t_k", "<<Nat.leb s i &&>> Nat.ltb i (s + m)", ""),
        ("indices exist", "<<Nat.ltb (fst e) size>>", "true", "a product with none is 0"),
    ),
    "training/Losses": (
        ("squared: the bound is one", "dot nu y <<- sq nu / (1 + 1)>>.", ""),
        ("squared: the bound in integers", "zdot nu y <<- y_den * zdot nu nu>>)", ""),
        ("one denominator for all samples", "Squared => 2 * (nu_den * nu_den) <<* y_den>> end", ""),
        ("outputs: nu is no longer than y", "match y with [] => <<nu = []>> |", "True"),
        ("outputs: each entry is in the domain", "e :: y' => <<inside (hd 0 nu) e>> /\\", "True"),
        ("absolute: nu <= 1", "<<0 <= 1 - nu>> /\\ 0 <= 1 + nu -> nu * y", "0 <= 1 + 1"),
        ("absolute: nu >= -1", "0 <= 1 - nu /\\ <<0 <= 1 + nu>> -> nu * y", "0 <= 1 + 1"),
        ("huber: nu <= d", "<<0 <= d - nu>> /\\ 0 <= d + nu ->", "0 <= 1 + 1"),
        ("huber: nu >= -d", "0 <= d - nu /\\ <<0 <= d + nu>> ->", "0 <= 1 + 1"),
        ("hinge: y is 1 or -1", "<<y * y = 1>> /\\ 0 <= y * nu", "0 <= 1 + 1"),
        ("hinge: y nu >= 0", "y * y = 1 /\\ <<0 <= y * nu>> /\\", "0 <= 1 + 1"),
        ("hinge: y nu <= 1", "<<0 <= 1 - y * nu>> -> y * nu", "0 <= 1 + 1"),
        ("weights are positive", "<<0 <= fst wy>> /\\ fst wy <> 0", "True"),
        ("weights are not 0", "0 <= fst wy /\\ <<fst wy <> 0>> /\\", "True"),
        ("weights: the bound is that of nu / w", "loss_bound l <<(vscale (finv K (fst wy)) nu)>>", "nu"),
    ),
    "training/OutputBias": (
        ("none: b is 0", "NoBias => <<b = []>> |", "True"),
        ("free: the sums are 0", "AllFreeBias => <<forall w, dot s w = 0>> |", "True"),
        ("free: the sums are 0, in integers", "AllFreeBias => <<iszero s>> |"),
        ("decayed: its toll", "DecayedBias => <<sq s / gamma / (1 + 1)>> |", "0"),
        ("decayed: its toll, in integers", "DecayedBias => <<gamma_den * zdot s s>> |", "0"),
    ),
    "training/Objective": (),
    "training/Duality": (
        ("a row for each sample", "| [], [] => True\n  | _, _ => <<False>> end", "True"),
        ("rows are in the domain", "nu :: N' => <<loss_domain l nu y>> /\\", "True"),
        (
            "the premise",
            "<<sq (gauge (as_seen kind D) N u) <= gamma * gamma * sq (counted kind u)>>) ->\n  sum_of_bounds",
            "0 <= sq u",
        ),
        ("the sums suit the output bias", "<<allows kind (sum_of_rows N)>> -> admissible", "True"),
        ("the toll is paid", "sum_of_bounds D N <<- toll kind gamma (sum_of_rows N)>> <=", ""),
    ),
    "training/Kinks": (
        ("rows without a kink are zero", "if <<iszero nu>> || existsb", "true"),
        ("kinks that are left out are there", "|| <<existsb (same x) found>> then", "true"),
        ("each coordinate of a kink counts", "<<(a =? b)>> && same x' y'", "true"),
        ("samples are shifted", "(<<zadd (fst row) (map Z.opp x)>>, snd row)", "fst row"),
        ("each kink has its premise", "<<(x, tree) ::>> with_trees ks' others", ""),
        ("the rows sum to zero", "<<none (mass (map (at_weights w) l))>> ->", "True"),
    ),
    "training/DualBound": (
        (
            "rows are in the domain, in integers",
            "| None => <<None>> end\n  | _, _ => Some found",
            "bounds_onto bound D' N' found",
        ),
        (
            "the toll is paid, in integers",
            "Some (total * den <<- toll_num bias gamma_den (zsum_of_rows N) * scale>>,",
            "",
        ),
        ("the bounds add up", "bounds_onto bound D' N' (<<found +>> b)", ""),
    ),
    "training/Cones": (
        ("unknown signs count both ways", "then a <? 0 else <<true>>", "a <? 0"),
        ("negative rows are not active", "else if hd false fl then <<a <? 0>>", "false"),
        ("cross terms are there before a row is active", "W) W (<<map (fun w => zcomb w O) W>>)\n", "[]"),
    ),
    "training/Enclosures": (
        ("an interval is wide enough", "then 0 else <<- a>>) p", "0"),
        (
            "active rows count twice, as mixed ones do",
            "(<<tscale 2 (active c)>>) [].\nEnd Executable",
            "active c",
        ),
    ),
    "training/Leaves": (
        ("S > 0", "owes (<<(0 <? scale)>> && (0 <? unit))"),
        ("U > 0", "owes ((0 <? scale) && <<(0 <? unit)>>)"),
        ("leaves are not large", "owes <<(Z.of_nat (d + m) <=? max_order)>>", "true", "time"),
        ("tau > 0 (A)", "owes (<<(0 <? a)>> && (0 <? b)) TAU_POSITIVE"),
        ("tau > 0 (B)", "owes ((0 <? a) && <<(0 <? b)>>) TAU_POSITIVE"),
        ("tau: U > 0", "owes <<(0 <? unit)>> LEAF_SCALE"),
        ("tau: multipliers are not negative", "owes <<(signs_fit d 0 rows)>>"),
        ("tau: the radius counts", "if <<forallb iszero R>> then"),
        ("envelope: all signs known", "bool := <<forallb (fun b => b) (signed c)>>"),
        ("envelope: moduli", "tadd <<(map (map Z.abs) C)>> R in", "C"),
    ),
    "training/Premises": (
        ("sign: K exists", "owes (<<Nat.ltb k d>> && negb (nth k (signed c) false))"),
        (
            "sign: unknown before",
            "owes (Nat.ltb k d && <<negb (nth k (signed c) false)>>)",
            "true",
            "such a node is of no use",
        ),
        ("split: K exists", "<<Nat.ltb k d>> && Nat.ltb l d && negb"),
        ("split: L exists", "Nat.ltb k d && <<Nat.ltb l d>> && negb"),
        ("split: K != L", "Nat.ltb l d && <<negb (Nat.eqb k l)>>"),
        ("split: sign of t_K known", "owes (<<nth k (signed c) false>> && nth l (signed c) false)"),
        ("split: sign of t_L known", "owes (nth k (signed c) false && <<nth l (signed c) false>>)"),
        ("split: A > 0", "owes (<<(0 <? a)>> && (0 <? b)) SPLIT"),
        ("split: B > 0", "owes ((0 <? a) && <<(0 <? b)>>) SPLIT"),
        (
            "generators are not long",
            "<=? <<max_generator_bits>>",
            "Z.max max_generator_bits (size_of (combination k l a b (generators c)))",
            "memory",
        ),
        (
            "the next tree is a whole one, too",
            "| Covered spent number leaves => <<check_premises premise_of W l' spent number leaves>>",
            "Proved leaves",
        ),
    ),
    "training/Division": (
        ("a row is taken once", "Some (a, Fork before middle <<None>> after)", "row"),
        ("rows of no block are idle", "Some a => <<idle a>> | None => true end"),
        ("none is left out of the tree", "all_idle s && <<forallb idle rest>>"),
    ),
    "training/Blocks": (
        ("the shares fit", "bool :=\n  <<psd hint false (unshared s t E d c blocks)>>."),
        ("cross terms have shares", "<<(tscale (t * E) (between (cross b)))>>", "[]"),
        ("cross terms are taken off the outputs", "<<map Z.opp (map (zdot r) (output_frame b))>>", "[]"),
        ("shares of inputs are triangles", "<<triangular d (inputs b)>> &&"),
        (
            "shares of outputs are triangles",
            "&& <<triangular c (outputs b)>>",
            "true",
            "missing entries are 0",
        ),
        ("cross terms have d rows", "(<<Nat.eqb (length (cross b)) d>> &&"),
        (
            "their rows are of c entries",
            "&& <<forallb (fun r => Nat.eqb (length r) c) (cross b)>>)",
            "true",
            "missing entries are 0",
        ),
        (
            "a frame has rows",
            "&& <<Nat.ltb 0 (length (output_frame b))>>",
            "true",
            "such a frame measures nothing",
        ),
        (
            "a frame's rows are of c entries",
            "&& <<forallb (fun r => Nat.eqb (length r) c) (output_frame b)>>.",
        ),
        ("a frame is fine enough", "bool := <<psd hint false (output_form E F c b)>>."),
        ("outputs are taken in the frame", "(fst row, <<map (zdot (snd row)) T>>)", "snd row"),
    ),
    "training/Checker": (
        ("denominator of the claim > 0", "&& <<(0 <? claim_den c)>>"),
        ("gamma > 0", "<<(0 <? gamma_num p)>> &&"),
        ("gamma's denominator > 0", "<<(0 <? gamma_den p)>> &&"),
        ("denominator of the features > 0", "<<(0 <? x_den p)>> &&"),
        ("denominator of the targets > 0", "<<(0 <? y_den p)>> &&"),
        ("denominator of the dual point > 0", "<<(0 <? dual_den c)>>\n"),
        ("rows of the dual point", "<<Nat.eqb (length (dual c)) (length (rows p))>> && forallb"),
        (
            "columns of the dual point",
            "&& <<forallb (fun nu => Nat.eqb (length nu) (targets p)) (dual c)>>",
        ),
        ("the sums suit the output bias", "owes <<(sums_fit (bias p) (zsum_of_rows (dual c)))>>"),
        ("the claim is what N proves", "<<claim_num c * den =? num * claim_den c>>"),
        ("N proves something", "| None => <<false>> end."),
        ("the inverse has d rows", "<<square d (inverse c)>> &&"),
        ("the frame has d generators", "<<square d (frame c)>> &&", "true", "the inverse proves it"),
        ("scale of the frame > 0", "&& <<(0 <? frame_scale c)>>)"),
        ("the inverse is one", "owes <<(inverts (frame_scale c) (frame c) (inverse c) 0)>>"),
        ("idle rows have no weight", "divide members (fun row => <<iszero (snd row)>>)"),
        (
            "blocks have their shapes",
            "owes <<(forallb (block_fits (features p) (targets p)) blocks)>> BLOCK_SHAPE",
        ),
        (
            "shares fit",
            "owes <<(shares_fit hint (unit_of p c) (gamma_den p) E (features p) (targets p) blocks)>>",
        ),
        ("outputs fit", "owes <<(forallb (outputs_fit hint E F (targets p)) blocks)>>"),
        ("a block's tree has its cross terms", "premise_offset := <<offset b>>", "[]"),
        ("a block's tree has its shares", "premise_form := <<Some (upper (features p) (inputs b))>>", "None"),
    ),
    "numbers/Marks": (("indices ascend", "[] => Some [] | _ => <<None>> end", "Some []"),),
    "matrix/Copositive": (
        ("multipliers: S > 0", "owes (<<(0 <? scale)>> && (0 <? unit)) LEAF_SCALE"),
        ("multipliers: U > 0", "owes ((0 <? scale) && <<(0 <? unit)>>) LEAF_SCALE"),
        ("multipliers: none is negative", "owes <<(signs_fit m 0 rows)>>"),
        ("multipliers: indices exist", "owes <<(indices_fit m rows)>>", "true", "a product with none is 0"),
    ),
    "matrix/FaceSteps": (
        ("parts: no negative entry between them", "(p =? q) || <<(0 <=? a)>>"),
        ("Gaddum: T x is not negative", "(negb b || <<(0 <=? a)>>)"),
        ("Gaddum, strict: x^T T x > 0", "nonneg_where ms y && <<(negb strict || (0 <? zdot x y))>>"),
    ),
    "matrix/FaceMerge": (
        ("merge: entries are the least", "<<(nth c g 0 <=? a)>> && row_above"),
        (
            "merge: of whole rows",
            "row_above g places' r'\n  | [], [] => true\n  | _, _ => <<false>> end",
            "true",
        ),
        (
            "merge: of all rows",
            "rows_above G all places' A'\n  | [], [] => true\n  | _, _ => <<false>> end",
            "true",
        ),
        ("merge: classes exist", "<<Nat.ltb c (length G)>> && row_above"),
        ("merge: the classes' matrix passes", "scaled && <<check_entries hint strict G>>"),
    ),
    "matrix/Faces": (
        ("rows are not long", "if <<Nat.leb (length f) m>> then", "(Nat.leb (length f) m || true)", "memory"),
        ("entries: the submatrix passes", "owes <<(check_entries hint strict (face ms T))>>"),
        ("rows that are named exist", "<<(0 <? p)>> && match find"),
        ("rows that are named contain the set", "Some large => <<subset set large>>"),
        ("parts: rows are named", "owes <<(parts_named known f)>>"),
        ("parts: they are apart", "owes <<(separated (fill ms parts) (fill ms parts) T)>>"),
        ("Gaddum: x is not negative", "else if <<nonneg x>> then"),
        ("merge: x is positive", "owes <<(forallb (Z.ltb 0) x)>> FACE_ROW"),
        ("merge: it holds", "owes <<(merge hint strict x parts (face ms T))>>"),
        ("Gaddum: rows are named", "owes <<(faces_named known f)>> FACE_ROW (owes (gaddum"),
        ("Gaddum: it holds", "owes <<(gaddum strict ms (fill ms x) T)>>"),
        (
            "the set without k where x_k > 0",
            "if 0 <? x_of e then <<earlier known (p_of e) (without (index_of e) all)>>",
        ),
        ("the set without all k with x_k < 0", "else if x_of e <? 0 then <<earlier known (p_of e) rest>>"),
        ("p_k = 0 where x_k = 0", "else <<p_of e =? 0>>) f", "true", "one way to write a row"),
        ("exchange: rows are named", "owes <<(faces_named known f)>> FACE_ROW (owes (concave"),
        ("exchange: the form is concave", "owes <<(concave T f (index_of e) (x_of e))>>"),
        ("the last row's set is all", "owes <<(Nat.eqb (length f) (length T))>> FACE_INDEX"),
        ("there is a last row", "| [] => <<Some FACE_INDEX>>\n  | f :: fs'", "None"),
    ),
    "matrix/CopositiveTree": (
        ("split: K exists", "<<Nat.ltb k m>> && Nat.ltb l m && negb"),
        ("split: L exists", "Nat.ltb k m && <<Nat.ltb l m>> && negb"),
        ("split: K != L", "Nat.ltb l m && <<negb (Nat.eqb k l)>>"),
        ("split: A > 0", "owes (<<(0 <? a)>> && (0 <? b)) SPLIT"),
        ("split: B > 0", "owes ((0 <? a) && <<(0 <? b)>>) SPLIT"),
        (
            "generators are not long",
            "<=? <<max_generator_bits>>",
            "Z.max max_generator_bits (size_of w)",
            "memory",
        ),
        (
            "part: some, but not all",
            "if Nat.ltb 0 (length indices) && <<Nat.ltb (length indices) m>> then",
            "(Nat.ltb (length indices) m || true)",
            "such a node is of no use",
        ),
        ("part: T_kl >= 0", "if <<nonneg_block (block ms others T)>> &&"),
        ("part: T_lk >= 0", "&& <<nonneg_block (block others ms T)>> then"),
        ("witness: p entries", "owes (<<Nat.eqb (length z) (length M)>> &&"),
        ("witness: none is negative", "&& <<nonneg z>> && negb (iszero z)"),
        ("witness: not all are 0", "nonneg z && <<negb (iszero z)>>"),
        ("witness: its value is negative", "else <<zform M z <? 0>>)"),
        ("witness, strict: its value is not positive", "if strict then <<zform M z <=? 0>>"),
    ),
    "matrix/CompletePositivity": (
        ("terms: P > 0", "<<(0 <? weight_num t)>> && (0 <? weight_den t)"),
        ("terms: Q > 0", "(0 <? weight_num t) && <<(0 <? weight_den t)>>"),
        ("terms: p entries", "&& <<Nat.eqb (length (ray t)) p>> &&", "true", "missing entries are 0"),
        ("terms: none of the first q is negative", "&& <<nonneg (firstn q (ray t))>>."),
        ("terms: the multiple is one", "if <<rest =? 0>> then sum_of_terms"),
        ("terms: the multiple is positive", "owes (<<(0 <? common)>> && (0 <? den)"),
        (
            "terms: denominators are not long",
            "owes <<(bits common <=? max_denominator_bits)>>",
            "true",
            "time",
        ),
        (
            "terms: they take little work",
            "common t) terms 0 <=? <<max_matrix_work>>)",
            "fold_left (fun sum t => sum + term_work (length A) common t) terms 0",
            "time",
        ),
        (
            "terms: the sum is the matrix",
            "Some G => <<forallb iszero (tadd (tscale den G) (tscale (- common) A))>>",
        ),
        ("vector: p entries", "owes (<<Nat.eqb (length z) (length A)>> && (zform"),
        ("vector: its value is negative", "(length A) && <<(zform A z <? 0)>>)"),
        ("separator: q rows", "owes (<<Nat.eqb (length M) q>> &&"),
        ("separator: q columns", "&& <<forallb (fun r => Nat.eqb (length r) q) M>> &&"),
        ("separator: symmetric", "&& <<is_symmetric q M>>)", "true", "what the word matrix means here"),
        ("separator: its product with the matrix is negative", "owes <<(trace_product M A <? 0)>>"),
    ),
    "matrix/MatrixChecker": (
        ("denominator of the matrix > 0", "if <<0 <? denominator M>> then"),
        (
            "no more free coordinates than rows",
            "and_then (\n        owes <<(Nat.leb (free c) (order M))>> CONE",
            "true",
            "the statement has no meaning then",
        ),
    ),
    "problems/Decimals": (
        ("numbers are not long", "Some z => if <<short z>> then", "true", "time"),
        ("a beginning is that of the text", "if <<a =? b>> then after beginning t else None"),
        ("a text has nothing else at its end", "[] => match t with [] => true | _ => <<false>> end", "true"),
    ),
    "problems/CanonicalText": (
        ("the output bias is in the text", "++ bias_title ++ <<bias_word (bias p) ++>>", ""),
        ("a positive denominator", "(l : list A) (d : Z) : bool := <<(0 <? d)>> &&"),
        ("the least denominator", "(0 <? d) && <<(common row l d =? 1)>>"),
        ("entries are not long", "Nat.eqb (length r) width && <<forallb short r>>"),
        ("a problem has samples", "<<Nat.ltb 0 (length (rows p))>> && Nat.ltb 0 (features p)"),
        (
            "it has features",
            "<<Nat.ltb 0 (features p)>> && Nat.ltb 0 (targets p)",
            "true",
            "what a problem is",
        ),
        ("it has targets", "<<Nat.ltb 0 (targets p)>> &&", "true", "what a problem is"),
        ("each sample has all features", "<<of_width (features p) (fst xy)>> && of_width"),
        ("each sample has all targets", "(fst xy) && <<of_width (targets p) (snd xy)>>) (rows p)"),
        ("gamma is positive", "<<(0 <? gamma_num p)>> && (0 <? gamma_den p)", "true", "what a problem is"),
        ("gamma's denominator is positive", "(0 <? gamma_num p) && <<(0 <? gamma_den p)>>"),
        ("gamma is in lowest terms", "<<(Z.gcd (gamma_num p) (gamma_den p) =? 1)>> &&"),
        (
            "gamma and the denominators are not long",
            "<<forallb short [gamma_num p; gamma_den p; x_den p; y_den p]>> &&",
        ),
        (
            "the sizes are not long",
            "<<forallb short [Z.of_nat (length (rows p)); Z.of_nat (features p); Z.of_nat (targets p)]>> &&",
        ),
        ("the features' denominator", "<<least fst (rows p) (x_den p)>> &&"),
        ("the targets' denominator", "<<least snd (rows p) (y_den p)>>."),
        ("a matrix has rows", "bool :=\n  <<Nat.ltb 0 (order M)>> &&", "true", "what a matrix is"),
        ("its rows have all entries", "<<forallb (of_width (order M)) (entries M)>> &&"),
        ("it is symmetric", "<<is_symmetric (order M) (entries M)>> &&", "true", "what its statements say"),
        ("its denominator is not long", "<<short (denominator M)>> && short (Z.of_nat"),
        ("its order is not long", "<<short (Z.of_nat (order M))>> && least"),
        ("its denominator is the least", "<<least (fun r => r) (entries M) (denominator M)>>."),
        (
            "the samples are those of the text",
            "(fun p => match after (head p) t with Some t => <<consists_of sample (rows p) t>> &&",
        ),
        (
            "the problem is well-formed",
            "Some t => consists_of sample (rows p) t && <<well_formed p>> | None => false end)\n",
        ),
        (
            "the rows are those of the text",
            "if <<consists_of matrix_row (entries M) t>> && well_formed_matrix",
        ),
        (
            "the matrix is well-formed",
            "consists_of matrix_row (entries M) t && <<well_formed_matrix M>> then",
        ),
    ),
    "OverReals": (),
    "AsRead": (
        ("as read: denominators of the problem are positive", "(0 <? x_den p) && <<(0 <? y_den p)>> && (0"),
        ("as read: every row is the same", "&& <<all2 (same_sample p) (rows p) D>> && same"),
        ("as read: gamma is the same", "<<same (gamma_den p) (gamma_num p) gamma>>\n"),
        ("as read: the claim is the same", "&& <<same (claim_den c) (claim_num c) claim>>."),
        ("as read: features are the same", "<<same_row (x_den p) (fst row) (fst xy)>> &&"),
        ("as read: targets are the same", "&& <<same_row (y_den p) (snd row) (snd xy)>>."),
        (
            "as read: none is left over",
            "=> f a b && all2 f x' y' | _, _ => <<false>>",
        ),
        ("as read: the matrix is the same", "&& <<all2 (same_row (denominator I)) (entries I) M>>."),
        ("as read: the matrix's denominator is positive", "<<(0 <? denominator I)>> && all2"),
    ),
}
