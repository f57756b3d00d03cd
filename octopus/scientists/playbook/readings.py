"""How a script reads each column: as the table has it, as numbers out of text, as dates, levels or words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from octopus.protocols import Recipe
from octopus.records import ColumnProfile, Profile


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a script reads one kind of column.

    Parameters
    ----------
    constant : str
        Name of the list of columns in the script.
    learns : str
        Statement of ``fit``; empty where nothing is learned.
    gives : str
        Statement of ``transform`` that adds to ``parts``.
    blocks : tuple of str
        Blocks that both use.
    words : str
        For the docstring of ``Features``.
    type : {"number", "category", "text"}
        What the columns are afterwards.
    """

    constant: str
    learns: str
    gives: str
    blocks: tuple[str, ...]
    words: str
    type: str = "number"


_NUMERIC = Reading(constant="NUMERIC", learns="", gives="X[NUMERIC]", blocks=(), words="numbers")
_CODED = Reading(
    constant="MISSING_CODES",
    learns="",
    gives="without_codes(X, MISSING_CODES)",
    blocks=("without_codes",),
    words="numbers without codes",
)
_TEXT_NUMBERS = Reading(
    constant="TEXT_NUMBERS",
    learns="self.decimal_ = {name: decimal_mark(X[name]) for name in TEXT_NUMBERS}",
    gives="*(parsed_number(X[name], self.decimal_[name]) for name in TEXT_NUMBERS)",
    blocks=("decimal_mark", "parsed_number"),
    words="numbers out of text",
)
_CODED_TEXT = Reading(
    constant="MISSING_CODES",
    learns="self.coded_ = {name: decimal_mark(X[name]) for name in MISSING_CODES}",
    gives="*(parsed_number(X[name], self.coded_[name], codes) for name, codes in MISSING_CODES.items())",
    blocks=("decimal_mark", "parsed_number"),
    words="numbers out of text without codes",
)
_DATES = Reading(
    constant="DATES",
    learns="self.day_first_ = {name: is_day_first(X[name]) for name in DATES}",
    gives="*(date_parts(X[name], self.day_first_[name]) for name in DATES)",
    blocks=("is_day_first", "date_parts"),
    words="date parts",
)
_CATEGORICAL = Reading(
    constant="CATEGORICAL",
    learns="self.levels_ = {name: seen_levels(X[name]) for name in CATEGORICAL}",
    gives="*(as_levels(X[name], self.levels_[name]) for name in CATEGORICAL)",
    blocks=("seen_levels", "as_levels"),
    words="levels",
    type="category",
)
_RESPELLED = Reading(
    constant="RESPELLED",
    learns="self.spelled_ = {name: seen_levels(one_spelling(X[name])) for name in RESPELLED}",
    gives="*(as_levels(one_spelling(X[name]), self.spelled_[name]) for name in RESPELLED)",
    blocks=("one_spelling", "seen_levels", "as_levels"),
    words="respelled levels",
    type="category",
)
_TEXT_COUNTED = Reading(
    constant="TEXT",
    learns="self.words_ = WordColumns(TEXT).fit(X)",
    gives="self.words_.transform(X)",
    blocks=("WordColumns",),
    words="counted words",
)
_TEXT_WHOLE = Reading(
    constant="TEXT", learns="", gives="X[TEXT].astype(object)", blocks=(), words="whole texts", type="text"
)


def read_columns(profile: Profile, recipe: Recipe, careful: Collection[str] = ()) -> dict[Reading, list[ColumnProfile]]:
    """Return which columns a script reads in which way.

    Parameters
    ----------
    profile : Profile
        The columns; unused ones are left out.
    recipe : Recipe
        Says which table the model wants, and which columns it goes without.
    careful : collection of str
        Columns whose numbers are read as if they were text.

    Returns
    -------
    dict of Reading to list of ColumnProfile
        In the order of the script; empty where no column is used.
    """
    text = _TEXT_WHOLE if recipe.encoding == "one_hot" or recipe.whole_texts else _TEXT_COUNTED
    as_text = {_NUMERIC: _TEXT_NUMBERS, _CODED: _CODED_TEXT}
    order = (_NUMERIC, _CODED, _TEXT_NUMBERS, _CODED_TEXT, _DATES, _CATEGORICAL, _RESPELLED, text)
    found: dict[Reading, list[ColumnProfile]] = {reading: [] for reading in order}
    for column in profile.columns:
        if column.used and column.name not in recipe.without:
            reading = _reading(column, text)
            found[as_text.get(reading, reading) if column.name in careful else reading].append(column)
    return {reading: columns for reading, columns in found.items() if columns}


def _reading(column: ColumnProfile, text: Reading) -> Reading:
    """Return how a column is read: by its kind, and a number only where the table holds one."""
    holds_numbers = column.dtype.lower().startswith(("float", "int", "uint", "bool"))
    if column.kind in ("datetime", "text", "number_as_text"):
        return {"datetime": _DATES, "text": text, "number_as_text": _TEXT_NUMBERS}[column.kind]
    if column.kind == "categorical":
        return _RESPELLED if column.respelled else _CATEGORICAL
    if column.dtype.startswith("datetime"):
        return _DATES
    if holds_numbers:
        return _CODED if column.missing_codes else _NUMERIC
    return _TEXT_NUMBERS if column.kind == "numeric" else _CATEGORICAL


def features_class(readings: list[Reading]) -> str:
    """Return the class that reads the columns.

    Parameters
    ----------
    readings : list of Reading
        In the order of the script.

    Returns
    -------
    str
        Source of ``Features``.
    """
    words = ", ".join(reading.words for reading in readings)
    gives = [reading.gives for reading in readings]
    if len(gives) == 1 and not gives[0].startswith("*"):
        result = [f"        return {gives[0]}"]
    else:
        result = ["        parts = [", *(f"            {part}," for part in gives), "        ]"]
        result.append("        return pd.concat(parts, axis=1)")
    return "\n".join(
        [
            "class Features(TransformerMixin, BaseEstimator):",
            f'    """{words[0].upper()}{words[1:]}."""',
            "",
            "    def fit(self, X, y=None):",
            *(f"        {reading.learns}" for reading in readings if reading.learns),
            "        return self",
            "",
            "    def transform(self, X):",
            *result,
        ]
    )
