"""Journal → what became of the run, in the words of its headline."""

from __future__ import annotations

from typing import Literal

from octopus.incumbent import NAME, find_incumbent
from octopus.journal import Journal
from octopus.records import Baseline, Experiment, Fitted, HoldoutReport, Record
from octopus.reporting.dialogue import standing
from octopus.reporting.metrics import meaning, metric_title
from octopus.reporting.words import alike, count, cut, number, share, signed, with_error

#: Longest name of a target in the headline.
_NAME = 60
#: How a metric that is a share of rows is told in the headline: in percent.
_SHARES = frozenset({"accuracy", "balanced_accuracy"})

Standing = Literal["better", "no better", "undecided", "unproved", "no model", "unfinished"]


class Verdict(Record, frozen=True, kw_only=True):
    """What became of a run.

    ``answer`` is a word or two on whether there is a model that beats a plain one; ``because`` says why, one sentence
    each.
    """

    headline: str
    standing: Standing
    answer: str
    because: tuple[str, ...]


def judge(journal: Journal) -> Verdict:
    """Return what became of a run.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Verdict
        For the top of the page and of the card.
    """
    winner, task, report = shipped(journal), journal.task, journal.holdout
    target = f"“{cut(task.target, _NAME)}”" if task else "its target"
    if winner is None:
        return _nothing(journal, target)
    if journal.finished is None:
        return _unfinished(journal, winner, target)
    headline = f"A{_model(winner)[1:]} predicts {target}"
    if report is None:
        return Verdict(
            headline=headline,
            standing="unproved",
            answer="Not proved: no sealed rows were scored",
            because=(_alone(journal, winner), "Whether it beats a plain baseline on new rows is not known."),
        )
    standing, answer = _answers(report)
    because = [_score_sentence(report), _baseline_sentence(report), *_incumbent_sentences(report, journal)]
    if task:
        because.insert(1, meaning(report, task))
    return Verdict(headline=headline, standing=standing, answer=answer, because=tuple(because))


def shipped(journal: Journal) -> Experiment | None:
    """Return the experiment whose model ships, or would if the run ended here.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Experiment or None
        The one that was proved; before that the winner of the search; before that the best.
    """
    fit = shipped_fit(journal)
    fitted = [fit.experiment] if fit else []
    proved = [journal.holdout.winner] if journal.holdout else []
    won = [journal.stopped.winner] if journal.stopped else []
    for wanted in (*fitted, *proved, *won):
        found = next((e for e in journal.experiments if e.number == wanted and e.score is not None), None)
        if found is not None:
            return found
    return journal.best


def shipped_fit(journal: Journal) -> Fitted | None:
    """Return the fit that ships, or would if the run ended here.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Fitted or None
        The latest that replayed and keeps the goal's latency limit; where none keeps it, the quickest; None where none
        replayed.
    """
    replayed = [fit for fit in journal.fits if all(check.passed for check in fit.checks)]
    if journal.finished is not None:
        replayed = [fit for fit in replayed if fit.model.fitted_on == journal.finished.shipped] or replayed
    limit = journal.task.latency if journal.task else None
    if limit is None:
        return replayed[-1] if replayed else None
    keeping = [fit for fit in replayed if limit.is_kept(fit.latency)]
    if keeping:
        return keeping[-1]
    return min(replayed, key=lambda fit: limit.measured_ms(fit.latency) if fit.latency else 0.0, default=None)


def strongest_baseline(report: HoldoutReport) -> Baseline | None:
    """Return the baseline that has to be beaten.

    Parameters
    ----------
    report : HoldoutReport
        Of the sealed rows.

    Returns
    -------
    Baseline or None
        The one with the highest score; None where there was none.
    """
    return max(report.baselines, key=lambda b: b.score, default=None)


def _model(experiment: Experiment) -> str:
    """Return what kind of model an experiment is."""
    members = len(experiment.members)
    return f"a blend of {members} models" if members else f"a {experiment.plan.family} model"


def _answers(report: HoldoutReport) -> tuple[Standing, str]:
    if report.beats_baseline == "yes":
        return "better", "Better than a plain baseline: yes"
    if report.beats_baseline == "no":
        return "no better", "Better than a plain baseline: no"
    return "undecided", "Better than a plain baseline: undecided"


def _score_sentence(report: HoldoutReport) -> str:
    rows = count(report.n_rows, "row that was sealed from the start", "rows that were sealed from the start")
    interval = f"95% interval {number(report.ci_low)} to {number(report.ci_high)}"
    return f"On {rows} it scores {number(report.score)} ({interval}; {metric_title(report.scoring)})."


def _baseline_sentence(report: HoldoutReport) -> str:
    rival = strongest_baseline(report)
    if rival is None:
        return "There was no baseline to compare it with."
    low, high = rival.difference_low, rival.difference_high
    if low == high == 0:
        if rival.name == NAME:
            return "It is the present model itself: nothing that was tried was better."
        return f"It is the plain baseline itself ({rival.name}): nothing that was tried was better."
    interval = f"{alike(low, report.score)} to {alike(high, report.score)}"
    difference = f"{signed(report.score - rival.score, report.score)} (95% interval {interval})"
    against = f"Against the strongest baseline, {rival.name} with {number(rival.score)}, the difference is {difference}"
    tail = {"yes": "all of it above zero.", "no": "none of it above zero."}.get(report.beats_baseline)
    return f"{against}: {tail or f'zero lies inside, so {report.n_rows:,} rows cannot tell.'}"


def _incumbent_sentences(report: HoldoutReport, journal: Journal) -> tuple[str, ...]:
    """Say how the winner compares with the user's present model, or that this failed."""
    present = find_incumbent(journal.experiments)
    if present is None:
        return ()
    rival = next((b for b in report.baselines if b.name == NAME), None)
    if rival is None:
        why = f": {present.diagnoses[0].title}" if present.diagnoses else ""
        return (f"The present model failed (#{present.number}{why}), so there is nothing to compare it with.",)
    low, high = rival.difference_low, rival.difference_high
    if low == high == 0:
        return () if strongest_baseline(report) is rival else ("It is the present model itself.",)
    interval = f"{alike(low, report.score)} to {alike(high, report.score)}"
    difference = f"{signed(report.score - rival.score, report.score)}, 95% interval {interval}"
    if low > 0:
        return (f"It beats the present model ({difference}).",)
    if high <= 0:
        return (f"It does not beat the present model ({difference}).",)
    return (f"Whether it beats the present model is undecided ({difference}).",)


def _alone(journal: Journal, winner: Experiment) -> str:
    assert winner.score is not None
    score = with_error(winner.score.mean, winner.score.standard_error)
    tried = count(sum(standing(e, journal) in ("counts", "failed") for e in journal.experiments), "experiment")
    return f"In validation it scored {score} ({metric_title(winner.score.scoring)}), the best of {tried}."


def _unfinished(journal: Journal, best: Experiment, target: str) -> Verdict:
    return Verdict(
        headline=f"The run that predicts {target} has not ended",
        standing="unfinished",
        answer="Not proved: no model has shipped",
        because=(f"The best so far is #{best.number}, {_model(best)}.", _alone(journal, best)),
    )


def _nothing(journal: Journal, target: str) -> Verdict:
    tried = count(len(journal.experiments), "experiment")
    if journal.stopped is None:
        return Verdict(
            headline=f"The run that predicts {target} has not ended",
            standing="unfinished",
            answer="No model so far",
            because=(
                f"{tried} finished, none of them with a score." if journal.experiments else "Nothing was tried yet.",
            ),
        )
    return Verdict(
        headline=f"No model for {target}",
        standing="no model",
        answer="No experiment worked",
        because=(
            f"{tried} finished, none of them with a score.",
            f"It stopped because {journal.stopped.decision.reason}.",
        ),
    )


def headline_score(journal: Journal) -> tuple[str, str] | None:
    """Return the one number of the run, and what it is.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    tuple of str, or None
        The score on the sealed rows; without them that of validation; None where there is neither.
    """
    report, best = journal.holdout, shipped(journal)
    if report is not None:
        return _shown(report.scoring, report.score), f"{metric_title(report.scoring)} on sealed rows"
    if best is None or best.score is None:
        return None
    return _shown(best.score.scoring, best.score.mean), f"{metric_title(best.score.scoring)} in validation"


def _shown(scoring: str, value: float) -> str:
    return share(value) if scoring in _SHARES else number(value)
