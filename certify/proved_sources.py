"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "b0e1122604e45a6e2733ae74e90ca9b35d2c443dd695422fdb4148e1b8f88bf9"
