#!/bin/sh
# Simulate a day of 10,000 items with keys that die and come back; end with 1 if a promise breaks.
# Usage: scripts/bench-day.sh [--seed N] [--items N]
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m benchmarks.day --json build/bench-day.json "$@"
