"""The command line."""

from __future__ import annotations

from typing import NoReturn

from certify.checker.console import drop_impossible_widths


def main() -> NoReturn:
    """Run the command line, and end with its exit code."""
    drop_impossible_widths()
    from certify.cli.app import main as run

    run()
