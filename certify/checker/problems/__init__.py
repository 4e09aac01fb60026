"""The exact problems that certificates are about."""
