"""The second half of the page: the sealed rows, the fit, what ships, its limits, and how to ask the same again."""

from __future__ import annotations

from octopus.journal import Journal
from octopus.records import Experiment, Fitted, ReplayCheck, Usage
from octopus.reporting.caveats import calibration_error, caveats
from octopus.reporting.chart_fit import fit_chart
from octopus.reporting.chart_holdout import holdout_chart
from octopus.reporting.markup import Html, join, source, tag
from octopus.reporting.metrics import metric_name
from octopus.reporting.reproduce import reproducing_code
from octopus.reporting.section import bullets, facts, paragraph, section, table
from octopus.reporting.sentences import confinement_words, latency_words, threshold_words
from octopus.reporting.verdict import shipped, shipped_fit
from octopus.reporting.words import alike, count, cut, milliseconds, number

#: Fits whose replays are shown, and how much is said of a check that failed.
_FITS, _DETAIL = 4, 300


def sealed_rows(journal: Journal) -> Html:
    """Return the sealed rows' verdict.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    report = journal.holdout
    if report is None:
        return section("holdout", "Sealed rows", paragraph(_why_none(journal)))
    rows = count(report.n_rows, "row") + (f" of {count(report.n_groups, 'group')}" if report.n_groups else "")
    opened = f"{rows}, opened once, after {count(report.n_experiments, 'experiment')}. "
    side = "promised more" if report.gap > 0 else "promised less"
    gap = (
        f"Validation {side} by {alike(abs(report.gap), report.score)}."
        if report.gap
        else "Validation promised the same."
    )
    return section("holdout", "Sealed rows", paragraph(opened + gap), holdout_chart(report))


def _why_none(journal: Journal) -> str:
    profile = journal.profile
    if profile is not None and not profile.n_sealed:
        alone = "" if "stands alone" in profile.sealed_reason else " The validation score stands alone."
        return f"There are none: {profile.sealed_reason}.{alone}"
    return f"They were not scored: {journal.finished.reason}." if journal.finished else "They have not been opened."


def fitting(journal: Journal) -> Html:
    """Return how predictions fit what came.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section; empty where there is no curve.
    """
    report, task = journal.holdout, journal.task
    if report is None or not report.curve:
        return Html()
    off = calibration_error(report.curve)
    of_what = "Probabilities are" if task is not None and task.is_classification else "Means of the bins are"
    words = f"{of_what} off by {number(off)} on average." if off is not None else ""
    return section("fit", "Do predictions fit what came?", paragraph(words), fit_chart(report, task))


def what_ships(journal: Journal) -> Html:
    """Return why the search stopped, how the model was checked, what ships, and its other metrics.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    stopped, finished, winner, fit = journal.stopped, journal.finished, shipped(journal), shipped_fit(journal)
    told = facts(
        [
            ("Stopped", f"{stopped.decision.reason}, after {stopped.elapsed_s:,.0f} s" if stopped else "not yet"),
            ("Ships", _ships(journal, winner)),
            ("Because", finished.reason if finished else ""),
            ("Decides", threshold_words(winner, journal.task) if winner and journal.task else ""),
            ("One row takes", latency_words(fit.latency) if fit else ""),
        ]
    )
    return section("ships", "What ships", told, _replays(journal.fits), _other_metrics(winner) if winner else "")


def _ships(journal: Journal, winner: Experiment | None) -> str:
    if journal.finished is None or winner is None:
        return "nothing"
    rows = "every row" if journal.finished.shipped == "all" else "the rows outside the holdout"
    return f"#{winner.number}, {winner.plan.family}: {winner.plan.idea}; fitted on {rows}"


def _replays(fits: tuple[Fitted, ...]) -> Html:
    """Return the checks of the latest fits, one column each."""
    shown = fits[-_FITS:]
    names = dict.fromkeys(check.name for fit in shown for check in fit.checks)
    results = [{check.name: _result(check) for check in fit.checks} for fit in shown]
    where = ["every row" if fit.model.fitted_on == "all" else "training rows" for fit in shown]
    head = ("Check", *(f"#{fit.experiment}, {rows}" for fit, rows in zip(shown, where, strict=True)))
    rows = [(name, *(result.get(name, "—") for result in results)) for name in names]
    took = ["—" if fit.latency is None else milliseconds(fit.latency.median_ms) for fit in shown]
    if any(fit.latency for fit in shown):
        rows.append(("median time of a row alone", *took))
    return table("Replays of the fitted model in a clean process", head, rows) if rows else Html()


def _result(check: ReplayCheck) -> str:
    return "passed" if check.passed else f"failed: {cut(check.detail, _DETAIL)}"


def _other_metrics(winner: Experiment) -> Html:
    score = winner.score
    if score is None:
        return Html()
    rows = [(metric_name(score.scoring), number(score.mean))]
    if score.train is not None:
        first = score.folds[0] if score.folds else score.mean
        rows.append(
            ("first fold: on the rows it was fitted on, and on the others", f"{number(score.train)}, {number(first)}")
        )
    rows += [(metric_name(name), number(value)) for name, value in score.others.items()]
    return table(f"Validation scores of #{winner.number}, the winner", ("Metric", "Mean over the folds"), rows)


def limits(journal: Journal) -> Html:
    """Return what limits the result.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    found = caveats(journal)
    words = bullets(found) if found else paragraph("The record shows nothing that limits the result.")
    return section("limits", "Limits", words)


def record(journal: Journal) -> Html:
    """Return versions, seed, budget, and the code that asks the same again.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    started = journal.started
    if started is None:
        return section("record", "How to ask the same again", paragraph("The journal does not say how it began."))
    task = started.task
    code = tag("pre", tag("code", source(reproducing_code(journal))), tabindex="0", aria_label="Python code")
    note = (
        "A language model led: asked again, it may answer otherwise, and another model may win."
        if journal.calls
        else "With the same rows, versions, roles of columns, folds and holdout the playbook finds the same again, "
        "where max_experiments ends it and no time limit does."
    )
    return section(
        "record",
        "How to ask the same again",
        facts(
            [
                ("Run", f"{started.run}, begun {started.at}"),
                ("Led by", f"{started.scientist}, {started.n_jobs} jobs"),
                ("Scripts confined", confinement_words(started.sandbox)),
                ("Used", join(*_used(journal))),
                ("Seed", str(task.random_state)),
                ("Data", f"sha256 {started.data_sha256}"),
                ("Versions", " · ".join(f"{name} {version}" for name, version in started.versions.items())),
            ]
        ),
        code,
        paragraph(note, "quiet"),
    )


def _used(journal: Journal) -> list[str]:
    budget = journal.started.budget if journal.started else None
    of_scripts = sum((experiment.usage for experiment in journal.experiments), Usage())
    usage = journal.usage if journal.calls else of_scripts
    limits = (
        (None,) * 4
        if budget is None
        else (budget.time_limit_s, budget.max_experiments, budget.max_tokens, budget.max_cost_usd)
    )
    spent = (
        f"{journal.elapsed_s:,.0f}",
        f"{len(journal.experiments):,}",
        f"{usage.tokens:,}",
        f"{usage.cost_usd:,.2f}",
    )
    parts = []
    for used, limit, unit, always in zip(
        spent, limits, ("s", "experiments", "tokens", "US dollars"), (1, 1, 0, 0), strict=True
    ):
        if always or limit is not None or used.strip("0.,"):
            parts.append(f"{used} {unit}" + (f" of {limit:,.0f}" if limit is not None else " (no limit)"))
    return [" · ".join(parts)]
