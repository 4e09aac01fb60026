"""A module for each format of trained networks."""
