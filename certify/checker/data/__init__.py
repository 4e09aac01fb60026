"""Files of the user as exact numbers, by a recorded recipe."""
