"""The command line."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run the command line, and end with its exit code."""
    from certify.cli.app import main as run

    run()
