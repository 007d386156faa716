"""`python -m benchmarks.keys_live`: play scenarios in real time, print a table, write JSON."""

import argparse
import sys
from pathlib import Path

from benchmarks.keys_live.report import as_json, as_table
from benchmarks.keys_live.scenarios import scenarios
from benchmarks.keys_live.trial import play
from benchmarks.machine import this_machine
from benchmarks.tables import write_json

_WARM_UP = 60.0
"""Seconds. Hidden limits are not yet known well after half of it: on a busy machine, where calls
are long and unevenly on their way, twice as many are refused then."""


def main(arguments: list[str] | None = None) -> int:
    """Give the exit code: 1 if `--check` is given and something is not as it is asked to be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keys_live", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    parser.add_argument(
        "--warm-up", type=float, default=_WARM_UP, metavar="N", help="seconds before; default: 60"
    )
    parser.add_argument(
        "--seconds", type=float, default=75.0, metavar="N", help="that are counted; default: 75"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios named like this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all figures")
    parser.add_argument(
        "--check", action="store_true", help="end with 1 if a scenario is not as asked"
    )
    options = parser.parse_args(arguments)
    chosen = [one for one in scenarios() if options.only in one.name]
    if not chosen:
        parser.error(f"no scenario has {options.only!r} in its name")
    machine = this_machine()
    results = [
        play(one, options.seed, warm_up=options.warm_up, seconds=options.seconds) for one in chosen
    ]
    sys.stdout.write(f"seed {options.seed}, {machine}\n\n{as_table(results)}")
    if options.json is not None:
        write_json(options.json, as_json(results, options.seed, machine))
    return 1 if options.check and not all(one.is_met for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
