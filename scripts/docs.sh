#!/bin/sh
# Build the site of the docs into build/docs; any warning fails.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/sphinx-build --quiet --fail-on-warning --nitpicky --keep-going \
    -d build/docs-cache docs build/docs
echo "The site is built: build/docs/index.html"
