"""Proof trees, whatever their cones are."""
