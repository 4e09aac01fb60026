"""Proof trees over cones of directions."""
