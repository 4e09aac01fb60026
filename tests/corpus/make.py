"""Write the cases of the corpus that are not there yet: `python -m tests.corpus.make`.

What is there is never changed, so that certificates of today are read for ever: to make a case anew, remove
its entry from expected.json. Whether a case is valid, and what it fails to deliver, is said where it is made;
a case of which the exact checker says something else is not written. Bounds are what the certificates claim,
counts of leaves and places in the tree what that checker says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from certify import check
from certify.checker.certificate.file import load_any_certificate
from certify.checker.errors import CertifyError
from tests.corpus.case import Case, claim_of
from tests.corpus.lies import invalid
from tests.corpus.proofs import valid
from tests.corpus.texts import malformed

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "expected.json"


def cases() -> Iterator[Case]:
    """Yield all cases; those that are searched for come last of the valid ones."""
    yield from invalid()
    yield from malformed()
    yield from valid()


def expected_of(case: Case, certificate: Path, data: Path) -> dict[str, Any]:
    """Return the entry of a case that has been written.

    Raises:
        RuntimeError: if the exact checker does not say what the case says.
    """
    names = {"certificate": f"{case.name}.cert", "data": f"{case.name}{case.ending}", "how": case.how}
    try:
        verdict = check(certificate, data=data)
    except CertifyError as error:
        if case.levels:
            raise RuntimeError(f"{case.name}: {error}") from None
        return {**names, "exit": 2}
    if not case.levels or verdict.obligation is not case.obligation:
        raise RuntimeError(f"{case.name}: the exact checker says {verdict.obligation}, {verdict.reason}")
    node = re.search(r"\(node (\d+) of the tree\)", verdict.reason)
    levels = dict(case.levels)
    if case.obligation is None:
        bound = claim_of(load_any_certificate(certificate))
        return {**names, "exit": 0, "bound": bound, "leaves": verdict.leaves, "levels": levels}
    place = None if node is None else int(node[1]) - 1
    return {**names, "exit": 1, "obligation": case.obligation.name, "node": place, "levels": levels}


def main() -> None:
    """Write the cases that are not there yet."""
    expected: dict[str, Any] = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    for case in cases():
        if case.name in expected:
            continue
        with TemporaryDirectory() as temporary:
            certificate, data = Path(temporary) / "c.cert", Path(temporary) / f"data{case.ending}"
            certificate.write_bytes(case.certificate)
            data.write_bytes(case.data)
            expected[case.name] = expected_of(case, certificate, data)
        (FOLDER / case.name).parent.mkdir(exist_ok=True)
        (FOLDER / f"{case.name}.cert").write_bytes(case.certificate)
        (FOLDER / f"{case.name}{case.ending}").write_bytes(case.data)
        print(case.name, flush=True)
        EXPECTED.write_text(json.dumps(dict(sorted(expected.items())), indent=1, ensure_ascii=False) + "\n")
    print(f"{len(expected)} cases")


if __name__ == "__main__":
    main()
