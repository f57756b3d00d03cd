"""Turns about columns: what is added to the table, put into another form or left out as noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octopus.blocks.rendering import listed, literal, shown
from octopus.families.shape import strongest, strongest_in_words
from octopus.records import ColumnProfile, Profile, Task
from octopus.scientists.playbook.turn import ALL, LINES, NONE, TREES, Turn

#: Levels from which on a category is better told by means of the target than by a column for each.
_MANY_LEVELS = 15
#: Levels from which on that holds for trees that split on sets of levels, too.
_TOO_MANY_LEVELS = 50
#: Levels up to which trees may do better with a column for each.
_FEW_LEVELS = 8
#: Columns that are paired: four make six pairs.
_PAIRED = 4
#: Dates whose stretches are told: four make six.
_DATES = 4
#: Parts that a date is split into, as :func:`octopus.blocks.dates.date_parts` names them.
_PARTS = ("days", "month", "weekday", "hour")
#: Skewness of a column whose tail rules a line; twice what Bulmer (Principles of Statistics, 1979) calls high.
_LONG_TAIL = 2.0
#: What a column must tell by itself to be kept where only telling columns are: one in a hundred.
_TELLS = 0.01
#: Columns from which on some may be noise.
_MANY_COLUMNS = 10


def asked_for(task: Task, profile: Profile, noticed: Sequence[str]) -> Iterator[Turn]:
    """Yield the turns that these columns ask for.

    Parameters
    ----------
    task : Task
        What is asked.
    profile : Profile
        What is known of the rows.
    noticed : sequence of str
        Columns that the errors of an experiment depend on.

    Yields
    ------
    Turn
        What the errors point to first.
    """
    yield from _noticed(profile, noticed)
    yield from _means(task, profile)
    yield from _texts(profile)
    yield from _dates(profile)
    yield from _logs(profile)


def worth_a_try(profile: Profile) -> Iterator[Turn]:
    """Yield the turns that nothing asks for and that help now and then.

    Parameters
    ----------
    profile : Profile
        What is known of the rows.

    Yields
    ------
    Turn
        Each once.
    """
    yield from _pairs(profile)
    yield from _levels(profile)
    yield from _telling(profile)


def _noticed(profile: Profile, noticed: Sequence[str]) -> Iterator[Turn]:
    """Yield, for each number that the errors depend on, the strongest others beside it."""
    others = [c.name for c in strongest(profile, ("numeric", "number_as_text"), len(profile.columns)) if _is_number(c)]
    for name in noticed:
        beside = [other for other in others if other != name][: _PAIRED - 1]
        if name in others and beside:
            yield Turn(
                idea=f"{shown(name)} beside others",
                hypothesis=f"the errors depend on {shown(name)}: its ratio to and difference from {listed(beside)} may "
                "hold what is missed",
                expected=f"errors that no longer depend on {shown(name)}",
                answers=("OCT609",),
                steps=(f"Ratios({_names([name, *beside])})",),
                blocks=("Ratios",),
            )


def _dates(profile: Profile) -> Iterator[Turn]:
    taken = {column.name for column in profile.columns}
    are_dates = [c for c in profile.columns if c.used and (c.kind == "datetime" or c.dtype.startswith("datetime"))]
    # Parts are found by their names: a column that has such a name already would be taken for one.
    dates = [c.name for c in are_dates if not any(f"{c.name} {part}" in taken for part in _PARTS)]
    if not dates:
        return
    dates = dates[:_DATES]
    between = f"the days between {listed(dates)}, " if len(dates) > 1 else ""
    yield Turn(
        idea="stretches of time",
        hypothesis=f"{between}days since the first {shown(dates[0])}, and months, weekdays and hours as points on a "
        "circle say more than single parts: December lies beside January",
        expected="a gain where seasons or waiting times matter",
        answers=("OCT609", "OCT603"),
        asked_by=ALL if len(dates) > 1 else LINES,
        steps=(f"Stretches({_names(dates)})",),
        blocks=("Stretches",),
    )


def _texts(profile: Profile) -> Iterator[Turn]:
    texts = [c.name for c in profile.columns if c.used and c.kind == "text"]
    if texts:
        yield Turn(
            idea="topics of texts",
            hypothesis=f"{listed(texts)} {'speak' if len(texts) > 1 else 'speaks'} of a few subjects: sixteen topics "
            "are easier to split on than counts of words by hash",
            expected="a gain where the wording carries signal",
            answers=("OCT603", "OCT609"),
            encodings=TREES,
            steps=(f"Topics({_names(texts)})",),
            blocks=("Topics",),
            whole_texts=True,
        )


def _means(task: Task, profile: Profile) -> Iterator[Turn]:
    many = [c for c in _categories(profile) if c.n_unique >= _MANY_LEVELS]
    if many:
        most = max(many, key=lambda c: c.n_unique)
        yield Turn(
            idea="target means of many levels",
            hypothesis=f"{shown(most.name)} has {most.n_unique} levels, too few rows each for a column or a split of "
            f"their own: tell {listed([c.name for c in many])} by the mean of the target over other rows",
            expected="a gain where levels differ and are many",
            answers=("OCT602", "OCT603"),
            asked_by=ALL if most.n_unique >= _TOO_MANY_LEVELS else ALL - {"native"},
            steps=(f"TargetMeans({_names([c.name for c in many])}, n_classes={task.n_classes})",),
            blocks=("TargetMeans",),
        )


def _logs(profile: Profile) -> Iterator[Turn]:
    tails = [
        c for c in profile.columns if c.used and c.numeric and _is_number(c) and abs(c.numeric.skew or 0) > _LONG_TAIL
    ]
    if tails:
        longest = max(tails, key=lambda c: abs(c.numeric.skew or 0) if c.numeric else 0.0)
        numbers = longest.numeric
        assert numbers is not None
        names = [column.name for column in tails]
        yield Turn(
            idea="logarithms of long tails",
            hypothesis=f"{shown(longest.name)} runs from {numbers.minimum:.3g} to {numbers.maximum:.3g} around "
            f"{numbers.median:.3g}: a few large values of {listed(names)} rule the slope, on a logarithm they do not",
            expected="a gain where effects are proportional",
            answers=("OCT603", "OCT609"),
            encodings=LINES,
            steps=(f"SignedLogs({_names(names)})",),
            blocks=("SignedLogs",),
        )


def _pairs(profile: Profile) -> Iterator[Turn]:
    numbers = [c.name for c in strongest(profile, ("numeric", "number_as_text"), len(profile.columns)) if _is_number(c)]
    if len(numbers) > 1:
        paired = numbers[:_PAIRED]
        in_words = strongest_in_words(profile, ("numeric", "number_as_text"), len(paired))
        yield Turn(
            idea="ratios and differences",
            hypothesis=f"{in_words} tell more beside one another than alone: ratio and difference of each pair",
            expected="a gain where proportions matter",
            answers=("OCT609", "OCT603"),
            asked_by=NONE,
            steps=(f"Ratios({_names(paired)})",),
            blocks=("Ratios",),
        )


def _levels(profile: Profile) -> Iterator[Turn]:
    few = [c.name for c in _categories(profile) if 2 < c.n_unique <= _FEW_LEVELS]
    if few:
        yield Turn(
            idea="a column for each of few levels",
            hypothesis=f"{listed(few)} {'have' if len(few) > 1 else 'has'} few levels: a column for each lets a tree "
            "ask for one at a time",
            expected="a little gain where one level stands out",
            asked_by=NONE,
            encodings=TREES,
            steps=(f"LevelColumns({_names(few)})",),
            blocks=("LevelColumns",),
        )


def _telling(profile: Profile) -> Iterator[Turn]:
    measured = [c for c in profile.columns if c.used and c.signal is not None]
    silent = [c.name for c in measured if (c.signal or 0.0) < _TELLS]
    if len(measured) >= _MANY_COLUMNS and 0 < len(silent) < len(measured) - 1:
        yield Turn(
            idea="only columns that tell something",
            hypothesis=f"{listed(silent)} tell nothing of the target by themselves: without them there is less to fit "
            "by chance",
            expected="folds that agree more, the same score or a little more",
            answers=("OCT602", "OCT612"),
            asked_by=NONE,
            without=tuple(silent),
        )


def _categories(profile: Profile) -> list[ColumnProfile]:
    """Return the columns that are read as categories."""
    return [column for column in profile.columns if column.used and column.kind == "categorical"]


def _is_number(column: ColumnProfile) -> bool:
    """Tell whether a column is read as one number."""
    return column.kind in ("numeric", "number_as_text") and not column.dtype.startswith("datetime")


def _names(columns: list[str]) -> str:
    return f"[{', '.join(literal(name) for name in columns)}]"
