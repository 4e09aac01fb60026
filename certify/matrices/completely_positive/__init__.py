"""Is A a sum of b b^T with b >= 0? Yes comes with the terms, no with a copositive matrix in between."""
