"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "7d9b34e2234ea45a3aed9bd7ddaae6a704039c789dc98b4779c490e8401d1fb4"
