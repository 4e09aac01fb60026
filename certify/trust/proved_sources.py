"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "3f1e5e9d37fc1c952258011b59b4446651599935e834c658ee123a3aed3d380c"
