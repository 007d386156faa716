"""What must never happen, whatever the keys do."""


class BrokenPromiseError(AssertionError):
    """A promise of the pool, or of the simulated product, that was not kept."""
