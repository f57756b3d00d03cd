"""Checked input → the question of a run: the task with its rows, its metric, its costs and the words that said so."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from octopus.errors import InvalidParameter
from octopus.goal.costs import place_costs, read_costs
from octopus.goal.forbidden import refuse_unknown
from octopus.goal.latency import read_latency
from octopus.goal.metric import read_metric
from octopus.goal.plans import read_capacity, read_horizon
from octopus.goal.target import read_target_words
from octopus.goal.unclear import read_unclear
from octopus.intake.rows import Intake, data_hash
from octopus.journal import Journal
from octopus.options import Options
from octopus.privacy import MIN_ROWS
from octopus.privacy.patterns import PERSONAL
from octopus.protocols import GoalQuestion, ReadsGoal, Scientist
from octopus.records import Costs, GoalReading, Task, TaskType, Understanding
from octopus.scoring import DEFAULT_SCORING, Scorer, make_scoring
from octopus.search import Question

#: Packages whose versions the journal names, where they are installed.
_PACKAGES = (
    "octopus-estimator", "numpy", "scipy", "pandas", "scikit-learn", "lightgbm", "catboost", "xgboost", "xgboost-cpu",
    "tabpfn",
)  # fmt: skip


def ask(
    intake: Intake,
    goal: str,
    scoring: str | Scorer | None,
    random_state: int,
    reading: GoalReading | None = None,
) -> Question:
    """Build the question out of the arguments and the goal's words.

    The metric is the argument's, else the one that the goal names, else the one that a language model reads out of it,
    else the one that its plans ask for (who can see to 200 cases wants the best 200 first), else the usual one of the
    task. Costs set a threshold and no metric.

    Parameters
    ----------
    intake : Intake
        The rows of ``fit``, checked.
    goal : str
        What the model is for, in plain words.
    scoring : str, callable or None
        The user's metric.
    random_state : int
        Seed of the run.
    reading : GoalReading or None
        What a language model read out of the goal, where one was asked: it adds to what the words say plainly.

    Returns
    -------
    Question
        What :func:`octopus.search.search` takes.

    Raises
    ------
    InvalidParameter
        The metric is unknown or does not fit the task, or the goal forbids a column that does not exist.
    """
    target = intake.target
    refuse_unknown(goal, (*intake.names, intake.target_name))
    capacity = read_capacity(goal)
    metric = None if scoring is not None else _metric(goal, target.type, intake, capacity, reading)
    chosen = metric.value if metric else DEFAULT_SCORING[target.type] if scoring is None else scoring
    resolved = make_scoring(chosen, target.type, target.classes)
    costs, costs_understood = _costs(goal, intake)
    if costs is None and reading is not None and target.type == "binary":
        costs, costs_understood = reading.costs, _read(reading, "costs")
    latency, latency_understood = read_latency(goal, (intake.target_name, *intake.names)) or (None, None)
    more = () if reading is None else tuple(one for one in reading.understood if one.what not in ("scoring", "costs"))
    said = (_target(goal, intake), metric, costs_understood, capacity, read_horizon(goal), latency_understood, *more)
    understood = tuple(one for one in said if one is not None)
    unclear = read_unclear(
        goal, target.type, intake.names, intake.target_name, understood, metric_is_given=scoring is not None
    )
    task = Task(
        goal=goal,
        type=target.type,
        type_reason=target.reason,
        target=intake.target_name,
        scoring=resolved.name,
        classes=() if target.classes is None else tuple(str(label) for label in target.classes),
        features=intake.schema.names,
        ignored=intake.ignored,
        weighted=intake.data.sample_weight is not None,
        costs=costs,
        latency=latency,
        random_state=random_state,
        understood=(*understood, *intake.understood, *unclear),
    )
    return Question(
        task=task,
        data=intake.data,
        given_holdout=intake.holdout,
        scoring=resolved,
        findings=intake.findings,
        data_sha256=data_hash(intake.data),
        versions={"python": platform.python_version(), **_installed()},
    )


def _installed() -> dict[str, str]:
    """Return versions by the name under which a package is imported, or nearly so."""
    found = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name.removesuffix("-cpu")] = version(name)
    return found


def goal_question(intake: Intake, goal: str, options: Options) -> GoalQuestion:
    """Return what a language model is told to read a goal.

    Parameters
    ----------
    intake : Intake
        The rows of ``fit``, checked.
    goal : str
        What the model is for, in plain words.
    options : Options
        What may leave this process, and what may be spent.

    Returns
    -------
    GoalQuestion
        Names, types and, where they may leave, labels.
    """
    table, target = intake.data.table, intake.target
    labels = () if target.classes is None else tuple(str(label) for label in target.classes)
    return GoalQuestion(
        goal=goal,
        columns=tuple((str(name), str(table[name].dtype)) for name in table.columns),
        task_type=target.type,
        target=intake.target_name,
        classes=labels,
        privacy=options.privacy,
        descriptions=options.descriptions,
        budget=options.budget,
        rare=frozenset(
            label
            for i, label in enumerate(labels)
            if (target.y == i).sum() < MIN_ROWS or PERSONAL.search(label) is not None
        ),
    )


def have_read(scientist: Scientist, question: GoalQuestion, before: Journal | None) -> GoalReading | None:
    """Have the goal read by a scientist who can.

    Parameters
    ----------
    scientist : Scientist
        Who leads.
    question : GoalQuestion
        The goal, and what it may speak of.
    before : Journal or None
        The run that is carried on.

    Returns
    -------
    GoalReading or None
        None where there is no goal, where nobody reads it, or where nothing came of it.
    """
    if before is not None and before.started is not None:
        return _as_before(before.started.task)
    if not question.goal.strip() or not isinstance(scientist, ReadsGoal):
        return None
    return scientist.read_goal(question)


def _as_before(task: Task) -> GoalReading:
    """Return what was read out of the goal of a run that is carried on: its model is not asked again."""
    read = tuple(one for one in task.understood if one.what in ("scoring", "costs", "not known", "constraint"))
    scoring = next((one.value for one in read if one.what == "scoring"), None)
    return GoalReading(scoring=scoring, costs=task.costs, understood=read)


def read_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return the seed of the run: the user's own number, or one that is drawn.

    Parameters
    ----------
    random_state : int, RandomState or None
        As scikit-learn takes it.

    Returns
    -------
    int
        From 0 to 2**32 - 1.

    Raises
    ------
    InvalidParameter
        It is none of these.
    """
    if isinstance(random_state, Integral) and not isinstance(random_state, bool) and 0 <= random_state < 2**32:
        return int(random_state)
    if random_state is not None and not isinstance(random_state, np.random.RandomState):
        raise InvalidParameter(
            "random_state", random_state, "it seeds nothing", "Use a whole number from 0 to 4294967295, or None."
        )
    return int(check_random_state(random_state).randint(2**31 - 1))


def _target(goal: str, intake: Intake) -> Understanding | None:
    """Return the words that name the target, where they name this one."""
    understood = read_target_words(goal, (*intake.names, intake.target_name)).understood
    return understood if understood is not None and understood.value == intake.target_name else None


def _read(reading: GoalReading, what: str) -> Understanding | None:
    return next((one for one in reading.understood if one.what == what), None)


def _metric(
    goal: str, task_type: TaskType, intake: Intake, capacity: Understanding | None, reading: GoalReading | None
) -> Understanding | None:
    """Return the metric that the goal names, or means, or that its plans ask for."""
    named = read_metric(goal, task_type, (intake.target_name, *intake.names))
    if named is None and reading is not None and reading.scoring is not None:
        return _read(reading, "scoring")
    if named is not None or capacity is None or task_type == "regression":
        return named
    ranking = "roc_auc" if task_type == "binary" else "roc_auc_ovr"
    return Understanding(what="scoring", value=ranking, words=capacity.words)


def _costs(goal: str, intake: Intake) -> tuple[Costs | None, Understanding | None]:
    """Return what the two errors of a yes-or-no decision cost, where the goal says so."""
    said = read_costs(goal, (intake.target_name, *intake.names))
    if said is None or intake.target.type != "binary" or intake.target.classes is None:
        return None, None
    counts = np.bincount(intake.data.y.astype(np.int64), minlength=2)
    return place_costs(said, [str(label) for label in intake.target.classes], counts.tolist())
