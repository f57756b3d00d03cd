"""Everything that may vary, on one screen. The contract suites in :mod:`octopus.testing` check each of these.

Plug-ins are registered by entry point (groups ``octopus.families``, ``octopus.scientists``, ``octopus.backends``,
``octopus.crash_rules``, ``octopus.symptom_rules``, ``octopus.sandboxes``, ``octopus.trackers``) and found by
:mod:`octopus.registry`; ours come in by the same door. Where a user passes an instance, it must survive
``sklearn.clone`` and pickle: locks and clients are opened at use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import pandas as pd

from octopus.dataset import Dataset, Float, Fold, Rows
from octopus.journal import Journal
from octopus.privacy import PrivacyLevel
from octopus.records import (
    Budget,
    CallKind,
    Decision,
    Diagnosis,
    GoalReading,
    Limits,
    Message,
    ModelCall,
    Outcome,
    Plan,
    Profile,
    Proposal,
    Record,
    Retirement,
    SandboxReport,
    Score,
    Script,
    Task,
    TaskType,
    Usage,
    ValidationPlan,
)
from octopus.scoring import Scoring

Encoding = Literal["one_hot", "native", "ordinal"]


class Tunable(Record, frozen=True, kw_only=True):
    """A number in the source of a recipe's model for which others may be tried.

    Parameters
    ----------
    name : str
        Of the argument, as the source has it: ``name=0.1``, or ``"name": 0.1`` in a dictionary.
    low, high : float
        Between which values make sense.
    is_log : bool
        Whether factors count, not differences.
    is_whole : bool
        Whether it is a whole number.
    """

    name: str
    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False


class Recipe(Record, frozen=True, kw_only=True):
    """A model as a family offers it to the playbook: words for the hypothesis, source for the script.

    Parameters
    ----------
    idea : str
        Short name, unique within the family: the playbook remembers by it what was tried.
    hypothesis, expected : str
        Why this should work here and what should come of it, in words.
    encoding : {"one_hot", "native", "ordinal"}
        The table that the model wants: scaled numbers and indicator columns without missing values; numbers with NaN
        and pandas categoricals; or numbers with NaN alone, a category as the codes of its levels.
    model : str
        Source of an expression that makes the unfitted estimator.
    imports : tuple of str
        Import statements that the expression needs.
    blocks : tuple of str
        Names of functions and classes of :mod:`octopus.blocks` that the expression uses.
    definitions : str
        Further module-level source that the expression needs.
    steps : tuple of str
        Sources of transformers from table to table that stand between the columns as they are read and the encoding.
    without : tuple of str
        Columns that are not read.
    whole_texts : bool
        Texts come as they are, for a step that reads them; else an encoding for trees counts their words.
    log_target : bool
        Fit log1p of the target and predict its inverse (regression).
    answers : tuple of str
        Codes of the diagnoses that this idea is a remedy for; empty for a first draft.
    n_fits : int
        How many times the model is fitted in it, each time on all rows but one part of so many. Above one it is tried
        where what one of them took says that there is time.
    tunable : tuple of Tunable
        Numbers of the model around which a local search may look.
    leads_in_a_hurry : bool
        Where time is short it is the family's first draft.
    """

    idea: str
    hypothesis: str
    expected: str
    encoding: Encoding
    model: str
    imports: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    definitions: str = ""
    steps: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    whole_texts: bool = False
    log_target: bool = False
    answers: tuple[str, ...] = ()
    n_fits: int = 1
    tunable: tuple[Tunable, ...] = ()
    leads_in_a_hurry: bool = False


@runtime_checkable
class Family(Protocol):
    """A kind of model."""

    @property
    def name(self) -> str:
        """Name by which users and plans refer to it."""

    @property
    def imports(self) -> tuple[str, ...]:
        """Modules that its scripts import; the zygote loads them once, before any script."""

    def reason_against(self, task: Task, profile: Profile) -> str | None:
        """Return why it cannot or should not take part; None if it applies."""

    def recipes(self, task: Task, profile: Profile) -> Sequence[Recipe]:
        """Return what the playbook may try: the first draft, then variations with the codes they answer."""


@runtime_checkable
class NeedsFiles(Protocol):
    """What a family has beside the rest if its scripts read more than packages: weights of a model, say."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Files and directories that its scripts read; nothing of the user's may be in them."""

    @property
    def devices(self) -> tuple[str, ...]:
        """Device files that its scripts open, such as ``/dev/nvidia0``."""


@runtime_checkable
class HasBrief(Protocol):
    """What a family has beside the rest if a language model may write scripts for it."""

    def brief(self, task: Task, profile: Profile) -> str:
        """Return what a model has to know, at most 120 tokens: name, import, installed signature, usual mistakes.

        The same for the same task, profile and installation.
        """


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One question to a language model.

    Parameters
    ----------
    kind : {"goal", "step", "fix", "reask"}
        What it is asked for.
    messages : tuple of Message
        The prompt; where the endpoint knows no system role, a backend puts that text before the first user message.
    max_tokens : int
        Most tokens of the reply.
    deadline_s : float
        Seconds for all attempts together.
    """

    kind: CallKind
    messages: tuple[Message, ...]
    max_tokens: int
    deadline_s: float


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """What a language model answered.

    Parameters
    ----------
    text : str
        The reply.
    finish : {"stop", "length", "refused"}
        Whether it came to its end, was cut off, or says that the model will not.
    model : str
        The model that the endpoint says answered.
    usage : Usage
        Of all attempts, with their cost; estimated from above where the endpoint does not count.
    """

    text: str
    finish: Literal["stop", "length", "refused"]
    model: str
    usage: Usage


@runtime_checkable
class Backend(Protocol):
    """A provider of a language model. Registered in ``octopus.backends``; called with what follows the colon of a name.

    An instance must survive ``sklearn.clone`` and pickle, and holds no key: that is read from the environment at use.
    """

    @property
    def name(self) -> str:
        """Name as the user gives it, such as ``openai:gpt-5``; no key and no address with a password is in it."""

    def complete(self, request: ChatRequest) -> ChatReply:
        """Ask, with retries within the deadline; may be called from several threads.

        At most two attempts may be such that a provider charges for them: caps on tokens count on that.

        Raises BackendError (:mod:`octopus.errors`) where no reply can be had; ``error.usage`` is what it took.
        """

    def cost_usd(self, usage: Usage) -> float | None:
        """Return what these tokens cost; None where the model has no known price."""

    def close(self) -> None:
        """End every request under way; a later ``complete`` opens anew."""


@runtime_checkable
class Scientist(Protocol):
    """Who decides what to try."""

    @property
    def name(self) -> str:
        """Name for the journal and the console."""

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> Proposal:
        """Return what to do for a decision to draft, repair or improve.

        A proposal that was refused is the journal's last event but for calls of a model: propose something else.
        """


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """What a scientist with a language model is told once, before the first proposal.

    Parameters
    ----------
    budget : Budget
        Limits of the run, tokens and money among them.
    versions : mapping of str to str
        Installed packages that scripts may import, and their versions.
    privacy : {"summary", "schema", "samples"}
        What of the data may leave this process.
    descriptions : mapping of str to str
        The user's words on columns.
    samples : tuple of mapping of str to str
        Rows that may leave; none but at level "samples".
    hide : callable
        From a text that may hold cells of the table (an exception's message, what a script printed) and the source of
        the script that it came from to the text that may leave this process.
    """

    budget: Budget
    versions: Mapping[str, str]
    privacy: PrivacyLevel
    descriptions: Mapping[str, str]
    samples: tuple[Mapping[str, str], ...]
    hide: Callable[[str, str], str]


@dataclass(frozen=True, kw_only=True)
class GoalQuestion:
    """What a language model is told to read a goal.

    Parameters
    ----------
    goal : str
        The user's words.
    columns : tuple of tuple of str and str
        Names and types of the columns beside the target.
    task_type : {"binary", "multiclass", "regression"}
        What kind of problem it is.
    target : str
        What is predicted.
    classes : tuple of str
        Labels of the target; empty for regression.
    privacy : {"summary", "schema", "samples"}
        What of the data may leave this process.
    descriptions : mapping of str to str
        The user's words on columns.
    budget : Budget
        Limits of the run.
    rare : frozenset of str
        Labels that only a few rows have: like all that few rows hold they stay in this process.
    """

    goal: str
    columns: tuple[tuple[str, str], ...]
    task_type: TaskType
    target: str
    classes: tuple[str, ...]
    privacy: PrivacyLevel
    descriptions: Mapping[str, str]
    budget: Budget
    rare: frozenset[str] = frozenset()


@runtime_checkable
class ReadsGoal(Protocol):
    """What a scientist has beside the rest if it can read a goal in plain words."""

    def read_goal(self, question: GoalQuestion) -> GoalReading | None:
        """Return what the goal says, each point with the words that say it; None where nothing came of asking."""


@runtime_checkable
class AsksModel(Protocol):
    """What a scientist has beside the rest if it asks a language model."""

    def begin(self, briefing: Briefing) -> None:
        """Be told what holds for this run."""

    def think_ahead(self, running: Plan, task: Task, profile: Profile, journal: Journal) -> None:
        """Begin to think about what comes after the experiment that starts now, and return at once."""

    def drain(self) -> tuple[ModelCall | Retirement, ...]:
        """Return the calls that have ended since the last time, in the order of their beginning, for the journal."""

    def close(self) -> None:
        """End every call under way: the search is over."""


@runtime_checkable
class Rehearses(Protocol):
    """What a scientist has beside the rest if it can say beforehand what it would ask."""

    @property
    def name(self) -> str:
        """Who would be asked."""

    def begin(self, briefing: Briefing) -> None:
        """Be told what would hold for the run."""

    def first_requests(
        self, question: GoalQuestion, task: Task, profile: Profile, journal: Journal
    ) -> tuple[ChatRequest, ...]:
        """Return the first questions of each kind, the one for a step last."""

    def cost_usd(self, usage: Usage) -> float | None:
        """Return what these tokens would cost; None where the model has no known price."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a symptom rule may look at; it never leaves the parent process.

    Parameters
    ----------
    task, profile, validation : Task, Profile, ValidationPlan
        What is asked, what is known of the training rows, how candidates are compared.
    journal : Journal
        What was done before this experiment.
    plan : Plan
        The idea that was run.
    rows : Dataset
        The training rows with their labels.
    folds : tuple of Fold
        Which rows fitted and which were scored, in the order of ``score.folds`` unless the metric was undefined on one.
    scoring : Scoring
        The metric.
    score : Score
        Of this experiment.
    predictions : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Out of fold, NaN where a row was never scored.
    constant_score : float or None
        Score of the best constant prediction on these rows.
    """

    task: Task
    profile: Profile
    validation: ValidationPlan
    journal: Journal
    plan: Plan
    rows: Dataset
    folds: tuple[Fold, ...]
    scoring: Scoring
    score: Score
    predictions: Float
    constant_score: float | None


class CrashRule(Protocol):
    """Names the cause of a failure."""

    @property
    def code(self) -> str:
        """Code of the diagnosis, such as ``OCT203``."""

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if this rule explains the outcome."""


class SymptomRule(Protocol):
    """Names what is wrong with an experiment that ran."""

    @property
    def code(self) -> str:
        """Code of the diagnosis, such as ``OCT612``."""

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if the symptom is there."""


JobKind = Literal["fold", "fit", "replay", "analysis"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of work for one child.

    * ``fold``: import the script, fit on ``train_rows``, predict ``predict_rows``.
    * ``fit``: the same, and hand back the fitted pipeline as bytes.
    * ``replay``: no script and no training data; load ``model``, predict ``predict_rows``.
    * ``analysis``: import the script, call its ``analyse(X, y)`` with ``train_rows``; what it prints is all that comes.

    Parameters
    ----------
    kind : {"fold", "fit", "replay", "analysis"}
        What to do.
    features : Path
        Table written by :func:`octopus.frame.write_table`, never with a target in it. The child reads it only.
    source : str or None
        The script; None for a replay.
    model : bytes or None
        Fitted pipeline for a replay.
    train_rows : ndarray of int64 or None
        Positions in the table to fit on.
    y : ndarray of shape (len(train_rows),) or None
        Labels of exactly those rows.
    sample_weight, groups, time : ndarray of shape (len(train_rows),) or None
        What ``fit`` may also be told of those rows.
    predict_rows : ndarray of int64
        Positions in the table to predict.
    seen_rows : ndarray of int64 or None
        Positions among ``train_rows`` to predict as well, so that the parent can compare what was learned by heart with
        what holds; they are never part of a validation score.
    n_classes : int
        Number of classes, 0 for regression: fixes the shape of the predictions.
    random_state : int
        Set on every step of the pipeline that has such a parameter.
    limits : Limits
        What the child may use.
    """

    kind: JobKind
    features: Path
    predict_rows: Rows
    n_classes: int
    random_state: int
    limits: Limits
    source: str | None = None
    model: bytes | None = None
    train_rows: Rows | None = None
    y: Float | None = None
    sample_weight: Float | None = None
    groups: Rows | None = None
    time: Rows | None = None
    seen_rows: Rows | None = None


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What came of a job.

    Parameters
    ----------
    outcome : Outcome
        What happened.
    predictions : ndarray of shape (n, n_classes) or (n,), float64, or None
        Checked for shape, type and range; None unless the outcome is ok.
    seen : ndarray of shape (n_seen, n_classes) or (n_seen,), float64, or None
        Predictions of ``seen_rows``, checked likewise.
    model : bytes or None
        The fitted pipeline, opaque, for a ``fit`` that went well.
    """

    outcome: Outcome
    predictions: Float | None = None
    seen: Float | None = None
    model: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Program:
    """A Python program that runs in a confined process of its own, started anew.

    Parameters
    ----------
    arguments : tuple of str
        Of the interpreter: options, the program, its arguments.
    folder : Path
        Its working directory, with all that it reads beside the installed packages; it may write there. It lies in a
        directory that holds nothing else, and is deleted afterwards.
    result : str
        Name of the file in that directory that it leaves.
    max_bytes : int
        The largest that this may be.
    environment : mapping of str to str
        All its variables.
    limits : Limits
        What it may use.
    """

    arguments: tuple[str, ...]
    folder: Path
    result: str
    max_bytes: int
    environment: Mapping[str, str]
    limits: Limits


@dataclass(frozen=True, kw_only=True)
class ProgramResult:
    """What came of a program: what it left, which nobody has looked at yet; or why there is nothing."""

    outcome: Outcome
    result: bytes | None = None


class Worker(Protocol):
    """Predicts in a process of the sandbox, where a pipeline may not be loaded into the user's own."""

    def predict(self, table: pd.DataFrame) -> Float:
        """Return probabilities, shape (n, n_classes), or values, shape (n,), of rows in canonical shape."""

    def close(self) -> None:
        """End its process; a later ``predict`` starts one anew."""


@runtime_checkable
class Sandbox(Protocol):
    """Where scripts run. What a script does is an outcome, never an exception of ``run``."""

    @property
    def level(self) -> str:
        """What it promises: ``strict``, ``standard`` or ``process``, or the name of a level of one's own."""

    def report(self) -> SandboxReport:
        """Return what it is made of here and now, and what was tried to see whether it holds."""

    def run(self, job: Job) -> JobResult:
        """Run one job in a child of its own and collect the result; may be called from several threads."""

    def open_worker(self, model: bytes, *, n_classes: int, limits: Limits) -> Worker:
        """Return what predicts with a fitted pipeline in a child; ``limits.wall_s`` bounds one request."""

    def run_program(self, program: Program) -> ProgramResult:
        """Run a program in a child of its own; what it does is an outcome, never an exception."""

    def close(self) -> None:
        """End every process it keeps, running jobs included; may be called twice, and a later ``run`` starts anew."""


class SandboxFactory(Protocol):
    """Registered in ``octopus.sandboxes`` under the level's name."""

    def __call__(
        self,
        *,
        imports: Sequence[str],
        environment: Mapping[str, str],
        paths: Sequence[str] = (),
        devices: Sequence[str] = (),
    ) -> Sandbox:
        """Open a sandbox whose children start with these modules imported and these variables set.

        They may also read these paths, which hold no data of the user's, and open these device files.
        Raises SandboxUnavailable where the level cannot be had, with the way to get it.
        """


@runtime_checkable
class Tracker(Protocol):
    """Shows runs elsewhere, in a process of its own that follows the journal: nothing here may wait or raise."""

    def start(self, run_dir: Path) -> str | None:
        """Begin to follow a run; return a warning where that cannot be."""

    def finish(self, run_dir: Path) -> str | None:
        """Say that a fit is over; return a warning where something is left to send and it is known why."""
