"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "4ad440d4e3d74ae2ac8282b9b590d243bde3371324e7b24025435081645f608e"
