"""Make a certificate smaller without touching the bound that it proves."""
