"""Journal → what to keep in mind before the model is trusted: every sentence follows from the record."""

from __future__ import annotations

from collections.abc import Iterator

from octopus.journal import Journal
from octopus.records import CurvePoint, HoldoutReport, Profile, Revalidated, RunStarted, Task
from octopus.reporting.dialogue import standing
from octopus.reporting.sentences import diagnosis_words, held_words, validation_words
from octopus.reporting.verdict import shipped, shipped_fit
from octopus.reporting.words import count, cut, listed, milliseconds, number, share

#: Sealed rows below which the interval says more than the score: a share of one half is uncertain by ± 0.07 (95 %).
_FEW_SEALED = 200
#: Rows to learn from below which another draw of the same size may crown another model.
_FEW_ROWS = 500
#: Groups below which resampling them says little (Cameron, Gelbach & Miller, 2008, doi:10.1162/rest.90.3.414).
_FEW_GROUPS = 30
#: Share of the rarest class below which accuracy flatters: never naming it is right nine times in ten.
_RARE = 0.1
#: Tries from which on the best of them owes a visible part to luck: the highest of ten draws lies 1.5 standard
#: deviations above their mean (Tippett, 1925, doi:10.2307/2332087).
_MANY_TRIES = 10
#: Milliseconds for a row alone that are worth a word where the goal names no limit: a fifth of the 0.1 s within which
#: an answer feels immediate (Nielsen, Usability Engineering, 1993, ch. 5).
_SLOW_ROW_MS = 20.0
#: Characters of the reason why a model took no further part.
_REASON = 240
#: Mean distance between probability and share (the calibration error of Guo et al., 2017) that is worth a word.
_MISCALIBRATED = 0.05


def caveats(journal: Journal) -> tuple[str, ...]:
    """Return what limits the result.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    tuple of str
        Sentences, the gravest first.
    """
    found = [*_about_the_end(journal), *_about_the_speed(journal), *_about_the_proof(journal), *_about_changes(journal)]
    if journal.profile is not None and journal.task is not None:
        found += [*_about_the_rows(journal.profile, journal.task), *_about_the_columns(journal.profile, journal)]
    if journal.started is not None:
        found += _about_the_scripts(journal, journal.started)
    return tuple(found)


def _about_the_end(journal: Journal) -> Iterator[str]:
    if journal.finished is None:
        yield "The run did not end: nothing was proved beyond what stands here."
    if journal.interrupted:
        yield "Somebody ended the run before its time: more might have been found."
    broken = [fit for fit in journal.fits if not all(check.passed for check in fit.checks)]
    for fit in broken:
        failed = next(check for check in fit.checks if not check.passed)
        yield f"A fit of #{fit.experiment} was passed over: in a clean process it failed on “{failed.name}”."
    if journal.finished is not None and journal.finished.shipped == "all" and journal.holdout is not None:
        yield "The model that ships was refitted on every row, the sealed ones too: the score is its twin's."


def _about_the_speed(journal: Journal) -> Iterator[str]:
    fit, limit = shipped_fit(journal), journal.task.latency if journal.task else None
    if fit is None:
        return
    if limit is None:
        if fit.latency is not None and fit.latency.median_ms > _SLOW_ROW_MS:
            took = milliseconds(fit.latency.median_ms)
            yield f"A row alone takes {took}: if answers are needed sooner, say within how many ms in the goal."
        return
    if fit.latency is None:
        yield f"Whether it keeps the goal's limit of {limit.ms:g} ms for one row could not be measured."
    elif not limit.is_kept(fit.latency):
        took = held_words(limit, fit.latency)
        yield f"The goal's limit of {limit.ms:g} ms for one row is not kept: the quickest that was tried takes {took}."
    else:
        yield f"The goal's limit of {limit.ms:g} ms for one row was kept on the machine of the run: measure on yours."
    for slow in journal.fits:
        if slow.latency is not None and not limit.is_kept(slow.latency) and slow.experiment != fit.experiment:
            took = held_words(limit, slow.latency)
            yield f"A fit of #{slow.experiment} was passed over: one row takes it {took}."


def _about_the_proof(journal: Journal) -> Iterator[str]:
    report, tried = journal.holdout, len(journal.valid_experiments)
    if report is None:
        if journal.finished is not None:
            yield "No sealed rows were scored: the validation score chose the winner and so flatters it."
        if tried > 1:
            yield f"{tried} experiments were compared on the same folds: the best of them is partly lucky."
        return
    if tried >= _MANY_TRIES:
        yield f"{tried} experiments were compared on the same folds: the best is partly lucky, its sealed score is not."
    if report.n_rows < _FEW_SEALED:
        interval = f"{number(report.ci_low)} to {number(report.ci_high)}"
        yield f"{count(report.n_rows, 'sealed row')} are few: go by the interval, {interval}, not by the score."
    if report.ci_low == report.ci_high:
        yield "The interval has no width, for every resample scores the same: the rows cannot tell how sure that is."
    if report.n_groups is not None and report.n_groups < _FEW_GROUPS:
        yield f"The sealed rows come from {count(report.n_groups, 'group')} only: the interval may be too narrow."
    if not report.ci_low <= report.validation_score <= report.ci_high:
        side = "above" if report.gap > 0 else "below"
        yield f"Validation promised {number(report.validation_score)}, {side} the interval of the sealed rows."
    if journal.task is not None and journal.task.is_classification:
        yield from _about_the_probabilities(report)


def _about_changes(journal: Journal) -> Iterator[str]:
    """Yield what was changed while the search went on, for what that means for scores of before."""
    found = [standing(experiment, journal) for experiment in journal.experiments]
    if n_aside := found.count("set aside"):
        were = "counts no more: it reads" if n_aside == 1 else "count no more: they read"
        yield f"{count(n_aside, 'experiment')} {were} a column that was quarantined later."
    changes = [event for event in journal.events if isinstance(event, Revalidated)]
    if not changes:
        return
    plan, task, profile = changes[-1].validation, journal.task, journal.profile
    yield f"The folds were changed during the search ({changes[-1].reason}): now {validation_words(plan)}."
    if n_without := found.count("not scored again"):
        yield f"{count(n_without, 'experiment')} of before the change have no score on the new folds and count no more."
    if profile is None or task is None or not profile.n_sealed:
        return
    if plan.kind == "group" and plan.column != task.group:
        column = plan.column or "a group"
        yield f"The rows were sealed before that: sealed rows may share {column} with training rows, which flatters."
    if plan.kind == "time" and plan.column != task.time:
        column = plan.column or "time"
        yield f"The rows were sealed before that, and not by {column}: sealed rows may be earlier than training rows."


def _about_the_probabilities(report: HoldoutReport) -> Iterator[str]:
    off = calibration_error(report.curve)
    if off is not None and off > _MISCALIBRATED:
        yield f"Its probabilities are off by {number(off)} on average: take them for a ranking, or calibrate them."


def calibration_error(curve: tuple[CurvePoint, ...]) -> float | None:
    """Return how far predicted probabilities lie from the shares that came.

    Parameters
    ----------
    curve : tuple of CurvePoint
        Of the sealed rows.

    Returns
    -------
    float or None
        Mean over the rows (Guo et al., 2017, arXiv 1706.04599, eq. 3); None without a curve.
    """
    n_rows = sum(point.n_rows for point in curve)
    if n_rows <= 0:
        return None
    return sum(abs(point.predicted - point.observed) * (point.n_rows / n_rows) for point in curve)


def _about_the_rows(profile: Profile, task: Task) -> Iterator[str]:
    if profile.n_rows < _FEW_ROWS:
        rows = count(profile.n_rows, "row")
        yield f"There were {rows} to learn from: another draw of as many may crown another model."
    counted = sum(level.count for level in profile.target.levels)
    rarest = min(profile.target.levels, key=lambda level: level.count, default=None)
    if rarest is not None and counted > 0 and rarest.count < _RARE * counted:
        yield f"Only {share(rarest.count / counted)} of the rows are {rarest.value}: accuracy alone would flatter."
    if profile.target.n_missing > 0:
        rows = count(profile.target.n_missing, "row")
        yield f"{rows} without a target were left out: it may be missing for a reason."
    dated = [column.name for column in profile.columns if column.kind == "datetime"]
    if dated and task.time is None:
        yield f"Rows were not split by time ({listed(dated, 3)}): on later rows than these expect less."


def _about_the_columns(profile: Profile, journal: Journal) -> Iterator[str]:
    used = {column.name for column in profile.columns if column.used}  # what was released is used again
    found = (c for f in profile.findings if f.action.startswith("quarantined") for c in f.columns)
    quarantined = [name for name in dict.fromkeys(found) if name not in used]
    if quarantined:
        yield f"Quarantined as leaks, not used: {listed(quarantined)}. If they are known in time, say so and run again."
    suspects = [f for f in profile.findings if f.confidence == "weak"]
    if suspects:
        yield f"{count(len(suspects), 'finding')} rest on weak evidence and were not acted upon: see the findings."
    absent = [f"{verdict.family} ({verdict.reason})" for verdict in profile.families if not verdict.applies]
    if absent:
        yield f"Families that took no part: {listed(absent)}."
    winner = shipped(journal)
    for diagnosis in winner.diagnoses if winner else ():
        yield f"The winner shows a symptom: {diagnosis_words(diagnosis)}."


def _about_the_scripts(journal: Journal, started: RunStarted) -> Iterator[str]:
    by_model = sum(e.script.author == "model" for e in journal.experiments)
    if by_model:
        yield f"A language model wrote {count(by_model, 'script')} of {len(journal.experiments)}: read the winner's."
    winner = shipped(journal)
    if winner is not None and winner.script.author != "playbook":
        yield f"The {winner.script.author} wrote the script that ships: it is loaded with allow_pickle=True only."
    if winner is not None and winner.number in journal.set_aside:
        yield "The winner reads columns that were set aside after it had run: nothing else was found that works."
    if journal.retirement:
        why = cut(journal.retirement, _REASON).rstrip(".")
        yield f"The language model took no part to the end ({why}): the playbook went on alone."
    if journal.usage.is_estimated:
        yield "The model's endpoint did not count tokens: their numbers are estimates from above."
    if started.sandbox.level == "process":
        yield "Scripts ran at sandbox level “process”: a guard against accidents, not against malice."
    if started.budget.time_limit_s is not None:
        yield "A time limit was set: a faster or slower machine may try more or fewer experiments."
