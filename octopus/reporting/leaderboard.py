"""The experiments of a run as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from octopus.effects import effect_of
from octopus.journal import Journal
from octopus.records import Experiment


def leaderboard(journal: Journal) -> pd.DataFrame:
    """Return the experiments, the best first and the failed ones last.

    Parameters
    ----------
    journal : Journal
        What was done.

    Returns
    -------
    DataFrame of shape (n_experiments, n_columns)
        Number, family, idea, score, standard error, secondary metrics by name, threshold where the goal says what
        errors cost, what was expected and what came, seconds, first diagnosis.
    """
    metrics = dict.fromkeys(name for e in journal.valid_experiments if e.score for name in e.score.others)
    has_costs = journal.task is not None and journal.task.costs is not None
    board = pd.DataFrame([_row(experiment, journal, tuple(metrics), has_costs) for experiment in journal.experiments])
    if board.empty:
        return board
    return board.sort_values("score", ascending=False, kind="stable", na_position="last").reset_index(drop=True)


def _row(experiment: Experiment, journal: Journal, metrics: tuple[str, ...], has_costs: bool) -> dict[str, object]:
    score, effect = experiment.score, effect_of(experiment, journal)
    others = {} if score is None else score.others
    threshold = {"threshold": _or_nan(experiment.threshold)} if has_costs else {}
    return {
        "experiment": experiment.number,
        "family": experiment.plan.family,
        "idea": experiment.plan.idea,
        "score": np.nan if score is None else score.mean,
        "standard_error": np.nan if score is None else _or_nan(score.standard_error),
        **{name: others.get(name, np.nan) for name in metrics},
        **threshold,
        "expected": experiment.plan.expected,
        "gain": np.nan if effect is None else effect.difference,
        "verdict": "" if effect is None else effect.verdict,
        "wall_s": experiment.outcome.wall_s,
        "diagnosis": experiment.diagnoses[0].code if experiment.diagnoses else "",
    }


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
