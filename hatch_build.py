"""What a wheel of certify has besides its modules: the proved checker, where it has been built."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProvedChecker(BuildHookInterface):  # type: ignore[type-arg]
    """Puts proofs/build/certify-check into a wheel, which is for one kind of machine then."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Enter the program, if it is one of the sources that the package trusts."""
        program = Path(self.root) / "proofs" / "build" / "certify-check"
        if version == "editable" or platform.system() != "Linux" or not program.exists():
            return
        trusted = (Path(self.root) / "certify" / "trust" / "proved_sources.py").read_text(encoding="utf-8")
        built = (program.parent / "sources.ml").read_text(encoding="utf-8")
        if built.split('sha256 = "')[1].split('"')[0] not in trusted:
            raise RuntimeError(f"{program} is of other sources than certify expects: make proofs")
        # It has no shared libraries, and so asks less of a system than the packages that certify needs.
        build_data["tag"] = f"py3-none-manylinux_2_17_{platform.machine()}"
        build_data["pure_python"] = False
        build_data["force_include"][str(program)] = "certify/trust/certify-check"
