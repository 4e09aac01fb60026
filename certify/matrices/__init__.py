"""Deciding whether a symmetric matrix is copositive or completely positive, with a proof."""
