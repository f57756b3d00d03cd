"""Symptom of a score that is too good to be believed."""

from __future__ import annotations

from octopus.effects import scored_over_fitted
from octopus.protocols import Evidence
from octopus.records import ColumnProfile, Diagnosis
from octopus.rules.symptom import share_of_way, symptom
from octopus.scoring import gain

#: Share of the way from a constant to perfect predictions that is suspicious where one column alone tells most of it.
#: Clean tables come near: the best column of the iris flowers has a signal of 0.94, and models reach 0.95.
_NEAR_PERFECT, _ALONE = 0.99, 0.95
#: A jump: so much of what was missing to perfect predictions is gone at once, beyond so many standard errors of the
#: difference, after so many experiments that all lacked it.
_OF_THE_REST, _ERRORS, _EXPERIMENTS = 0.75, 5.0, 3
#: Codes of findings that a column may know the answer.
_SUSPECTS = frozenset({"OCT720", "OCT721"})


class SuspiciousScore:
    """The score is too good to be believed: a column may know the answer.

    Evidence: the score has come 99 % of the way from a constant to perfect predictions and one column alone tells 95 %
    of what is to be told, or was noted as a suspect; clean tables stay below (the best column of the iris flowers:
    0.94, models 0.95). Or it leaves less than a quarter of what was missing to perfect predictions after three
    experiments or more, by more than five standard errors of the difference from the best of them (paired; Nadeau and
    Bengio, 2003, doi:10.1023/A:1024068626366). Remedy: ask when each column is known, and try without the one named.
    """

    code = "OCT615"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if the score is hardly plausible."""
        share = share_of_way(evidence.score.mean, evidence)
        if share is None:
            return None
        suspect = _suspect(evidence)
        why = ""
        if share >= _NEAR_PERFECT and suspect is not None:
            told = (
                f" alone tells {suspect.signal:.2f} of 1" if suspect.signal is not None else " was noted as a suspect"
            )
            why = f"{suspect.name}{told}"
        elif jump := _jump(evidence):
            why = jump
        if not why:
            return None
        name = suspect.name if suspect else _strongest(evidence)
        return symptom(
            self.code,
            "too good to be believed",
            cause="a column may know the answer: filled in later, or made from the target",
            evidence=f"{evidence.score.mean:.4g}, {share:.1%} of the way from a constant to perfect predictions; {why}",
            remedy="ask when each column is known" + (f"; try without {name}" if name else ""),
        )


def _suspect(evidence: Evidence) -> ColumnProfile | None:
    """Return the strongest used column that tells nearly all by itself, or was noted as a suspect."""
    noted = {name for finding in evidence.profile.findings if finding.code in _SUSPECTS for name in finding.columns}
    columns = [c for c in evidence.profile.columns if c.used and ((c.signal or 0.0) >= _ALONE or c.name in noted)]
    return max(columns, key=lambda c: c.signal or 0.0, default=None)


def _strongest(evidence: Evidence) -> str:
    columns = [c for c in evidence.profile.columns if c.used and c.signal is not None]
    return max(columns, key=lambda c: c.signal or 0.0).name if columns else ""


def _jump(evidence: Evidence) -> str:
    """Say by how much the score leaves everything before it behind; nothing where it is no such jump."""
    before = evidence.journal.valid_experiments
    best = evidence.journal.best
    if best is None or best.score is None or len(before) < _EXPERIMENTS:
        return ""
    reached = share_of_way(best.score.mean, evidence)
    now = share_of_way(evidence.score.mean, evidence)
    gained, error = gain(evidence.score, best.score, scored_over_fitted(evidence.journal))
    if reached is None or now is None or reached >= 1 or gained <= _ERRORS * error:
        return ""
    if now - reached <= _OF_THE_REST * (1 - max(0.0, reached)):
        return ""
    return f"the best of {len(before)} experiments before it was {best.score.mean:.4g}"
