"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "8c003c03f8886f932e28f0e76afea607114095d91f32c57715ad448166a87a79"
