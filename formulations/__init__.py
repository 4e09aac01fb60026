"""The mathematics: a training problem in, numbers out; floating point, nothing trusted."""
