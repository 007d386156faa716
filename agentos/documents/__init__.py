"""Markdown in, findings or Markdown out: pure functions."""
