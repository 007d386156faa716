"""What stands between a user and a run, and the command that mends it."""
