"""The relaxations next to the certified optimum."""
