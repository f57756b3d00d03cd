"""Failure → mended script, where the mend is known: no model is asked, and the rest of the script keeps its form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from octopus.records import Diagnosis, Outcome, Profile
from octopus.scientists.llm.mending.draft import Change, Clue, Draft
from octopus.scientists.llm.mending.idioms import idioms
from octopus.scientists.llm.mending.imports import idle_imports, missing_imports, moved_imports
from octopus.scientists.llm.mending.renames import renames
from octopus.scientists.llm.mending.steps import filled_gaps, one_worker, plain_names, unknown_levels
from octopus.scientists.llm.mending.structure import at_module_level, bases, entry_point

_Repair = Callable[[Draft, Clue], Iterator[Change]]
#: Repairs in the order in which they are tried; the first that changes something is made.
_REPAIRS: tuple[_Repair, ...] = (
    renames, idioms, idle_imports, missing_imports, moved_imports, entry_point, bases, at_module_level, unknown_levels,
    filled_gaps, plain_names, one_worker,
)  # fmt: skip
_MOST_WORDS = 200


def mend(
    script_source: str, diagnoses: Sequence[Diagnosis], outcome: Outcome, profile: Profile
) -> tuple[str, str] | None:
    """Return a failed script with a known mistake mended.

    Parameters
    ----------
    script_source : str
        The script.
    diagnoses : sequence of Diagnosis
        Why it failed.
    outcome : Outcome
        How it failed.
    profile : Profile
        What is known of the data.

    Returns
    -------
    tuple of (str, str) or None
        The new script, which parses and is another, and what was done in words; None where no repair is known.
    """
    draft = Draft.of(script_source)
    if draft is None or not diagnoses:
        return None
    clue = _clue(diagnoses, outcome, profile)
    for repair in _REPAIRS:
        changes = list(repair(draft, clue))
        source = draft.changed(changes) if changes else None
        if source is not None:
            words = "; ".join(dict.fromkeys(change.words for change in changes))
            return source, words[:_MOST_WORDS]
    return None


def _clue(diagnoses: Sequence[Diagnosis], outcome: Outcome, profile: Profile) -> Clue:
    failure = outcome.failure
    return Clue(
        codes=frozenset(diagnosis.code for diagnosis in diagnoses),
        type=failure.type if failure else "",
        message=failure.message if failure else outcome.reason,
        line=failure.frames[-1].line if failure and failure.frames else 0,
        profile=profile,
    )
