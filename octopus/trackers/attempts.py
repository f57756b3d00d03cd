"""An experiment → the entry of its nested run: idea, score by fold, what it cost, script, and how it crashed."""

from __future__ import annotations

from octopus.records import Experiment
from octopus.trackers.calls import usage_points
from octopus.trackers.entries import (
    NAME_LENGTH,
    Entry,
    Point,
    clip,
    make_curve,
    make_params,
    make_points,
    make_tags,
    storable,
)
from octopus.trackers.notes import note_of_experiment
from octopus.trackers.tags import EXPERIMENT_TAG, NOTE_TAG
from octopus.trackers.times import as_json, milliseconds

#: Folds beyond this many are left to the journal: nobody reads a curve of leave-one-out, and it would fill the store.
_MAX_FOLDS = 200


def entry_of_experiment(experiment: Experiment, end_ms: int) -> Entry:
    """Return what an experiment leaves in MLflow.

    Parameters
    ----------
    experiment : Experiment
        A finished one, crashed or not.
    end_ms : int
        When it finished, in milliseconds since 1970.

    Returns
    -------
    Entry
        Closed: an experiment is written once.
    """
    plan = experiment.plan
    return Entry(
        experiment=experiment.number,
        name=name_of(experiment),
        start_ms=max(0, end_ms - milliseconds(experiment.outcome.wall_s)),
        end_ms=end_ms,
        status="FINISHED" if experiment.is_valid or experiment.raced else "FAILED",
        params=make_params(
            {
                "family": plan.family,
                "idea": plan.idea,
                "parent": plan.parent,
                "mends": experiment.decision.parent if experiment.decision.action == "repair" else None,
                "author": experiment.script.author,
                "decision": experiment.decision.action,
            }
        ),
        tags=make_tags(
            {
                EXPERIMENT_TAG: experiment.number,
                "hypothesis": plan.hypothesis,
                "expected": plan.expected,
                "reason": experiment.decision.reason,
                "diagnosis": "; ".join(f"{one.code} {one.title}" for one in experiment.diagnoses),
                "outcome": experiment.outcome.status,
                NOTE_TAG: note_of_experiment(experiment),
            }
        ),
        points=_measured(experiment, end_ms),
        texts=_texts(experiment),
    )


def name_of(experiment: Experiment, came: str = "") -> str:
    """Return number, family, score and idea: MLflow's list shows the beginning of a name, and no metric at first.

    Parameters
    ----------
    experiment : Experiment
        A finished one.
    came : str, default=""
        Stands in place of the score.

    Returns
    -------
    str
        As long as MLflow shows.
    """
    plan, score = experiment.plan, experiment.score
    without = "failed" if experiment.raced is None else "out of reach"
    came = came or (f"{score.mean:.4g}" if experiment.is_valid and score is not None else without)
    return clip(storable(f"{experiment.number:02d} {plan.family} {came}: {plan.idea}"), NAME_LENGTH)


def _measured(experiment: Experiment, at_ms: int) -> tuple[Point, ...]:
    score, outcome, usage = experiment.score, experiment.outcome, experiment.usage
    values: dict[str, float | None] = {}
    if score is not None:
        values = {
            "score": score.mean,
            "standard_error": score.standard_error,
            "train_score": score.train,
            score.scoring: score.mean,
            "threshold": experiment.threshold,
        }
    values |= {"wall_s": outcome.wall_s, "cpu_s": outcome.cpu_s, "max_rss_bytes": outcome.max_rss_bytes}
    if usage.requests:
        values |= {"model_requests": usage.requests, **usage_points(usage)}
    others = {name: value for name, value in (score.others if score else {}).items() if name not in values}
    ran = score or experiment.raced
    folds = ran.folds[:_MAX_FOLDS] if ran else ()
    return (*make_points(values | others, at_ms), *make_curve("fold_score", enumerate(folds, start=1), at_ms))


def _texts(experiment: Experiment) -> dict[str, str]:
    outcome = experiment.outcome
    texts = {
        "script.py": experiment.script.source,
        "stdout.txt": outcome.stdout_tail,
        "stderr.txt": outcome.stderr_tail,
        "failure.txt": _failure_text(experiment),
        "diagnoses.json": as_json(list(experiment.diagnoses)) if experiment.diagnoses else "",
    }
    return {path: storable(text) for path, text in texts.items() if text}


def _failure_text(experiment: Experiment) -> str:
    outcome, failure = experiment.outcome, experiment.outcome.failure
    if experiment.is_valid or experiment.raced:
        return ""
    lines = [f"{outcome.status} at {outcome.stage}", outcome.reason]
    if failure is not None:
        lines += [f"  line {frame.line}, in {frame.function}: {frame.code}" for frame in failure.frames]
        lines.append(f"{failure.type}: {failure.message}")
    return "\n".join(line for line in lines if line) + "\n"
