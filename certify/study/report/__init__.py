"""What a study says: tables and plots of its result files."""
