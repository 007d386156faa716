"""The code base, read for a model."""
