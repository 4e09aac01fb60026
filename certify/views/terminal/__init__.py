"""Reports as text on the terminal."""
