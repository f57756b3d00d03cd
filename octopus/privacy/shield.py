"""A table, what is known of it and a level → what of any text may leave the process towards a language model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Rows
from octopus.privacy.cells import Texts, read_cells, words_of
from octopus.privacy.hiding import Secrets, hide
from octopus.privacy.patterns import PERSONAL, clean
from octopus.privacy.vocabulary import MESSAGES
from octopus.records import ColumnKind, Profile

PrivacyLevel = Literal["summary", "schema", "samples"]

#: Rows that share a value which may be shown: at least so many, and this share of a large table or that of a small one.
MIN_ROWS, _MIN_SHARE, _SMALL, _MIN_SHARE_OF_SMALL = 10, 0.01, 100, 0.1
#: Kinds of columns whose frequent values name nobody.
_WITH_LEVELS: frozenset[ColumnKind] = frozenset({"categorical", "boolean", "number_as_text", "constant"})
#: A longer value is prose, whatever the column is.
_MAX_LEVEL = 80
#: Digits that an aggregate needs; a cell with more is not told by them.
_DIGITS = 4
#: Rows that are shown where some may be, and the characters of their cells.
_SAMPLED, _MAX_SHOWN = 3, 40


@dataclass(frozen=True, kw_only=True)
class Shield:
    """Hides the cells of a table in texts that go to a language model: messages, evidence, what scripts print.

    ``"summary"`` lets aggregates pass, names of columns, types and values that many rows share; ``"schema"`` no value
    and no number; ``"samples"`` three rows beside what ``"summary"`` does. A word that any cell of the table holds is
    hidden unless it is known to be harmless; between quotes a word is hidden unless it is known to be harmless. Cells
    are recognised in another case, with escaped characters and cut by ``...``. Numbers keep four digits, and one that
    is a column's lowest or highest and that one row alone holds keeps one, unless it may be a count of rows. A script
    that encodes cells on purpose (Base64, letter by letter) is not
    stopped by this: who wrote it is who would read it, and no sandbox can tell a code from an aggregate. At
    ``"schema"`` there are no analyses that could.

    Parameters
    ----------
    level : {"summary", "schema", "samples"}
        What may leave.
    secrets : Secrets
        What must be hidden.
    levels : mapping of str to tuple of str
        By column, the values that may be shown.
    rows : tuple of mapping of str to str
        The rows that may be shown, their cells cut.
    """

    level: PrivacyLevel
    secrets: Secrets
    levels: Mapping[str, tuple[str, ...]]
    rows: tuple[Mapping[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls, table: pd.DataFrame, profile: Profile, level: PrivacyLevel, identifiers: Collection[str] = ()
    ) -> Shield:
        """Read what must be hidden.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_columns)
            Training rows, in the shape that :mod:`octopus.frame` gives them.
        profile : Profile
            What is known of them, the labels of the target among it.
        level : {"summary", "schema", "samples"}
            What may leave.
        identifiers : collection of str
            Further columns whose values name somebody or something, such as the group.

        Returns
        -------
        Shield
            The same for the same rows.
        """
        kinds: dict[str, ColumnKind] = {column.name: column.kind for column in profile.columns}
        kinds |= dict.fromkeys(identifiers, "identifier")
        read = [_read(table[name], kinds.get(name, "text"), level) for name in table.columns]
        hidden = [column.hidden for column in read if column.hidden is not None]
        classes = [label.value for label in profile.target.levels if level != "schema" and label.count >= MIN_ROWS]
        others = [label.value for label in profile.target.levels if label.value not in classes]
        hidden.append(Texts(cells=others, rows=np.ones(len(others), dtype=np.int64)))
        levels = {str(name): column.shown for name, column in zip(table.columns, read, strict=True)}
        shown = [clean(text) for text in (*levels, *(v for values in levels.values() for v in values), *classes)]
        secrets = Secrets(
            cells=read_cells(hidden, (*shown, *MESSAGES.splitlines()), None if level == "schema" else MIN_ROWS),
            identifiers=_distinct([column.numbers for column in read]),
            extremes=_distinct([*(column.extremes for column in read), _extremes_of_target(profile)]),
            names=frozenset(text.casefold().strip() for text in shown),
            known=frozenset(word for text in shown for word in words_of(text)),
            n_rows=len(table),
            digits=0 if level == "schema" else _DIGITS,
        )
        return cls(level=level, secrets=secrets, levels=levels, rows=_sampled(table) if level == "samples" else ())

    @property
    def may_analyse(self) -> bool:
        """Whether scripts may look at the rows and print what they find."""
        return self.level != "schema"

    def hide(self, text: str, source: str = "") -> str:
        """Return a text as it may leave the process.

        Parameters
        ----------
        text : str
            Any text that may hold cells.
        source : str
            A script that the reader of the text knows: what it says itself need not be hidden.

        Returns
        -------
        str
            Without control characters, with ``…`` for what is hidden, and with numbers cut to four digits.
        """
        told = "\n".join(cell for row in self.rows for cell in row.values())
        return hide(text, self.secrets, f"{source}\n{told}" if told else source)

    def public_levels(self, column: str) -> tuple[str, ...]:
        """Return the values of a column that may be shown, the most frequent first."""
        return self.levels.get(column, ())

    def samples(self, n: int) -> tuple[Mapping[str, str], ...]:
        """Return at most three rows, always the same, their cells cut; none unless the level is ``"samples"``."""
        return self.rows[:n]


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What may be shown of a column, and what not."""

    shown: tuple[str, ...] = ()
    hidden: Texts | None = None
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    extremes: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


def _read(column: pd.Series[Any], kind: ColumnKind, level: PrivacyLevel) -> _Column:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _Column()  # days are hidden by their form
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    if is_number and kind == "identifier":
        return _Column(numbers=column.dropna().to_numpy(np.float64))
    if is_number and kind not in _WITH_LEVELS:
        return _Column(extremes=_extremes(column))
    counts = column.value_counts()
    rows: Rows = np.asarray(counts, dtype=np.int64)
    values = counts.index.tolist()
    n_shown = int(np.sum(rows >= _min_rows(len(column)))) if kind in _WITH_LEVELS and level != "schema" else 0
    named = sorted((-int(n), _named(value)) for value, n in zip(values[:n_shown], rows, strict=False))
    shown = tuple(value for _, value in named if _may_be_shown(value))
    if is_number:
        return _Column(shown=shown)
    unfit = [place for place, value in enumerate(values[:n_shown]) if not _may_be_shown(_named(value))]
    kept = [*unfit, *range(n_shown, len(values))]
    hidden = Texts(cells=[str(values[place]) for place in kept], rows=rows[kept], are_numbers=kind == "number_as_text")
    return _Column(shown=shown, hidden=hidden)


def _extremes(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return the lowest and the highest number of a column, each if one row alone holds it."""
    numbers = column.dropna().to_numpy(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    bounds = np.array([numbers.min(), numbers.max()]) if len(numbers) else numbers
    return bounds[[np.sum(numbers == bound) == 1 for bound in bounds]]


def _extremes_of_target(profile: Profile) -> NDArray[np.float64]:
    numeric = profile.target.numeric
    return np.empty(0) if numeric is None else np.array([numeric.minimum, numeric.maximum])


def _distinct(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the different numbers, sorted and without their signs, which stand apart in a text."""
    return np.unique(np.abs(np.concatenate([np.empty(0), *parts])))


def _sampled(table: pd.DataFrame) -> tuple[Mapping[str, str], ...]:
    """Return some rows, always the same."""
    rows = np.random.default_rng(0).choice(len(table), size=min(_SAMPLED, len(table)), replace=False)
    chosen = table.iloc[np.sort(rows)]
    return tuple(
        {str(name): clean(str(value))[:_MAX_SHOWN] for name, value in zip(chosen.columns, row, strict=True)}
        for row in chosen.itertuples(index=False, name=None)
    )


def _may_be_shown(level: str) -> bool:
    return len(level) <= _MAX_LEVEL and PERSONAL.search(level) is None


def _named(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _min_rows(n_rows: int) -> float:
    return n_rows * _MIN_SHARE_OF_SMALL if n_rows < _SMALL else max(MIN_ROWS, n_rows * _MIN_SHARE)
