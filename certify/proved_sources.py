"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "aa91b870002bfa965907d50d9a832f6aca9952d1ec8ecfe1c502e4200d8d212d"
