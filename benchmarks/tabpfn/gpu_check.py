"""Whether TabPFN runs on the graphics processor through our block, and says there what it says on the CPU.

``python -m benchmarks.tabpfn.gpu_check`` makes weights of its own; it exits with 1 where something is not as it should.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.tabpfn.tiny import tiny_weights
from octopus.blocks.tabpfn import ContextClassifier, ContextRegressor
from octopus.families.weights import graphics_devices, is_for_cpu

#: How far predictions may lie apart, as a share of their spread: the processor computes with half the digits.
_TOLERANCE = 0.05


def main() -> int:
    """Fit on both processors and compare."""
    import torch

    print(f"devices: {', '.join(graphics_devices()) or 'none'}; torch {torch.__version__}, CPU build: {is_for_cpu()}")
    if not torch.cuda.is_available():
        print("no graphics processor that torch can use: nothing is checked")
        return 1
    print(f"processor: {torch.cuda.get_device_name(0)}")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(900, 8)), columns=list("abcdefgh"))
    X["kind"] = pd.Categorical(rng.choice(["x", "y", "z"], len(X)))
    X.loc[::9, "a"] = np.nan
    number = 40 + 10 * X["b"].to_numpy() + rng.normal(size=len(X))
    with tempfile.TemporaryDirectory() as folder:
        weights = str(tiny_weights(Path(folder) / "tiny-v3.5.safetensors"))
        checks = [
            _same(ContextClassifier, weights, X, (number > np.median(number)).astype(np.int64)),
            _same(ContextRegressor, weights, X, number),
        ]
    return 0 if all(checks) else 1


def _same(kind, weights: str, X: pd.DataFrame, y: np.ndarray) -> bool:
    """Print what both processors predict and whether they agree; a pickle is read again on the way."""
    found = {}
    for device in ("cpu", "cuda"):
        began = time.perf_counter()
        model = kind(weights, n_rows=300, n_contexts=2, n_estimators=2, device=device, random_state=0)
        model.fit(X[:700], y[:700])
        where = {str(next(network.parameters()).device) for one in model.models_ for network in one.models_}
        model = pickle.loads(pickle.dumps(model))
        predict = model.predict_proba if hasattr(model, "predict_proba") else model.predict
        found[device] = predict(X[700:])
        where |= {str(next(network.parameters()).device) for one in model.models_ for network in one.models_}
        is_finite = bool(np.isfinite(found[device]).all())
        seconds = time.perf_counter() - began
        print(f"{kind.__name__} {device}: on {', '.join(sorted(where))}, finite {is_finite}, {seconds:.1f} s")
        if not is_finite or any(not one.startswith(device) for one in where):
            return False
    apart = float(np.abs(found["cpu"] - found["cuda"]).max() / max(float(np.std(y)), 1e-9))
    print(f"{kind.__name__}: at most {apart:.4f} of the target's spread apart, allowed {_TOLERANCE}")
    return apart <= _TOLERANCE


if __name__ == "__main__":
    sys.exit(main())
