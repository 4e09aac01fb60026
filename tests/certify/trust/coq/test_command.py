"""`certify check --trust kernel`, as a user types it."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from certify import save_certificate
from certify.checker.certificate.nodes import (
    Sign,
    Split,
)
from tests.certify.trust.coq.cases import (
    case,
    needs_coq,
)
from tests.certify.trust.extracted.test_training import recipe_of_corner


@needs_coq
class TestCommand:
    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        path, data = tmp_path / "c.cert", tmp_path / "d.csv"
        save_certificate(replace(case("orthants")[0], preprocessing=recipe_of_corner(data)), path)
        return path, data

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "certify.cli", "check", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=600)

    def test_valid(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        path, data = files
        file = tmp_path / "kept.v"
        run = self.run(path, "--data", data, "--trust", "kernel", "--coq", file)
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith("VALID   trust: kernel (a theorem that Coq's kernel has checked)\n")
        assert "Theorem: forall net b, " in run.stdout
        assert f"`table` in {file} is your data" in run.stdout
        assert "Print Assumptions" in file.read_text()
        assert sorted(p.name for p in tmp_path.iterdir()) == ["c.cert", "d.csv", "kept.v"]

    def test_json(self, files: tuple[Path, Path]) -> None:
        path, data = files
        answer = json.loads(self.run(path, "--data", data, "--trust", "kernel", "--json").stdout)
        assert (answer["valid"], answer["trust"], answer["leaves"]) == (True, "kernel", 4)
        assert answer["proof"]["axioms"]
        assert answer["proof"]["file"] is None

    def test_rejected(self, files: tuple[Path, Path]) -> None:
        path, data = files
        path.write_text(path.read_text().replace('"bound":"', '"bound":"1'))
        run = self.run(path, "--data", data, "--trust", "kernel")
        assert run.returncode == 1
        assert "the claimed bound is more than the dual point proves" in run.stdout

    def test_outputs_do_not_overwrite_inputs(self, files: tuple[Path, Path]) -> None:
        path, data = files
        run = self.run(path, "--data", data, "--trust", "kernel", "--coq", path)
        assert (run.returncode, run.stdout) == (2, "")
        assert path.read_text().startswith("{")

    def test_ctrl_c_ends_coq(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        path, data = files
        cuts = tuple(Split(k % 2, 1 - k % 2, 3**100, 5**100) for k in range(500))
        slow = replace(case("orthants")[0], tree=(Sign(0), Sign(1), *cuts))
        save_certificate(replace(slow, preprocessing=recipe_of_corner(data)), path)
        command = [sys.executable, "-m", "certify.cli", "check", str(path), "--data", str(data)]
        with subprocess.Popen([*command, "--trust", "kernel"], stderr=subprocess.PIPE) as process:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            deadline = time.monotonic() + 600
            while not children.read_text().split():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            child = int(children.read_text().split()[0])
            process.send_signal(signal.SIGINT)
            assert process.wait(600) == 130
        # Gone, or waiting for nobody but who collects its exit code.
        state = Path(f"/proc/{child}/stat")
        assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
