"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "711f7c7451f1dae5636007e01f19162ec29de445e954305484c37377bd006609"
