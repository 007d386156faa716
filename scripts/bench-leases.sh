#!/bin/sh
# Measure how long children wait for a lease while a slot is free, and while others print.
# Usage: scripts/bench-leases.sh [--seconds N] [--only TEXT] [--check] ...
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m benchmarks.leases --json build/bench-leases.json "$@"
