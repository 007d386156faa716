#!/bin/sh
# Run the battery of faults several times in a row, beside two busy loops; the first failure ends
# it, and so does a test that has to be skipped here (scripts/install-test-packages.sh helps).
# Usage: scripts/faults.sh [TIMES] [arguments for pytest]
set -eu
cd "$(dirname "$0")/.."

times=${1:-1}
[ $# -eq 0 ] || shift

busy=
quiet() {
    # shellcheck disable=SC2086 # the pids are words of their own
    [ -z "$busy" ] || kill $busy 2>/dev/null || : # whoever ended us may have ended them
    busy=
}
trap quiet EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for _ in 1 2; do
    (while :; do :; done) &
    busy="$busy $!"
done

export AGENTOS_TESTS_FORBID_SKIPS=1
workers=$(($(getconf _NPROCESSORS_ONLN) + 1))
began=$(date +%s)
round=1
while [ "$round" -le "$times" ]; do
    echo "faults: $round of $times"
    .venv/bin/pytest -q -n "$workers" --dist worksteal "$@" tests/faults
    round=$((round + 1))
done
seconds=$(($(date +%s) - began))
echo "faults: $times times in a row without a failure, in $seconds s"
