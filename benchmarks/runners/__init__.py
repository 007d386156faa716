"""What agentos, GNU parallel and honcho make of the same faults: observed, not judged."""
