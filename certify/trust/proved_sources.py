"""The sources of the proved checker that this package trusts; written by `make -C proofs hash`."""

SOURCES_SHA256 = "e7287e5ae30fe2928eef89dc1bbc92ced489df33f9f8c1b4431f17cd2d8fe32a"
