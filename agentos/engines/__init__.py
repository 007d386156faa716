"""Where a child process runs, and how it is supervised."""
