from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg
from threadpoolctl import threadpool_info, threadpool_limits

from certify import bound
from certify.runtime.progress import Observer
from certify.runtime.threads import single_threaded
from certify.runtime.worker import run_in_child

LIBRARIES = (np.__version__, scipy.linalg.__name__)  # whose BLAS is loaded with them
with threadpool_limits(limits=3):  # some are built for one thread
    THREADED = {library["filepath"] for library in threadpool_info() if library["num_threads"] == 3}


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["filepath"] in THREADED}


def threads_of_a_child() -> tuple[int, ...]:
    return tuple(threads())


@pytest.fixture(autouse=True)
def _three_threads() -> Any:
    with threadpool_limits(limits=3):
        yield


class TestSingleThreaded:
    def test_one_inside_and_the_callers_number_after_it(self) -> None:
        assert single_threaded(threads)() == {1}
        assert threads() == {3}

    def test_after_an_exception(self) -> None:
        with pytest.raises(ZeroDivisionError):
            single_threaded(lambda: 1 // 0)()
        assert threads() == {3}

    def test_the_function_keeps_its_name_and_arguments(self) -> None:
        def add(a: int, *, b: int) -> int:
            return a + b

        assert single_threaded(add)(1, b=2) == 3
        assert single_threaded(add).__name__ == "add"


def test_bound_works_with_one_thread() -> None:
    seen: set[int] = set()

    class Watch(Observer):
        def update(self, message: str) -> None:
            seen.update(threads())

    bound([[0.0, 1.0], [1.0, 0.5]], [1.0, 0.5], observer=Watch())
    assert seen == {1}
    assert threads() == {3}


def test_a_child_has_one_thread_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    found = run_in_child(threads_of_a_child)
    assert found is not None
    assert set(found) == {1}
