"""Members' scripts → what they share, and under which names each stands in one module.

Definitions are the same where their trees are the same and every name in them means the same. Names of the same meaning
are found as the coarsest partition that its own refinement leaves as it is (Hopcroft, 1971; Paige and Tarjan, 1987,
doi:10.1137/0216062), so that functions which call each other are found the same too.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from octopus.blending.scopes import names_in
from octopus.blending.scripts import ENTRY, MemberScript, Unit

#: Member number and name → which of the meanings it has.
_Meanings = dict[tuple[int, str], int]


@dataclass(frozen=True, kw_only=True)
class Naming:
    """What is shared and how it is called.

    Parameters
    ----------
    names : tuple of dict of str to str
        For each member, its names and what they are in the one module.
    shared : tuple of tuple of bool
        For each unit of each member, whether an earlier member has the same.
    several : tuple of tuple of bool
        For each unit of each member, whether a later member has the same.
    """

    names: tuple[Mapping[str, str], ...]
    shared: tuple[tuple[bool, ...], ...]
    several: tuple[tuple[bool, ...], ...]


def find_names(members: Sequence[MemberScript]) -> Naming:
    """Return what members share and how everything is called.

    Parameters
    ----------
    members : sequence of MemberScript
        In the order in which they stand in the module.

    Returns
    -------
    Naming
        No name has two meanings.

    Raises
    ------
    ValueError
        A name cannot be changed.
    """
    meanings = _meanings(members)
    keys = [[_unit_key(number, unit, meanings) for unit in member.units] for number, member in enumerate(members)]
    before: list[set[object]] = [set().union(*keys[:number]) for number in range(len(members))]
    after: list[set[object]] = [set().union(*keys[number + 1 :]) for number in range(len(members))]
    return Naming(
        names=_chosen(members, meanings),
        shared=tuple(tuple(key in seen for key in own) for own, seen in zip(keys, before, strict=True)),
        several=tuple(tuple(key in seen for key in own) for own, seen in zip(keys, after, strict=True)),
    )


def _meanings(members: Sequence[MemberScript]) -> _Meanings:
    """Return the coarsest partition of the members' names by meaning."""
    places = [(number, name) for number, member in enumerate(members) for name in sorted(member.bound)]
    first = {place: _definition(members[place[0]], place) for place in places}
    meanings, n_meanings = _numbered(first)
    while True:
        finer: dict[tuple[int, str], object] = {
            (number, name): (meanings[number, name], _context(number, members[number], name, meanings))
            for number, name in places
        }
        meanings, n_finer = _numbered(finer)
        if n_finer == n_meanings:
            return meanings
        n_meanings = n_finer


def _numbered(keys: Mapping[tuple[int, str], object]) -> tuple[_Meanings, int]:
    numbers: dict[object, int] = {}
    return {place: numbers.setdefault(key, len(numbers)) for place, key in keys.items()}, len(numbers)


def _definition(member: MemberScript, place: tuple[int, str]) -> object:
    """Return what names of the same meaning have in common; the place itself where the name is a member's own."""
    name = place[1]
    if name in member.imports:
        return "import", member.imports[name]
    units = member.units_of(name)
    if len(units) != 1 or not units[0].is_shareable or name in member.changed:
        return place
    return name, ast.dump(units[0].node)


def _context(number: int, member: MemberScript, name: str, meanings: _Meanings) -> object:
    units = [] if name in member.imports else member.units_of(name)
    names = sorted({other for unit in units for other in unit.reads})
    return tuple((other, meanings.get((number, other))) for other in names)


def _unit_key(number: int, unit: Unit, meanings: _Meanings) -> object:
    """Return what equal units of several members have in common."""
    if not unit.is_shareable:
        return number, id(unit)
    return ast.dump(unit.node), tuple((name, meanings.get((number, name))) for name in sorted(unit.reads))


def _chosen(members: Sequence[MemberScript], meanings: _Meanings) -> tuple[Mapping[str, str], ...]:
    """Return each member's names as they are in the one module."""
    taken = set(dir(builtins)).union(*(names_in(member.tree) for member in members), *(m.loaded for m in members))
    chosen: dict[int, str] = {}
    names = sorted({name for _, name in meanings})
    for name in names:
        holders = [number for number, member in enumerate(members) if name in member.bound]
        kinds = list(dict.fromkeys(meanings[number, name] for number in holders))
        free = any(name in member.free for member in members)
        imported = [meanings[number, name] for number in holders if name in members[number].imports]
        keeps = None if free or name == ENTRY else (imported[0] if imported else kinds[0] if len(kinds) == 1 else None)
        for kind in kinds:
            owner = members[next(number for number in holders if meanings[number, name] == kind)]
            chosen[kind] = name if kind == keeps else _fresh(name, owner, taken)
    return tuple(
        {name: chosen[meanings[number, name]] for name in sorted(member.bound)} for number, member in enumerate(members)
    )


def _fresh(name: str, owner: MemberScript, taken: set[str]) -> str:
    """Return a name that stands nowhere in any of the scripts."""
    if (
        name in owner.imports
        and name == owner.imports[name].module
        and any(loaded.partition(".")[0] == name for loaded in owner.loaded)
    ):
        raise ValueError(f"the {owner.which} script: {name} means something else in another, and cannot be renamed")
    stem = "build" if name == ENTRY else name
    candidates = [f"{stem}_{owner.which}", *(f"{stem}_{owner.which}_{number}" for number in range(2, 1000))]
    found = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(found)
    return found
