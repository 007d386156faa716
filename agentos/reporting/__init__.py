"""Summaries made from the record."""
