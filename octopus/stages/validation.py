"""Training rows → ValidationPlan and folds: how candidates are compared.

A plan is made by making its folds: what it says is what there is. Folds are of whole groups, keep the order of time
where that matters, and keep at least two classes among the rows that are fitted.
"""

from __future__ import annotations

import copy
import dataclasses
import warnings
from collections.abc import Iterable, Sequence
from numbers import Integral

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

from octopus.dataset import Dataset, Fold, Rows
from octopus.errors import InvalidData, InvalidParameter
from octopus.findings.structure import last_times, number_groups, read_time
from octopus.records import Profile, RevalidateProposal, SplitKind, Task, ValidationPlan

#: Five folds: less biased than two, less variable than leaving one out (Kohavi, 1995; Breiman & Spector, 1992).
_SPLITS = 5
#: Where no holdout is sealed, validation says the last word. On few rows the luck of one split is larger than what
#: models differ by, and repeats average it out (Kim, 2009, doi:10.1016/j.csda.2009.04.009). From 1000 rows on each of
#: five folds scores 200 rows or more: the luck left is worth less than three times the fits.
_FEW_ROWS, _REPEATS = 1000, 3
#: Values, times classes, above which repeats take time that further experiments are worth more: a fit of boosted trees
#: for each class on 300 rows of 90 columns takes seconds.
_QUICK_VALUES = 100_000
#: Above this three folds do: a fold has 3,300 scored rows or more, and two thirds of so many rows make nearly the
#: model that four fifths make; the time goes into more experiments. Two cores need two rounds instead of three.
_SEVERAL_ROWS, _FEW_SPLITS = 10_000, 3
#: The same where time is short: a fold has 333 scored rows or more, and a second model is worth more than two fits of
#: the first.
_SEVERAL_IN_A_HURRY = 1000
#: Above this, 20,000 rows are scored in one split: the standard error of an accuracy is below 0.004.
_MANY_ROWS = 100_000
#: Most folds and repeats that a scientist may ask for: beyond ten of either hardly any variance is left to remove
#: (Kohavi, 1995), and each costs a fit.
_MOST_SPLITS, _MOST_REPEATS = 10, 10
#: Rows without a date that a split by time puts first, where they are no more than this share.
_UNDATED = 0.1
#: scikit-learn's StratifiedGroupKFold places group after group, some 0.2 ms each; beyond this many groups chance
#: alone balances the classes, and the groups are split as units, each with the class of most of its rows.
_PLACED_GROUPS = 2000
_REMEDY = "Use 'auto', a number of splits, a splitter or a list of (train, test) row positions."


def plan_validation(
    task: Task, profile: Profile, train: Dataset, sealed_any: bool, cv: object, *, hurried: bool = False
) -> ValidationPlan:
    """Decide how candidates are compared.

    Parameters
    ----------
    task : Task
        What is asked, with the columns that name the group and the time.
    profile : Profile
        What is known of the training rows.
    train : Dataset
        The training rows.
    sealed_any : bool
        Whether a holdout was sealed.
    cv : object
        ``"auto"`` or None, a number of splits, a splitter, or (train, test) positions of the rows given to ``fit``.
    hurried : bool, default=False
        Whether so little time is given that fewer folds are better.

    Returns
    -------
    ValidationPlan
        Kind, number of splits and repeats, and the reason for them.

    Raises
    ------
    InvalidParameter
        ``cv`` is none of these or cannot be had on these rows.
    InvalidData
        The rows cannot be split at all.
    """
    if _is_custom(cv):
        folds = _custom_folds(train, task, cv)
        return ValidationPlan(kind="custom", n_splits=len(folds), reason="the splits that were given")
    asked = _asked_splits(cv, len(train))
    if len(train) < 2:
        raise InvalidData(f"n_samples={len(train)}: a model cannot be validated on fewer than 2 rows. Give more rows.")
    kinds = _kinds(task, profile, train)
    several = _SEVERAL_IN_A_HURRY if hurried else _SEVERAL_ROWS
    failed = ""
    for kind, why in kinds:
        n_repeats = _REPEATS if _wants_repeats(kind, train, task, sealed_any, asked) else 1
        for n_splits in [asked] if asked else _splits_to_try(kind, task, train, several):
            if _make(kind, n_splits, n_repeats, task, train):
                reason = _reason(why, n_splits, n_repeats, asked, train, several) + failed
                column = {"time": task.time, "group": task.group}.get(kind)
                return ValidationPlan(
                    kind=kind,
                    n_splits=n_splits,
                    n_repeats=n_repeats,
                    column=column,
                    reason=reason,
                    is_asked=asked is not None,
                )
        failed += f"; {kind} splits cannot be had on these rows"
    if asked:
        raise InvalidParameter(
            "cv", cv, f"{len(train)} training rows cannot be split that often{failed}", "Use fewer splits or 'auto'."
        )
    raise InvalidData(
        f"{len(train)} training rows cannot be split for validation{failed}: each side needs rows, whole groups, and "
        "for classes two of them. Give more rows, more groups, or splits of your own (cv=[(train, test), ...])."
    )


def make_folds(plan: ValidationPlan, task: Task, train: Dataset, cv: object) -> tuple[Fold, ...]:
    """Make the folds of a plan: the same for the same plan, rows and seed.

    Parameters
    ----------
    plan : ValidationPlan
        From :func:`plan_validation`.
    task : Task
        What is asked; its seed makes the splits.
    train : Dataset
        The training rows.
    cv : object
        What the plan was made from.

    Returns
    -------
    tuple of Fold
        ``plan.n_splits`` times ``plan.n_repeats`` folds, as positions in ``train``. Unless they are in time order,
        the user's own, or a single split, every row is scored once per repeat.
    """
    if plan.kind == "custom":
        return _custom_folds(train, task, cv)
    rows = split_by(plan.kind, plan.column, task, train)
    return _make(plan.kind, plan.n_splits, plan.n_repeats, task, rows)


def plan_again(proposal: RevalidateProposal, now: ValidationPlan, task: Task, train: Dataset) -> ValidationPlan:
    """Return the plan of the folds that a scientist wants.

    Parameters
    ----------
    proposal : RevalidateProposal
        The kind of split, and its column.
    now : ValidationPlan
        How candidates are compared so far: a number of splits that the user gave is kept.
    task : Task
        What is asked.
    train : Dataset
        The training rows.

    Returns
    -------
    ValidationPlan
        Its folds can be had.

    Raises
    ------
    InvalidData
        They cannot: too few groups, no dates, a class that is too rare.
    """
    column = proposal.column if proposal.kind in ("group", "time") else None
    rows = split_by(proposal.kind, column, task, train)
    wanted = now.n_splits if now.is_asked else proposal.n_splits or (1 if len(train) > _MANY_ROWS else _SPLITS)
    n_repeats = 1 if proposal.kind == "time" or wanted == 1 else min(proposal.n_repeats or 1, _MOST_REPEATS)
    for n_splits in range(max(2, min(wanted, _MOST_SPLITS)), 1, -1) if wanted > 1 else (1,):
        if _make(proposal.kind, n_splits, n_repeats, task, rows):
            return ValidationPlan(
                kind=proposal.kind,
                n_splits=n_splits,
                n_repeats=n_repeats,
                column=column,
                reason=proposal.reason,
                is_asked=now.is_asked,
            )
    by = f" by {column}" if column else ""
    raise InvalidData(f"{proposal.kind} folds{by} cannot be had on these {len(train):,} rows")


def split_by(kind: SplitKind, column: str | None, task: Task, train: Dataset) -> Dataset:
    """Return the rows with the groups, or the times, that a plan splits them by.

    Parameters
    ----------
    kind : {"random", "stratified", "group", "time", "custom"}
        Kind of split.
    column : str or None
        Its column; None where rows are split as they were sealed.
    task : Task
        What is asked.
    train : Dataset
        The training rows.

    Returns
    -------
    Dataset
        The same rows in the same order.

    Raises
    ------
    InvalidData
        The column tells no groups, or no times.
    """
    if column is None or (kind, column) in (("group", task.group), ("time", task.time)):
        return train
    if kind == "group":
        groups = number_groups(train.table[column])
        if len(np.unique(groups)) == len(groups):
            raise InvalidData(f"no two rows have the same {column}: it groups nothing")
        return dataclasses.replace(train, groups=_joined(groups, train.groups))
    times = read_time(train.table[column])
    if np.isnat(times).mean() > _UNDATED:
        raise InvalidData(f"{column} does not say when a row happened: {np.isnat(times).mean():.0%} have no date")
    earliest = times[~np.isnat(times)].min()
    return dataclasses.replace(train, time=np.where(np.isnat(times), earliest, times))


def _joined(groups: Rows, before: Rows | None) -> Rows:
    """Return the groups of rows that either grouping keeps together: what was together stays so."""
    groups = np.unique(groups, return_inverse=True)[1]
    if before is None:
        return groups
    before = np.unique(before, return_inverse=True)[1]
    n_groups, n_before = int(groups.max()) + 1, int(before.max()) + 1
    links = (np.ones(len(groups)), (groups, n_groups + before))
    _, labels = connected_components(coo_matrix(links, shape=(n_groups + n_before,) * 2), directed=False)
    joined: Rows = labels[groups].astype(np.int64)
    return joined


def _kinds(task: Task, profile: Profile, train: Dataset) -> list[tuple[SplitKind, str]]:
    """Return the kinds of split that fit the data, the most fitting first, each with its reason."""
    kinds: list[tuple[SplitKind, str]] = []
    if train.time is not None:
        units = "rows" if profile.n_groups is None else f"whole groups of {task.group or 'groups'}"
        kinds.append(("time", f"later {units} are predicted from earlier ones, by {task.time or 'time'}"))
    if profile.n_groups is not None:
        kinds.append(("group", f"rows of one {task.group or 'group'} stay together ({profile.n_groups:,} groups)"))
        return kinds
    copies = "" if train.groups is None else ", copies of a row stay together"
    if task.is_classification:
        kinds.append(("stratified", f"each fold has the classes' shares{copies}"))
    else:
        kinds.append(("random", f"rows are independent{copies}"))
    return kinds


def _wants_repeats(kind: SplitKind, train: Dataset, task: Task, sealed_any: bool, asked: int | None) -> bool:
    is_quick = train.table.size * max(1, task.n_classes) <= _QUICK_VALUES
    return kind != "time" and len(train) < _FEW_ROWS and is_quick and not sealed_any and asked is None


def _splits_to_try(kind: SplitKind, task: Task, train: Dataset, several: int) -> Sequence[int]:
    """Return numbers of splits, best first: one for many rows, five, fewer for several, or where a class is rare."""
    if len(train) > _MANY_ROWS:
        return (1,)
    most = min(_FEW_SPLITS if len(train) > several else _SPLITS, max(2, len(train) // 2))
    if task.is_classification and kind != "time":
        counts = np.bincount(train.y.astype(np.int64), minlength=task.n_classes)
        most = min(most, max(2, int(counts[counts > 0].min())))
    return (*range(most, 1, -1), 1)


def _reason(why: str, n_splits: int, n_repeats: int, asked: int | None, train: Dataset, several: int) -> str:
    if asked:
        return f"{why}; {n_splits} splits as asked for"
    if n_splits <= _FEW_SPLITS and several < len(train) <= _MANY_ROWS:
        return f"{why}; {len(train):,} rows are many" + (", and time is short" if len(train) <= _SEVERAL_ROWS else "")
    if n_splits == 1:
        return f"{why}; one split: {len(train):,} rows" + (" are many" if len(train) > _MANY_ROWS else "")
    return why if n_repeats == 1 else f"{why}; repeated, for {len(train)} rows are few and none are sealed"


def _make(kind: SplitKind, n_splits: int, n_repeats: int, task: Task, train: Dataset) -> tuple[Fold, ...]:
    """Return the folds, or none where one of them would be no good."""
    if n_splits == 1:
        n_whole = min(_SPLITS, max(2, len(train) // 2))
        candidates = _once(kind, n_whole - 1 if kind == "time" and n_whole > 2 else n_whole, task, train, 0)
        good = [fold for fold in candidates if _is_good(fold, task, train)]
        # The last block of time is the nearest to what comes; of the others each is as good.
        return tuple(good[-1:] if kind == "time" else good[:1])
    folds = [fold for repeat in range(n_repeats) for fold in _once(kind, n_splits, task, train, repeat)]
    complete = len(folds) == n_splits * n_repeats
    return tuple(folds) if complete and all(_is_good(fold, task, train) for fold in folds) else ()


def _is_good(fold: Fold, task: Task, train: Dataset) -> bool:
    if not len(fold.train_rows) or not len(fold.valid_rows):
        return False
    return not task.is_classification or len(np.unique(train.y[fold.train_rows])) > 1


def _once(kind: SplitKind, n_splits: int, task: Task, train: Dataset, repeat: int) -> list[Fold]:
    """Split every row once; no fold where that cannot be."""
    units = np.arange(len(train)) if train.groups is None else np.unique(train.groups, return_inverse=True)[1]
    if kind == "time":
        return _expanding(units, train, n_splits)
    n_units = int(units.max()) + 1
    if n_units < n_splits:
        return []
    seed = (task.random_state + repeat) % 2**32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class rarer than the splits: what matters of it is checked
        try:
            assigned = _assigned(kind, units, n_splits, task, train, seed)
        except ValueError:  # every class is rarer than the splits
            return []
    return [
        Fold(train_rows=np.flatnonzero(assigned != number), valid_rows=np.flatnonzero(assigned == number))
        for number in range(n_splits)
    ]


def _assigned(kind: SplitKind, units: Rows, n_splits: int, task: Task, train: Dataset, seed: int) -> Rows:
    """Return the number of the fold in which each row is scored."""
    n_units = int(units.max()) + 1
    place_groups = kind == "group" and n_units <= _PLACED_GROUPS
    assigned = np.zeros(len(units), dtype=np.int64)
    if place_groups:
        classes = train.y if task.is_classification else np.zeros(len(units))  # of one class: balances the sizes
        splits = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed).split(units, classes, units)
        for number, (_, valid_rows) in enumerate(splits):
            assigned[valid_rows] = number
        return assigned
    of_unit = np.zeros(n_units, dtype=np.int64)
    if task.is_classification:
        by_unit = _class_of_units(units, train.y.astype(np.int64), task.n_classes)
        splits = StratifiedKFold(n_splits, shuffle=True, random_state=seed).split(by_unit, by_unit)
    else:
        splits = KFold(n_splits, shuffle=True, random_state=seed).split(of_unit)
    for number, (_, valid_units) in enumerate(splits):
        of_unit[valid_units] = number
    return of_unit[units]


def _class_of_units(units: Rows, classes: Rows, n_classes: int) -> Rows:
    """Return for each unit the class of most of its rows."""
    counts = np.zeros((int(units.max()) + 1, n_classes), dtype=np.int64)
    np.add.at(counts, (units, classes), 1)
    classes_of_units: Rows = counts.argmax(axis=1)
    return classes_of_units


def _expanding(units: Rows, train: Dataset, n_splits: int) -> list[Fold]:
    """Cut the rows into blocks by the last date of their group; each but the first is predicted from those before."""
    assert train.time is not None
    _, date, counts = np.unique(last_times(units, train.time), return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    block = np.floor(middle * (n_splits + 1) / len(units)).astype(np.int64)[date]
    return [
        Fold(train_rows=np.flatnonzero(block < number), valid_rows=np.flatnonzero(block == number))
        for number in range(1, n_splits + 1)
    ]


def _is_custom(cv: object) -> bool:
    """Return whether these are the user's own splits; raise for what is no ``cv`` at all."""
    if cv is None or (isinstance(cv, str) and cv == "auto"):
        return False
    if isinstance(cv, Integral) and not isinstance(cv, (bool, np.bool_)):
        return False
    if isinstance(cv, (str, bytes, bool, np.bool_, dict)) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise InvalidParameter("cv", cv, "it names no way to split rows", _REMEDY)
    if not hasattr(cv, "split") and iter(cv) is cv:  # type: ignore[call-overload]
        raise InvalidParameter("cv", cv, "it can be read only once, and folds are made twice", "Use list(cv).")
    return True


def _asked_splits(cv: object, n_rows: int) -> int | None:
    if not isinstance(cv, Integral):
        return None
    n_splits = int(cv)
    if n_splits < 2:
        raise InvalidParameter("cv", cv, "validation needs at least 2 splits", _REMEDY)
    if n_splits > n_rows:
        raise InvalidParameter("cv", cv, f"there are only {n_rows} training rows to split", "Use fewer splits.")
    return n_splits


def _custom_folds(train: Dataset, task: Task, cv: object) -> tuple[Fold, ...]:
    """Return the user's splits as positions in the training rows; groups are the user's own business here."""
    folds = [
        _checked(Fold(train_rows=train_rows, valid_rows=valid_rows), number, train, task, cv)
        for number, (train_rows, valid_rows) in enumerate(_pairs(train, task, cv))
    ]
    if not folds:
        raise InvalidParameter("cv", cv, "it holds no split", _REMEDY)
    return tuple(folds)


def _pairs(train: Dataset, task: Task, cv: object) -> list[tuple[Rows, Rows]]:
    """Return the splits; those of a list, or of a fixed assignment of rows, are positions in what ``fit`` got."""
    if not hasattr(cv, "split"):
        assert isinstance(cv, Iterable)
        return [_mapped(pair, train, cv) for pair in cv]
    splitter = copy.copy(cv)
    if getattr(splitter, "random_state", 0) is None:
        splitter.random_state = task.random_state  # type: ignore[attr-defined]
    try:
        with warnings.catch_warnings():  # groups are told to every splitter, also to those that have no use for them
            warnings.filterwarnings("ignore", message="The groups parameter is ignored")
            pairs = list(splitter.split(train.table, train.y, train.groups))
    except (TypeError, ValueError, IndexError) as error:
        raise InvalidParameter("cv", cv, f"it cannot split these rows: {error}", _REMEDY) from error
    if hasattr(cv, "test_fold"):
        return [_mapped(pair, train, cv) for pair in pairs]
    return [(np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)) for first, second in pairs]


def _mapped(pair: object, train: Dataset, cv: object) -> tuple[Rows, Rows]:
    """Return a pair of positions of the user's rows as positions in the training rows; sealed rows are taken out."""
    sides: list[Rows] = []
    for side in pair if isinstance(pair, (tuple, list)) else ():
        rows = np.asarray(side)
        if rows.dtype.kind == "b" and rows.ndim == 1:
            rows = np.flatnonzero(rows)
        if rows.ndim != 1 or (rows.dtype.kind not in "iu" and len(rows)) or (rows < 0).any():
            raise InvalidParameter("cv", cv, f"{side!r:.80} are no positions of rows", _REMEDY)
        place = np.full(max(int(train.row_ids.max()), int(rows.max(initial=0))) + 1, -1, dtype=np.int64)
        place[train.row_ids] = np.arange(len(train))
        found = place[rows.astype(np.int64)]
        sides.append(found[found >= 0])
    if len(sides) != 2:
        raise InvalidParameter("cv", cv, f"{pair!r:.80} is no pair (train, test)", _REMEDY)
    return sides[0], sides[1]


def _checked(fold: Fold, number: int, train: Dataset, task: Task, cv: object) -> Fold:
    for rows, side in ((fold.train_rows, "train"), (fold.valid_rows, "test")):
        if not len(rows):
            why = f"split {number} has no {side} row left once sealed rows are taken out"
            raise InvalidParameter("cv", cv, why, "Give splits of more rows, or holdout=None to seal none.")
    if np.intersect1d(fold.train_rows, fold.valid_rows).size:
        raise InvalidParameter("cv", cv, f"split {number} is scored on rows that it fits on", _REMEDY)
    if len(np.unique(fold.valid_rows)) < len(fold.valid_rows):
        raise InvalidParameter("cv", cv, f"split {number} names a test row twice", _REMEDY)
    if not _is_good(fold, task, train):
        raise InvalidParameter("cv", cv, f"split {number} fits on a single class", "Give splits with two classes.")
    return fold
