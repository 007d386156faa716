"""`python -m benchmarks.leases`: let real children lease, print a table, write JSON."""

import argparse
import sys
from pathlib import Path

from benchmarks.leases.report import as_json, as_table
from benchmarks.leases.situations import situations
from benchmarks.leases.trial import play
from benchmarks.machine import this_machine
from benchmarks.tables import write_json


def main(arguments: list[str] | None = None) -> int:
    """Give the exit code: 1 if `--check` is given and leases take longer than they are to take."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leases", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=8.0, metavar="N", help="for each situation; default: 8"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="situations named like this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all figures")
    parser.add_argument(
        "--check", action="store_true", help="end with 1 if a situation is not as asked"
    )
    options = parser.parse_args(arguments)
    chosen = [one for one in situations() if options.only in one.name]
    if not chosen:
        parser.error(f"no situation has {options.only!r} in its name")
    machine = this_machine()
    results = [play(situation, options.seconds) for situation in chosen]
    sys.stdout.write(f"{machine}\n\n{as_table(results)}")
    if options.json is not None:
        write_json(options.json, as_json(results, machine))
    return 1 if options.check and not all(one.is_met for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
