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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_kept_until_it_is_allowed_and_given_back_after(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interrupts() as interrupts:
        signal.raise_signal(number)
        assert interrupts.came
        with pytest.raises(KeyboardInterrupt), interrupts.allowed():
            pass
    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt), interrupts.allowed():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_the_first_press_is_answered_and_the_second_ends_what_waits_for_it() -> None:
    heard: list[str] = []
    with Interrupts(heard.append) as interrupts:
        with interrupts.allowed(2):
            signal.raise_signal(signal.SIGINT)
        assert len(heard) == 1
        with pytest.raises(KeyboardInterrupt), interrupts.allowed(2):
            signal.raise_signal(signal.SIGINT)
        assert len(heard) == 1
        assert not interrupts.is_exhausted
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupts.is_exhausted
