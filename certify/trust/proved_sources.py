"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "f8532a335384cbdddfd1026b64073276bfa1e3ca8533a3d20dd3aa2f42cee990"
