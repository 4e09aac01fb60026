"""Many problems by many methods, from one file that says so: each run once, checked, and kept."""
