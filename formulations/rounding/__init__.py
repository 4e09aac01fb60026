"""From a relaxation's solution to a network, and to a narrower one."""
