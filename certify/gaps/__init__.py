"""How far a trained network is from the global optimum, with a proof, and why: what `certify gap` does."""
