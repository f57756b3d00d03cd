"""Which columns know the answer: they are the target in another form, or were filled in after the fact.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT720   a column is the target in another form
OCT721   a column tells the target suspiciously well
=======  ==========================================================================================

A column is quarantined, that is left unused, only on strong evidence: it is a form of the target
(:mod:`octopus.findings.likeness`), or a suspicious score comes with a second kind of evidence: its gaps mirror the
target (:mod:`octopus.findings.gaps`), its name or its dates say that it is later than the row, or it tells more than
all other columns together could (:mod:`octopus.findings.margin`). A score alone is noted: clean data have strong
columns, too. What the user says of a column overrules all of this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from octopus.findings.gaps import what_gaps_tell
from octopus.findings.likeness import likeness
from octopus.findings.margin import are_twins, beyond_the_rest, most_open
from octopus.findings.measure import Measured
from octopus.findings.names import names_a_later_event
from octopus.findings.sample import Sample
from octopus.findings.structure import overruled
from octopus.records import Finding

COPY, SUSPICIOUS = "OCT720", "OCT721"
#: A signal (2 AUC - 1, or R²) that asks for a second kind of evidence, and one that is told without it: an AUC of
#: 0.925, which few clean columns reach, and one of 0.975, which some do (petals of iris: 0.97).
_SUSPICIOUS, _STRIKING = 0.85, 0.95
_BY_GAPS = "is filled in for one answer and for no other"
#: Columns that are told for their score alone: where more stand out the problem is easy.
_MAX_TOLD = 3
#: Columns that are compared with all others; each costs a quick model.
_MAX_COMPARED = 5
#: Share of a column's dates that lie after the row's own time.
_MIN_LATER = 0.95


@dataclass(frozen=True, kw_only=True)
class _Suspect:
    """A column with what speaks against it: each kind of evidence in words, and the numbers behind them."""

    column: Measured
    form: str = ""
    score: str = ""
    seconds: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    @property
    def is_guilty(self) -> bool:
        return bool(self.form or self.seconds)


def find_leaks(
    columns: Sequence[Measured], sample: Sample, roles: Mapping[str, str], target: str
) -> tuple[tuple[Finding, ...], frozenset[str]]:
    """Return which columns know the answer.

    Parameters
    ----------
    columns : sequence of Measured
        The used columns.
    sample : Sample
        The rows that they were measured on.
    roles : mapping of str to str
        What the user says of columns: one with a role is never quarantined.
    target : str
        Name of the target.

    Returns
    -------
    findings : tuple of Finding
        One for each column, the surest first.
    quarantined : frozenset of str
        Columns not to be used. Never all of them.
    """
    suspects = _compared([_look_at(column, sample, target) for column in columns], sample)
    guilty = [s for s in suspects if s.is_guilty]
    told = [s for s in suspects if s.score and not s.is_guilty]
    told.sort(key=lambda s: -s.column.signal)
    free = {s.column.name for s in guilty if s.column.name not in roles}
    if len(free) == len(columns):
        free = set()
    findings = [_finding(s, _what_is_done(s, roles, free), target) for s in (*guilty, *told[:_MAX_TOLD])]
    return tuple(findings), frozenset(free)


def _look_at(column: Measured, sample: Sample, target: str) -> _Suspect:
    numbers: tuple[str, ...] = (f"{_scale(sample)} {_shown(column.signal, sample)} alone",)
    gaps = what_gaps_tell(column.bins, sample)
    form = _BY_GAPS if gaps.is_the_answer else likeness(column.values, column.numbers, sample)
    if form:
        return _Suspect(column=column, form=form, numbers=numbers)
    is_strong = column.signal >= _SUSPICIOUS
    if not is_strong and not gaps.is_one_sided:
        return _Suspect(column=column)
    reasons = {
        f"its gaps mirror {target}": is_strong and gaps.mirrors,
        "its name says a later event": names_a_later_event(column.name),
        "it is a date": _is_date(column) and gaps.is_one_sided,
        "it is later than the row's own time": _is_date(column) and _is_later(column, sample),
    }
    seconds = tuple(reason for reason, holds in reasons.items() if holds)
    if gaps.signal or gaps.is_one_sided:
        share = np.mean(column.bins > 0)
        numbers += (f"filled in in {share:.0%} of the rows, and that alone gives {_shown(gaps.signal, sample)}",)
    parts = [
        *([_alone(column, sample)] if column.signal >= _STRIKING or (is_strong and seconds) else []),
        *(["is filled in for one answer only"] if gaps.is_one_sided else []),
    ]
    return _Suspect(column=column, score=" and ".join(parts), seconds=seconds, numbers=numbers)


def _alone(column: Measured, sample: Sample) -> str:
    return f"alone gives {_scale(sample)} {_shown(column.signal, sample)}"


def _scale(sample: Sample) -> str:
    return "AUC" if sample.is_classification else "R²"


def _shown(signal: float, sample: Sample) -> str:
    return f"{(signal + 1) / 2:.3f}" if sample.is_classification else f"{signal:.3f}"


def _is_date(column: Measured) -> bool:
    return column.profile.kind == "datetime" or column.profile.dtype.startswith("datetime")


def _is_later(column: Measured, sample: Sample) -> bool:
    if sample.times is None or column.numbers is None:
        return False
    kept = ~np.isnan(column.numbers)
    own = sample.times[kept].astype("datetime64[ns]").astype(np.int64)
    return bool(kept.any()) and float(np.mean(column.numbers[kept] > own)) >= _MIN_LATER


def _compared(suspects: Sequence[_Suspect], sample: Sample) -> list[_Suspect]:
    """Compare the strongest columns that nothing but a score speaks against with all other columns together."""
    innocent = [s.column for s in suspects if not s.is_guilty]
    asked = sorted((c for c in innocent if c.signal >= _SUSPICIOUS), key=lambda column: -column.signal)
    # Two columns that know the answer would excuse each other.
    weaker = [column for column in innocent if column.signal < 1 - most_open(sample)]
    found: dict[str, tuple[str, str]] = {}
    margins = beyond_the_rest(asked[:_MAX_COMPARED], weaker, sample)
    for name, (alone, together) in margins.items():
        numbers = f"beside {_shown(alone, sample)}, all other columns together give {_shown(together, sample)}"
        found[name] = ("leaves a tenth of the doubt that all other columns together leave", numbers)
    for column in asked:
        twin = next((other.name for other in asked if other.name in margins and are_twins(column, other)), None)
        if column.name not in found and twin is not None:
            found[column.name] = (f"goes with {twin}", f"the order of the rows by {twin} is nearly the same")
    return [_with(s, *found[s.column.name], sample) if s.column.name in found else s for s in suspects]


def _with(suspect: _Suspect, second: str, numbers: str, sample: Sample) -> _Suspect:
    score = suspect.score or _alone(suspect.column, sample)
    shown = suspect.numbers or (f"{_scale(sample)} {_shown(suspect.column.signal, sample)} alone",)
    return replace(suspect, score=score, seconds=(*suspect.seconds, second), numbers=(*shown, numbers))


def _what_is_done(suspect: _Suspect, roles: Mapping[str, str], quarantined: Collection[str]) -> tuple[str, str]:
    """Return the action and how to overrule it."""
    name = suspect.column.name
    if name in quarantined:
        return "quarantined: not used", overruled(name)
    leave_out = f"columns={{{name!r}: 'ignore'}}"
    if suspect.is_guilty and name in roles:
        return f"used, for its role is {roles[name]!r}", leave_out
    if suspect.is_guilty:
        return "used, for nothing else is left", leave_out
    return "used: tried with and without", leave_out


def _finding(suspect: _Suspect, done: tuple[str, str], target: str) -> Finding:
    name = suspect.column.name
    told = " and ".join([part for part in (suspect.score, *suspect.seconds) if part])
    return Finding(
        code=COPY if suspect.form else SUSPICIOUS,
        columns=(name,),
        message=f"{name} is {target} in another form: it {suspect.form}" if suspect.form else f"{name} {told}",
        evidence="; ".join(suspect.numbers),
        confidence="strong" if suspect.is_guilty else "weak",
        action=done[0],
        overrule=done[1],
    )
