"""Every command in a folder of somebody else's, with modules and programs that must not be run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import certify
from certify.checker.certificate.file import save_certificate
from certify.trust.coq.kernel import find_theories
from certify.trust.extracted import find_checker
from tests.certify.cli.command_line import written
from tests.grown_trees import DATA, forged, proof_of_zero

ROOT = Path(certify.__file__).parent.parent
MODULES = """
argparse ast base64 concurrent contextlib copyreg csv ctypes dataclasses decimal encodings enum fcntl
fractions functools hashlib importlib inspect io itertools json math operator os pathlib pickle queue random
re reprlib selectors shutil signal site socket struct subprocess tempfile threading types typing warnings
zipfile PIL clarabel cvxpy flint jinja2 matplotlib mosek numba rich scipy scs sitecustomize torch typer
usercustomize yaml
"""
PACKAGES = "certify formulations numpy"
PROGRAMS = "certify-check certify-checker coqc python python3 sh"
DEEP = 10  # the tree has some eight thousand nodes, so that it is checked in several processes
proved = pytest.mark.skipif(find_checker() is None, reason="the proved checker is not built: make proofs")
kernel = pytest.mark.skipif(find_theories() is None, reason="the theories are not built: make proofs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder; whatever of it is run leaves the file `mark`, which lies outside."""
    outside = tmp_path_factory.mktemp("hostile")
    folder, mark = outside / "folder", outside / "mark"
    folder.mkdir()
    (folder / "d.csv").write_text(DATA)
    (folder / "one.csv").write_text("a,y\n1,1\n")
    save_certificate(proof_of_zero(folder / "d.csv", DEEP), folder / "big.cert")
    save_certificate(proof_of_zero(folder / "d.csv", 1), folder / "small.cert")
    save_certificate(forged(folder / "d.csv", DEEP), folder / "forged.cert")
    np.savez(folder / "net.npz", hidden=np.array([[1.0, 0.5], [0.25, 1.0]]), output=np.array([[1.0], [2.0]]))
    written(folder / "m.csv", [[2, 1, 0], [1, 2, 1], [0, 1, 2]])
    code = f"open({str(mark)!r}, 'a').write(__name__ + '\\n')\nraise SystemExit(0)\n"
    for name in MODULES.split():
        (folder / f"{name}.py").write_text(code)
    for name in PACKAGES.split():
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(code)
    for name in PROGRAMS.split():
        (folder / name).write_text(f"#!/bin/sh\necho program {name} >> {mark}\necho VALID\n")
        (folder / name).chmod(0o755)
    return folder


CHECKER, CERTIFY = "certify.checker", "certify.cli"
COMMANDS = [
    pytest.param(0, CHECKER, "big.cert --data d.csv --trust exact", id="checker"),
    pytest.param(1, CHECKER, "forged.cert --data d.csv", id="checker, forged"),
    pytest.param(0, CERTIFY, "check big.cert --data d.csv --trust exact", id="exact"),
    pytest.param(1, CERTIFY, "check forged.cert --data d.csv --trust exact", id="exact, forged"),
    pytest.param(0, CERTIFY, "check big.cert --data d.csv --trust proved", id="proved", marks=proved),
    pytest.param(1, CERTIFY, "check forged.cert --data d.csv", id="best, forged", marks=proved),
    pytest.param(1, CERTIFY, "check forged.cert --data d.csv --trust rigorous", id="rigorous, forged"),
    pytest.param(0, CERTIFY, "check small.cert --data d.csv --trust kernel", id="kernel", marks=kernel),
    pytest.param(0, CERTIFY, "bound --data d.csv --gap 0.1 --report r.html --certificate t", id="tree"),
    pytest.param(0, CERTIFY, "bound --data d.csv --method sdp --solver clarabel --certificate s", id="sdp"),
    pytest.param(0, CERTIFY, "gap --network net.npz --data d.csv --gamma 0.1", id="gap"),
    pytest.param(0, CERTIFY, "explain small.cert --data d.csv", id="explain"),
    pytest.param(0, CERTIFY, "shrink big.cert --data d.csv --certificate smaller.cert", id="shrink"),
    pytest.param(0, CERTIFY, "attack small.cert --data d.csv --trials 5", id="attack"),
    pytest.param(0, CERTIFY, "copositive m.csv --certificate m.cert", id="copositive"),
    pytest.param(0, CERTIFY, "cp m.csv --certificate c.cert", id="cp"),
    pytest.param(0, CERTIFY, "tightness --data one.csv --task regression --seeds 0", id="tightness"),
]


@pytest.mark.parametrize(("code", "module", "arguments"), COMMANDS)
def test_nothing_there_is_run(code: int, module: str, arguments: str, folder: Path) -> None:
    # As an installed program starts: the current folder is not on its path.
    start = [sys.executable, "-P", "-m", module, *arguments.split()]
    environment = {**os.environ, "PATH": f":.:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(ROOT)
    run = subprocess.run(start, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    mark = folder.with_name("mark")
    assert not mark.exists(), mark.read_text()
    assert run.returncode == code, run.stdout + run.stderr
    if "forged" in arguments or "check" in arguments:
        assert run.stdout.startswith("REJECTED" if code else "VALID")
