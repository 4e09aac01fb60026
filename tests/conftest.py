"""Settings that all tests share."""

from hypothesis import settings

# A loaded machine must not fail a test; examples are the same in every run.
settings.register_profile("certify", deadline=None, derandomize=True)
settings.load_profile("certify")
