"""What is said of an optional package that is not installed."""

from __future__ import annotations


def not_installed(package: str) -> str:
    """Say that a package is not installed, and by which extra it comes."""
    return f"{package} is not installed: pip install 'certify[{package}]'"
