"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "18bd800e7fbb9d0a14c017f60815af427e4863e6d9443cb14fdd53b2d84c1765"
