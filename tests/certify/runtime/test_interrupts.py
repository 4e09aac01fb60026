"""Ctrl-C in compiled code."""

from __future__ import annotations

import signal

import pytest

from certify.runtime.interrupts import Interrupts, ended_in_order, termination


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
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


@pytest.mark.parametrize(("pause", "in_loop"), [(1.0, True), (10.0, False)])
def test_a_press_in_the_next_turn_of_a_loop_ends_the_loop(pause: float, in_loop: bool) -> None:
    seconds = 0.0
    with Interrupts(now=lambda: seconds):
        signal.raise_signal(signal.SIGINT)
    seconds += pause
    if in_loop:
        with pytest.raises(KeyboardInterrupt), Interrupts(now=lambda: seconds):
            signal.raise_signal(signal.SIGINT)
    else:
        with Interrupts(now=lambda: seconds) as interrupts:
            signal.raise_signal(signal.SIGINT)
        assert interrupts.came
        assert not interrupts.is_exhausted


@pytest.mark.parametrize(("pause", "in_loop"), [(1.0, True), (10.0, False), (-1.0, False)])
def test_two_presses_in_one_turn_end_the_loop(pause: float, in_loop: bool) -> None:
    seconds = 10.0
    with Interrupts(now=lambda: seconds):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    seconds += pause
    before = signal.getsignal(signal.SIGINT)
    if in_loop:
        with pytest.raises(KeyboardInterrupt), Interrupts(now=lambda: seconds):
            raise AssertionError("the next turn began")
        assert signal.getsignal(signal.SIGINT) is before
    with Interrupts(now=lambda: seconds):  # what comes after the loop
        pass


def test_a_loop_that_nobody_interrupted_waits_for_the_first_press() -> None:
    with Interrupts(now=lambda: 0.0):
        pass
    with Interrupts(now=lambda: 0.0) as interrupts:
        signal.raise_signal(signal.SIGINT)
    assert interrupts.came


def test_an_ignored_hangup_stays_ignored() -> None:
    """As nohup has it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_in_order(), Interrupts() as interrupts:
            signal.raise_signal(signal.SIGHUP)
        assert not interrupts.came
        assert termination() is None
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_terminations_end_in_order_and_are_remembered(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_in_order():
        signal.raise_signal(number)
    assert termination() == number
    with ended_in_order():
        assert termination() is None
        with Interrupts() as interrupts:
            signal.raise_signal(number)
        assert interrupts.came
        assert termination() == number
    assert signal.getsignal(number) is before
