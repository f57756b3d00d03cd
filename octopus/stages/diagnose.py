"""Outcome, predictions → Diagnoses: apply the rules, all of them, no model asked."""

from __future__ import annotations

from collections.abc import Sequence

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
    matched = [diagnosis for rule in rules if (diagnosis := rule.match(outcome, script, profile)) is not None]
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
    matched = [diagnosis for rule in rules if (diagnosis := rule.match(evidence)) is not None]
    return tuple(sorted(matched, key=lambda d: d.code))
