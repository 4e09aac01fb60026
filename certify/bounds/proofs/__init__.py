"""From the outcome of a search to the best certificate that it can have, and what that takes."""
