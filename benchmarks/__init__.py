"""Side-by-side measurements; they print tables and assert nothing about time."""
