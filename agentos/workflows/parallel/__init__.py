"""Coordination: who runs when, with which credential, and how output is told apart."""
