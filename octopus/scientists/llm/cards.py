"""The profile of a data set as a model is told it: bounded, whatever the table, and no more than may leave."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby

from octopus.privacy.patterns import PERSONAL
from octopus.records import ColumnKind, ColumnProfile, Finding, Level, Profile, Task, ValidationPlan
from octopus.scientists.llm.fence import plain
from octopus.scientists.llm.view import View

#: Columns that have a line of their own; of more, the ones that tell most, and the others by name.
_ALL, _TELLING = 30, 16
#: Characters: of the goal, of all descriptions, of each at least and at most, of names of columns without a line.
_GOAL, _DESCRIBED, _LEAST, _MOST, _NAMES = 600, 800, 20, 70, 200
#: Numbers below this are written without a power of ten.
_USUAL = 1e7
#: Findings that are told.
_FINDINGS = 9
#: A level is frequent if so many rows, and so great a share of them, hold it: others may name a person.
_FREQUENT_ROWS, _FREQUENT_SHARE = 10, 0.01
_CLASSES, _LEVEL = 10, 24
#: Characters of all columns' lines, and how much of each is told, from all of it to little; levels by that.
_ROOM, _DETAILS, _LEVELS = 1000, (2, 1, 0), (1, 2, 4)
#: Distinct numbers that are few enough to be told; a share of gaps that is; a tail that is long (as columns.py has it).
_FEW_VALUES, _GAPS, _LONG_TAIL = 20, 0.005, 2.0
_KINDS: tuple[tuple[ColumnKind, str], ...] = (
    ("numeric", "numbers"), ("boolean", "booleans"), ("number_as_text", "numbers as text"),
    ("categorical", "categories"), ("datetime", "dates"), ("text", "texts"), ("identifier", "identifiers"),
    ("constant", "constants"), ("empty", "empty"),
)  # fmt: skip
#: What a finding is, without the cells that its message may quote.
_TITLES = {
    "OCT701": "target missing in some rows", "OCT704": "an entity with several rows", "OCT705": "time order matters",
    "OCT706": "rows that are copies", "OCT707": "training rows in the holdout", "OCT708": "the group's own column",
    "OCT711": "numbers as text", "OCT712": "dates as text", "OCT713": "identifier", "OCT714": "one value in every row",
    "OCT715": "no value", "OCT716": "mostly missing", "OCT717": "code for missing", "OCT718": "several spellings",
    "OCT720": "the target in another form", "OCT721": "tells the target suspiciously well",
    "OCT722": "the rarest class is rare", "OCT723": "long right tail of the target",
    "OCT724": "a class of fewer than 10 rows", "OCT725": "classes that look like numbers",
    "OCT726": "changes over time", "OCT727": "changes over time",
}  # fmt: skip


def profile_card(view: View) -> str:
    """Return what is known of a data set, frozen for a run.

    Parameters
    ----------
    view : View
        Of the run.

    Returns
    -------
    str
        Task, target, folds, findings and columns; no cell value at privacy ``schema``, sums and frequent levels else.
    """
    profile, validation = view.first
    task, schema = view.task, view.privacy == "schema"
    parts = [
        f"Goal, in the user's words: {plain(task.goal, _GOAL) or 'none given'}",
        f"Task: {task.type}, metric {task.scoring} (greater is better), target {plain(task.target)}: "
        f"{_target(task, profile, schema)}",
        f"Rows: {profile.n_rows}{_roles(task, profile)}; {_folds(validation)}",
        *(
            ["Costs: a missed positive costs {:g}, a false alarm {:g}".format(*costs)]
            if (costs := _costs(task))
            else []
        ),
        *_findings(profile.findings, view.hide),
        *_columns(profile, schema, _described(profile, view.descriptions)),
        *_samples(view),
    ]
    return "\n".join(parts)


def _costs(task: Task) -> tuple[float, float] | None:
    return (task.costs.false_negative, task.costs.false_positive) if task.costs else None


def _target(task: Task, profile: Profile, schema: bool) -> str:
    """Return classes with their shares, or the location and shape of a number."""
    levels = profile.target.levels
    total = sum(level.count for level in levels) or 1
    if task.is_classification:
        shares = [
            f"{'' if schema or not _is_frequent(level, profile.n_rows) else f'{i} = {plain(level.value, _LEVEL)} '}"
            f"{level.count / total:.0%}"
            for i, level in enumerate(levels[:_CLASSES])
        ]
        more = f", {len(levels) - _CLASSES} more" if len(levels) > _CLASSES else ""
        return f"{task.n_classes} classes, {', '.join(shares)}{more}"
    numeric = profile.target.numeric
    if numeric is None:
        return "a number"
    skew = f"skew {numeric.skew:.1f}" if numeric.skew is not None else "skew unknown"
    if schema:
        return skew
    return f"mean {_rounded(numeric.mean)}, sd {_rounded(numeric.std)}, median {_rounded(numeric.median)}, {skew}"


def _roles(task: Task, profile: Profile) -> str:
    group = f", {profile.n_groups} groups by {plain(task.group)}" if task.group and profile.n_groups else ""
    return f"{group}{f', time {plain(task.time)}' if task.time else ''}{', weighted' if task.weighted else ''}"


def _folds(plan: ValidationPlan | None) -> str:
    """Return how candidates are compared."""
    if plan is None:
        return "folds unknown"
    by = f" by {plain(plan.column)}" if plan.column else ""
    times = f" × {plan.n_repeats}" if plan.n_repeats > 1 else ""
    return f"{plan.n_splits} folds{times}, {plan.kind}{by}"


def folds_in_words(plan: ValidationPlan) -> str:
    """Return how candidates are compared, such as "5 folds, group by customer"."""
    return _folds(plan)


def _findings(findings: Sequence[Finding], hide: Callable[[str, str], str]) -> Iterable[str]:
    if findings:
        yield "Findings:"
    for finding in findings[:_FINDINGS]:
        names = ", ".join(plain(name, 40) for name in finding.columns[:4])
        more = f" and {len(finding.columns) - 4} more" if len(finding.columns) > 4 else ""
        title = _TITLES.get(finding.code) or plain(hide(finding.message, ""), 100)
        yield f"{finding.code} {title}{f': {names}{more}' if names else ''} → {plain(hide(finding.action, ''), 50)}"
    if len(findings) > _FINDINGS:
        yield f"{len(findings) - _FINDINGS} more findings"


def _columns(profile: Profile, schema: bool, described: Mapping[str, str]) -> Iterable[str]:
    """Yield columns by kind, each on a line of its own or, of many, by name."""
    used = [column for column in profile.columns if column.used]
    own = {c.name for c in used}
    if len(used) > _ALL:
        ranked = sorted(used, key=lambda c: (c.name not in described, -(c.signal or 0.0)))
        own = {c.name for c in ranked[:_TELLING]}
    more = "" if schema else "; mean ± sd, rough range; levels"
    yield f"Columns (name: % of the target that it tells alone{more}; distinct values, gaps):"
    detail = next(
        d for d in _DETAILS if d == _DETAILS[-1] or _length(used, own, profile, schema, described, d) <= _ROOM
    )
    for kind, words in _KINDS:
        of_kind = [c for c in used if c.kind == kind]
        if not of_kind:
            continue
        dtypes = sorted({c.dtype for c in of_kind})
        yield f"{words} ({', '.join(dtypes[:3])})"
        yield from (_column(c, profile.n_rows, schema, described, detail) for c in of_kind if c.name in own)
        rest = [c for c in of_kind if c.name not in own]
        if rest:
            yield f"- {_grouped(rest)}"
    unused = [c for c in profile.columns if not c.used]
    if unused:
        words_of = dict(_KINDS)
        groups = groupby(sorted(unused, key=lambda c: words_of[c.kind]), key=lambda c: words_of[c.kind])
        listed = "; ".join(f"{words}: {_named([c.name for c in of_kind], described)}" for words, of_kind in groups)
        yield f"unused: {listed}"


def _length(
    columns: Sequence[ColumnProfile],
    own: Collection[str],
    profile: Profile,
    schema: bool,
    described: Mapping[str, str],
    detail: int,
) -> int:
    """Return the characters of the columns' lines."""
    return sum(len(_column(c, profile.n_rows, schema, described, detail)) for c in columns if c.name in own)


def _column(column: ColumnProfile, n_rows: int, schema: bool, described: Mapping[str, str], detail: int) -> str:
    facts = []
    if column.signal is not None:
        facts.append(f"{100 * column.signal:.0f}%")
    if not schema:
        facts += _measures(column, n_rows, detail)
    is_number = column.kind in ("numeric", "number_as_text")
    if column.kind != "boolean" and (not is_number or column.n_unique <= _FEW_VALUES):
        facts.append(f"{_about(column.n_unique)} values")
    if column.missing_fraction >= _GAPS:
        facts.append(f"{100 * column.missing_fraction:.0f}% gaps")
    words = f" ({described[column.name]})" if column.name in described else ""
    return f"- {plain(column.name)}{words}: {', '.join(facts)}"


def _about(count: int) -> str:
    """Return a count, roughly where it is large."""
    return str(count) if count < 1000 else f"{float(f'{count:.2g}'):.0f}"


def _measures(column: ColumnProfile, n_rows: int, detail: int) -> list[str]:
    """Return sums over many rows, and levels that many rows hold."""
    numbers = column.numeric
    if (1.0 - column.missing_fraction) * n_rows < _FREQUENT_ROWS:
        return []  # the mean of one number is that number
    if column.kind in ("numeric", "number_as_text") and numbers is not None:
        if not detail:
            return []
        facts = [f"{_rounded(numbers.mean)} ± {_rounded(numbers.std, 2)}"]
        if detail > 1:
            facts.append(f"{_outward(numbers.minimum, math.floor)}…{_outward(numbers.maximum, math.ceil)}")
        if numbers.skew is not None and abs(numbers.skew) >= _LONG_TAIL:
            facts.append(f"skew {numbers.skew:.0f}")
        return facts
    if column.kind == "datetime" and column.earliest and column.latest:
        return [f"{column.earliest[:4]}-{column.latest[:4]}"]
    if column.kind in ("categorical", "boolean"):
        frequent = [level for level in column.levels if _is_frequent(level, n_rows)][: _LEVELS[detail]]
        shares = " ".join(f"{plain(level.value, _LEVEL)} {level.count / n_rows:.0%}" for level in frequent)
        return [shares] if shares else []
    return []


def _is_frequent(level: Level, n_rows: int) -> bool:
    """Tell whether many rows hold a value, and it does not name somebody: an address, a telephone number, a key."""
    if PERSONAL.search(level.value):
        return False
    return level.count >= max(_FREQUENT_ROWS, _FREQUENT_SHARE * n_rows)


def _outward(value: float, rounded: Callable[[float], int]) -> str:
    """Return a bound with one digit, away from the values: the extreme itself may be one person's."""
    if value == 0:
        return "0"
    unit = 10.0 ** math.floor(math.log10(abs(value)))
    return _rounded(rounded(value / unit) * unit, 1)


def _rounded(value: float, digits: int = 3) -> str:
    """Return a number with few digits that count, without a power of ten where it is of a usual size."""
    short = float(f"{value:.{digits}g}")
    return f"{short:.0f}" if short.is_integer() and abs(short) < _USUAL else f"{short:.{digits}g}"


def _grouped(columns: Sequence[ColumnProfile]) -> str:
    """Return columns of one kind by name, with what they have in common."""
    signals = [c.signal for c in columns if c.signal is not None]
    gaps = max(c.missing_fraction for c in columns)
    told = f", s at most {max(signals):.2f}" if signals else ""
    return f"{len(columns)} more (gaps at most {gaps:.0%}{told}): {_named([c.name for c in columns], {})}"


def _named(names: Sequence[str], described: Mapping[str, str]) -> str:
    """Return names up to a length, runs of numbered ones as one."""
    shown: list[str] = []
    room = _NAMES
    for name in _runs(names):
        words = f" ({described[name]})" if name in described else ""
        text = f"{plain(name, 40)}{words}"
        room -= len(text) + 2
        if room < 0:
            return f"{', '.join(shown)} and others"
        shown.append(text)
    return ", ".join(shown)


def _runs(names: Sequence[str]) -> list[str]:
    """Return names with runs such as x1, x2, x3 written as "x1…x3"."""
    found = []
    for stem, run in groupby(names, key=lambda name: name.rstrip("0123456789")):
        members = list(run)
        is_run = len(members) > 3 and stem != members[0]
        found += [f"{members[0]}…{members[-1]}"] if is_run else members
    return found


def _described(profile: Profile, descriptions: Mapping[str, str]) -> dict[str, str]:
    """Return the user's words on columns, each cut so that all have room."""
    told = {c.name: descriptions[c.name] for c in profile.columns if descriptions.get(c.name, "").strip()}
    each = min(_MOST, max(_LEAST, _DESCRIBED // max(1, len(told))))
    kept = list(told)[: _DESCRIBED // _LEAST]
    return {name: plain(told[name], each) for name in kept}


def _samples(view: View) -> Iterable[str]:
    """Yield the rows that may leave."""
    if view.privacy != "samples" or not view.samples:
        return
    yield "Sample rows:"
    for row in view.samples[:3]:
        yield plain(" · ".join(f"{plain(name, 30)}={plain(value, 40)}" for name, value in row.items()), 700)
