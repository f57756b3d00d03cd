"""Turns about columns: what is added to the table, put into another form or left out as noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octopus.blocks.rendering import listed, literal, shown
from octopus.records import ColumnProfile, Profile, Task
from octopus.scientists.playbook.turn import ALL, LINES, NONE, TREES, Turn

#: Levels from which on a category is better told by means of the target than by a column for each.
_MANY_LEVELS = 15
#: Levels from which on that holds for trees that split on sets of levels, too.
_TOO_MANY_LEVELS = 50
#: Levels up to which trees may do better with a column for each.
_FEW_LEVELS = 8
#: Columns that are paired: four make six pairs; two have one. Beyond so many numbers a choice of four is chance.
_PAIRED, _A_PAIR, _MANY_NUMBERS = 4, 2, 50
#: Dates whose stretches are told: four make six.
_DATES = 4
#: Parts that a date is split into, as :func:`octopus.blocks.dates.date_parts` names them.
_PARTS = ("days", "month", "weekday", "hour")
#: Skewness of a column whose tail rules a line; twice what Bulmer (Principles of Statistics, 1979) calls high.
_LONG_TAIL = 2.0
#: A column that tells less than one in a hundred is silent; of many, so much of a hundred is kept.
_TELLS, _LEAST_KEPT, _MOST_KEPT = 0.01, 10, 60
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


def worth_a_try(task: Task, profile: Profile) -> Iterator[Turn]:
    """Yield the turns that nothing asks for and that help now and then.

    Parameters
    ----------
    task : Task
        What is asked.
    profile : Profile
        What is known of the rows.

    Yields
    ------
    Turn
        Each once.
    """
    yield from _pairs(profile)
    yield from _levels(profile)
    yield from _telling(task, profile)


def _noticed(profile: Profile, noticed: Sequence[str]) -> Iterator[Turn]:
    """Yield, for each number that the errors depend on, the others beside it."""
    numbers = _numbers(profile)
    told = [name for name in noticed if name in numbers]
    if not 1 < len(numbers) <= _MANY_NUMBERS:
        return
    for name in told[:1] if len(numbers) == _A_PAIR else told:  # two have one pair, whichever is named first
        yield Turn(
            idea=f"{shown(name)} beside others",
            hypothesis=f"the errors depend on {shown(name)}: its ratio to and difference from the "
            f"{_in_words(numbers, _PAIRED - 1, but=name)} may hold what is missed",
            expected=f"errors that no longer depend on {shown(name)}",
            answers=("OCT609",),
            steps=(f"Ratios({_names(numbers)}, at_most={_PAIRED - 1}, about={literal(name)})",),
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
            "are easier to split on than single words",
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
    numbers = _numbers(profile)
    if 1 < len(numbers) <= _MANY_NUMBERS:
        yield Turn(
            idea="ratios and differences",
            hypothesis=f"the {_in_words(numbers, _PAIRED)} tell more beside one another than alone: ratio and "
            "difference of each pair",
            expected="a gain where proportions matter",
            answers=("OCT609", "OCT603"),
            asked_by=NONE,
            steps=(f"Ratios({_names(numbers)}, at_most={_PAIRED})",),
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


def _telling(task: Task, profile: Profile) -> Iterator[Turn]:
    """Yield the choice of columns: how many say something is asked of the profile, which ones of each fold alone."""
    measured = [c for c in profile.columns if c.used and c.signal is not None]
    n_silent = sum((c.signal or 0.0) < _TELLS for c in measured)
    if len(measured) < _MANY_COLUMNS or not n_silent:
        return
    share = min(_MOST_KEPT, max(_LEAST_KEPT, round(100 * (1 - n_silent / len(measured)))))
    told = "told_of_classes" if task.is_classification else "told_of_values"
    yield Turn(
        idea="only columns that tell something",
        hypothesis=f"{n_silent} of {len(measured)} columns tell nothing of the target by themselves: the {share} % "
        "that tell most in the rows fitted leave less to fit by chance",
        expected="folds that agree more, the same score or a little more",
        answers=("OCT602", "OCT612"),
        asked_by=NONE,
        encodings=LINES,
        around=f"make_pipeline(SelectPercentile({told}, percentile={share}), {{model}})",
        imports=("from sklearn.feature_selection import SelectPercentile",),
        blocks=(told,),
    )


def _categories(profile: Profile) -> list[ColumnProfile]:
    """Return the columns that are read as categories."""
    return [column for column in profile.columns if column.used and column.kind == "categorical"]


def _numbers(profile: Profile) -> list[str]:
    """Return the columns that are read as one number each; which of them matter is found out in each fold."""
    return [column.name for column in profile.columns if column.used and _is_number(column)]


def _in_words(numbers: list[str], at_most: int, but: str = "") -> str:
    """Return numbers in words, as which few of many are not known before a fold is fitted."""
    others = [name for name in numbers if name != but]
    return listed(others) if len(others) <= at_most else f"{at_most} of {len(others)} numbers that tell most"


def _is_number(column: ColumnProfile) -> bool:
    """Tell whether a column is read as one number."""
    return column.kind in ("numeric", "number_as_text") and not column.dtype.startswith("datetime")


def _names(columns: list[str]) -> str:
    return f"[{', '.join(literal(name) for name in columns)}]"
