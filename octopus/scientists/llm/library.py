"""The blocks that a language model may import, each with the words that its catalogue needs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from octopus import syntax
from octopus.blocks.source import pieces
from octopus.families.shape import PROBABILITIES, RANKING
from octopus.records import Profile, Task

#: Name of the module that compact scripts import blocks from: it exists in compact scripts alone.
MODULE = "blocks"
#: The class that reads the columns of this data set.
FEATURES = "Features"

#: Blocks in the order of their use, with what they do; those that no line names are parts of others.
_WORDS = {
    "Ratios": "ratio and difference of column pairs",
    "SignedLogs": "log of long-tailed columns",
    "Stretches": "days between dates, seasons on a circle",
    "TargetMeans": "levels as means of y over other rows",
    "LevelColumns": "few levels as 0/1 columns",
    "Topics": "texts as 16 topics",
    "ScaledNumbers": "numbers scaled, gaps filled and marked",
    "OneHotLevels": "categories as 0/1 columns",
    "WeighedWords": "texts as tf-idf",
    "Curves": "bends at quartiles",
    "Products": "products of pairs",
    "LevelCodes": "table as numbers, categories as codes",
    "EarlyStoppedClassifier": "finds the number of trees of LightGBM",
    "EarlyStoppedRegressor": "finds the number of trees of LightGBM",
    "NetworksClassifier": "averages small networks",
    "NetworksRegressor": "averages small networks",
    "LogTarget": "fits log1p(y)",
    "RecentClassifier": "late rows weigh more",
    "RecentRegressor": "late rows weigh more",
    "TunedDecision": "shifts classes to suit a metric of classes",
    "Calibrated": "calibrated probabilities",
    "SampledClassifier": "fits a sample of rows",
    "SampledRegressor": "fits a sample of rows",
    "parsed_number": "number out of text",
    "decimal_mark": "mark for parsed_number",
    "moments": "text as datetime64",
    "date_parts": "days, year, month, day, weekday, hour",
    "is_day_first": "for moments and date_parts",
    "seen_levels": "levels to keep, learned in fit",
    "as_levels": "column as category of these levels",
    "one_spelling": "labels in one spelling",
    "WordColumns": "counts of the words that rows share",
    "telling_columns": "numbers that tell most of y",
    "without_codes": "codes of missing as gaps",
    "told_of_classes": "score function for SelectPercentile",
    "told_of_values": "score function for SelectPercentile",
}
#: What follows a classifier, and what a regressor, has this end.
_OF_CLASSES, _OF_VALUES = ("Classifier", "TunedDecision", "Calibrated", "of_classes"), ("Regressor", "Target", "values")
_OF_TIME = ("RecentClassifier", "RecentRegressor")
#: Blocks that only some kinds of columns have a use for.
_OF_KINDS = {
    "datetime": ("Stretches", "moments", "date_parts", "is_day_first"),
    "text": ("Topics", "WeighedWords", "WordColumns"),
    "categorical": ("TargetMeans", "LevelColumns", "OneHotLevels", "as_levels", "seen_levels"),
    "number_as_text": ("parsed_number", "decimal_mark"),
}
#: Blocks that the catalogue leaves out: they serve others, or Features has done their work already.
_UNLISTED = frozenset({
    "told_of_classes", "told_of_values", "without_codes", "one_spelling", "telling_columns", "date_parts",
    "is_day_first", "seen_levels", "as_levels", "decimal_mark", "WordColumns",
})  # fmt: skip
#: Blocks for many rows alone, and rows that are many.
_OF_MANY, _MANY_ROWS = ("SampledClassifier", "SampledRegressor"), 20_000
#: Arguments whose defaults do.
_FINE = frozenset({
    "random_state", "n_parts", "smoothing", "patience", "fraction", "min_count", "max_levels", "max_columns",
    "max_words", "n_topics", "day_first", "codes", "half_life", "n_members", "hidden", "decay", "n_epochs",
    "class_weight",
})  # fmt: skip


#: Names to suggest where one is asked for that is not there.
OFFERED = (FEATURES, *_WORDS)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A definition of :mod:`octopus.blocks`, as scripts hold it.

    Parameters
    ----------
    name : str
        Its name.
    source : str
        Its source, comments above it among it.
    shape : str
        What it is, whatever its layout: equal for equal code.
    needs : frozenset of str
        Names of the blocks that it uses itself.
    """

    name: str
    source: str
    shape: str
    needs: frozenset[str]


@cache
def library() -> Mapping[str, Block]:
    """Return every block and every part of one by name, in the order in which scripts hold them."""
    sources = pieces(_WORDS).definitions
    nodes = [syntax.parse(source).body[0] for source in sources]
    known = {defined_name(node) for node in nodes}
    found = {}
    for source, node in zip(sources, nodes, strict=True):
        name = defined_name(node)
        needs = frozenset(used_names(node) & known - {name})
        found[name] = Block(name=name, source=source, shape=shape_of(node), needs=needs)
    return found


def catalogue(task: Task, profile: Profile) -> tuple[str, ...]:
    """Return the blocks that are of use for a task and its columns, one line each.

    Parameters
    ----------
    task : Task
        What is asked.
    profile : Profile
        What is known of the rows.

    Returns
    -------
    tuple of str
        Such as "Ratios(columns, at_most=4, about=None): adds ratio and difference of column pairs".
    """
    kinds = {column.kind for column in profile.columns if column.used}
    without = set(_UNLISTED) | {n for kind, of_kind in _OF_KINDS.items() if kind not in kinds for n in of_kind}
    without.update(() if task.time is not None else _OF_TIME)
    without.update(() if profile.n_rows > _MANY_ROWS else _OF_MANY)
    without.update(["TunedDecision"] if task.scoring in PROBABILITIES | RANKING else ["Calibrated"])
    others = _OF_VALUES if task.is_classification else _OF_CLASSES
    listed = [name for name in _WORDS if name not in without and not name.endswith(others)]
    return tuple(f"{_called(name, task)}: {_WORDS[name]}" for name in listed)


def defined_name(node: ast.stmt) -> str:
    """Return the name that a statement defines at the level of the module; empty where it defines none."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def used_names(node: ast.AST) -> set[str]:
    """Return the names that a piece of code mentions."""
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


def shape_of(node: ast.stmt) -> str:
    """Return what a statement is, whatever its layout and comments."""
    return ast.dump(node)


def _called(name: str, task: Task) -> str:
    """Return how a block is called, without arguments whose defaults do."""
    node = syntax.parse(library()[name].source).body[0]
    inits = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n.name in ("__init__", name)]
    if not inits:
        return f"{name}()"
    arguments = inits[0].args
    first_default = len(arguments.args) - len(arguments.defaults)
    shown = []
    for position, argument in enumerate(arguments.args):
        if argument.arg == "n_classes":
            shown.append(f"n_classes={task.n_classes}")
        elif argument.arg != "self" and argument.arg not in _FINE:
            is_given = position >= first_default
            default = f"={ast.unparse(arguments.defaults[position - first_default])}" if is_given else ""
            shown.append(f"{argument.arg}{default}")
    return f"{name}({', '.join(shown)})"
