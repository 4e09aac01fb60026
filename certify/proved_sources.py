"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "3eb264b8ebe408271dfbfc394e972f390cf1feff8f532044b380d04a73a7ac76"
