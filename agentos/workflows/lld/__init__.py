"""From an open issue to a reviewed low-level design document."""
