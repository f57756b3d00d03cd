"""What goes into a bundle, and the manifest that says what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from octopus.frame import Schema
from octopus.records import Author, ColumnProfile, HoldoutReport, Record, ReplayCheck, Score, Script, Task

#: What a label may be where it leaves Python: JSON has no other scalars.
Label: TypeAlias = str | bool | int | float

#: Of a bundle's layout; the code that travels in it reads the same.
FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class BundleContents:
    """A proved model with what is known of it.

    Parameters
    ----------
    pipeline : bytes
        The fitted pipeline, exactly as it was proved.
    script : Script
        The code that it was fitted by, and who wrote it.
    schema : Schema
        Columns that the pipeline takes.
    task : Task
        What was asked.
    labels : tuple of str, bool, int or float
        The user's labels in the order of the class numbers (``classes_.tolist()``); empty for regression.
    threshold : float or None
        Probability of the positive class (``task.costs.positive``) from which on that class is the answer; None for
        the most probable class.
    columns : tuple of ColumnProfile
        What is known of the columns: the service shows frequent levels, ranges and examples, never a row.
    optional : tuple of str
        Columns that the pipeline does not look at, so that a row may lack them; a replay proves it.
    fitted_on : {"all", "train"}
        Every row, or the rows outside the holdout.
    experiment : int
        Number of the experiment that the model comes from.
    validation : Score or None
        Its validation score.
    holdout : HoldoutReport or None
        The sealed rows' verdict.
    model_card : str
        Markdown.
    report : str
        A page of HTML.
    files : mapping of str to bytes
        Further files by name.
    """

    pipeline: bytes
    script: Script
    schema: Schema
    task: Task
    labels: tuple[Label, ...] = ()
    threshold: float | None = None
    columns: tuple[ColumnProfile, ...] = ()
    optional: tuple[str, ...] = ()
    fitted_on: Literal["all", "train"]
    experiment: int
    validation: Score | None = None
    holdout: HoldoutReport | None = None
    model_card: str = ""
    report: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)


class FileStamp(Record, frozen=True, kw_only=True):
    """What a file was when it was written."""

    sha256: str
    size_bytes: int


class Manifest(Record, frozen=True, kw_only=True):
    """What a bundle is: every file of it but this one, and where it comes from.

    ``checks`` are those of the replay in a cold, clean process; empty where the bundle was written without one.
    """

    format: int
    created: str
    files: Mapping[str, FileStamp]
    versions: Mapping[str, str]
    task: Task
    author: Author
    fitted_on: Literal["all", "train"]
    experiment: int
    validation: Score | None = None
    holdout: HoldoutReport | None = None
    checks: tuple[ReplayCheck, ...] = ()
