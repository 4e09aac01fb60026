"""The command `certify warm-up`."""

from __future__ import annotations

from certify.cli.options.common import Quiet, error_console


def warm_up(quiet: Quiet = False) -> None:
    """Compile all that certify runs as machine code, once for this machine and user, as in an image of it."""
    console = error_console(quiet)
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from certify.bounds.bound import bound
    from certify.bounds.warm_up import compile_kernels
    from certify.trust.check import check

    console.print("[dim]compiling; a minute or so, once on this machine ...[/dim]")
    compile_kernels(trees=True, relaxations=True)
    X, Y = [[1.0, 0.5], [-1.0, 2.0]], [[1.0], [2.0]]
    report = bound(X, Y, method="tree")
    check(report.certificate, X, Y, trust="rigorous")
