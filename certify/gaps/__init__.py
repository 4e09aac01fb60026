"""How far a trained network is from the global optimum, and why."""
