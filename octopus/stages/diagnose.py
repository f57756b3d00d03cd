"""Outcome, predictions → Diagnoses: apply the rules, all of them, no model asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from octopus.protocols import CrashRule, Evidence, SymptomRule
from octopus.records import Diagnosis, Outcome, Profile, Script

#: The rule that knows every failure by its type alone: it speaks where no other does.
_LAST_RESORT = "OCT199"
#: Symptoms in the order in which they are worth acting upon, for the first one guides the next experiment.
_PRIORITY = (
    "OCT610",  # the folds share rows: no number can be believed before that is mended
    "OCT615",  # too good to be believed: likewise
    "OCT605",  # the same predictions score better once bent: a sure gain, of known size
    "OCT606",  # a rare class: weights or a threshold, whatever else is wrong
    "OCT611",  # drift: what is learned of the past must change before learning more of it
    "OCT607",  # a long tail: one transform, and it may be why nothing was learned
    "OCT616",  # rows are not told apart: why nothing was learned, and more to the point than
    "OCT601",  # nothing was learned
    "OCT602",  # learned by heart: before more features, which would make it worse
    "OCT609",  # the errors name a column: more to the point than
    "OCT603",  # more capacity in general
    "OCT612",  # folds disagree: a steadier model
    "OCT608",  # the family is saturated: elsewhere
    "OCT604",  # a plateau
    "OCT614",  # nothing is left to gain: there is nothing to do about it
)
_RULE_FAILED = "rule failed"


def diagnose_failure(
    outcome: Outcome, script: Script, profile: Profile, rules: Sequence[CrashRule]
) -> tuple[Diagnosis, ...]:
    """Return why a script failed: the rules that match, by code, the general one only if it is alone.

    Parameters
    ----------
    outcome : Outcome
        What happened.
    script : Script
        What was run.
    profile : Profile
        What is known of the data (column names, for a missing one).
    rules : sequence of CrashRule
        The rules.

    Returns
    -------
    tuple of Diagnosis
        Ordered by code.
    """
    asked = ((rule.code, partial(rule.match, outcome, script, profile)) for rule in rules)
    matched = [d for code, ask in asked if (d := _answer(code, "crash", ask)) is not None]
    specific = [d for d in matched if d.code != _LAST_RESORT]
    return tuple(sorted(specific or matched, key=lambda d: d.code))


def diagnose_symptoms(evidence: Evidence, rules: Sequence[SymptomRule]) -> tuple[Diagnosis, ...]:
    """Return what is wrong with an experiment that ran, what is most worth acting upon first.

    Parameters
    ----------
    evidence : Evidence
        Predictions, labels, fold scores and the journal so far.
    rules : sequence of SymptomRule
        The rules.

    Returns
    -------
    tuple of Diagnosis
        First what makes scores unbelievable, then what has a sure remedy, a specific one, a general one, none; rules of
        other packages after ours, by code; rules that failed last. The order of ``rules`` does not matter.
    """
    asked = ((rule.code, partial(rule.match, evidence)) for rule in rules)
    matched = [d for code, ask in asked if (d := _answer(code, "symptom", ask)) is not None]
    return tuple(sorted(matched, key=_urgency))


def _urgency(diagnosis: Diagnosis) -> tuple[bool, int, str]:
    rank = _PRIORITY.index(diagnosis.code) if diagnosis.code in _PRIORITY else len(_PRIORITY)
    return diagnosis.fingerprint.endswith(_RULE_FAILED), rank, diagnosis.code


def _answer(code: str, kind: Literal["crash", "symptom"], ask: Callable[[], Diagnosis | None]) -> Diagnosis | None:
    """Return what a rule says; a rule that fails says so in its own name."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  boundary: a plug-in that fails must not end the run
        return Diagnosis(
            code=code,
            title="the rule itself failed",
            kind=kind,
            cause=f"{type(error).__name__}: {error}",
            evidence="the traceback of the rule",
            remedy="report it to the package that provides the rule",
            fingerprint=f"{code}:{_RULE_FAILED}",
        )
