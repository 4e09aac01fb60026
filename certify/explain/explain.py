"""What a certificate proves, what carries its bound, and where the bound was lost (docs/explain.md)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from certify.checker.certificate.training import Certificate
from certify.checker.check import DataVerdict, check_subject
from certify.checker.data.dataset import Dataset
from certify.checker.errors import CertificateError
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.checker.text.names import column
from certify.explain.blocks import explain_blocks
from certify.explain.contributions import contributions
from certify.explain.error_budget import error_budget, estimate_gauge
from certify.explain.explanation import Explanation
from certify.explain.gap_split import split_gap
from certify.explain.leaf_statistics import leaf_statistics
from certify.floats.gauge import dual_point
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.networks.network import ReLUNetwork
from certify.runtime.progress import Clock, Observer

__all__ = ["Explanation", "explain"]


def explain(
    certificate: Certificate,
    data: TrainingProblem | Dataset,
    network: ReLUNetwork | None = None,
    *,
    observer: Observer | None = None,
) -> Explanation:
    """Check a certificate exactly and explain it.

    Args:
        certificate: of any method.
        data: the problem that it is for, or the dataset that this is made of, whose names and lines are used.
        network: whose loss and neurons are compared with the bound, if there is one.
        observer: watches the work.

    Raises:
        CertificateError: if the certificate is not valid.
        DataError: if the problem has numbers beyond floating point.
        NetworkError: if the network does not fit the problem, or has a weight beyond floating point.
    """
    if isinstance(data, TrainingProblem):
        subject = Training(data, None)
    else:
        subject = Training(data.problem(certificate.gamma, certificate.loss, certificate.output_bias), data)
    verdict = check_subject(certificate, subject)
    if not verdict.valid:
        raise CertificateError(f"{verdict.reason}; nothing is proved: explain a valid certificate")
    return explain_valid(certificate, subject, verdict, network, Clock(None, observer or Observer()))


def explain_valid(
    certificate: Certificate,
    subject: Training,
    verdict: DataVerdict,
    network: ReLUNetwork | None,
    clock: Clock,
    should_stop: Callable[[], bool] = lambda: False,
) -> Explanation:
    """Explain a certificate that has been checked.

    Args:
        certificate: the valid one.
        subject: the problem that it is for.
        verdict: what the exact checker said.
        network: as in `explain`.
        clock: times the stages, and tells them.
        should_stop: asked often; once true, the explanation is about what has been looked at.

    Raises:
        DataError: as `explain` does, like NetworkError.
    """
    problem, data = subject.problem, subject.dataset
    gap = given = None
    if network is not None:
        given = FloatNetwork.of(
            network, problem.hidden_rows, problem.c
        )  # refuses what is beyond floating point
        gap = split_gap(certificate, problem, network)
    arrays, N = Arrays.of(problem), dual_point(certificate)
    names = _names(subject)
    samples = contributions(
        certificate,
        problem,
        () if data is None else data.preprocessing.classes,
        None if data is None else data.lines,
    )
    with clock.stage("cells") as words:
        cells = leaf_statistics(
            certificate,
            problem,
            arrays.X,
            N,
            feature_names=names,
            should_stop=should_stop,
            on_progress=lambda done, total: clock.observer.update(f"{done} of {total} leaves"),
        )
        words.append(f"{cells.looked_at} of {cells.leaves} leaves")
    with clock.stage("gauge") as words:
        clock.observer.update("climbing; compiling, the first time on this machine (about 15 s)")
        middles = [cell.direction for cell in cells.deepest]
        starts = np.array(middles, dtype=float).reshape(len(middles), problem.hidden_rows).T
        R = residual_gauge = None
        if given is not None:
            starts = np.hstack([starts, given.hidden])
            R = arrays.dual_point_of(given)
            residual_gauge = estimate_gauge(arrays, R, starts, should_stop)
        gauge = estimate_gauge(arrays, N, starts, should_stop)
        words.append(f"at least {gauge.ratio:.6g} gamma")
    budget = error_budget(
        certificate,
        arrays,
        N,
        gauge,
        upper=None if gap is None else gap.loss,
        R=R,
        residual_gauge=residual_gauge,
    )
    return Explanation(
        verdict=verdict,
        certificate=certificate,
        subject=subject,
        samples=samples,
        cells=cells,
        blocks=explain_blocks(certificate, problem, samples),
        gauge=gauge,
        gap=gap,
        error_budget=budget,
        complete=not should_stop(),
    )


def _names(subject: Training) -> list[str]:
    data = subject.dataset
    if data is None:
        return [f"x{k + 1}" for k in range(subject.problem.d)]
    return [*map(column, data.feature_names), *["the bias"] * data.preprocessing.bias]
