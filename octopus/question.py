"""Checked input → the question of a run: the task with its rows and its metric."""

from __future__ import annotations

import platform
from importlib.metadata import version
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from octopus.errors import InvalidParameter
from octopus.goal.metric import read_metric
from octopus.intake import Intake, data_hash
from octopus.records import Task, Understanding
from octopus.scoring import DEFAULT_SCORING, Scorer, make_scoring
from octopus.search import Question

#: Packages whose versions the journal names.
_PACKAGES = ("octopus-estimator", "numpy", "pandas", "scikit-learn", "lightgbm")


def ask(intake: Intake, goal: str, scoring: str | Scorer | None, random_state: int) -> Question:
    """Build the question: the metric is the argument's, else the goal's, else the usual one of the task.

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

    Returns
    -------
    Question
        What :func:`octopus.search.search` takes.

    Raises
    ------
    InvalidParameter
        The metric is unknown or does not fit the task.
    """
    target = intake.target
    understood: tuple[Understanding, ...] = intake.understood
    chosen: str | Scorer = DEFAULT_SCORING[target.type]
    if scoring is not None:
        chosen = scoring
    elif (metric := read_metric(goal, target.type)) is not None:
        chosen, understood = metric.value, (metric, *understood)
    resolved = make_scoring(chosen, target.type, target.classes)
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
        random_state=random_state,
        understood=understood,
    )
    return Question(
        task=task,
        data=intake.data,
        given_holdout=intake.holdout,
        scoring=resolved,
        findings=intake.findings,
        data_sha256=data_hash(intake.data),
        versions={"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    )


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
