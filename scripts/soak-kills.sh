#!/bin/sh
# Kill children and supervisors at random instants, thousands of times: the tests of `make test`, with
# other seeds and more rounds. AGENTOS_KILL_SEED repeats the rounds from that seed on.
# Usage: scripts/soak-kills.sh KILLS
set -eu
cd "$(dirname "$0")/.."
export AGENTOS_KILLS="$1"
export AGENTOS_KILL_SEED="${AGENTOS_KILL_SEED:-$(date +%s)}"

echo "$AGENTOS_KILLS kills, seeds from $AGENTOS_KILL_SEED on"
exec .venv/bin/pytest -n "$(getconf _NPROCESSORS_ONLN)" tests/faults/test_kills.py
