"""Constructor parameters → checked options and opened plug-ins. Nothing here looks at the data."""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, cast

import joblib
import psutil

from octopus import registry
from octopus.errors import InvalidParameter, WeakSandbox
from octopus.protocols import CrashRule, Family, Sandbox, SandboxFactory, Scientist, SymptomRule, Tracker
from octopus.records import Budget
from octopus.reporting.callbacks import Callback

#: Sandbox levels from the strongest down; ``auto`` takes the first that is registered.
_LEVELS = ("strict", "standard", "process")
#: Families in the order in which they are drafted: the cheap ones that set the floor come first.
_DRAFT_ORDER = ("linear", "forest", "gbm")
#: Share of the free memory that a run may use where no limit is given.
_MEMORY_SHARE = 0.8
#: Powers of 1000, or of 1024 where an ``i`` follows.
_UNITS = ("", "K", "M", "G", "T")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the constructor's parameters mean on this machine.

    Parameters
    ----------
    budget : Budget
        Limits of the run.
    columns : mapping of str to str
        Roles of columns.
    holdout : float or None
        Share of the rows to seal.
    refit : {"all", "train"}
        Whether the winner is fitted once more on every row.
    n_jobs : int
        Cores to use, at least 1.
    memory_bytes : int
        Memory for all children together.
    callbacks : tuple of callable
        Told of each event.
    """

    budget: Budget
    columns: Mapping[str, str]
    holdout: float | None
    refit: Literal["all", "train"]
    n_jobs: int
    memory_bytes: int
    callbacks: tuple[Callback, ...]


def read_options(parameters: Mapping[str, object]) -> Options:
    """Check the constructor's parameters.

    Parameters
    ----------
    parameters : mapping of str to object
        As ``get_params(deep=False)`` gives them.

    Returns
    -------
    Options
        Checked values.

    Raises
    ------
    InvalidParameter
        A value cannot be used.
    """
    goal = parameters["goal"]
    if goal is not None and not isinstance(goal, str):
        raise InvalidParameter("goal", goal, "it is not text", "Say in plain words what the model is for, or None.")
    refit = parameters["refit"]
    if refit not in ("all", "train"):
        raise InvalidParameter("refit", refit, "it is unknown", "Use 'all' or 'train'.")
    columns = parameters["columns"]
    if columns is not None and not isinstance(columns, Mapping):
        raise InvalidParameter("columns", columns, "it is no mapping", "Use {'name': 'use' or 'ignore' or …}.")
    return Options(
        budget=Budget(
            max_experiments=_count(parameters["max_experiments"]),
            time_limit_s=_seconds(parameters["time_limit"]),
        ),
        columns=columns or {},
        holdout=_share(parameters["holdout"]),
        refit=refit,
        n_jobs=_cores(parameters["n_jobs"]),
        memory_bytes=_bytes(parameters["memory_limit"]),
        callbacks=_callables(parameters["callbacks"]),
    )


def choose_families(families: object) -> tuple[Family, ...]:
    """Return the families that may take part, in the order in which they are drafted.

    Parameters
    ----------
    families : "auto", or sequence of str or Family
        All that are registered, or these.

    Returns
    -------
    tuple of Family
        At least one.

    Raises
    ------
    InvalidParameter
        Nothing is named.
    PluginNotFound
        A name is not registered.
    """
    if families == "auto":
        in_order = sorted(registry.names(registry.FAMILIES), key=_draft_rank)
        chosen: Sequence[object] = in_order
    elif isinstance(families, str):
        raise InvalidParameter("families", families, "it is a single name", f"Use families=[{families!r}].")
    elif families is None or isinstance(families, Iterable):
        chosen = list(families or ())
    else:
        raise InvalidParameter("families", families, "it is no list", "Use 'auto', or a list of names.")
    if not chosen:
        raise InvalidParameter("families", families, "no family is named", "Use 'auto', or name at least one.")
    return tuple(_family(one) for one in chosen)


def choose_scientist(backend: object, families: Sequence[Family]) -> Scientist:
    """Return who leads: what ``backend`` or ``OCTOPUS_BACKEND`` names, else the playbook.

    Parameters
    ----------
    backend : "auto", None, str or Scientist
        "auto" looks at the environment; None is the playbook; a name is looked up; an instance leads.
    families : sequence of Family
        What the playbook may draw on.

    Returns
    -------
    Scientist
        The one that leads.

    Raises
    ------
    PluginNotFound
        No scientist of that name is registered.
    """
    if isinstance(backend, Scientist):
        return backend
    if backend == "auto":
        backend = os.environ.get("OCTOPUS_BACKEND") or None
    if backend is not None and not isinstance(backend, str):
        raise InvalidParameter("backend", backend, "it does not propose anything", "Use 'auto', None or a name.")
    make = cast("type[Scientist]", registry.load(registry.SCIENTISTS, backend or "playbook"))
    return make(families=families) if backend in (None, "playbook") else make()  # type: ignore[call-arg]


def open_sandbox(level: object, families: Sequence[Family], n_jobs: int) -> Sandbox:
    """Return where scripts run.

    Parameters
    ----------
    level : "auto", str or Sandbox
        The strongest level that can be had, this one, or this sandbox.
    families : sequence of Family
        Whose modules the children start with.
    n_jobs : int
        Cores that the run may use.

    Returns
    -------
    Sandbox
        Not started yet.

    Raises
    ------
    PluginNotFound, SandboxUnavailable
        The level does not exist, or cannot be had here.
    """
    if isinstance(level, Sandbox):
        return level
    registered = registry.names(registry.SANDBOXES)
    if level == "auto":
        name = next((known for known in _LEVELS if known in registered), "process")
        if name == "process":
            warnings.warn(
                WeakSandbox(
                    "sandbox level 'process' is the best that can be had here: it limits, watches and kills the "
                    "generated scripts, but does not keep them from reading your files. They are the playbook's own; "
                    "sandbox='process' accepts this and silences the warning"
                ),
                stacklevel=4,
            )
    elif isinstance(level, str):
        name = level
    else:
        raise InvalidParameter("sandbox", level, "it is no level", f"Use 'auto' or one of {', '.join(registered)}.")
    factory = cast("SandboxFactory", registry.load(registry.SANDBOXES, name))
    imports = tuple(dict.fromkeys(module for family in families for module in family.imports))
    return factory(imports=imports, environment={"LOKY_MAX_CPU_COUNT": str(n_jobs)})


def choose_tracker(tracker: object) -> Tracker | None:
    """Return what shows the run elsewhere.

    Parameters
    ----------
    tracker : str, Tracker or None
        Name of a registered tracker, or an instance; None for none.

    Returns
    -------
    Tracker or None
        Opened at use.

    Raises
    ------
    InvalidParameter, PluginError
        It is none, or cannot be had.
    """
    if tracker is None:
        return None
    if isinstance(tracker, str):
        return cast("type[Tracker]", registry.load(registry.TRACKERS, tracker))()
    if isinstance(tracker, Tracker):
        return tracker
    registered = ", ".join(map(repr, registry.names(registry.TRACKERS)))
    raise InvalidParameter("tracker", tracker, "it is no tracker", f"Use {registered} or None.")


def load_rules() -> tuple[tuple[CrashRule, ...], tuple[SymptomRule, ...]]:
    """Return every registered crash rule and symptom rule."""
    crash = tuple(cast("type[CrashRule]", rule)() for rule in registry.load_all(registry.CRASH_RULES))
    symptom = tuple(cast("type[SymptomRule]", rule)() for rule in registry.load_all(registry.SYMPTOM_RULES))
    return crash, symptom


def _draft_rank(name: str) -> tuple[int, str]:
    return (_DRAFT_ORDER.index(name) if name in _DRAFT_ORDER else len(_DRAFT_ORDER), name)


def _family(one: object) -> Family:
    if isinstance(one, str):
        return cast("type[Family]", registry.load(registry.FAMILIES, one))()
    if isinstance(one, Family):
        return one
    raise InvalidParameter("families", one, "it is no family", "Use names, or instances with the Family protocol.")


def _is_number(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _callables(value: object) -> tuple[Callback, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        remedy = "Use callbacks=[function]." if callable(value) else "Use a list of functions of one event, or None."
        raise InvalidParameter("callbacks", value, "it is no list", remedy)
    for one in value:
        if not callable(one):
            raise InvalidParameter("callbacks", one, "it cannot be called", "Use a list of functions of one event.")
    return tuple(value)


def _count(value: object) -> int | None:
    if value is None:
        return None
    if not _is_number(value, Integral) or cast("int", value) < 1:
        raise InvalidParameter(
            "max_experiments", value, "a run needs at least one experiment", "Use a whole number from 1, or None."
        )
    return int(cast("int", value))


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if not _is_number(value, Real) or not cast("float", value) > 0:
        raise InvalidParameter(
            "time_limit", value, "a run needs some seconds", "Use a number of seconds above zero, or None for no limit."
        )
    seconds = float(cast("float", value))
    return seconds if math.isfinite(seconds) else None


def _share(value: object) -> float | None:
    if value is None or value is False or (_is_number(value, Real) and value == 0):
        return None
    if not _is_number(value, Real) or not 0 < cast("float", value) < 1:
        raise InvalidParameter(
            "holdout", value, "it is no share of the rows", "Use a number between 0 and 1, or None to seal nothing."
        )
    return float(cast("float", value))


def _cores(value: object) -> int:
    if value is not None and (not _is_number(value, Integral) or value == 0):
        raise InvalidParameter("n_jobs", value, "it is no number of cores", "Use 1, 2, …, or -1 for all of them.")
    cores: int = joblib.effective_n_jobs(value)
    return cores


def _bytes(value: object) -> int:
    if value is None:
        return int(_MEMORY_SHARE * psutil.virtual_memory().available)
    if _is_number(value, Real) and 1 <= cast("float", value) < math.inf:
        return int(cast("float", value))
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", str(value), re.IGNORECASE)
    if not isinstance(value, str) or not found or float(found[1]) == 0:
        raise InvalidParameter("memory_limit", value, "it is no amount of memory", "Use bytes, or text such as '4GB'.")
    powers = _UNITS.index(found[2].upper())
    return int(float(found[1]) * (1024 if found[3] else 1000) ** powers)
