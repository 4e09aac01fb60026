"""The proved checker as a program of its own: what it says is proved, and what may be expected of it."""

import gzip
import hashlib
import json
import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from certify.checker.certificate.complete_positivity import CompletePositivityCertificate, Term
from certify.checker.certificate.file import load_certificate, save_certificate
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Leaf,
    Node,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import reread_dataset
from certify.checker.data.matrix_file import read_matrix
from certify.checker.problems.losses.table import read_loss
from certify.checker.problems.training import TrainingProblem
from certify.trust.proved_sources import SOURCES_SHA256
from tests.certify.attack.test_attack import CORNER_CERTIFICATES
from tests.certify.checker.matrix.test_copositivity import ENVELOPE, stated
from tests.certify.checker.oracles import certificate_of
from tests.certify.trust.extracted.test_training import PROGRAM, needs_program
from tests.places import ROOT

PROOFS = ROOT / "proofs"
PINS = ROOT / "tests" / "data" / "pins"
OF_QUALITY = [str(PINS / "honest.cert"), "--data", str(PINS / "wine.csv")]
OF_ALCOHOL = [str(PINS / "other.cert"), "--data", str(PINS / "wine.csv")]
ALCOHOL = load_certificate(OF_ALCOHOL[0]).problem_sha256
OF_MATRIX = [str(PINS / "neg.cert"), "--data", str(PINS / "neg.csv")]


def said(*arguments: str, code: int = 0) -> str:
    """What the program prints, on stderr if it cannot use its input; nothing may be on the other."""
    run = subprocess.run([str(PROGRAM), *arguments], capture_output=True, timeout=600)
    assert run.returncode == code, run.stderr
    answer, silent = (run.stderr, run.stdout) if code in (2, 70) else (run.stdout, run.stderr)
    assert silent == b""
    return answer.decode("utf-8")


def trivial(folder: Path, data: str, *, standardize: bool = False, bias: bool = False) -> list[str]:
    """A certificate that no loss is negative, for a file, and the arguments that check it."""
    path, certificate = folder / "d.csv", folder / "c.cert"
    path.write_text(data)
    dataset = read_dataset(path, standardize=standardize, bias=bias)
    problem = dataset.problem("1/10")
    proof = certificate_of(problem, [[0] * problem.c] * problem.n, [Leaf(1, 1)])
    save_certificate(replace(proof, preprocessing=dataset.preprocessing), certificate)
    return [str(certificate), "--data", str(path)]


@needs_program
class TestStatement:
    def test_all_that_the_theorem_depends_on(self) -> None:
        quality, alcohol = said(*OF_QUALITY), said(*OF_ALCOHOL)
        problem = load_certificate(OF_QUALITY[0]).problem_sha256
        for words in (
            '3 of 3: "quality"',
            '1-2 of 3: "alcohol", "acid"',
            "gamma          1/10",
            "loss           squared",
            "output bias    none",
            "task           regression",
            "features as in the file",
            "n = 6 samples, d = 2 features, c = 1 target",
            f"SHA-256 {problem}",
            ">=  1.151127065365",
        ):
            assert words in quality
        assert '1 of 3: "alcohol"' in alcohol

    def test_standardised_columns_are_not_the_constant_ones(self, tmp_path: Path) -> None:
        words = said(*trivial(tmp_path, "a,b,c,y\n1,7,1,a\n2,7,0,b\n3,7,0,a\n", standardize=True, bias=True))
        assert 'mean 0 and variance 1, columns 1, 3 of 4: "a", "c"; constant' in words
        assert 'taken off, column 2 of 4: "b"; then a feature 1' in words
        assert 'one-hot: 2 classes "a", "b"' in words
        constant = said(*trivial(tmp_path, "a,b,y\n1,7,1\n1,7,2\n", standardize=True))
        assert "variance" not in constant
        assert (
            'constant, so that it is 0 after its value is taken off, columns 1-2 of 3: "a", "b"' in constant
        )

    def test_free_coordinates(self, tmp_path: Path) -> None:
        assert "no sign demanded of b, coordinates 1 to 2 free: this is semidefiniteness" in said(*OF_MATRIX)
        (tmp_path / "m.csv").write_text("1,0,0\n0,1,0\n0,0,1\n")
        matrix = read_matrix(tmp_path / "m.csv")
        units = tuple(Term(Fraction(1), tuple(int(i == k) for i in range(3))) for k in range(3))
        for free, words in (
            (0, "with b >= 0, no coordinate free."),
            (1, "with b_1, ..., b_2 >= 0, coordinate 3 free."),
            (2, "with b_1 >= 0, coordinates 2 to 3 free: this is semidefiniteness and no more."),
        ):
            certificate = CompletePositivityCertificate(
                "completely_positive", matrix.sha256(), free, units, (), (), (), "by hand"
            )
            save_certificate(certificate, tmp_path / "m.cert")
            assert words in said(str(tmp_path / "m.cert"), "--data", str(tmp_path / "m.csv"))

    def test_a_name_cannot_fake_a_sentence(self, tmp_path: Path) -> None:
        name = 'y", gamma = 1\x1b[2K\u202e\u2028\x85\u200f' + "z" * 50
        words = said(*trivial(tmp_path, f'a,"{name}"\n1,2\n2,3\n'.replace('y"', 'y""')))
        target = next(line for line in words.splitlines() if line.startswith("    target "))
        escaped = r"\u{1b}[2K\u{202e}\u{2028}\u{85}\u{200f}"
        assert re.search(rf'column 2 of 2: "y\\", gamma = 1{re.escape(escaped)}z+"\.\.\.$', target)
        assert words.isascii()

    def test_names_of_letters_stay(self, tmp_path: Path) -> None:
        assert '"größe"' in said(*trivial(tmp_path, "größe,y\n1,2\n2,3\n"))
        # Unless they would be written the other way round, or have no shape.
        assert r'"\u{5d0}\u{3164}b"' in said(*trivial(tmp_path, "\u05d0\u3164b,y\n1,2\n2,3\n"))

    def test_columns_without_names_of_their_own(self, tmp_path: Path) -> None:
        arguments = trivial(tmp_path, "x,x\n1,2\n2,3\n")
        assert 'column 2 of 2: "x"' in said(*arguments)
        assert "expected target column 1, found column 2" in said(*arguments, "--target", "1", code=1)
        assert "can mean several" in said(*arguments, "--target", "x", code=2)
        bare = trivial(tmp_path, "1,2\n2,3\n")
        assert "column 2 of 2\n" in said(*bare)
        assert "expected target column 1, found column 2" in said(*bare, "--target", "1", code=1)

    def test_a_reason_is_quoted(self, tmp_path: Path) -> None:
        arguments = trivial(tmp_path, "a,y\n1,u\n2,v\n")
        (tmp_path / "d.csv").write_text("a,y\n1,u\n2,\x1b[31mw\n")
        assert said(*arguments, code=1).startswith(
            'REJECTED: PROBLEM: the class "\\u{1b}[31mw" is not one of the recorded'
        )

    def test_json_is_ascii(self, tmp_path: Path) -> None:
        answer = said(*trivial(tmp_path, "größe,\U0001d400\n1,2\n2,3\n"), "--json")
        assert answer.isascii()
        assert '"größe"' in json.loads(answer)["reason"]
        assert '"\U0001d400"' in json.loads(answer)["reason"]


def weighted(folder: Path, loss: str, classes: int = 2) -> list[str]:
    """A certificate that a loss of weighted samples is not negative, and the arguments that check it."""
    path, certificate = folder / "w.csv", folder / "w.cert"
    labels = "abc"[:classes]
    path.write_text("x,w,kind\n" + "".join(f"{k},{k + 1}.5,{label}\n" for k, label in enumerate(labels)))
    dataset = read_dataset(path, targets=["kind"], sample_weight="w", class_weight={"b": "2/3"})
    problem = dataset.problem("1/10", loss)
    rows = ((0,) * problem.c,) * problem.n
    proof = replace(
        CORNER_CERTIFICATES["one leaf"], frame=Frame.identity(1), tree=(Leaf(1, 1),), dual_point=rows
    )
    proof = replace(proof, problem_sha256=problem.sha256(), gamma=problem.gamma, loss=loss, bound=Fraction(0))
    save_certificate(replace(proof, preprocessing=dataset.preprocessing), certificate)
    return [str(certificate), "--data", str(path)]


@needs_program
class TestWeights:
    def test_statement(self, tmp_path: Path) -> None:
        lines = [" ".join(line.split()) for line in said(*weighted(tmp_path, "logistic")).splitlines()]
        for line in (
            "sum_ik w_i log(1 + exp(-y_ik f(x_i)_k)) + gamma/2 * sum_j (|u_j|^2 + |v_j|^2) >= 0.000000000000",
            "loss logistic",
            'features column 1 of 3: "x"',
            'target column 3 of 3: "kind"',
            'task classification, as -1 and 1: 2 classes "a", "b"',
            'weights w_i column 2 of 3: "w" times 1 for "a", 2/3 for "b"',
            "size n = 2 samples, d = 1 feature, c = 1 target",
        ):
            assert line in lines

    def test_of_a_text(self, tmp_path: Path) -> None:
        arguments = weighted(tmp_path, "poisson")
        certificate = load_certificate(arguments[0])
        assert isinstance(certificate, Certificate)
        assert certificate.preprocessing is not None
        problem = reread_dataset(arguments[2], certificate.preprocessing).problem("1/10", "poisson")
        (tmp_path / "p.txt").write_text("".join(problem.canonical_text()))
        answer = said(arguments[0], "--text", str(tmp_path / "p.txt"))
        assert "sum_ik w_i (exp f(x_i)_k - y_ik f(x_i)_k)" in answer
        assert "weights w_i    the last number of each sample's line" in answer

    @pytest.mark.parametrize(
        ("loss", "formula", "task"),
        [
            ("hinge", "sum_ik w_i max(0, 1 - y_ik f(x_i)_k)", "each as 1 against the rest as -1"),
            ("cross-entropy 1/10", "-sum_ik w_i (9/10 y_ik + 1/(10 c)) log softmax(f(x_i))_k", "one-hot"),
            ("multiclass-hinge", "sum_i w_i (max_k (f(x_i)_k + 1 - y_ik) - <y_i, f(x_i)>)", "one-hot"),
            ("quantile 1/4", "sum_ik w_i max(1/4 (y_ik - f(x_i)_k), 3/4 (f(x_i)_k - y_ik))", "one-hot"),
            (
                "huber 1/2",
                "1/2 sum_ik w_i ((f(x_i)_k - y_ik)^2 - max(0, |f(x_i)_k - y_ik| - 1/2)^2)",
                "one-hot",
            ),
        ],
    )
    def test_formulas(self, loss: str, formula: str, task: str, tmp_path: Path) -> None:
        arguments = weighted(tmp_path, loss, 3)
        answer = said(*arguments)
        assert f"    {formula} + gamma/2" in answer
        assert f"classification, {task}: 3 classes" in answer
        # The same formula as in Python's words.
        assert formula == read_loss(loss).weighted_formula

    @pytest.mark.parametrize(
        ("arguments", "differences"),
        [
            ("--sample-weight w --class-weight b=2/3 --weighted --loss logistic", ""),
            ("--sample-weight 2", ""),
            ("--class-weight a=1 --class-weight b=2/3", ""),
            ("--no-weighted", "no sample weights, found sample weights"),
            ("--sample-weight x", "sample weight x, found w"),
            ("--class-weight b=2", "class weights a=1, b=2, found class weights a=1, b=2/3"),
            ("--loss hinge", "loss hinge, found logistic"),
            ("--loss huber=", None),
            ("--class-weight c=2", None),
            ("--class-weight b=0", None),
            ("--class-weight b", None),
            ("--sample-weight nix", None),
        ],
    )
    def test_expectations(self, arguments: str, differences: str | None, tmp_path: Path) -> None:
        case = [*weighted(tmp_path, "logistic"), *arguments.split()]
        if differences is None:
            assert said(*case, code=2).count("\n") == 1
        elif differences:
            assert said(*case, code=1) == f"REJECTED: EXPECTATION: expected {differences}\n"
        else:
            assert said(*case).startswith("VALID")

    def test_lax_losses_can_be_expected(self, tmp_path: Path) -> None:
        for loss in ("huber 0.5", "huber 2/4", "huber .50"):
            assert said(*weighted(tmp_path, "huber 1/2"), "--loss", loss).startswith("VALID")
        assert 'found "huber 1/2"' in said(*weighted(tmp_path, "huber 1/2"), "--loss", "huber", code=1)

    def test_other_weights_are_another_problem(self, tmp_path: Path) -> None:
        arguments = weighted(tmp_path, "squared")
        data = tmp_path / "w.csv"
        for old, new, word in (
            ("1.5", "1.6", "hash"),
            ("1.5", "0", "not positive"),
            ("1.5", "x", "must be a number"),
        ):
            text = data.read_text()
            data.write_text(text.replace(old, new))
            assert word in said(*arguments, code=1)
            data.write_text(text)
        assert said(*arguments).startswith("VALID")


@needs_program
class TestExpectations:
    def test_what_holds(self) -> None:
        problem = load_certificate(OF_QUALITY[0]).problem_sha256
        arguments = (
            "--statement training --target quality --task regression --gamma 0.1 --no-bias",
            f"--output-bias none --no-standardize --loss squared --at-least 1.151127 --problem {problem}",
        )
        assert said(*OF_QUALITY, *" ".join(arguments).split()).startswith("VALID")
        assert said(*OF_QUALITY, "--problem=" + problem[:16].upper(), "--target=3").startswith("VALID")
        matrix = "--statement completely_positive --free 2 --problem 4fb7622fd935405f"
        assert said(*OF_MATRIX, *matrix.split()).startswith("VALID")

    @pytest.mark.parametrize(
        ("arguments", "differences"),
        [
            ("--gamma 0.2", ["gamma = 1/5, found 1/10"]),
            ("--target quality --gamma 1", ["gamma = 1, found 1/10", "target quality, found alcohol"]),
            ("--target 2 --target quality", ["targets acid, quality, found alcohol"]),
            ("--task classification", ["task classification, found regression"]),
            ("--bias --standardize", ["a hidden bias, found none", "standardisation, found none"]),
            ("--output-bias free", ["output bias free, found none"]),
            ("--at-least 2.5841016025", ["a bound of at least 2.584101602500, found 2.584101602494"]),
            ("--statement copositive --problem 0123456789abcdef", ["statement copositive, found training"]),
            ("--problem 0123456789abcdef", [f"problem 0123456789abcdef, found {ALCOHOL}"]),
        ],
    )
    def test_what_differs(self, arguments: str, differences: list[str]) -> None:
        words = "; ".join(f"expected {difference}" for difference in differences)
        assert said(*OF_ALCOHOL, *arguments.split(), code=1) == f"REJECTED: EXPECTATION: {words}\n"
        answer = json.loads(said(*OF_ALCOHOL, *arguments.split(), "--json", code=1))
        assert (answer["valid"], answer["obligation"]) == (False, "EXPECTATION")
        assert answer["reason"] == words

    def test_differences_come_before_the_work(self, tmp_path: Path) -> None:
        certificate = load_certificate(OF_ALCOHOL[0])
        save_certificate(replace(certificate, tree=certificate.tree[:-1]), tmp_path / "c.cert")
        arguments = [str(tmp_path / "c.cert"), *OF_ALCOHOL[1:]]
        assert "COVER" in said(*arguments, code=1)
        assert "EXPECTATION" in said(*arguments, "--gamma", "1", code=1)

    def test_of_a_matrix(self) -> None:
        assert (
            said(*OF_MATRIX, "--free", "0", code=1) == "REJECTED: EXPECTATION: expected free = 0, found 2\n"
        )
        # The words alone mean that no coordinate is free.
        assert "expected free = 0, found 2" in said(*OF_MATRIX, "--statement", "completely_positive", code=1)
        assert "found completely_positive" in said(*OF_MATRIX, "--statement", "copositive", code=1)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ("--gamma x", "no number"),
            ("--gamma 0", "not positive"),
            ("--gamma -1/2", "not positive"),
            ("--gamma 1/0", "no number"),
            ("--gamma ١", "no number"),
            ("--gamma 1 --gamma 1", "given twice"),
            ("--bias --no-bias", "given twice"),
            ("--at-least nan", "no number"),
            ("--at-least inf", "no number"),
            ("--at-least 1e999", "too long"),
            ("--target nix", "no column"),
            ("--task auto", "none of"),
            ("--loss nonsense", "none of"),
            ("--loss quantile=1", "none of"),
            ("--statement true", "none of"),
            ("--problem 0123456789abcde", "not the SHA-256"),
            ("--problem 0123456789abcdeg", "not the SHA-256"),
            ("--free 1", "cannot be used here"),
            ("--free -1", "no number"),
            ("--nonsense", "no option"),
            ("--statement copositive --gamma 1", "is of a matrix"),
            ("--statement training --free 1", "no free coordinates"),
            ("--json=1", "takes no value"),
            ("--gamma", "needs a value"),
            ("more.cert", "usage"),
            ("--text x", "either"),
        ],
    )
    def test_what_cannot_be_used(self, arguments: str, sentence: str) -> None:
        answer = said(*OF_ALCOHOL, *arguments.split(), code=2)
        assert sentence in answer
        assert answer.count("\n") == 1

    @pytest.mark.parametrize(
        "option", ["--gamma 1", "--target a", "--bias", "--no-standardize", "--at-least 1", "--loss squared"]
    )
    def test_of_training_for_a_matrix(self, option: str, tmp_path: Path) -> None:
        assert "the statement completely_positive is of a matrix" in said(*OF_MATRIX, *option.split(), code=2)
        (tmp_path / "m.csv").write_text("1\n")
        save_certificate(stated([[1]], ENVELOPE)[0], tmp_path / "m.cert")
        copositive = [str(tmp_path / "m.cert"), "--data", str(tmp_path / "m.csv")]
        assert "the statement copositive has no free coordinates" in said(*copositive, "--free", "0", code=2)

    def test_the_text_of_a_problem_has_no_columns(self, tmp_path: Path) -> None:
        dataset = read_dataset(OF_QUALITY[2])
        (tmp_path / "p.txt").write_text("".join(dataset.problem("0.1").canonical_text()))
        arguments = [OF_QUALITY[0], "--text", str(tmp_path / "p.txt")]
        assert "says nothing of columns" in said(*arguments)
        assert "EXPECTATION" in said(*arguments, "--gamma", "1", code=1)
        for option in ("--target=quality", "--task=regression", "--no-bias", "--standardize"):
            assert "give --data" in said(*arguments, option, code=2)


@needs_program
class TestProgram:
    def test_help_lists_every_option(self) -> None:
        words = said("--help")
        for option in [
            "data",
            "text",
            "json",
            "progress",
            "statement",
            "gamma",
            "target",
            "task",
            "bias",
            "no-bias",
            "output-bias",
            "standardize",
            "no-standardize",
            "loss",
            "at-least",
            "free",
            "problem",
            "version",
            "help",
        ]:
            assert re.search(rf"^  --{option}\b", words, re.MULTILINE), option
        assert "my problem, and at least this bound" in words

    def test_the_sources_it_was_built_from(self) -> None:
        assert f"sources: {SOURCES_SHA256}" in said("--version").splitlines()

    def test_a_small_stack_is_enough_for_many_samples(self, tmp_path: Path) -> None:
        n = 30_000
        lines = "".join(f"{i % 7 + 1} 0 ; {i % 5}\n" for i in range(n))
        head = "certify problem 1\nloss squared\noutput_bias none\ngamma 1/1\n"
        text = f"{head}size {n} 2 1\ndenominators 1 1\n{lines}"
        small = TrainingProblem.from_rationals([[1, 0]], [[0]], 1)
        closed: list[Node] = [EnvelopeLeaf(), EnvelopeLeaf()]
        tree: list[Node] = [Sign(0), Sign(1), *closed, Sign(1), *closed]
        certificate = replace(
            certificate_of(small, [[0]], tree),
            dual_point=((0,),) * n,
            problem_sha256=hashlib.sha256(text.encode()).hexdigest(),
        )
        self.check_in_a_small_stack(certificate, text, tmp_path)

    def test_a_small_stack_is_enough_for_a_deep_tree(self, tmp_path: Path) -> None:
        problem = TrainingProblem.from_rationals([[1, 2], [2, -1]], [[1], [2]], 1)
        closed: list[Node] = [EnvelopeLeaf(), EnvelopeLeaf()]
        step: list[Node] = [Split(0, 1, 1, 1), EnvelopeLeaf()]
        tree: list[Node] = [Sign(0), Sign(1), *(20_000 * step), *closed, Sign(1), *closed]
        certificate = certificate_of(problem, [[0]] * 2, tree)
        self.check_in_a_small_stack(certificate, "".join(problem.canonical_text()), tmp_path)

    def check_in_a_small_stack(self, certificate: Certificate, text: str, folder: Path) -> None:
        save_certificate(certificate, folder / "c.cert")
        (folder / "p.txt").write_text(text)
        command = 'ulimit -s 256; exec "$0" "$@"'
        run = subprocess.run(
            ["sh", "-c", command, str(PROGRAM), str(folder / "c.cert"), "--text", str(folder / "p.txt")],
            capture_output=True,
            timeout=600,
        )
        assert run.stdout.startswith(b"VALID"), (run.stdout, run.stderr)

    def test_an_internal_error_is_no_verdict(self) -> None:
        full = Path("/dev/full")
        if not full.exists():
            return
        with full.open("wb") as nowhere:
            run = subprocess.run([str(PROGRAM), "--help"], stdout=nowhere, stderr=subprocess.PIPE)
        assert run.returncode == 70
        assert run.stderr.startswith(b"the verdict cannot be written")


def test_the_package_expects_the_sources_of_this_tree() -> None:
    sources = [*PROOFS.glob("checker/**/*.ml"), *PROOFS.glob("theories/**/*.v")]
    files = ["Makefile", *sorted(path.relative_to(PROOFS).as_posix() for path in sources)]
    lines = (f"{hashlib.sha256((PROOFS / name).read_bytes()).hexdigest()}  {name}\n" for name in files)
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert expected == SOURCES_SHA256, "make -C proofs hash"


@needs_program
def test_a_compressed_certificate_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "any.cert.gz").write_bytes(gzip.compress(b"{}\n"))
    run = subprocess.run(
        [str(PROGRAM), tmp_path / "any.cert.gz", "--text", tmp_path / "none.txt"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.endswith("it is compressed: use `certify check`, or gunzip it first\n")
