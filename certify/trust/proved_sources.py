"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "7467c61c3368e36ec55436f2f0c93f5202b7e4fbe78f06f01926b00608c8525a"
