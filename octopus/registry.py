"""Plug-ins by name, through entry points: ours and other people's come in by the same door."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from octopus.errors import PluginBroken, PluginConflict, PluginNotFound

FAMILIES = "octopus.families"
SCIENTISTS = "octopus.scientists"
BACKENDS = "octopus.backends"
CRASH_RULES = "octopus.crash_rules"
SYMPTOM_RULES = "octopus.symptom_rules"
SANDBOXES = "octopus.sandboxes"
TRACKERS = "octopus.trackers"
GROUPS = (FAMILIES, SCIENTISTS, BACKENDS, CRASH_RULES, SYMPTOM_RULES, SANDBOXES, TRACKERS)


def names(group: str) -> tuple[str, ...]:
    """Return the names registered in a group, sorted."""
    return tuple(sorted({point.name for point in _points(group)}))


def load(group: str, name: str) -> object:
    """Return what is registered under a name; it is imported now, not before.

    Raises
    ------
    PluginNotFound
        Nothing is registered under that name.
    PluginConflict
        Two distributions register it.
    PluginBroken
        It cannot be imported.
    """
    points = [point for point in _points(group) if point.name == name]
    if not points:
        known = names(group)
        raise PluginNotFound(group, name, known, difflib.get_close_matches(name, known))
    if len({point.value for point in points}) > 1:
        raise PluginConflict(group, name, [point.dist.name if point.dist else point.value for point in points])
    try:
        return points[0].load()
    except Exception as error:  # boundary: another's module may raise anything, for want of a shared library too
        raise PluginBroken(group, name, points[0].value, str(error)) from error


def load_all(group: str) -> tuple[object, ...]:
    """Return everything registered in a group, by name."""
    return tuple(load(group, name) for name in names(group))


def provider(group: str, name: str) -> str:
    """Return the distribution that registers a name, with its version; empty where nothing does."""
    found = (point.dist for point in _points(group) if point.name == name and point.dist)
    return next((f"{dist.name} {dist.version}" for dist in found), "")


@cache
def _points(group: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=group))
