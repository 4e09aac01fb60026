"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "c38eea86c90199da7a4df9935a831b32bed080fd37ac82a5bf09300295503163"
