"""`python -m benchmarks.keys`: play the scenarios, print a table, write JSON."""

import argparse
import sys
from pathlib import Path

from benchmarks.keys.contest import contest
from benchmarks.keys.report import as_json, summary, table
from benchmarks.tables import write_json


def main(arguments: list[str] | None = None) -> int:
    """Give the exit code: 1 if `--check` is given and something is not as it is asked to be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keys", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    parser.add_argument(
        "--minutes", type=float, default=60.0, metavar="N", help="simulated, after the first two"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios named like this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all figures")
    parser.add_argument(
        "--check", action="store_true", help="end with 1 if a scenario is not as asked"
    )
    options = parser.parse_args(arguments)
    rounds = contest(options.seed, options.minutes, options.only)
    if not rounds:
        parser.error(f"no scenario has {options.only!r} in its name")
    sys.stdout.write(f"seed {options.seed}, {options.minutes:g} simulated minutes each\n\n")
    sys.stdout.write(f"{table(rounds)}\n{summary(rounds)}")
    if options.json is not None:
        write_json(options.json, as_json(rounds, options.seed, options.minutes))
    return 1 if options.check and not all(one.is_met for one in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
