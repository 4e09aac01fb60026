"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "f37a1ce5c59f9f6d270ce540d94c64fb7bce9ba44f61854ab9bd266446636e15"
