"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "ab0548e90ba028403a910b1b5128807394ab0692c296b74bb3894c09e935d6ad"
