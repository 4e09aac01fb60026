"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "094c3aee9caaa88ba86e74f935b786d54707786e3fdd7d08f3c724740465264d"
