"""Is z^T M z >= 0 for all z >= 0? Yes comes with a proof tree, no with a point where it is negative."""
