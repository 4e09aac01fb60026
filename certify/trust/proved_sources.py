"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "2d7492998be07ce461250022bd43240e727f45f075b6328bc2fcee03222eeed5"
