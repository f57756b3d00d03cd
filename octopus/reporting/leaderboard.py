"""The experiments of a run as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from octopus.effects import effect_of
from octopus.journal import Journal
from octopus.records import Experiment
from octopus.reporting.dialogue import standing


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
        errors cost, what was expected and what came, seconds, first diagnosis; author, tokens and cost where a language
        model took part. What counts no more has no score, and its verdict says so.
    """
    metrics = dict.fromkeys(name for e in journal.valid_experiments if e.score for name in e.score.others)
    has_costs = journal.task is not None and journal.task.costs is not None
    has_model = bool(journal.calls) or any(e.script.author != "playbook" for e in journal.experiments)
    rows = []
    for experiment in journal.experiments:
        row = _row(experiment, journal, tuple(metrics), has_costs)
        rows.append(row | (_authorship(experiment) if has_model else {}))
    board = pd.DataFrame(rows)
    if board.empty:
        return board
    return board.sort_values("score", ascending=False, kind="stable", na_position="last").reset_index(drop=True)


def _row(experiment: Experiment, journal: Journal, metrics: tuple[str, ...], has_costs: bool) -> dict[str, object]:
    stands = standing(experiment, journal)
    score = None if stands == "set aside" else experiment.score
    effect = effect_of(experiment, journal) if score is not None else None
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
        "verdict": effect.verdict if effect else stands if stands not in ("counts", "failed") else "",
        "wall_s": experiment.outcome.wall_s,
        "diagnosis": experiment.diagnoses[0].code if experiment.diagnoses else "",
    }


def _authorship(experiment: Experiment) -> dict[str, object]:
    usage = experiment.usage
    return {"author": experiment.script.author, "tokens": usage.tokens, "cost_usd": usage.cost_usd}


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
