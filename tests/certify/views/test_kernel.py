"""A notebook's kernel: what a cell shows of a result, and what the button that interrupts it leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

_SECONDS = 300  # far more than any cell takes
_DATA = """
from certify import bound
from certify.runtime.progress import Observer
X = [[1.0, 0.5], [-1.0, 2.0], [0.5, -1.0], [2.0, 1.0]]
y = [1.0, 2.0, -0.5, 0.25]
"""
# The search tells that it has begun, and stays there until it is interrupted.
_WAITING = """
import time
class Waits(Observer):
    stage, pressed = "", False
    def start(self, stage):
        self.stage = stage
    def update(self, message):
        if self.stage == "search" and not self.pressed:
            print("searching", flush=True)
            while not self.pressed:
                time.sleep(0.01)
    def note(self, words):
        self.pressed = True
report = bound(X, y, gap=0, method="tree", observer=Waits())
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Any]:
    """Return the manager and a client of a kernel of this Python."""
    manager, client = start_new_kernel(startup_timeout=_SECONDS, kernel_name="python3")
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def messages(kernel: Any, code: str) -> Iterator[tuple[str, Any]]:
    """Run a cell; yield what comes of it until the kernel is idle again."""
    _, client = kernel
    call = client.execute(code)
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        try:
            message = client.get_iopub_msg(timeout=1)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != call:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return
        yield kind, content
    raise AssertionError("the cell did not end")


def result_of(kernel: Any, code: str) -> Any:
    """Run a cell and return the data of what it shows."""
    said = list(messages(kernel, code))
    assert not [content for kind, content in said if kind == "error"], said
    return next(content["data"] for kind, content in said if kind == "execute_result")


def test_a_report_shows_itself(kernel: Any) -> None:
    shown = result_of(kernel, _DATA + "bound(X, y, gap=0.1, verbose=True)")
    assert "&le; global optimum &le;" in shown["text/html"]
    assert shown["text/plain"].startswith("Report(")


def test_an_interrupt_keeps_the_best_result(kernel: Any) -> None:
    result_of(kernel, _DATA + "1")
    interrupted = False
    for kind, content in messages(kernel, _WAITING):
        assert kind != "error", content
        if kind == "stream" and "searching" in content["text"] and not interrupted:
            kernel[0].interrupt_kernel()
            interrupted = True
    assert interrupted
    status = result_of(kernel, "report.status.name, report.verdict.valid")
    assert status["text/plain"] == "('INTERRUPTED', True)"
