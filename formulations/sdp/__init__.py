"""The semidefinite relaxations."""
