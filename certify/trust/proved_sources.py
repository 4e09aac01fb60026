"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "4bd6aa121ff09eab9234a4931d2279df06f2fd3af4b5a4c85c731708bddade12"
