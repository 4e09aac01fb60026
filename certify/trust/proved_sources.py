"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "7bd47abe20cca6d0bee5efc982932b25e02ab4d02ab7011351e792575f95447c"
