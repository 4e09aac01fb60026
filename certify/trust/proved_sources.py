"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "e3bc11728deddc55bb0069e9504120b1f8e88da7da675dc90d2fdaf2b506251b"
