"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "65fc7b1dd4df5d42e121ea18a482dedc04ea9ec4dc06340817aa92f1b45a973e"
