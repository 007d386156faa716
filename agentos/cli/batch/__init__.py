"""A batch in the terminal: from the wish to the exit code."""
