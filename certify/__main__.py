"""`python -m certify`, the same as `certify`."""

from certify.cli import main

main()
