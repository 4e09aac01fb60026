"""Certificates of a lower bound on a training loss."""
