"""Names and instances of plug-ins → plug-ins that are ready for a run."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from typing import cast

from octopus import registry
from octopus.errors import InvalidParameter, WeakSandbox
from octopus.protocols import CrashRule, Family, Sandbox, SandboxFactory, Scientist, SymptomRule, Tracker

#: Sandbox levels from the strongest down; ``auto`` takes the first that is registered.
_LEVELS = ("strict", "standard", "process")
#: Families in the order in which they are drafted: the cheap ones that set the floor come first.
_DRAFT_ORDER = ("linear", "forest", "gbm")


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
