"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "60545bcdc4aafb7aabdcaff35ad78a79c018da2a5ae03803f1e9b415cc8fe228"
