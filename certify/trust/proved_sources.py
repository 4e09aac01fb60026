"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "46e2f36ed7972c48cd2eef3a7592f47b101909feca19390445b9a9a9bff8b8c8"
