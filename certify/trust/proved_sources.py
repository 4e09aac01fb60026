"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "dfcd832f942d3dfcd39ad3cbfd581c6049dbba15d55d38bb1b72d36b6990e160"
