"""Limits on a check: of time, with what shows how far it is."""
