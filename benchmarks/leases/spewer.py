"""A process that prints as fast as its reader takes it, until that leaves."""

import os
from contextlib import suppress

_LINE = b"2026-01-01T00:00:00Z INFO step review-2: asked the model, 12345 bytes\n"
_BLOCK = _LINE * 64


def main() -> None:
    """Never say anything else."""
    with suppress(BrokenPipeError):
        while True:
            os.write(1, _BLOCK)


if __name__ == "__main__":
    main()
