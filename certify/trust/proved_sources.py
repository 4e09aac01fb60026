"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "87931da82bd9f82a4839d4076942ac4f9f7d34c31ab68b7d466a2d96adaace74"
