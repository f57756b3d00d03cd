"""Every error and warning survives a pickle with its fields, and is what users expect to catch."""

from __future__ import annotations

import copy
import inspect
import pickle
from pathlib import Path

import pytest

from octopus import errors
from octopus.journal import Journal
from octopus.records import Failure

_EXAMPLES: dict[str, tuple[object, ...]] = {
    "InvalidParameter": ("cv", 0, "why", "remedy"),
    "RunDirectoryError": (Path("run"), "why", "remedy"),
    "JournalError": (Path("run"), 3, "why"),
    "PluginNotFound": ("group", "name", ("known",), ("near",)),
    "PluginConflict": ("group", "name", ("one", "two")),
    "PluginBroken": ("group", "name", "target", "why"),
    "SandboxUnavailable": ("strict", "why", "remedy"),
    "PredictionFailed": (Failure(type="KeyError", message="b", frames=()),),
    "BundleError": (Path("bundle"), "why", "remedy"),
    "DamagedBundle": (Path("bundle"), "pipeline.pkl", "is missing"),
    "UntrustedPickle": (Path("bundle"),),
    **dict.fromkeys(
        ("BackendError", "BackendUnreachable", "BackendRefused", "PromptTooLong", "CassetteMiss"),
        ("openai:m", "why", "remedy"),
    ),
    "ServiceError": ("127.0.0.1", 8000, "why"),
    **dict.fromkeys(("TrackingError", "StoreUnreachable", "StoreRefused"), ("sqlite://", "why")),
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


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_it_says_what_it_was_told(kind: type[Exception]) -> None:
    told = _EXAMPLES.get(kind.__name__, ("what happened",))
    error = kind(*told)
    for word in told:
        for part in word if isinstance(word, tuple) else [word]:
            assert isinstance(part, Journal | Failure) or str(part) in str(error)
    again = copy.deepcopy(error)
    assert (type(again), str(again)) == (kind, str(error))


_ROOTS = errors.OctopusError | errors.OctopusWarning


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind.__mro__[1] not in (Exception, UserWarning)], ids=str)
def test_a_branch_hangs_where_it_is_drawn(kind: type[Exception]) -> None:
    depths = {}
    for line in (errors.__doc__ or "").splitlines():
        name = line.lstrip("│├└─ ")
        depths[name.split(" ")[0]] = len(line) - len(name)
    parent = next(base for base in kind.__bases__ if issubclass(base, _ROOTS))
    assert depths[kind.__name__] == depths[parent.__name__] + 4


def test_neighbours_are_offered_only_where_there_are_some() -> None:
    assert "Did you mean 'gbm' or 'gam'?" in str(errors.PluginNotFound("g", "gmb", ["gbm", "gam"], ["gbm", "gam"]))
    alone = str(errors.PluginNotFound("g", "gmb", [], []))
    assert "Did you mean" not in alone
    assert "registered: none" in alone


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for kind in ALL:
        assert kind.__name__ in drawn
        assert issubclass(kind, _ROOTS)


@pytest.mark.parametrize(
    ("kind", "standard"),
    [
        (errors.InvalidParameter, ValueError),
        (errors.InvalidData, ValueError),
        (errors.UnsupportedTask, errors.InvalidData),
        (errors.RunDirectoryError, ValueError),
        (errors.PluginNotFound, LookupError),
        (errors.PluginBroken, ImportError),
        (errors.OctopusWarning, UserWarning),
    ],
)
def test_standard_bases(kind: type[Exception], standard: type[Exception]) -> None:
    assert issubclass(kind, standard)
