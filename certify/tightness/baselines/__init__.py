"""What others train or bound two-layer networks with, each as a method of a tightness study."""
