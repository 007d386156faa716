#!/bin/sh
# Simulate what the credential pool makes of providers' limits, beside two plain strategies.
# Usage: scripts/bench-keys.sh [--seed N] [--only TEXT] [--check] ...
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m benchmarks.keys --json build/bench-keys.json "$@"
