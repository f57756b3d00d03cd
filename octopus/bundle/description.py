"""What schema.json holds: the columns, labels and threshold that predicting needs, and what a reader wants to know."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from octopus.bundle.contents import BundleContents
from octopus.frame import Column
from octopus.records import ColumnProfile

#: What stands for a column of which nothing is known, by kind.
_EXAMPLES: dict[str, object] = {"number": 0.0, "boolean": True, "datetime": "2024-03-01", "text": "text"}
#: Digits of the hash by which the service names its model.
_SHORT = 12
#: A level that fewer rows hold may name one of them: it is not shown to whoever can reach the service. Five is the
#: usual least size of a cell in published tables (Hundepool et al., 2012, "Statistical Disclosure Control", ch. 4).
_SHOWN_ROWS = 5


def description_json(contents: BundleContents) -> str:
    """Return the text of schema.json.

    Parameters
    ----------
    contents : BundleContents
        What is exported.

    Returns
    -------
    str
        JSON: what :meth:`octopus.frame.Schema.to_json` gives, and beside it task, target, labels, threshold, the
        position of the positive class, optional columns, and the details of each column.
    """
    task = contents.task
    positive = None
    if contents.threshold is not None and task.costs is not None:
        positive = task.classes.index(task.costs.positive)
    profiles = {profile.name: profile for profile in contents.columns}
    document: dict[str, Any] = {
        **json.loads(contents.schema.to_json()),
        "task": task.type,
        "target": task.target,
        "labels": list(contents.labels),
        "threshold": None if positive is None else contents.threshold,
        "positive": positive,
        "optional": [name for name in contents.schema.names if name in contents.optional],
        "model": hashlib.sha256(contents.pipeline).hexdigest()[:_SHORT],
        "details": {column.name: _details(column, profiles.get(column.name)) for column in contents.schema.columns},
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _details(column: Column, profile: ColumnProfile | None) -> dict[str, object]:
    """Return the levels that several rows hold, the range and an example."""
    if profile is None:
        return {"example": _EXAMPLES[column.kind]}
    if column.kind == "number" and profile.numeric is not None:
        numeric = profile.numeric
        return {"minimum": numeric.minimum, "maximum": numeric.maximum, "example": numeric.median}
    if column.kind == "datetime" and profile.latest is not None:
        return {"earliest": profile.earliest, "latest": profile.latest, "example": profile.latest}
    if column.kind == "text" and profile.latest is not None:
        return {"example": profile.latest}
    levels = [level.value for level in profile.levels if level.count >= _SHOWN_ROWS]
    if column.kind == "text" and levels:
        return {"levels": levels, "example": levels[0]}
    return {"example": _EXAMPLES[column.kind]}
