"""How often the process of an item gives a sign of life, and how long it may be silent at least."""

BEAT = 5.0
"""Seconds between two signs of life of a process that waits for a model."""

LEAST_IDLE_TIMEOUT = 2 * BEAT
"""Seconds. Less would end processes that are well: between two beats, or as they start."""
