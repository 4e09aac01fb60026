"""Training by column generation, descent and SGD."""
