"""Settings that all tests share."""

import math
import signal

import pytest
from hypothesis import settings

from certify.runtime.interrupts import Interrupts

# A loaded machine must not fail a test; examples are the same in every run.
settings.register_profile("certify", deadline=None, derandomize=True)
settings.load_profile("certify")

# A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _first_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test take for the next turn of a loop what follows an interrupted search of the test before."""
    monkeypatch.setattr(Interrupts, "_last_end", -math.inf)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the pages: their commands take longest, and at the end a worker would wait for them."""
    items.sort(key=lambda item: item.path.name != "test_readme.py")
