#!/bin/sh
# Put the same faults to agentos, GNU parallel (Debian: parallel) and honcho (PyPI); by hand only.
# Usage: scripts/compare-runners.sh [--only TEXT]
set -eu
cd "$(dirname "$0")/.."
command -v parallel >/dev/null || {
    echo "GNU parallel is missing: apt-get install parallel" >&2
    exit 2
}
honcho=build/honcho
[ -x "$honcho/bin/honcho" ] || {
    .venv/bin/python -m venv "$honcho"
    "$honcho/bin/pip" install --quiet honcho==2.0.0
}
.venv/bin/python -m benchmarks.runners --honcho "$PWD/$honcho/bin/honcho" \
    --json build/compare-runners.json "$@"
