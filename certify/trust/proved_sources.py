"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "c078e05311fd1293fac202e0e2994d35d493bd759240b390ea406cbeb49fd780"
