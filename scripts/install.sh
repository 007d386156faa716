#!/bin/sh
# Make .venv and install the project into it.
# Usage: scripts/install.sh PYTHON EXTRAS [what else pip shall install, such as --group dev]
# EXTRAS are written as pip takes them, such as '[anthropic,openai]', or ''.
set -eu
cd "$(dirname "$0")/.."
python=$1
extras=$2
shift 2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "agentos needs Python 3.11 or newer; $python is $("$python" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12" >&2
    exit 2
}
[ -x .venv/bin/pip ] || "$python" -m venv .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv/bin/pip install --quiet --upgrade 'pip>=25.1' # the first that knows --group
.venv/bin/pip install --quiet --editable ".$extras" "$@"
