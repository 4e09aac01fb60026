"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "8f136f5046798a4abb9946ca912c078f4088372357da1342532ead2f520ebe1a"
