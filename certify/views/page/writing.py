"""What all pages share: the templates, the file, and what made a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from certify.checker.errors import CertifyError
from certify.views.check_command import check_command


@dataclass(frozen=True)
class Made:
    """How a page came about; what is None is left out of it.

    Attributes:
        command: as it was typed.
        date: of the day or the moment, as it is to be shown.
        certificate: the path of the certificate that was written, or read.
    """

    command: str | None = None
    date: str | None = None
    certificate: str | None = None

    def check_command(self, source: str) -> str:
        """Return the command that checks the certificate on the data, in Python where these are arrays."""
        if source == "arrays":
            certificate = "report.certificate" if self.certificate is None else repr(self.certificate)
            return f"certify.check({certificate}, X, y)"
        return check_command(self.certificate or "CERTIFICATE", source)

    def facts(self, seed: int | None = None) -> list[tuple[str, str]]:
        """Return names with what there is: command, seed, version, date."""
        try:
            installed = version("certify")
        except PackageNotFoundError:
            installed = "not installed"
        named = {
            "command": self.command,
            "seed": None if seed is None else str(seed),
            "certify": installed,
            "date": self.date,
        }
        return [(name, value) for name, value in named.items() if value is not None]


@cache
def template(name: str) -> Template:
    """Return a page's template: it escapes what is filled in, and refuses to leave a blank."""
    environment = Environment(
        loader=PackageLoader("certify.views.page"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def save(page: str, path: str | Path) -> None:
    """Write a page.

    Raises:
        CertifyError: if the file cannot be written.
    """
    try:
        # The path of the data may have bytes that are no text, which Python has as lone surrogates.
        Path(path).write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CertifyError(
            f"{path}: the page cannot be written ({error.strerror}); choose another path"
        ) from error
