#!/bin/sh
# Run every test: ours with coverage, children included, then the acceptance tests where they are.
# Usage: scripts/test.sh [arguments for pytest]
set -eu
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1 # the acceptance tests' folder is not ours to write to

.venv/bin/coverage erase
.venv/bin/coverage run -m pytest "$@"
.venv/bin/coverage combine --quiet
[ $# -gt 0 ] || .venv/bin/coverage report

acceptance=../shared/acceptance
if [ -d "$acceptance" ]; then
    .venv/bin/pytest -c pyproject.toml -p no:cacheprovider --rootdir . "$acceptance"
fi
