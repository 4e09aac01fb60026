"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "1f6145e505b4be6e5c7f460b7cff8694f379717ff4565e45a633f8cf75bf94b0"
