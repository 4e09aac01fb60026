"""Progress, Ctrl-C, threads and child processes."""
