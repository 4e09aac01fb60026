"""All that a verdict rests on: from data and a certificate to the verdict, in exact arithmetic.

The standard library and python-flint only; nothing here knows the rest of certify.
"""
