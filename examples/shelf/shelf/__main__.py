"""Lets `python -m shelf` do what `shelf` does."""

import sys

from shelf.cli import main

if __name__ == "__main__":
    sys.exit(main())
