"""A replay, in a process that holds nothing of the training: this file runs there by itself.

Arguments: the bundle's directory, a pickled table of raw rows, the file for the results, and paths where packages lie.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

#: Rows that are predicted alone: the first, and the last three, which are the odd ones.
_ALONE = (0, -3, -2, -1)


class _NoOctopus:
    """A finder that refuses the package whose absence is to be proved."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse octopus, and leave all else to the finders after this one."""
        del path, target
        if name.partition(".")[0] == "octopus":
            raise ModuleNotFoundError(f"{name} was imported: a bundle works without octopus", name=name)
        return None


def main() -> None:
    """Predict the rows in every way that a user may."""
    directory, rows, results, *paths = sys.argv[1:]
    sys.meta_path.insert(0, _NoOctopus())
    sys.path.insert(0, directory)
    sys.path.extend(path for path in paths if path not in sys.path)
    Path(results).write_text(json.dumps(replayed(Path(directory), rows)), encoding="utf-8")


def replayed(directory: Path, path: str) -> dict[str, Any]:
    """Return predictions by name of the check.

    Parameters
    ----------
    directory : Path
        The bundle.
    path : str
        The rows.

    Returns
    -------
    dict of str to object
        JSON: predictions of all rows with their columns shuffled, of single rows, of rows without what is optional,
        and of the service, with its labels.
    """
    import numpy as np
    import pandas as pd

    model = importlib.import_module("predict").load(directory)
    serve = importlib.import_module("serve")
    rows = pd.read_pickle(path)  # noqa: S301  written by the process that started this one
    order = np.random.default_rng(0).permutation(rows.shape[1])
    alone = [number % len(rows) for number in _ALONE if -len(rows) <= number < len(rows)]
    optional = [name for name in model.description["optional"] if name in rows]
    status, reply = serve.answer(model, json.dumps({"rows": plain(rows)}).encode())
    if status != 200:
        raise RuntimeError(f"the service refuses the rows: {status} {json.dumps(reply)}")
    json.dumps(serve.create_app(directory).openapi())
    return {
        "shuffled": _predicted(model, rows.iloc[:, order]),
        "alone": [[number, _predicted(model, rows.iloc[[number]])] for number in alone],
        "without": _predicted(model, rows.drop(columns=optional)),
        "labels": reply["predictions"],
        "served": [list(row.values()) for row in reply["probabilities"]] if "probabilities" in reply else None,
    }


def plain(rows: Any) -> list[dict[str, Any]]:
    """Return rows as JSON has them: dates as ISO text, what is missing as null.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, n_columns)
        Raw rows.

    Returns
    -------
    list of dict
        One for each row.
    """
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows.to_dict("records")]


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, pd.Period):
        value = value.to_timestamp()
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, str | bool | int | float) else str(value)


def _predicted(model: Any, rows: Any) -> list[Any]:
    """Return predictions; what is no number as text, which JSON has."""
    predicted: list[Any] = model.predict_canonical(model.table(rows)).tolist()
    return predicted


if __name__ == "__main__":
    main()
