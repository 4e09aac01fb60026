"""Programs over copositive matrices."""
