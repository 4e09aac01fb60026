"""The options that several commands have, their groups in `--help`, and the pins of a check."""
