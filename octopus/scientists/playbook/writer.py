"""Move → Script: a module for this data set, composed of blocks; only what the columns need is in it."""

from __future__ import annotations

from octopus.blocks.rendering import dict_constant, docstring, expression, import_block, list_constant, listed
from octopus.blocks.source import pieces
from octopus.journal import Journal
from octopus.protocols import Recipe
from octopus.records import ColumnProfile, Profile, Script, Task
from octopus.scientists.playbook.moves import Move
from octopus.scientists.playbook.readings import Reading, features_class, read_columns

_IMPORTS = (
    "from sklearn.base import BaseEstimator",
    "from sklearn.base import TransformerMixin",
    "from sklearn.pipeline import make_pipeline",
)
#: Kinds of columns that say nothing, in the words of a docstring.
_IDLE = {"identifier": "names every row", "constant": "never changes", "empty": "is empty"}
_MANY_IDLE = {"identifier": "name every row", "constant": "never change", "empty": "are empty"}
#: What a linear model makes of each type of column, as a matrix.
_MATRICES = {"number": "ScaledNumbers", "category": "OneHotLevels", "text": "WeighedWords"}


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
    recipe = move.recipe
    careful = [column.name for column in profile.columns] if move.careful else []
    columns = read_columns(profile, recipe, careful)
    opening = docstring(_facts(move, columns, profile, journal))
    if not columns:
        return Script(source=_constant_script(opening, task), author="playbook")
    logged = recipe.log_target and not task.is_classification
    encoding = _encoding(recipe, columns)
    model = f"LogTarget({recipe.model})" if logged else recipe.model
    steps = ["Features()", *recipe.steps, *_encoder(encoding), model]
    blocks = pieces(
        [
            *(block for reading in columns for block in reading.blocks),
            *encoding,
            *(["LogTarget"] if logged else []),
            *recipe.blocks,
        ]
    )
    pipeline = f"make_pipeline({', '.join(steps)})"
    features = features_class(list(columns))
    imports = import_block(
        [
            *(["import pandas as pd"] if "pd." in features else []),
            *_IMPORTS,
            *(["from sklearn.pipeline import make_union"] if len(encoding) > 1 else []),
            *blocks.imports,
            *recipe.imports,
        ]
    )
    sections = [
        f"{opening}\n\n{imports}",
        "\n".join(_constant(reading, of_kind) for reading, of_kind in columns.items()),
        features,
        *blocks.definitions,
        *([recipe.definitions.strip()] if recipe.definitions.strip() else []),
        f"def build_pipeline():\n{expression(pipeline, 'return ', 4)}",
    ]
    return Script(source=_laid_out(sections), author="playbook")


def _encoding(recipe: Recipe, columns: dict[Reading, list[ColumnProfile]]) -> list[str]:
    """Return the blocks that make of the table what the model wants."""
    if recipe.encoding == "native":
        return []
    if recipe.encoding == "ordinal":
        return ["LevelCodes"]
    types = {reading.type for reading in columns}
    if recipe.steps:  # whatever a step adds is a number
        types.add("number")
    return [block for type_, block in _MATRICES.items() if type_ in types]


def _encoder(encoding: list[str]) -> list[str]:
    calls = [f"{block}()" for block in encoding]
    return [f"make_union({', '.join(calls)})"] if len(calls) > 1 else calls


def _constant(reading: Reading, columns: list[ColumnProfile]) -> str:
    """Return the assignment of a reading's columns."""
    if reading.constant == "MISSING_CODES":
        codes = {column.name: f"[{', '.join(map(_number, column.missing_codes))}]" for column in columns}
        return dict_constant(reading.constant, codes)
    return list_constant(reading.constant, [column.name for column in columns])


def _number(value: float) -> str:
    """Return a number as source, without a point where it is whole."""
    return f"{value:.0f}" if value.is_integer() else repr(value)


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


def _facts(move: Move, columns: dict[Reading, list[ColumnProfile]], profile: Profile, journal: Journal) -> list[str]:
    """Return the paragraphs of the docstring."""
    names = {reading.constant: [column.name for column in of_kind] for reading, of_kind in columns.items()}
    facts = [f"Hypothesis: {move.plan.hypothesis.rstrip('.')}."]
    if parsed := [] if move.careful else names.get("TEXT_NUMBERS", []):
        facts.append(f"{listed(parsed)} {'hold' if len(parsed) > 1 else 'holds'} numbers as text: read as numbers.")
    if dates := names.get("DATES"):
        facts.append(f"{listed(dates)} {'are dates' if len(dates) > 1 else 'is a date'}: split into parts.")
    if coded := names.get("MISSING_CODES"):
        facts.append(f"{listed(coded)} {'hold' if len(coded) > 1 else 'holds'} codes for missing: read as gaps.")
    if respelled := names.get("RESPELLED"):
        facts.append(
            f"{listed(respelled)} {'write' if len(respelled) > 1 else 'writes'} labels in several ways: made one."
        )
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
