"""The levels of trust at which a certificate can be checked."""
