#!/bin/sh
# Let ten real children call a provider with limits, in real time, and see how well keys are used.
# Usage: scripts/bench-keys-live.sh [--seconds N] [--warm-up N] [--only TEXT] [--check] ...
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m benchmarks.keys_live --json build/bench-keys-live.json "$@"
