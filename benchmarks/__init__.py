"""What is measured, rather than tested: run with `make bench-...`."""
