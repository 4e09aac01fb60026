"""Measurements of the checkers, of forgeries that they refuse, and of certificates made shorter."""
