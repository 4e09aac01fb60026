"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "3cf11a18cd5931921b61037b88ca39a75d60a9c71a54e69fa400c4eb3f0eeb0b"
