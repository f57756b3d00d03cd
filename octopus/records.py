"""The records that pass through the loop: frozen, complete when born, JSON in and out.

Units stand in the names: ``_s`` seconds, ``_bytes`` bytes, ``_usd`` US dollars. No field holds NaN or
infinity (JSON has neither); what is unknown is ``None``. Arrays and frames are never in a record: they
travel in :class:`octopus.dataset.Dataset`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec

TaskType = Literal["binary", "multiclass", "regression"]
ColumnKind = Literal[
    "numeric", "boolean", "categorical", "datetime", "text", "number_as_text", "identifier", "constant", "empty"
]
SplitKind = Literal["random", "stratified", "group", "time", "custom"]
Stage = Literal["check", "start", "load", "build", "fit", "predict", "save", "done"]
Status = Literal[
    "ok",  # predictions of the right shape were collected
    "error",  # the script raised
    "rejected",  # the check without running refused it (syntax, entry point, policy)
    "timeout",  # wall-clock limit
    "memory",  # resident memory of the process tree
    "processes",  # too many processes
    "disk",  # too much written
    "output",  # too much printed
    "killed",  # died of a signal that the supervisor did not send
    "no_result",  # ended without predictions
    "bad_result",  # predictions of the wrong shape, type or range
    "tampered",  # the read-only data changed
    "not_run",  # the sandbox could not start it
]
Action = Literal["draft", "repair", "improve", "stop"]
Confidence = Literal[
    "certain",  # counted: it is so in these rows
    "strong",  # more than one kind of evidence, or one that leaves no room
    "weak",  # worth a look: noted, never acted upon alone
]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every record; each declares ``frozen`` and ``kw_only``, which msgspec does not pass on."""


# --------------------------------------------------------------------------- what is asked


class Understanding(Record, frozen=True, kw_only=True):
    """One thing read out of the goal, with the words that said so."""

    what: str
    value: str
    words: str


class Costs(Record, frozen=True, kw_only=True):
    """What the two errors of a binary decision cost, in any unit: only their ratio counts."""

    positive: str
    false_negative: float
    false_positive: float


class Task(Record, frozen=True, kw_only=True):
    """What is asked: the problem, not the data."""

    goal: str
    type: TaskType
    type_reason: str
    target: str
    scoring: str
    classes: tuple[str, ...] = ()
    features: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    weighted: bool = False
    costs: Costs | None = None
    random_state: int
    understood: tuple[Understanding, ...] = ()

    @property
    def is_classification(self) -> bool:
        """Whether the target is a class."""
        return self.type != "regression"

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.classes)


# --------------------------------------------------------------------------- what the data are


class Level(Record, frozen=True, kw_only=True):
    """A value of a column and how many rows hold it."""

    value: str
    count: int


class NumericSummary(Record, frozen=True, kw_only=True):
    """Location and shape of a numeric column, missing values left out."""

    mean: float
    std: float
    minimum: float
    median: float
    maximum: float
    skew: float | None = None


class ColumnProfile(Record, frozen=True, kw_only=True):
    """One column of the training rows.

    ``missing_codes`` are numbers that stand for a missing value and are read as one; ``respelled`` says that labels
    which differ in case and blanks alone are read as one; ``signal`` is what the column tells of the target by itself
    on rows held out, from 0 (nothing) to 1 (everything): 2 AUC - 1, or R².
    """

    name: str
    kind: ColumnKind
    dtype: str
    missing_fraction: float
    n_unique: int
    used: bool
    signal: float | None = None
    missing_codes: tuple[float, ...] = ()
    respelled: bool = False
    numeric: NumericSummary | None = None
    levels: tuple[Level, ...] = ()
    earliest: str | None = None
    latest: str | None = None


class Finding(Record, frozen=True, kw_only=True):
    """Something noticed in the data, what was done about it and how to overrule that."""

    code: str
    columns: tuple[str, ...] = ()
    message: str
    evidence: str
    confidence: Confidence
    action: str
    overrule: str = ""


class TargetProfile(Record, frozen=True, kw_only=True):
    """The target over the training rows."""

    n_missing: int
    levels: tuple[Level, ...] = ()
    numeric: NumericSummary | None = None


class FamilyVerdict(Record, frozen=True, kw_only=True):
    """Whether a family takes part, and if not, why."""

    family: str
    applies: bool
    reason: str


class Profile(Record, frozen=True, kw_only=True):
    """What the loop knows of the training rows; the sealed rows are not in it."""

    n_rows: int
    n_columns: int
    n_sealed: int
    sealed_reason: str
    memory_bytes: int
    columns: tuple[ColumnProfile, ...]
    target: TargetProfile
    findings: tuple[Finding, ...] = ()
    n_groups: int | None = None
    families: tuple[FamilyVerdict, ...] = ()


class ValidationPlan(Record, frozen=True, kw_only=True):
    """How candidates are compared."""

    kind: SplitKind
    n_splits: int
    n_repeats: int = 1
    column: str | None = None
    reason: str


# --------------------------------------------------------------------------- what is tried


class Plan(Record, frozen=True, kw_only=True):
    """One idea before it is code."""

    family: str
    idea: str
    hypothesis: str
    expected: str
    parent: int | None = None


#: Who wrote a script: our own playbook, or a language model, which is trusted with nothing.
Author = Literal["playbook", "model"]


class Script(Record, frozen=True, kw_only=True):
    """The code of an experiment."""

    source: str
    author: Author

    @property
    def sha256(self) -> str:
        """Hash of the source."""
        return hashlib.sha256(self.source.encode()).hexdigest()


class Limits(Record, frozen=True, kw_only=True):
    """What one child may use."""

    wall_s: float
    memory_bytes: int
    disk_bytes: int = 2 << 30
    n_processes: int = 256
    n_threads: int = 1
    output_bytes: int = 64 << 20


class Canary(Record, frozen=True, kw_only=True):
    """One thing that a script must not be able to do, tried by a script of ours."""

    name: str
    held: bool
    detail: str = ""


class MissingLayer(Record, frozen=True, kw_only=True):
    """A part of a sandbox that cannot be had here, why, and the way to get it."""

    layer: str
    why: str
    remedy: str


class SandboxReport(Record, frozen=True, kw_only=True):
    """What scripts were confined by.

    Parameters
    ----------
    level : str
        What it promises; ``SECURITY.md`` says what that is.
    by : str
        How: the mechanism that makes the walls.
    platform : str
        Operating system and kernel.
    layers : tuple of str
        What a child said that it had around it.
    canaries : tuple of Canary
        What was tried.
    missing : tuple of MissingLayer
        What better levels would need.
    """

    level: str
    by: str
    platform: str
    layers: tuple[str, ...] = ()
    canaries: tuple[Canary, ...] = ()
    missing: tuple[MissingLayer, ...] = ()


# --------------------------------------------------------------------------- what happened


class Frame(Record, frozen=True, kw_only=True):
    """One line of a traceback inside the script."""

    line: int
    function: str
    code: str


class Failure(Record, frozen=True, kw_only=True):
    """The exception that ended a script, root cause first where exceptions are chained."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    wrapped_in: str | None = None


class Outcome(Record, frozen=True, kw_only=True):
    """What happened when a script ran.

    For an experiment ``wall_s`` is what a clock on the wall shows from its first child to its last,
    ``cpu_s`` the sum and ``max_rss_bytes`` the maximum over its children.
    """

    status: Status
    stage: Stage
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    n_leftover_processes: int = 0
    failure: Failure | None = None
    stdout_tail: str = ""
    stderr_tail: str = ""


class Score(Record, frozen=True, kw_only=True):
    """Validation score; greater is better, as scikit-learn's scorers have it.

    ``train`` is the score of the first fold on rows that it was fitted on; ``others`` are secondary metrics by name,
    means over the folds.
    """

    scoring: str
    mean: float
    standard_error: float | None
    folds: tuple[float, ...]
    train: float | None = None
    others: dict[str, float] = {}


class Diagnosis(Record, frozen=True, kw_only=True):
    """Why it happened and what to do, from a rule."""

    code: str
    title: str
    kind: Literal["crash", "symptom"]
    cause: str
    evidence: str
    remedy: str
    repairable: bool = False
    fingerprint: str = ""


class Decision(Record, frozen=True, kw_only=True):
    """What kind of step is next."""

    action: Action
    reason: str
    parent: int | None = None
    code: str | None = None


class Usage(Record, frozen=True, kw_only=True):
    """Language model calls of one experiment."""

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class Experiment(Record, frozen=True, kw_only=True):
    """One attempt: complete when it is born.

    ``threshold`` is the probability of the positive class from which on acting costs least, by its out-of-fold
    predictions, where the task has costs.
    """

    number: int
    decision: Decision
    plan: Plan
    script: Script
    outcome: Outcome
    score: Score | None = None
    threshold: float | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    usage: Usage = Usage()

    @property
    def is_valid(self) -> bool:
        """Whether it produced predictions that could be scored."""
        return self.outcome.status == "ok" and self.score is not None


class Budget(Record, frozen=True, kw_only=True):
    """Limits of a run; ``None`` means no limit."""

    max_experiments: int | None = None
    time_limit_s: float | None = None
    max_tokens: int | None = None
    max_cost_usd: float | None = None


# --------------------------------------------------------------------------- what the scientist proposes


class ExperimentProposal(Record, frozen=True, kw_only=True, tag="experiment"):
    """Run this script."""

    plan: Plan
    script: Script


class StopProposal(Record, frozen=True, kw_only=True, tag="stop"):
    """There is nothing left that is worth trying."""

    reason: str


Proposal = ExperimentProposal | StopProposal


# --------------------------------------------------------------------------- what is proved


class Baseline(Record, frozen=True, kw_only=True):
    """What the winner has to beat on the same rows."""

    name: str
    score: float
    difference_low: float
    difference_high: float


class CurvePoint(Record, frozen=True, kw_only=True):
    """Rows of one bin: what was predicted for them on average, what came, and how many they are."""

    predicted: float
    observed: float
    n_rows: int


class HoldoutReport(Record, frozen=True, kw_only=True):
    """The sealed rows, opened once.

    ``curve`` tells how predictions fit what came, bin by bin of the predictions from low to high: of two classes the
    probability of the second against its share, of more the probability of the chosen class against the share that it
    was right, of numbers the predicted against the true mean.
    """

    scoring: str
    n_rows: int
    n_groups: int | None = None
    score: float
    ci_low: float
    ci_high: float
    validation_score: float
    n_experiments: int
    winner: int
    baselines: tuple[Baseline, ...] = ()
    beats_baseline: Literal["yes", "no", "undecided"]
    curve: tuple[CurvePoint, ...] = ()

    @property
    def gap(self) -> float:
        """Validation score minus holdout score: positive where validation flattered the winner."""
        return self.validation_score - self.score


class ModelFile(Record, frozen=True, kw_only=True):
    """A fitted pipeline on disk."""

    path: str
    sha256: str
    size_bytes: int
    fitted_on: Literal["train", "all"]


class ReplayCheck(Record, frozen=True, kw_only=True):
    """One check of a replay in a clean process."""

    name: str
    passed: bool
    detail: str = ""


# --------------------------------------------------------------------------- the journal's events


class Event(Record, frozen=True, kw_only=True, tag_field="event"):
    """One line of the journal."""

    at: str
    elapsed_s: float


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """The first line: what was asked and under which limits."""

    format: int
    run: str
    task: Task
    budget: Budget
    scientist: str
    sandbox: SandboxReport
    data_sha256: str
    versions: Mapping[str, str]
    n_jobs: int


class Profiled(Event, frozen=True, kw_only=True, tag="profiled"):
    """What was found in the data and how candidates will be compared."""

    profile: Profile
    validation: ValidationPlan


class ExperimentFinished(Event, frozen=True, kw_only=True, tag="experiment"):
    """One attempt, finished."""

    experiment: Experiment


class SearchStopped(Event, frozen=True, kw_only=True, tag="search_stopped"):
    """Why the search ended and which experiment won."""

    decision: Decision
    winner: int | None


class HoldoutOpened(Event, frozen=True, kw_only=True, tag="holdout_opened"):
    """The one look at the sealed rows."""

    report: HoldoutReport


class Fitted(Event, frozen=True, kw_only=True, tag="fitted"):
    """An experiment's pipeline, fitted on all rows that it may see and replayed in a clean process."""

    experiment: int
    model: ModelFile
    checks: tuple[ReplayCheck, ...]


class RunFinished(Event, frozen=True, kw_only=True, tag="run_finished"):
    """The last line: which fit ships, and why that one."""

    shipped: Literal["train", "all"]
    reason: str


AnyEvent = RunStarted | Profiled | ExperimentFinished | SearchStopped | HoldoutOpened | Fitted | RunFinished
