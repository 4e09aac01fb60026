"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "59245e22e0cedd391bc412bea2983af46ec8ffa7d67fe53ed903ad2bca2a502b"
