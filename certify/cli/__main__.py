"""`python -m certify.cli`, the same as `certify`."""

from certify.cli import main

main()
