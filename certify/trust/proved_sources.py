"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "ee5798b9db16428e0d662616f80eae1d8eb6db5ef29f5d5e7cdce6c9dc2ef90f"
