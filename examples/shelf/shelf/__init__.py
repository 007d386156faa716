"""A catalogue for a small lending library."""

__version__ = "0.4.0"
