"""Names and instances of plug-ins → plug-ins that are ready for a run."""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import cast

from octopus import registry
from octopus.budget import is_short
from octopus.errors import InvalidParameter, SandboxUnavailable, WeakSandbox
from octopus.protocols import (
    Backend,
    CrashRule,
    Family,
    NeedsFiles,
    Sandbox,
    SandboxFactory,
    Scientist,
    SymptomRule,
    Tracker,
)
from octopus.records import Author, SandboxReport
from octopus.sandbox import probe

#: Sandbox levels that keep a script from what is the user's, from the strongest down; ``auto`` takes the first that can
#: be had.
_LEVELS = ("strict", "standard")
#: The scientist that asks a backend.
_LED_BY_A_MODEL = "model"
#: Families in the order in which they are drafted: the cheap ones that set the floor come first.
_DRAFT_ORDER = ("linear", "forest", "gbm", "tabpfn", "neural")
#: What is strongest alone comes first where the limit is short: on 4,694 rows of ``computers`` a line and its proof
#: took 9 of 10 s, for twice the error of boosted trees.
_STRONGEST = "gbm"


def choose_families(families: object, time_limit_s: float | None = None) -> tuple[Family, ...]:
    """Return the families that may take part, in the order in which they are drafted.

    Parameters
    ----------
    families : "auto", or sequence of str or Family
        All that are registered, or these.
    time_limit_s : float or None, default=None
        Seconds for everything; so few may do for one draft alone, and then the strongest comes first.

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
        if is_short(time_limit_s):
            in_order.sort(key=lambda name: name != _STRONGEST)
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


def choose_scientist(backend: object, families: Sequence[Family], fix_backend: object = None) -> Scientist:
    """Return who leads: what ``backend`` or ``OCTOPUS_BACKEND`` names, else the playbook.

    A key that lies in the environment is not consent: nothing but these two has a model asked.

    Parameters
    ----------
    backend : "auto", None, str, Backend or Scientist
        "auto" looks at the environment; None is the playbook; ``NAME:MODEL`` names a backend and what it is opened
        with, ``NAME`` a scientist or a backend; an instance leads.
    families : sequence of Family
        What may be drawn on.
    fix_backend : None, str or Backend
        Who is asked first to mend a script that failed.

    Returns
    -------
    Scientist
        The one that leads.

    Raises
    ------
    PluginNotFound
        No scientist of that name is registered.
    """
    fixer = None if fix_backend is None else _backend("fix_backend", fix_backend)
    if isinstance(backend, Scientist):
        return backend
    parameter = "backend"
    if backend == "auto":
        parameter, backend = "OCTOPUS_BACKEND", os.environ.get("OCTOPUS_BACKEND") or None
    if backend in (None, "playbook"):
        make = cast("Callable[..., Scientist]", registry.load(registry.SCIENTISTS, "playbook"))
        return make(families=families)
    if isinstance(backend, str) and backend in registry.names(registry.SCIENTISTS) and backend != _LED_BY_A_MODEL:
        return cast("Callable[[], Scientist]", registry.load(registry.SCIENTISTS, backend))()
    lead = _backend(parameter, backend)
    make = cast("Callable[..., Scientist]", registry.load(registry.SCIENTISTS, _LED_BY_A_MODEL))
    return make(backend=lead, fix_backend=fixer, families=families)


def _backend(parameter: str, named: object) -> Backend:
    if isinstance(named, Backend):
        return named
    known = registry.names(registry.BACKENDS)
    listed = " or ".join(f"'{name}:…'" for name in known)
    if not isinstance(named, str):
        raise InvalidParameter(parameter, named, "it is no backend", f"Use None, {listed}, or an instance.")
    name, _, rest = named.partition(":")
    if name not in known or not rest:
        names = (*known, *registry.names(registry.SCIENTISTS))
        near = difflib.get_close_matches(name, names, n=1)
        guess = f" Did you mean {near[0]!r}?" if near and name not in known else ""
        why = "it says no model" if name in known else f"no backend or scientist named {name!r} is registered"
        remedy = f"Use {listed}, such as 'openai:gpt-5', or 'playbook'.{guess}"
        raise InvalidParameter(parameter, named, why, remedy)
    return cast("Callable[[str], Backend]", registry.load(registry.BACKENDS, name))(rest)


def author_of(scientist: Scientist) -> Author:
    """Return who writes a scientist's scripts at worst: our own playbook, or anybody else, of whom nothing is known."""
    ours = cast("type[Scientist]", registry.load(registry.SCIENTISTS, "playbook"))
    return "playbook" if type(scientist) is ours else "model"


def is_ours(scientist: Scientist) -> bool:
    """Return whether a scientist's word counts on who wrote which script: that of the two of this package does."""
    if not type(scientist).__module__.startswith("octopus.scientists."):  # what is not there need not be imported
        return False
    if author_of(scientist) == "playbook":
        return True
    return type(scientist) is registry.load(registry.SCIENTISTS, _LED_BY_A_MODEL)


def open_sandbox(level: object, families: Sequence[Family], n_jobs: int, author: Author) -> Sandbox:
    """Return where scripts run.

    Parameters
    ----------
    level : "auto", str or Sandbox
        The strongest level that can be had, this one, or this sandbox.
    families : sequence of Family
        Whose modules the children start with, and whose files and devices they may open.
    n_jobs : int
        Cores that the run may use.
    author : {"playbook", "model"}
        Who writes the scripts, or wrote the pipeline.

    Returns
    -------
    Sandbox
        It has been tried, unless it is one that promises nothing.

    Raises
    ------
    PluginNotFound
        The level does not exist.
    SandboxUnavailable
        The level cannot be had here; or "auto" finds none that a script may run in which a model wrote.
    """
    if isinstance(level, Sandbox):
        return level
    registered = registry.names(registry.SANDBOXES)
    if not isinstance(level, str):
        raise InvalidParameter("sandbox", level, "it is no level", f"Use 'auto' or one of {', '.join(registered)}.")
    if level != "auto":
        return _open(level, families, n_jobs)
    why = "no better level is registered"
    for name in _LEVELS:
        if name in registered:
            try:
                return _open(name, families, n_jobs)
            except SandboxUnavailable as error:
                why = f"{name}: {error.why}. {error.remedy}"
    if author != "playbook":
        raise SandboxUnavailable(
            "auto",
            f"only 'process' can be had here, which keeps no script from your files and the network ({why})",
            "A script that a model wrote does not run there unasked: get a better level ('octopus doctor' says how), "
            "or allow it by sandbox='process'.",
        )
    warnings.warn(
        WeakSandbox(
            "sandbox level 'process' is the best that can be had here: it limits, watches and kills the generated "
            "scripts, but does not keep them from reading your files. They are the playbook's own; sandbox='process' "
            f"accepts this and silences the warning. A better level lacks: {why}"
        ),
        stacklevel=4,
    )
    return _open("process", families, n_jobs)


def try_sandboxes() -> dict[str, SandboxReport | SandboxUnavailable]:
    """Try every registered sandbox anew, whatever is known of it.

    Returns
    -------
    dict of str to SandboxReport or SandboxUnavailable
        What each is made of, the strongest first, or why it cannot be had.
    """
    probe.forget()
    found: dict[str, SandboxReport | SandboxUnavailable] = {}
    names = registry.names(registry.SANDBOXES)
    for name in sorted(names, key=lambda one: (_LEVELS.index(one) if one in _LEVELS else len(_LEVELS), one)):
        try:
            with closing(_open(name, (), 1)) as sandbox:
                found[name] = sandbox.report()
        except SandboxUnavailable as error:
            found[name] = error
    return found


def _open(level: str, families: Sequence[Family], n_jobs: int) -> Sandbox:
    factory = cast("SandboxFactory", registry.load(registry.SANDBOXES, level))
    needy = [family for family in families if isinstance(family, NeedsFiles)]
    return factory(
        imports=tuple(dict.fromkeys(module for family in families for module in family.imports)),
        environment={"LOKY_MAX_CPU_COUNT": str(n_jobs)},
        paths=tuple(dict.fromkeys(path for family in needy for path in family.paths)),
        devices=tuple(dict.fromkeys(device for family in needy for device in family.devices)),
    )


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
