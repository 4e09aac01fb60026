"""How tight the relaxations are and how good training is, next to the certified optimum."""
