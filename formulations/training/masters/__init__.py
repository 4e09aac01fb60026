"""The best network over given neurons, a convex problem, by the loss and the output bias that it has."""
