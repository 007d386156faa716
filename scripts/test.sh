#!/bin/sh
# Run every test: ours with coverage, children included, then the acceptance tests where they are.
# Usage: scripts/test.sh [arguments for pytest]
set -eu
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1 # the acceptance tests' folder is not ours to write to

# Without it each of the thousands of processes that the tests start would compile all it imports.
.venv/bin/python -m compileall -q agentos

# One more than there are cores, for most tests wait for processes; `-n 0` after it runs them in turn.
workers=$(($(getconf _NPROCESSORS_ONLN) + 1))

.venv/bin/coverage erase
.venv/bin/coverage run -m pytest -n "$workers" --dist worksteal "$@"
.venv/bin/coverage combine --quiet
[ $# -gt 0 ] || .venv/bin/coverage report

acceptance=../shared/acceptance
if [ -d "$acceptance" ]; then
    .venv/bin/pytest -c pyproject.toml -p no:cacheprovider --rootdir . "$acceptance"
fi
