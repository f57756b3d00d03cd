"""What one event of the journal becomes in MLflow: names, values and texts that every store accepts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from octopus.records import Message, Record, Usage

#: MLflow stores keys of at most 250 characters (mlflow.utils.validation.MAX_ENTITY_KEY_LENGTH).
KEY_LENGTH = 250
#: MLflow 3 stores values of parameters up to 6,000 characters, servers before 2.0 up to 500.
PARAM_LENGTH = 500
#: MLflow 3 stores tags up to 8,000 characters, servers before 2.13 up to 5,000.
TAG_LENGTH = 5000
#: A name longer than this is cut off in MLflow's list of runs.
NAME_LENGTH = 80
#: MLflow's limit for the name of an experiment (mlflow.utils.validation.MAX_EXPERIMENT_NAME_LENGTH).
EXPERIMENT_LENGTH = 500

RunStatus = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]


class Point(Record, frozen=True, kw_only=True):
    """A value of a metric."""

    name: str
    value: float
    at_ms: int
    step: int = 0


class Trace(Record, frozen=True, kw_only=True):
    """A question to a language model, as one of MLflow's traces.

    ``id`` is thirty-two hexadecimal digits, the same whenever it is sent: a store takes each once. ``problem`` says why
    no usable reply came, and is empty where one did; ``shown_request`` and ``shown_reply`` stand in MLflow's list.
    """

    id: str
    name: str
    start_ms: int
    end_ms: int
    backend: str
    model: str
    messages: tuple[Message, ...]
    reply: str
    problem: str
    usage: Usage
    shown_request: str
    shown_reply: str
    tags: dict[str, str]


class Entry(Record, frozen=True, kw_only=True):
    """What is added to an MLflow run at once.

    ``experiment`` is the number of the experiment whose nested run it belongs to, None for the run itself; ``status``
    and ``end_ms`` close the MLflow run; ``texts`` are artifacts by their path; ``also`` is what becomes known of nested
    runs that are there already.
    """

    experiment: int | None
    name: str
    start_ms: int
    end_ms: int | None = None
    status: RunStatus = "RUNNING"
    params: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    points: tuple[Point, ...] = ()
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    traces: tuple[Trace, ...] = ()
    also: tuple[Entry, ...] = ()


def make_params(values: Mapping[str, object]) -> dict[str, str]:
    """Return parameters that MLflow accepts; what is None or empty is left out.

    Parameters
    ----------
    values : mapping of str to object
        Values by name.

    Returns
    -------
    dict of str to str
        Texts by legal names.
    """
    return _texts(values, PARAM_LENGTH)


def make_tags(values: Mapping[str, object]) -> dict[str, str]:
    """Return tags that MLflow accepts; what is None or empty is left out.

    Parameters
    ----------
    values : mapping of str to object
        Values by name.

    Returns
    -------
    dict of str to str
        Texts by legal names.
    """
    return _texts(values, TAG_LENGTH)


def make_points(values: Mapping[str, float | None], at_ms: int) -> tuple[Point, ...]:
    """Return one point per value that is known.

    Parameters
    ----------
    values : mapping of str to float or None
        Values by name; of two names that MLflow cannot tell apart the first counts.
    at_ms : int
        Milliseconds since 1970.

    Returns
    -------
    tuple of Point
        With legal names.
    """
    points: dict[str, Point] = {}
    for name, value in values.items():
        key = legal_key(name)
        if value is not None and key not in points:
            points[key] = Point(name=key, value=float(value), at_ms=at_ms)
    return tuple(points.values())


def make_curve(name: str, values: Iterable[tuple[int, float]], at_ms: int) -> tuple[Point, ...]:
    """Return the points of one metric over steps.

    Parameters
    ----------
    name : str
        Name of the metric.
    values : iterable of (int, float)
        Step and value.
    at_ms : int
        Milliseconds since 1970.

    Returns
    -------
    tuple of Point
        In the order given.
    """
    key = legal_key(name)
    return tuple(Point(name=key, value=float(value), at_ms=at_ms, step=step) for step, value in values)


def legal_key(name: str) -> str:
    """Return a name that MLflow takes for a parameter, metric or tag.

    Only letters, digits, ``_ - . /`` and blanks; a path in its normal form, for it becomes a file name.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    str
        A legal name, the same one for the same text.
    """
    key = re.sub(r"[^\w.\-/ ]", "_", name, flags=re.ASCII)[:KEY_LENGTH].strip("/. ") or "_"
    return posixpath.normpath(key)


def clip(text: str, length: int) -> str:
    """Return the text, cut to a length with an ellipsis that says so.

    Parameters
    ----------
    text : str
        Any text.
    length : int
        Most characters, at least 1.

    Returns
    -------
    str
        At most that long.
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def _texts(values: Mapping[str, object], length: int) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, value in values.items():
        text = "" if value is None else storable(str(value))
        if text:
            made.setdefault(legal_key(name), clip(text, length))
    return made


def storable(text: str) -> str:
    """Return the text without what a database or UTF-8 refuses: NUL and lone surrogates.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same, each such character replaced.
    """
    return text.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")
