"""Which system this is, where that makes a difference."""

import sys

LINUX = sys.platform == "linux"
