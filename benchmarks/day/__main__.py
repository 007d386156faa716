"""`python -m benchmarks.day`: play a day, print a table, write JSON."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.day.day import play_day
from benchmarks.day.report import as_json, table
from benchmarks.day.rules import BrokenPromiseError


def main(arguments: list[str] | None = None) -> int:
    """Give the exit code: 1 if something happened that must not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    parser.add_argument("--items", type=int, default=10_000, metavar="N", help="default: 10000")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all figures")
    options = parser.parse_args(arguments)
    try:
        figures = play_day(options.items, options.seed)
    except BrokenPromiseError as broken:
        sys.stdout.write(f"seed {options.seed}: {broken}\n")
        return 1
    sys.stdout.write(f"seed {options.seed}\n\n{table(figures)}")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(as_json(figures, options.seed), indent=2) + "\n")
        sys.stdout.write(f"\nThe figures are in {options.json}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
