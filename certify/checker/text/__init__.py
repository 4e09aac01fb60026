"""Letters and names of users, shown so that no name can fake a sentence."""
