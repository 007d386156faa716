#!/bin/sh
# Run the main job on a copy of the sample project, so that the checkout stays clean.
set -eu
cd "$(dirname "$0")/.."

demo=build/demo/shelf
rm -rf build/demo
mkdir -p build/demo
cp -R examples/shelf "$demo"

echo "\$ agentos parallel lld --all -j 5 --project $demo"
# A little time per model call, so that there is something to watch.
code=0
AGENTOS_EMBEDDED_LATENCY="${AGENTOS_EMBEDDED_LATENCY:-0.3}" \
    .venv/bin/agentos parallel lld --all -j 5 --project "$demo" || code=$?

echo
echo "agentos ended with exit code $code (3 means: none failed, at least one needs revision)."
echo "The documents are in $demo/docs/lld/active, for example:"
ls "$demo"/docs/lld/active/*.md | head -n 3
case $code in
    0 | 3) ;;
    *) exit "$code" ;;
esac
