"""A smaller certificate of the same bound."""
