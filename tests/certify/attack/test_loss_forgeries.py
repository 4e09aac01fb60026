"""Forgeries of the loss, its domain, a claim with logarithms and the weights in a recipe."""

from __future__ import annotations

import importlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from certify.attack.attack import OTHER_DATA, UNREADABLE, attack, kinds_for
from certify.attack.forgeries import RAISING
from certify.attack.from_files import attack_file
from certify.attack.loss_forgeries import (
    LOSS_FORGERIES,
    OF_BALANCE,
    OF_DOMAINS,
    OF_RECIPES,
    formal_claim,
    into_domain,
)
from certify.checker.certificate.file import from_text, save_certificate
from certify.checker.certificate.nodes import EnvelopeLeaf, Node, Sign
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import from_table
from certify.checker.data.dataset import reapply_table
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import read_table
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.dual_bound import dual_bounds, in_domain
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from tests.certify.checker.oracles import certificate_of, replace_require
from tests.certify.cli.command_line import run

F = Fraction
LEAF = EnvelopeLeaf()
TREE: tuple[Node, ...] = (Sign(0), Sign(1), LEAF, LEAF, Sign(1), LEAF, LEAF)
EXPONENT = 20
TARGETS: dict[str, list[list[Fraction | int]]] = {
    "absolute": [[3], [4]],
    "quantile 3/4": [[3], [4]],
    "huber 1": [[3], [4]],
    "epsilon-insensitive 1/2": [[3], [4]],
    "hinge": [[1], [-1]],
    "squared-hinge": [[1], [-1]],
    "logistic": [[1], [-1]],
    "multiclass-hinge": [[1, 0, 0], [0, 0, 1]],
    "cross-entropy": [[1, 0, 0], [0, F(1, 4), F(3, 4)]],
    "cross-entropy 1/10": [[1, 0, 0], [0, 0, 1]],
    "poisson": [[3], [4]],
}


def problem_of(loss: str, weights: list[Fraction] | None = None) -> TrainingProblem:
    """A problem whose best network is the one without neurons."""
    return TrainingProblem.from_rationals([[1, 0], [0, 1]], TARGETS[loss], 40, loss, "none", weights)


def best(problem: TrainingProblem) -> Certificate:
    """The certificate of its optimum, which is the loss at zero, but for rounding."""
    unit, rows = 1 << EXPONENT, []
    for i in range(problem.n):
        y, w = problem.target(i), problem.weight(i)
        match problem.loss.text.split()[0]:
            case "multiclass-hinge":
                most = int(w * unit)
                rows.append([most if entry else -(most // 2) for entry in y])
                rows[-1][1] -= sum(rows[-1])
            case "cross-entropy":
                smoothed = [high / w for _, high in problem.loss.box(y, w) if high is not None]
                down = [-(unit * w * (sum(smoothed) / 3 - s) // 1) for s in smoothed]
                down[0] -= sum(down)
                rows.append([int(entry) for entry in down])
            case "quantile":
                rows.append([int(F(3, 4) * w * unit)])
            case "logistic":
                rows.append([int(y[0] * w * unit / 2)])
            case "poisson":
                rows.append([int((y[0] - 1) * w * unit)])
            case _:
                rows.append([int((1 if y[0] > 0 else -1) * w * unit)])
    return formal_claim(certificate_of(problem, rows, TREE, exponent=EXPONENT), problem)


WEIGHTS = [None, [F(3, 2), F(1, 3)]]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["plain", "weighted"])
@pytest.mark.parametrize("loss", TARGETS)
def test_the_checker_holds(loss: str, weights: list[Fraction] | None) -> None:
    problem = problem_of(loss, weights)
    certificate = best(problem)
    assert check_certificate(certificate, problem).valid
    assert certificate.bound <= problem.loss_at_zero()
    assert float(certificate.bound) == pytest.approx(float(problem.loss_at_zero()), rel=1e-5)
    report = attack(certificate, problem, trials=450, seed=1)
    assert report.breaches == ()
    assert report.upper == problem.loss_at_zero()
    tallies = report.tallies
    assert set(tallies["dual entry moved out of the domain"].rejected) == {"dual_domain"}
    assert tallies["dual entry moved out of the domain"].accepted == 0
    assert set(tallies["loss changed"].rejected) <= {"statement", UNREADABLE}
    assert tallies["loss changed"].accepted == 0
    assert set(tallies["parameter of the loss changed"].rejected) <= {"statement", UNREADABLE}
    assert tallies["parameter of the loss changed"].accepted == 0
    assert set(tallies["claim raised within rounding"].rejected) <= {"claim", UNREADABLE}
    assert tallies["claim raised within rounding"].tried > 0
    assert ("dual row off balance" in tallies) == problem.loss.zero_sum
    if problem.loss.zero_sum:
        assert set(tallies["dual row off balance"].rejected) == {"dual_domain"}


@pytest.mark.parametrize("loss", TARGETS)
def test_most_forgeries_get_past_the_domain(loss: str) -> None:
    problem = problem_of(loss, [F(3, 2), F(1, 3)])
    tallies = attack(best(problem), problem, trials=450, seed=2).tallies
    others = [tally for kind, tally in tallies.items() if kind not in OF_DOMAINS | OF_BALANCE]
    assert sum(tally.rejected["dual_domain"] for tally in others) < sum(tally.tried for tally in others) / 5
    if not problem.loss.is_exact:  # at a corner of a box nothing can be raised
        assert any(tallies[kind].accepted + tallies[kind].rejected["leaf_form"] for kind in RAISING)


@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("exponent", [0, EXPONENT])
def test_a_dual_point_is_moved_into_the_domain(loss: str, exponent: int) -> None:
    problem, random = problem_of(loss, [F(3, 2), F(1, 3)]), Random(0)
    for _ in range(20):
        rows = [[random.randrange(-9, 9) << exponent for _ in range(problem.c)] for _ in range(problem.n)]
        forged = certificate_of(problem, rows, TREE, exponent=exponent)
        moved = into_domain(forged, problem)
        assert in_domain(problem, moved.dual_point, exponent)
        assert into_domain(moved, problem) == moved
    short = replace(moved, dual_point=moved.dual_point[1:])
    assert into_domain(short, problem) == short


def test_forgeries_of_domains_are_for_losses_with_ends() -> None:
    squared = TrainingProblem.from_rationals([[1, 0], [0, 1]], [[3], [4]], 40)
    certificate = certificate_of(squared, [[0], [0]], TREE)
    kinds = set(kinds_for(certificate, squared))
    assert not kinds & (OF_DOMAINS.keys() | OF_BALANCE.keys() | OF_RECIPES.keys())
    assert kinds >= LOSS_FORGERIES.keys()


@pytest.mark.parametrize("loss", TARGETS)
def test_an_entry_is_moved_just_beyond_its_end(loss: str) -> None:
    problem = problem_of(loss, [F(3, 2), F(1, 3)])
    certificate, random = best(problem), Random(0)
    forge = OF_DOMAINS["dual entry moved out of the domain"]
    for _ in range(50):
        forged = forge(certificate, problem, random)
        changed = [
            (i, k)
            for i, row in enumerate(forged.dual_point)
            for k, entry in enumerate(row)
            if entry != certificate.dual_point[i][k]
        ]
        if not changed:
            continue
        assert len(changed) == 1 + problem.loss.zero_sum
        assert len({i for i, _ in changed}) == 1
        assert check_certificate(forged, problem).obligation is Obligation.DUAL_DOMAIN


def forgetful(obligation: Obligation) -> Callable[..., None]:
    """Return what requires everything but one obligation."""

    def require(condition: bool, required: Obligation, node: int | None = None) -> None:
        if not condition and required is not obligation:
            raise Rejection(required, node)

    return require


@pytest.mark.parametrize("loss", ["absolute", "quantile 3/4", "hinge", "epsilon-insensitive 1/2"])
def test_a_checker_that_forgets_the_domain_is_found_out(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of(loss)
    certificate = best(problem)
    replace_require(monkeypatch, forgetful(Obligation.DUAL_DOMAIN))
    report = attack(certificate, problem, trials=500, seed=0)
    assert report.breaches
    monkeypatch.undo()
    for text in report.breaches:
        assert check_certificate(from_text(text), problem).obligation is Obligation.DUAL_DOMAIN


@pytest.mark.parametrize("loss", ["logistic", "cross-entropy", "poisson"])
def test_a_checker_that_believes_the_last_digits_is_found_out(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = problem_of(loss)
    certificate = best(problem)
    _, high = dual_bounds(problem, certificate.dual_point, EXPONENT, 4096)
    replace_require(monkeypatch, forgetful(Obligation.CLAIM))
    report = attack(certificate, problem, trials=500, seed=0, upper=high)
    kinds = {kind for kind, tally in report.tallies.items() if (tally.largest_accepted or 0) > high}
    assert "claim raised within rounding" in kinds
    assert report.breaches


ROWS = "a,b,w,kind\n1,0.5,1,x\n-0.25,1,2.5,y\n0.5,-1,0.75,x\n-1,-0.5,1,y\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(ROWS)
    return path


def of_data(data: Path, loss: str) -> tuple[Certificate, TrainingProblem, Callable[..., TrainingProblem]]:
    """A certificate for a file with weights of both kinds, its problem, and what is made of other recipes."""
    table = read_table(data)
    dataset = from_table(table, sample_weight="w", class_weight={"x": 2, "y": "1/3"}, loss=loss)
    problem = dataset.problem(40, loss)
    trivial = certificate_of(problem, [[0] * problem.c] * 4, TREE)
    certificate = formal_claim(replace(trivial, preprocessing=dataset.preprocessing), problem)

    def remake(recipe: Preprocessing) -> TrainingProblem:
        return reapply_table(table, recipe).problem(40, loss)

    return certificate, problem, remake


@pytest.mark.parametrize("loss", ["squared", "hinge", "cross-entropy"])
def test_weights_in_the_recipe(loss: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, problem, remake = of_data(data, loss)
    report = attack(certificate, problem, trials=2000, seed=0, remake=remake)
    assert report.breaches == ()
    for kind in OF_RECIPES:
        tally = report.tallies[kind]
        # The column of the weights has a number, too, and a recipe with that is the same.
        assert tally.largest_accepted in (None, certificate.bound)
        assert tally.tried > 0
        assert set(tally.rejected) <= {"problem", UNREADABLE, OTHER_DATA}
    assert report.tallies["class weights of the recipe changed"].rejected["problem"] > 0
    assert report.tallies["sample weights of the recipe changed"].rejected["problem"] > 0
    assert not OF_RECIPES.keys() & attack(certificate, problem, trials=100, seed=0).tallies.keys()
    # Smaller weights make an easier problem, whose bound this is not.
    replace_require(monkeypatch, forgetful(Obligation.PROBLEM))
    attacker = importlib.import_module("certify.attack.attack")
    monkeypatch.setattr(attacker, "check_certificate", _check_or_crash)
    assert attack(certificate, problem, trials=2000, seed=0, remake=remake).breaches


def _check_or_crash(certificate: Certificate, problem: TrainingProblem) -> Verdict:
    try:
        return check_certificate(certificate, problem)
    except (ValueError, LookupError):
        return Verdict(False, None, "exact", "crashed", Obligation.PROBLEM, 0)


@pytest.mark.parametrize("loss", ["logistic", "squared"])
def test_the_command_follows_recipes(
    loss: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "c.cert"
    certificate, problem, _ = of_data(data, loss)
    save_certificate(certificate, path)
    assert run(monkeypatch, "attack", path, "--data", data, "--trials", "300", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["breaches"] == 0
    assert found["problem"]["weighted"]
    assert found["problem"]["loss"] == problem.loss.text
    assert found["kinds"].keys() >= OF_RECIPES.keys() | LOSS_FORGERIES.keys()


def test_the_data_is_read_once(data: Path, tmp_path: Path) -> None:
    path, pipe = tmp_path / "c.cert", tmp_path / "pipe.csv"
    certificate, _, _ = of_data(data, "hinge")
    save_certificate(certificate, path)
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(ROWS,))
    writer.start()
    forged = attack_file(path, pipe, trials=50, seed=0).forged
    writer.join()
    assert forged is not None
    assert forged.subject.problem.sha256() == certificate.problem_sha256
    assert forged.report.tried > 0
    other = tmp_path / "other.csv"
    other.write_text(ROWS.replace("kind", "sort"))
    elsewhere = attack_file(path, other, trials=50, seed=0)
    assert not elsewhere.holds
    assert "not for this data" in elsewhere.verdict.reason
