"""What a run and an experiment say of themselves, as the Markdown that MLflow shows as their description.

Texts that come from the data or from a script stand in code spans or are escaped: they are shown, not rendered.
"""

from __future__ import annotations

from collections.abc import Iterable

from octopus.journal import Journal
from octopus.records import Experiment, HoldoutReport, Profile, RunStarted, ValidationPlan


def note_of_run(started: RunStarted) -> str:
    """Return what was asked.

    Parameters
    ----------
    started : RunStarted
        The opening event.

    Returns
    -------
    str
        Markdown.
    """
    task = started.task
    return _paragraphs(
        ("Goal", plain(task.goal)),
        ("Target", f"{plain(task.target)}, {task.type} ({plain(task.type_reason)})"),
        ("Scoring", f"{plain(task.scoring)}, greater is better"),
        ("Understood", "; ".join(f"{one.what} {plain(one.value)} (“{plain(one.words)}”)" for one in task.understood)),
        ("Led by", f"{plain(started.scientist)}, sandbox level {plain(started.sandbox.level)}"),
    )


def note_of_data(profile: Profile, validation: ValidationPlan) -> str:
    """Return what was noticed in the data, and how candidates are compared.

    Parameters
    ----------
    profile : Profile
        The training rows.
    validation : ValidationPlan
        The splits.

    Returns
    -------
    str
        Markdown.
    """
    sealed = f"{profile.n_sealed} rows ({plain(profile.sealed_reason)})" if profile.n_sealed else "none"
    findings = [
        f"- {plain(one.message)} → {plain(one.action)} ({plain(one.code)}, {one.confidence})"
        for one in profile.findings
    ]
    said = _paragraphs(
        ("Data", f"{profile.n_rows} rows × {profile.n_columns} columns"),
        ("Sealed", sealed),
        ("Validation", f"{validation.kind}, {validation.n_splits} folds: {plain(validation.reason)}"),
        ("Findings", "" if findings else "none"),
    )
    return said + ("\n\n**Findings**\n\n" + "\n".join(findings) if findings else "")


def note_of_experiment(experiment: Experiment) -> str:
    """Return the idea, what came of it and why.

    Parameters
    ----------
    experiment : Experiment
        A finished one.

    Returns
    -------
    str
        Markdown.
    """
    plan, outcome = experiment.plan, experiment.outcome
    raced = f"stopped in fold {len(experiment.raced.folds)}: out of reach of the best" if experiment.raced else ""
    failure = f"{outcome.failure.type}: {outcome.failure.message}" if outcome.failure else outcome.reason
    return _paragraphs(
        ("Hypothesis", plain(plan.hypothesis)),
        ("Expected", plain(plan.expected)),
        ("Decided", f"{experiment.decision.action}: {plain(experiment.decision.reason)}"),
        (
            "Outcome",
            raced if raced or experiment.is_valid else f"{outcome.status} at {outcome.stage}: {plain(failure)}",
        ),
        *(
            (f"{plain(one.code)} {plain(one.title)}", f"{plain(one.evidence)} → {plain(one.remedy)}")
            for one in experiment.diagnoses
        ),
    )


def note_of_end(journal: Journal) -> str:
    """Return how the run ended, what was proved and what ships.

    Parameters
    ----------
    journal : Journal
        Of a run that is over, however it ended.

    Returns
    -------
    str
        Markdown.
    """
    stopped, finished = journal.stopped, journal.finished
    best = journal.best
    return _paragraphs(
        ("Holdout", _verdict(journal.holdout) if journal.holdout else ""),
        ("Best", f"#{best.number} {plain(best.plan.family)}: {plain(best.plan.idea)}" if best else "nothing worked"),
        ("Ships", plain(finished.reason) if finished else "nothing"),
        ("Stopped", plain(stopped.decision.reason) if stopped else "it ended before its search did"),
    )


def _verdict(report: HoldoutReport) -> str:
    return (
        f"{report.score:.4f} (95 % {report.ci_low:.4f} … {report.ci_high:.4f}, {report.n_rows} rows), "
        f"validation said {report.validation_score:.4f}; better than a plain baseline: {report.beats_baseline}"
    )


def _paragraphs(*lines: tuple[str, str]) -> str:
    return "\n\n".join(f"**{label}** {text}" for label, text in _said(lines))


def _said(lines: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((label, text) for label, text in lines if text)


def plain(text: str) -> str:
    """Return text that Markdown shows as it is: one line, its signs escaped.

    Parameters
    ----------
    text : str
        Anything.

    Returns
    -------
    str
        Nothing in it is markup.
    """
    line = " ".join(text.split())
    return "".join("\\" + sign if sign in "\\`*_[]<>|#" else sign for sign in line)
