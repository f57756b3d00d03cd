"""Move → Script: a module for this data set, composed of blocks; only what the columns need is in it."""

from __future__ import annotations

from dataclasses import dataclass

from octopus.blocks.rendering import docstring, expression, import_block, list_constant, listed
from octopus.blocks.source import pieces
from octopus.journal import Journal
from octopus.records import ColumnProfile, Profile, Script, Task
from octopus.scientists.playbook.moves import Move

_IMPORTS = (
    "from sklearn.base import BaseEstimator",
    "from sklearn.base import TransformerMixin",
    "from sklearn.pipeline import make_pipeline",
)
#: Kinds of columns that say nothing, in the words of a docstring.
_IDLE = {"identifier": "names every row", "constant": "never changes", "empty": "is empty"}
_MANY_IDLE = {"identifier": "name every row", "constant": "never change", "empty": "are empty"}


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
    """

    constant: str
    learns: str
    gives: str
    blocks: tuple[str, ...]
    words: str


_NUMERIC = Reading(constant="NUMERIC", learns="", gives="X[NUMERIC]", blocks=(), words="numbers")
_TEXT_NUMBERS = Reading(
    constant="TEXT_NUMBERS",
    learns="self.decimal_ = {name: decimal_mark(X[name]) for name in TEXT_NUMBERS}",
    gives="*(parsed_number(X[name], self.decimal_[name]) for name in TEXT_NUMBERS)",
    blocks=("decimal_mark", "parsed_number"),
    words="numbers out of text",
)
_DATES = Reading(
    constant="DATES",
    learns="self.day_first_ = {name: is_day_first(X[name]) for name in DATES}",
    gives="*(date_parts(X[name], self.day_first_[name]) for name in DATES)",
    blocks=("is_day_first", "date_parts"),
    words="parts of dates",
)
_CATEGORICAL = Reading(
    constant="CATEGORICAL",
    learns="self.levels_ = {name: seen_levels(X[name]) for name in CATEGORICAL}",
    gives="*(as_levels(X[name], self.levels_[name]) for name in CATEGORICAL)",
    blocks=("seen_levels", "as_levels"),
    words="the levels seen in fit",
)
_TEXT_COUNTED = Reading(
    constant="TEXT",
    learns="",
    gives="*(word_counts(X[name]) for name in TEXT)",
    blocks=("word_counts",),
    words="words of texts counted",
)
_TEXT_WHOLE = Reading(constant="TEXT", learns="", gives="X[TEXT].astype(object)", blocks=(), words="whole texts")


def write_script(move: Move, task: Task, profile: Profile, journal: Journal) -> Script:
    """Write the script of a move.

    Parameters
    ----------
    move : Move
        What to try.
    task : Task
        What is asked.
    profile : Profile
        The columns and how they are read.
    journal : Journal
        What was done, for the best so far.

    Returns
    -------
    Script
        A module that stands alone: pandas, numpy, scikit-learn and what the recipe imports.
    """
    columns = read_columns(move, profile)
    opening = docstring(_facts(move, columns, profile, journal))
    if not columns:
        return Script(source=_constant_script(opening, task), author="playbook")
    recipe = move.recipe
    logged = recipe.log_target and not task.is_classification
    model = f"LogTarget({recipe.model})" if logged else recipe.model
    steps = ["Features()", *(["Indicators()"] if recipe.encoding == "one_hot" else []), model]
    blocks = pieces(
        [
            *(block for reading in columns for block in reading.blocks),
            *(["Indicators"] if recipe.encoding == "one_hot" else []),
            *(["LogTarget"] if logged else []),
            *recipe.blocks,
        ]
    )
    pipeline = f"make_pipeline({', '.join(steps)})"
    features = _features_class(list(columns))
    pandas = ["import pandas as pd"] if "pd." in features else []
    imports = import_block([*pandas, *_IMPORTS, *blocks.imports, *recipe.imports])
    sections = [
        f"{opening}\n\n{imports}",
        "\n".join(list_constant(reading.constant, names) for reading, names in columns.items()),
        features,
        *blocks.definitions,
        *([recipe.definitions.strip()] if recipe.definitions.strip() else []),
        f"def build_pipeline():\n{expression(pipeline, 'return ', 4)}",
    ]
    return Script(source=_laid_out(sections), author="playbook")


def read_columns(move: Move, profile: Profile) -> dict[Reading, list[str]]:
    """Return which columns a script reads in which way.

    Parameters
    ----------
    move : Move
        Says which encoding the model wants, and whether numbers are to be trusted.
    profile : Profile
        The columns; unused ones are left out.

    Returns
    -------
    dict of Reading to list of str
        In the order of the script; empty where no column is used.
    """
    text = _TEXT_COUNTED if move.recipe.encoding == "native" else _TEXT_WHOLE
    found: dict[Reading, list[str]] = {r: [] for r in (_NUMERIC, _TEXT_NUMBERS, _DATES, _CATEGORICAL, text)}
    for column in profile.columns:
        if column.used:
            reading = _reading(column, text)
            found[_TEXT_NUMBERS if move.careful and reading is _NUMERIC else reading].append(column.name)
    return {reading: names for reading, names in found.items() if names}


def _reading(column: ColumnProfile, text: Reading) -> Reading:
    """Return how a column is read: by its kind, and a number only where the table holds one."""
    holds_numbers = column.dtype.lower().startswith(("float", "int", "uint", "bool"))
    if column.kind in ("datetime", "categorical", "text", "number_as_text"):
        by_kind = {"datetime": _DATES, "categorical": _CATEGORICAL, "text": text, "number_as_text": _TEXT_NUMBERS}
        return by_kind[column.kind]
    if column.dtype.startswith("datetime"):
        return _DATES
    if holds_numbers:
        return _NUMERIC
    return _TEXT_NUMBERS if column.kind == "numeric" else _CATEGORICAL


def _features_class(readings: list[Reading]) -> str:
    """Return the class that reads the columns."""
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


def _constant_script(opening: str, task: Task) -> str:
    """Return a script that predicts the same for every row: there is nothing to tell rows apart by."""
    name, setting = ("DummyClassifier", "prior") if task.is_classification else ("DummyRegressor", "mean")
    return _laid_out(
        [
            f"{opening}\n\nfrom sklearn.dummy import {name}",
            f'def build_pipeline():\n    return {name}(strategy="{setting}")',
        ]
    )


def _laid_out(sections: list[str]) -> str:
    """Return sections with two empty lines before each definition, one before a constant after constants."""
    text = sections[0]
    for section in sections[1:]:
        is_list = section.partition(" ")[0].isupper() and not section.startswith("class")
        text += f"\n\n{'' if is_list else chr(10)}{section}"
    return f"{text}\n"


def _facts(move: Move, columns: dict[Reading, list[str]], profile: Profile, journal: Journal) -> list[str]:
    """Return the paragraphs of the docstring."""
    names = {reading.constant: of_kind for reading, of_kind in columns.items()}
    facts = [f"Hypothesis: {move.plan.hypothesis.rstrip('.')}."]
    if parsed := [] if move.careful else names.get("TEXT_NUMBERS", []):
        facts.append(f"{listed(parsed)} {'hold' if len(parsed) > 1 else 'holds'} numbers as text: read as numbers.")
    if dates := names.get("DATES"):
        facts.append(f"{listed(dates)} {'are dates' if len(dates) > 1 else 'is a date'}: split into parts.")
    facts += _unused(profile)
    best = journal.best
    if best is not None and best.score is not None:
        error = f" ± {best.score.standard_error:.3g}" if best.score.standard_error is not None else ""
        facts.append(f"Best so far {best.score.mean:.4g}{error} {best.score.scoring} ({best.plan.family}).")
    return facts


def _unused(profile: Profile) -> list[str]:
    """Say which columns are left out, and why."""
    unused = [column for column in profile.columns if not column.used]
    facts = [
        f"{listed(names)} {(_MANY_IDLE if len(names) > 1 else _IDLE)[kind]}: unused."
        for kind in _IDLE
        if (names := [column.name for column in unused if column.kind == kind])
    ]
    if names := [column.name for column in unused if column.kind not in _IDLE]:
        codes = sorted({f.code for f in profile.findings if set(names) & set(f.columns)})
        because = f" ({', '.join(codes)})" if codes else ""
        facts.append(f"{listed(names)} set aside{because}: unused.")
    return facts
