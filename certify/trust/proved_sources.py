"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "ecf15326227cf335d3e25d6beba7a7c713bd3efae90d866f1a9d640d3876583b"
