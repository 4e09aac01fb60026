"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "55f92d6572fbebcba483b11b6d047a3fb507526e0ee4176d5d890ac8744ce822"
