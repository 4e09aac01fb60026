"""Ctrl-C in compiled code."""

from __future__ import annotations

import signal

import pytest

from certify.runtime.interrupts import Interrupts


def press_in_compiled_code() -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    raise SystemError("returned a result with an exception set")


def test_a_signal_that_compiled_code_reports_in_its_own_way() -> None:
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt), interrupts.allowed():
            press_in_compiled_code()
        assert interrupts.came


def test_other_failures_stay_what_they_are() -> None:
    with Interrupts() as interrupts, pytest.raises(SystemError), interrupts.allowed():
        raise SystemError("something else")
    assert not interrupts.came
