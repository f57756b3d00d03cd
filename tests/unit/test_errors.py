"""Every error and warning survives a pickle with its fields, and is what users expect to catch."""

from __future__ import annotations

import copy
import inspect
import pickle
from pathlib import Path

import pytest

from octopus import errors
from octopus.journal import Journal

_EXAMPLES: dict[str, tuple[object, ...]] = {
    "InvalidParameter": ("cv", 0, "why", "remedy"),
    "RunDirectoryError": (Path("run"), "why", "remedy"),
    "JournalError": (Path("run"), 3, "why"),
    "PluginNotFound": ("group", "name", ("known",), ("near",)),
    "PluginConflict": ("group", "name", ("one", "two")),
    "PluginBroken": ("group", "name", "target", "why"),
    "SandboxUnavailable": ("strict", "why", "remedy"),
    "NoValidExperiment": (Journal(), "why"),
}
ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, (Exception, Warning))]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_it_survives_a_pickle(kind: type[Exception]) -> None:
    error = kind(*_EXAMPLES.get(kind.__name__, ("what happened",)))
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert str(again) == str(error)
        assert vars(again) == vars(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for kind in ALL:
        assert kind.__name__ in drawn
        assert issubclass(kind, errors.OctopusError | errors.OctopusWarning)


@pytest.mark.parametrize(
    ("kind", "standard"),
    [
        (errors.InvalidParameter, ValueError),
        (errors.InvalidData, ValueError),
        (errors.UnsupportedTask, ValueError),
        (errors.PluginNotFound, LookupError),
        (errors.PluginBroken, ImportError),
        (errors.OctopusWarning, UserWarning),
    ],
)
def test_standard_bases(kind: type[Exception], standard: type[Exception]) -> None:
    assert issubclass(kind, standard)
