"""Outcome, predictions → Diagnoses: apply the rules, all of them, no model asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from octopus.protocols import CrashRule, Evidence, SymptomRule
from octopus.records import Diagnosis, Outcome, Profile, Script

#: The rule that knows every failure by its type alone: it speaks where no other does.
_LAST_RESORT = "OCT199"


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
    """Return what is wrong with an experiment that ran, by code.

    Parameters
    ----------
    evidence : Evidence
        Predictions, labels, fold scores and the journal so far.
    rules : sequence of SymptomRule
        The rules.

    Returns
    -------
    tuple of Diagnosis
        Ordered by code.
    """
    asked = ((rule.code, partial(rule.match, evidence)) for rule in rules)
    matched = [d for code, ask in asked if (d := _answer(code, "symptom", ask)) is not None]
    return tuple(sorted(matched, key=lambda d: d.code))


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
            fingerprint=f"{code}:rule failed",
        )
