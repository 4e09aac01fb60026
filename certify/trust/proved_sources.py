"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "e717bee13c591a3b04470ea584f0ae31e94db02551dc55b096083129c72b8fd4"
