"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "5189b3bb20505120cac1efc809f7920a4dd4d89fe40a2956744bd5ed069655a7"
