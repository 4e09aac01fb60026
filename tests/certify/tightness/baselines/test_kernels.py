import pytest

from certify.checker.errors import SolverError
from certify.tightness.baselines import kernels
from certify.tightness.baselines.baseline import Baseline
from certify.tightness.baselines.kernels import NNGP, NTK
from certify.tightness.quantities import Kind
from tests.certify.tightness.baselines.problems import labelled, single


@pytest.mark.parametrize("baseline", [NNGP, NTK])
def test_a_single_sample_by_hand(monkeypatch: pytest.MonkeyPatch, baseline: Baseline) -> None:
    # On a line both kernels are multiples of relu(x) relu(z), and the ridge is relative.
    found = baseline.run(single())
    assert (found.kind, found.loss) == (Kind.PREDICTOR, None)
    assert found.predictions is not None
    assert found.predictions[:, 0].tolist() == pytest.approx([2 / 1.1, 0.0])
    assert found.to_json()["value"] is None
    monkeypatch.setattr(kernels, "LARGEST", 0)
    with pytest.raises(SolverError, match="at most 0 rows, and the data has 1"):
        baseline.run(single())


def test_other_losses_are_left_out() -> None:
    with pytest.raises(SolverError, match=r"nngp is for the squared loss .* left out for logistic"):
        NNGP.run(labelled(loss="logistic"))
