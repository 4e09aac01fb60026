"""The checker: from the user's data and a certificate to a verdict, in exact arithmetic.

A verdict rests on what is in this folder, on the standard library and on python-flint, and on nothing else:
the checker knows nothing of the searches that find certificates, nor of the rest of certify.
"""
