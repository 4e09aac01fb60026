"""Progress, Ctrl-C, threads, child processes and compiled code."""
