"""What `agentos init` asks, does and says."""
