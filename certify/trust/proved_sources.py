"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "b435f1507f22fd50913f1992338e64a8421381ed3a36d27f0fd0f5ca469f92e5"
