"""Complete positivity: a factorisation, or a matrix that separates."""
