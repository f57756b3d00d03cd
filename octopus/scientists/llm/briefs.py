"""What stays the same for a run: blocks, notes on the installed versions, families."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from string import Template

from octopus.protocols import Family, HasBrief
from octopus.records import Profile, Task
from octopus.scientists.llm.fence import plain
from octopus.scientists.llm.library import OFFERED, catalogue

#: Characters of a family's brief: 120 tokens, and what an installed signature may take.
_BRIEF = 440
#: Packages whose versions a script depends on; the others are of no use to it.
_OF_USE = ("python", "pandas", "numpy", "scikit-learn", "lightgbm", "xgboost", "catboost")
#: Ideas of a family that has no brief.
_IDEAS = 6
#: What ``Features`` makes of columns that are no numbers.
_READS = {
    "categorical": ", categories as pandas categoricals",
    "datetime": ', a date NAME as columns "NAME days", "NAME year", "NAME month" … "NAME hour" in its place',
    "text": ", texts as word counts (whole beside Topics or WeighedWords)",
}
_ANALYSIS = (
    "analysis, QUESTION: …, then one ```python block: def analyse(X, y) on the raw training rows prints at most 20 "
    "short lines, out-of-fold errors too; rare words come back as …"
)


def opening(
    task: Task,
    profile: Profile,
    families: tuple[Family, ...],
    versions: Mapping[str, str],
    privacy: str,
    hide: Callable[[str, str], str],
) -> str:
    """Return the part of a prompt that never changes within a run.

    Parameters
    ----------
    task : Task
        What is asked.
    profile : Profile
        As the run began with it.
    families : tuple of Family
        Those that apply.
    versions : mapping of str to str
        Installed packages.
    privacy : str
        Where no cell may leave, nothing is computed from cells on request.
    hide : callable
        Takes cells out of words that a family has on this data set.

    Returns
    -------
    str
        Role, contract, blocks, versions, families, reply format.
    """
    kinds = {column.kind for column in profile.columns if column.used}
    return template("step").substitute(
        labels=f"0…{task.n_classes - 1}" if task.is_classification else "float",
        reads="".join(words for kind, words in _READS.items() if kind in kinds),
        blocks="\n".join(catalogue(task, profile)),
        versions=", ".join(f"{name} {_short(versions[name])}" for name in _OF_USE if name in versions),
        notes="\n".join(notes(versions)),
        families="\n".join(f"{plain(f.name)}: {brief(f, task, profile, hide)}" for f in families),
        analysis="(no analysis: cells stay here)" if privacy == "schema" else _ANALYSIS,
    )


def brief(family: Family, task: Task, profile: Profile, hide: Callable[[str, str], str]) -> str:
    """Return what a model has to know of a family.

    Parameters
    ----------
    family : Family
        One that applies.
    task, profile : Task, Profile
        What is asked, what is known.
    hide : callable
        Takes cells out of it.

    Returns
    -------
    str
        Its own brief, or its ideas.
    """
    if isinstance(family, HasBrief):
        return plain(hide(family.brief(task, profile), " ".join(OFFERED)), _BRIEF)
    ideas = [recipe.idea for recipe in family.recipes(task, profile)][:_IDEAS]
    return plain(hide(f"imports {', '.join(family.imports)}; its ideas: {'; '.join(ideas)}", ""), _BRIEF)


def notes(versions: Mapping[str, str]) -> tuple[str, ...]:
    """Return what changed in the installed versions and breaks scripts that were written for older ones.

    Parameters
    ----------
    versions : mapping of str to str
        Installed packages.

    Returns
    -------
    tuple of str
        At most one note for a package: that of the newest version that is not newer than what is installed.
    """
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    for line in text("notes").splitlines():
        head, _, note = line.partition(": ")
        package, _, since = head.rpartition(" ")
        if package in versions and _numbers(versions[package]) >= _numbers(since):
            best = found.get(package)
            if best is None or best[0] < _numbers(since):
                found[package] = (_numbers(since), f"{package}: {note}")
    return tuple(note for _, note in found.values())


def template(name: str) -> Template:
    """Return a prompt with places to fill."""
    return Template(text(name))


@cache
def text(name: str) -> str:
    """Return the text of a prompt."""
    return files("octopus.scientists.llm").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


def _short(version: str) -> str:
    """Return a version without its patch number, which changes no interface."""
    return ".".join(version.split(".")[:2])


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in parts)
