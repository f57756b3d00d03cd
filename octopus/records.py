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
Action = Literal[
    "draft",  # another family
    "repair",  # a script that failed
    "improve",  # the best so far
    "try",  # the user gave the script
    "blend",  # the search is over: the best of it together
    "stop",
]
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


class Latency(Record, frozen=True, kw_only=True):
    """How long a fitted pipeline takes for a row alone, in milliseconds: over so many rows, asked one by one.

    The pipeline was in a warm process of the sandbox and the clock outside; what it takes to ask is taken off.
    """

    n_rows: int
    median_ms: float
    p95_ms: float


class LatencyLimit(Record, frozen=True, kw_only=True):
    """How long a prediction of one row may take, and what of many predictions is held to it."""

    ms: float
    of: Literal["median", "p95"] = "median"

    def measured_ms(self, latency: Latency) -> float:
        """Return what is held to the limit."""
        return latency.median_ms if self.of == "median" else latency.p95_ms

    def is_kept(self, latency: Latency | None) -> bool:
        """Return whether nothing was measured that is above it."""
        return latency is None or self.measured_ms(latency) <= self.ms


class GoalReading(Record, frozen=True, kw_only=True):
    """What a language model reads out of a goal, checked against the goal's words, the columns and the labels.

    Parameters
    ----------
    scoring : str or None
        A metric that exists and fits the task.
    costs : Costs or None
        What the two errors cost.
    unavailable : tuple of str
        Columns that are not known when predictions are made.
    understood : tuple of Understanding
        Each of these with the words that say so, constraints among them.
    refused : tuple of str
        What it read and the goal does not say, or that cannot be.
    """

    scoring: str | None = None
    costs: Costs | None = None
    unavailable: tuple[str, ...] = ()
    understood: tuple[Understanding, ...] = ()
    refused: tuple[str, ...] = ()


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
    latency: LatencyLimit | None = None
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
    """How candidates are compared; ``is_asked`` says that the user gave the number of splits."""

    kind: SplitKind
    n_splits: int
    n_repeats: int = 1
    column: str | None = None
    reason: str
    is_asked: bool = False


# --------------------------------------------------------------------------- what is tried


class Plan(Record, frozen=True, kw_only=True):
    """One idea before it is code."""

    family: str
    idea: str
    hypothesis: str
    expected: str
    parent: int | None = None


#: Who wrote a script: our own playbook; a language model, which is trusted with nothing; the user, who may have taken
#: it from a model, so likewise.
Author = Literal["playbook", "model", "user"]


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
    """What kind of step is next.

    Parameters
    ----------
    action : str
        The kind of step.
    reason : str
        Why, in words.
    parent : int or None
        Number of the experiment that is repaired or improved.
    code : str or None
        Of the diagnosis that is answered.
    apart : tuple of str
        Where a family is saturated: the others, those first whose errors differ most from the best's.
    """

    action: Action
    reason: str
    parent: int | None = None
    code: str | None = None
    apart: tuple[str, ...] = ()


class Usage(Record, frozen=True, kw_only=True):
    """What calls of a language model took.

    Parameters
    ----------
    requests : int
        Requests that were sent, repeated ones among them.
    input_tokens, cached_tokens, output_tokens : int
        Tokens of the prompts, how many of those a cache of the provider held, tokens of the replies.
    cost_usd : float
        By the price table; 0 where the model has no price.
    is_estimated : bool
        Whether the tokens are an estimate from above, because the endpoint did not count them.
    """

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    is_estimated: bool = False

    @property
    def tokens(self) -> int:
        """Tokens of prompts and replies."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            is_estimated=self.is_estimated or other.is_estimated,
        )


class Message(Record, frozen=True, kw_only=True):
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    text: str


#: What a language model is asked for: the goal in terms of the task, the next step, an edit that mends a script, or the
#: same again because the reply could not be read.
CallKind = Literal["goal", "step", "fix", "reask"]


class ModelCall(Record, frozen=True, kw_only=True):
    """One question to a language model and what came back.

    Parameters
    ----------
    kind : {"goal", "step", "fix", "reask"}
        What it was asked for.
    backend, model : str
        Who was asked, as the user named it, and the model that the endpoint says answered.
    messages : tuple of Message
        The prompt, as it was sent.
    reply : str
        The text that came; empty where none did.
    status : {"ok", "unusable", "refused", "truncated", "empty", "failed"}
        ``unusable``: it came whole and could not be read as a proposal; ``failed``: no reply at all.
    problem : str
        Why it is not ok, in words.
    usage : Usage
        Tokens and money, failed attempts among them.
    wall_s : float
        From the first attempt to the end of the last.
    """

    kind: CallKind
    backend: str
    model: str
    messages: tuple[Message, ...]
    reply: str
    status: Literal["ok", "unusable", "refused", "truncated", "empty", "failed"]
    problem: str = ""
    usage: Usage = Usage()
    wall_s: float = 0.0


class Retirement(Record, frozen=True, kw_only=True):
    """Why a language model takes no further part in a run; the playbook goes on alone."""

    reason: str


class Member(Record, frozen=True, kw_only=True):
    """One experiment in a blend, with its share of the weight."""

    number: int
    weight: float


class Experiment(Record, frozen=True, kw_only=True):
    """One attempt: complete when it is born.

    ``threshold`` is the probability of the positive class from which on acting costs least, by its out-of-fold
    predictions, where the task has costs. ``raced`` is the score of the folds that ran where the others were spared,
    for it could not catch the best any more; then there is no ``score``. ``members`` are those of a blend, the heaviest
    first: its score comes from their predictions out of fold, and its outcome is that of a run on a few rows.
    """

    number: int
    decision: Decision
    plan: Plan
    script: Script
    outcome: Outcome
    score: Score | None = None
    raced: Score | None = None
    threshold: float | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    usage: Usage = Usage()
    members: tuple[Member, ...] = ()

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


class FixProposal(Record, frozen=True, kw_only=True, tag="fix"):
    """Run the script of a failed experiment again, mended: the idea stays, so that the score tells of it.

    Parameters
    ----------
    parent : int
        Number of the failed experiment.
    script : Script
        The mended script.
    change : str
        What was mended, in a few words.
    """

    parent: int
    script: Script
    change: str


class AnalysisProposal(Record, frozen=True, kw_only=True, tag="analysis"):
    """Look at the training rows: a script that defines ``analyse(X, y)`` and prints; it earns no score."""

    question: str
    script: Script


class RevalidateProposal(Record, frozen=True, kw_only=True, tag="revalidate"):
    """Compare candidates by other folds; those that were scored before are scored again.

    Parameters
    ----------
    kind : {"random", "stratified", "group", "time"}
        How rows are split.
    column : str or None
        Column that names the group or holds the time.
    n_splits, n_repeats : int or None
        None for what the rows ask for.
    reason : str
        Why the folds so far mislead.
    """

    kind: Literal["random", "stratified", "group", "time"]
    column: str | None = None
    n_splits: int | None = None
    n_repeats: int | None = None
    reason: str


class QuarantineProposal(Record, frozen=True, kw_only=True, tag="quarantine"):
    """Leave columns unused that are not known when the model is asked, or hold the answer."""

    columns: tuple[str, ...]
    reason: str


class ReleaseProposal(Record, frozen=True, kw_only=True, tag="release"):
    """Use columns again that were left unused."""

    columns: tuple[str, ...]
    reason: str


class StopProposal(Record, frozen=True, kw_only=True, tag="stop"):
    """There is nothing left that is worth trying.

    Parameters
    ----------
    reason : str
        Why.
    is_judgement : bool
        Whether more could be tried, and the scientist thinks that it is not worth it: this may be overruled. Else
        nothing is left to try at all.
    """

    reason: str
    is_judgement: bool = False


ProposalKind = Literal["experiment", "fix", "analysis", "revalidate", "quarantine", "release", "stop"]
Proposal = (
    ExperimentProposal
    | FixProposal
    | AnalysisProposal
    | RevalidateProposal
    | QuarantineProposal
    | ReleaseProposal
    | StopProposal
)


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
    was right, of numbers the predicted against the true mean. ``coverage`` says which share of the rows lay inside the
    intervals of each level.
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
    coverage: dict[str, float] = {}

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


class ModelCalled(Event, frozen=True, kw_only=True, tag="model_called"):
    """A language model was asked."""

    call: ModelCall


class ModelRetired(Event, frozen=True, kw_only=True, tag="model_retired"):
    """The language model takes no further part; the playbook goes on alone."""

    retirement: Retirement


class ProposalRefused(Event, frozen=True, kw_only=True, tag="proposal_refused"):
    """What a scientist wanted and did not get, and why."""

    kind: ProposalKind
    what: str
    reason: str


class NotBlended(Event, frozen=True, kw_only=True, tag="not_blended"):
    """The search is over, and none of its models ships together with another; the reason says by how little it failed.

    Parameters
    ----------
    members : tuple of Member
        Those that were to be blended.
    reason : str
        What spoke against it.
    """

    members: tuple[Member, ...]
    reason: str


class Analysed(Event, frozen=True, kw_only=True, tag="analysis"):
    """A look at the training rows: what was asked, the script, what happened and the bounded text that it printed."""

    question: str
    script: Script
    outcome: Outcome
    output: str


class Quarantined(Event, frozen=True, kw_only=True, tag="quarantine"):
    """Columns are unused from here on; the experiments that read them count no more."""

    columns: tuple[str, ...]
    reason: str
    set_aside: tuple[int, ...] = ()


class Released(Event, frozen=True, kw_only=True, tag="release"):
    """Columns may be used from here on."""

    columns: tuple[str, ...]
    reason: str


class Rescored(Record, frozen=True, kw_only=True):
    """An experiment on other folds."""

    number: int
    outcome: Outcome
    score: Score | None = None
    threshold: float | None = None
    diagnoses: tuple[Diagnosis, ...] = ()


class Revalidated(Event, frozen=True, kw_only=True, tag="revalidation"):
    """Candidates are compared by other folds from here on; those of before that are not among them count no more."""

    validation: ValidationPlan
    reason: str
    rescored: tuple[Rescored, ...] = ()


class SearchStopped(Event, frozen=True, kw_only=True, tag="search_stopped"):
    """Why the search ended and which experiment won."""

    decision: Decision
    winner: int | None


class HoldoutOpened(Event, frozen=True, kw_only=True, tag="holdout_opened"):
    """The one look at the sealed rows."""

    report: HoldoutReport


class Fitted(Event, frozen=True, kw_only=True, tag="fitted"):
    """An experiment's pipeline, fitted on all rows that it may see and replayed; what is to ship is timed as well."""

    experiment: int
    model: ModelFile
    checks: tuple[ReplayCheck, ...]
    latency: Latency | None = None


class RunFinished(Event, frozen=True, kw_only=True, tag="run_finished"):
    """The last line: which fit ships, and why that one."""

    shipped: Literal["train", "all"]
    reason: str


AnyEvent = (
    RunStarted
    | Profiled
    | ModelCalled
    | ModelRetired
    | ProposalRefused
    | ExperimentFinished
    | Analysed
    | Quarantined
    | Released
    | Revalidated
    | NotBlended
    | SearchStopped
    | HoldoutOpened
    | Fitted
    | RunFinished
)
