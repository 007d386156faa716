"""`python -m benchmarks.runners`: put the same faults to three runners, print what is seen."""

import argparse
import sys
from pathlib import Path

from benchmarks.machine import this_machine
from benchmarks.runners.rows import ROWS
from benchmarks.runners.runners import all_runners
from benchmarks.tables import write_json


def main(arguments: list[str] | None = None) -> int:
    """Give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runners", description=__doc__)
    parser.add_argument("--honcho", type=Path, required=True, help="where that program is")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows named like this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write it all")
    options = parser.parse_args(arguments)
    chosen = [row for row in ROWS if options.only in row.__name__]
    if not chosen:
        parser.error(f"no row has {options.only!r} in its name")
    runners = all_runners(options.honcho)
    versions = ", ".join(f"{runner.name} {runner.version}" for runner in runners)
    sys.stdout.write(f"{versions}; {this_machine()}\n")
    seen: dict[str, dict[str, str]] = {}
    for row in chosen:
        fault = str(row.__doc__).removesuffix(".")
        sys.stdout.write(f"\n{fault}\n")
        seen[fault] = {}
        for runner in runners:
            seen[fault][runner.name] = row(runner)
            sys.stdout.write(f"  {runner.name:<14}{seen[fault][runner.name]}\n")
            sys.stdout.flush()
    if options.json is not None:
        write_json(options.json, {"versions": versions, "seen": seen})
    return 0


if __name__ == "__main__":
    sys.exit(main())
