"""From an idea brief to a structured issue."""
