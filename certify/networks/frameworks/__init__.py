"""The training objectives of users' frameworks, as exact multiples of the project's."""
