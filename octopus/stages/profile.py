"""Training rows → Profile: what each column holds, what the target looks like, what was noticed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec
import pandas as pd

from octopus.dataset import Dataset
from octopus.findings.codes import read_codes
from octopus.findings.columns import read_column
from octopus.findings.dirt import find_in_column, find_over_columns, group_name_finding
from octopus.findings.drift import find_drift
from octopus.findings.leakage import find_leaks
from octopus.findings.measure import measure_columns
from octopus.findings.sample import draw_sample
from octopus.findings.spellings import read_spellings
from octopus.findings.target import find_in_target, profile_target
from octopus.records import ColumnProfile, Finding, Profile, Task

#: Texts whose length is measured to estimate the memory of a column of Python strings, …
_MEASURED_TEXTS = 1000
#: … each with its header (`sys.getsizeof("")`) and the pointer to it.
_TEXT_BYTES = 49 + 8


class _Counted(Protocol):
    @property
    def n_rows(self) -> int: ...


class SealedRows(Protocol):
    """What the profile has to know of the split: the training rows, and of the sealed ones their number."""

    @property
    def train(self) -> Dataset:
        """Training rows."""

    @property
    def holdout(self) -> _Counted | None:
        """The sealed rows, if there are any."""

    @property
    def group(self) -> str | None:
        """Column that names the group."""

    @property
    def reason(self) -> str:
        """How the holdout was split off."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed before."""

    @property
    def n_groups(self) -> int | None:
        """Groups among the training rows."""


def profile_data(
    task: Task, sealed: SealedRows, columns: Mapping[str, str], extra_findings: Sequence[Finding] = ()
) -> Profile:
    """Read the training rows; the sealed ones are only counted.

    Parameters
    ----------
    task : Task
        What is asked.
    sealed : SealedRows
        The split, from :func:`octopus.stages.holdout.seal_holdout`.
    columns : mapping of str to str
        Roles that the user gave to columns; they overrule what is found.
    extra_findings : sequence of Finding
        What was noticed before the split, while the target was read.

    Returns
    -------
    Profile
        Columns, target and findings.
    """
    table = sealed.train.table
    roles = {**columns, **dict.fromkeys(task.ignored, "ignore")}
    if sealed.group is not None:
        roles[sealed.group] = "group"
    profiles: list[ColumnProfile] = []
    findings = [*extra_findings, *sealed.findings]
    for name in table.columns:
        profile, found = _read(name, table, roles.get(name))
        profiles.append(profile)
        findings.extend(found)
    ignored = {name for name, role in roles.items() if role == "ignore"}
    findings.extend(find_over_columns(profiles, ignored))
    if sealed.group is not None and sealed.group not in ignored:
        findings.append(group_name_finding(sealed.group))
    target = profile_target(task, sealed.train.y, extra_findings)
    findings.extend(find_in_target(task, target))
    known, told = _measured(task, sealed.train, _with_one_used(profiles, ignored), roles)
    findings.extend(told)
    return Profile(
        n_rows=len(sealed.train),
        n_columns=table.shape[1],
        n_sealed=0 if sealed.holdout is None else sealed.holdout.n_rows,
        sealed_reason=sealed.reason,
        memory_bytes=_memory_bytes(table),
        columns=known,
        target=target,
        findings=tuple(findings),
        n_groups=sealed.n_groups,
    )


def _read(name: str, table: pd.DataFrame, role: str | None) -> tuple[ColumnProfile, list[Finding]]:
    """Read the cells of one column and how they are cleaned."""
    reading = read_column(name, table[name], role)
    profile, codes = read_codes(reading, role)
    profile, spellings = read_spellings(reading, profile, role)
    return profile, [*find_in_column(reading, role), *(f for f in (codes, spellings) if f is not None)]


def _measured(
    task: Task, train: Dataset, profiles: Sequence[ColumnProfile], roles: Mapping[str, str]
) -> tuple[tuple[ColumnProfile, ...], list[Finding]]:
    """Measure what columns tell of the target, leave those unused that know it, and say which change over time."""
    sample = draw_sample(train, task)
    measured = measure_columns(profiles, sample)
    leaks, quarantined = find_leaks(measured, sample, roles, task.target)
    drift = find_drift([column for column in measured if column.name not in quarantined], sample, roles)
    with_signal = {column.name: column.profile for column in measured}
    known = [with_signal.get(profile.name, profile) for profile in profiles]
    return tuple(msgspec.structs.replace(p, used=p.used and p.name not in quarantined) for p in known), [*leaks, *drift]


def _with_one_used(profiles: Sequence[ColumnProfile], ignored: Collection[str]) -> tuple[ColumnProfile, ...]:
    """Use what there is where nothing would be left: a model of a counter beats no model."""
    if any(profile.used for profile in profiles):
        return tuple(profiles)
    usable = [p for p in profiles if p.name not in ignored]
    kept = [p.name for p in usable if p.kind not in ("constant", "empty")] or [p.name for p in usable]
    return tuple(msgspec.structs.replace(p, used=p.name in kept) for p in profiles)


def _memory_bytes(table: pd.DataFrame) -> int:
    """Return the table's size in memory; of Python strings, an estimate from some of them."""
    total = int(table.memory_usage(index=False, deep=False).sum())
    for name in table.columns:
        if table[name].dtype == object:
            texts = table[name].dropna().iloc[:_MEASURED_TEXTS]
            mean = sum(len(str(text)) for text in texts) / max(1, len(texts))
            total += int(len(table) * (mean + _TEXT_BYTES))
    return total
