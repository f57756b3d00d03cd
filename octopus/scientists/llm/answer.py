"""What a model wants done, once it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from octopus.scientists.llm.edits import Edit

AnswerAction = Literal["experiment", "edit", "fix", "analysis", "revalidate", "quarantine", "release", "stop"]
SplitName = Literal["random", "stratified", "group", "time"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model wants done.

    Parameters
    ----------
    action : str
        What kind of step; ``fix`` only where a mended script was asked for.
    family : str
        Kind of model, lower-case word; empty where none is given.
    idea, hypothesis, expected, reason, question, change : str
        Texts on one line, cut to the length that a record may have.
    parent : int or None
        Number of the experiment whose script is changed, or that it follows from.
    code : str
        Whole script; empty where there are edits or none is needed.
    edits : tuple of Edit
        Changes of the parent's script.
    split, column : str or None
        Folds and the column that makes them.
    n_splits, n_repeats : int or None
        Number of folds and of repetitions; None where not given.
    columns : tuple of str
        Columns to leave out or use again, as they are called in the table.
    """

    action: AnswerAction
    family: str = ""
    idea: str = ""
    hypothesis: str = ""
    expected: str = ""
    parent: int | None = None
    code: str = ""
    edits: tuple[Edit, ...] = ()
    question: str = ""
    split: SplitName | None = None
    column: str | None = None
    n_splits: int | None = None
    n_repeats: int | None = None
    columns: tuple[str, ...] = ()
    reason: str = ""
    change: str = ""
