"""The class that reads the columns of this data set, as the playbook writes it: what ``Features`` stands for."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from octopus import syntax
from octopus.journal import Journal
from octopus.protocols import Recipe
from octopus.records import Plan, Profile, Task
from octopus.scientists.llm.library import FEATURES, defined_name, library, shape_of
from octopus.scientists.playbook.moves import Move
from octopus.scientists.playbook.writer import write_script

#: The lists of columns that it reads, by how they are read.
CONSTANTS = ("NUMERIC", "MISSING_CODES", "TEXT_NUMBERS", "DATES", "CATEGORICAL", "RESPELLED", "TEXT")
#: Blocks that read texts themselves: beside them a text stays whole, else its words are counted.
_READERS = frozenset({"Topics", "WeighedWords"})
_PLAN = Plan(family="", idea="", hypothesis="", expected="")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns are read, and how.

    Parameters
    ----------
    left_out : tuple of str
        Columns that are in use and not read.
    careful : bool
        Whether every number is read as if it were text.
    whole_texts : bool
        Whether texts come as they are.
    """

    left_out: tuple[str, ...] = ()
    careful: bool = False
    whole_texts: bool = False


@dataclass(frozen=True, kw_only=True)
class FeaturesSource:
    """Source of the class and what it needs.

    Parameters
    ----------
    constants : tuple of str
        Assignments of its lists of columns.
    definition : str
        The class.
    blocks : frozenset of str
        Blocks that it uses.
    imports : tuple of str
        What it needs beside those of the blocks.
    """

    constants: tuple[str, ...]
    definition: str
    blocks: frozenset[str]
    imports: tuple[str, ...]

    def with_other_names(self, taken: Collection[str]) -> FeaturesSource:
        """Return the same with other names for constants that a script has a use of its own for."""
        clashing = [name for name in CONSTANTS if name in taken]
        if not clashing:
            return self
        pattern = re.compile(rf"\b({'|'.join(clashing)})\b")
        # Only the name that is assigned: a column may be called so, too.
        constants = tuple(pattern.sub(r"READ_\1", c, count=1) if pattern.match(c) else c for c in self.constants)
        definition = pattern.sub(r"READ_\1", self.definition)
        return FeaturesSource(constants=constants, definition=definition, blocks=self.blocks, imports=self.imports)


def features_source(task: Task, profile: Profile, columns: Columns) -> FeaturesSource | None:
    """Return the source of ``Features`` for a data set; None where no column would be read.

    Parameters
    ----------
    task : Task
        What is asked.
    profile : Profile
        The columns and how they are read.
    columns : Columns
        Which of them.

    Returns
    -------
    FeaturesSource or None
        As the playbook writes it for a model that takes numbers with gaps and categories.
    """
    recipe = Recipe(
        idea="",
        hypothesis="",
        expected="",
        encoding="native",
        model="None",
        without=columns.left_out,
        whole_texts=columns.whole_texts,
    )
    script = write_script(Move(plan=_PLAN, recipe=recipe, careful=columns.careful), task, profile, Journal()).source
    nodes = {name: node for node in syntax.parse(script).body if (name := defined_name(node))}
    if FEATURES not in nodes:
        return None
    lines = script.split("\n")
    read = (*CONSTANTS, FEATURES)
    sources = {name: "\n".join(lines[n.lineno - 1 : n.end_lineno]) for name, n in nodes.items() if name in read}
    definition = sources[FEATURES]
    return FeaturesSource(
        constants=tuple(sources[name] for name in CONSTANTS if name in sources),
        definition=definition,
        blocks=frozenset(nodes) & frozenset(library()),
        imports=(
            *(["import pandas as pd"] if "pd." in definition else []),
            "from sklearn.base import BaseEstimator",
            "from sklearn.base import TransformerMixin",
        ),
    )


def reads_texts(blocks: Collection[str]) -> bool:
    """Tell whether a script with these blocks wants its texts whole."""
    return not _READERS.isdisjoint(blocks)


def columns_read(
    nodes: dict[str, ast.stmt], definition: str, task: Task, profile: Profile, blocks: Collection[str]
) -> Columns | None:
    """Return which columns a script's ``Features`` reads and how, if it is the playbook's.

    Parameters
    ----------
    nodes : dict of str to ast.stmt
        The script's constants by name.
    definition : str
        Source of its class.
    task : Task
        What is asked.
    profile : Profile
        The columns now; some may have fallen out of use since the script was written.
    blocks : collection of str
        Blocks of the script.

    Returns
    -------
    Columns or None
        None where it is another class, or reads columns in another way.
    """
    read = {name for constant in CONSTANTS if constant in nodes for name in _texts(nodes[constant])}
    as_then = msgspec.structs.replace(
        profile, columns=tuple(msgspec.structs.replace(c, used=c.name in read) for c in profile.columns)
    )
    left_out = tuple(column.name for column in profile.columns if column.used and column.name not in read)
    shape = shape_of(syntax.parse(definition).body[0])
    for careful in (False, True):
        whole = reads_texts(blocks)
        found = features_source(task, as_then, Columns(careful=careful, whole_texts=whole))
        if found is None or shape_of(syntax.parse(found.definition).body[0]) != shape:
            continue
        wanted = [shape_of(syntax.parse(constant).body[0]) for constant in found.constants]
        if wanted == [shape_of(nodes[constant]) for constant in CONSTANTS if constant in nodes]:
            return Columns(left_out=left_out, careful=careful, whole_texts=whole)
    return None


def _texts(node: ast.stmt) -> list[str]:
    """Return the columns that a constant names."""
    assert isinstance(node, ast.Assign)
    items = node.value.keys if isinstance(node.value, ast.Dict) else getattr(node.value, "elts", [])
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
