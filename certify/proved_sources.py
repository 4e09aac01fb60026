"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "2bcb31e374c935619c02cf30894838eabb00fda8aebceb6456488ac0901162c8"
