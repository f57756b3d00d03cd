"""What a record says, in one line: the same on the console, on the page and on the card."""

from __future__ import annotations

from octopus.effects import Effect
from octopus.records import (
    Baseline,
    Diagnosis,
    Experiment,
    Finding,
    HoldoutReport,
    Latency,
    LatencyLimit,
    Level,
    Profile,
    SandboxReport,
    Task,
    ValidationPlan,
)
from octopus.reporting.words import alike, count, milliseconds, number, signed, with_error

#: Classes that are named one by one.
_CLASSES_SHOWN = 5


def goal_words(task: Task) -> str:
    """Return what is asked, and from which words of the goal that was understood.

    Parameters
    ----------
    task : Task
        What is asked.

    Returns
    -------
    str
        One line.
    """
    words = {u.what: f' ("{u.words}")' for u in task.understood}
    parts = [
        f"target {task.target}{words.get('target', '')}",
        f"{task.type} ({task.type_reason})",
        f"{task.scoring}{words.get('scoring', '')}",
    ]
    others = [u for u in task.understood if u.what not in ("target", "scoring", "ignore", "not understood")]
    parts += [f'{u.what} {u.value} ("{u.words}")' for u in others]
    forbidden = [f'{u.value} ("{u.words}")' for u in task.understood if u.what == "ignore"]
    if forbidden:
        parts.append("without " + ", ".join(forbidden))
    parts += [
        f'not understood: "{u.words}"' + (f" ({u.value})" if u.value != u.words else "")
        for u in task.understood
        if u.what == "not understood"
    ]
    return " · ".join(parts)


def latency_words(latency: Latency | None) -> str:
    """Return how long a row alone takes.

    Parameters
    ----------
    latency : Latency or None
        What was measured.

    Returns
    -------
    str
        Part of a line, with where it was measured; empty where nothing was.
    """
    if latency is None:
        return ""
    return (
        f"{milliseconds(latency.median_ms)}, the median of {latency.n_rows} rows asked alone (95th percentile "
        f"{milliseconds(latency.p95_ms)}), in a warm process of the sandbox on the machine of the run"
    )


def held_words(limit: LatencyLimit, latency: Latency) -> str:
    """Return what is held to the goal's latency limit.

    Parameters
    ----------
    limit : LatencyLimit
        Of the goal.
    latency : Latency
        What was measured.

    Returns
    -------
    str
        A time, and where it is not the median, of what.
    """
    of_what = "" if limit.of == "median" else " (95th percentile)"
    return f"{milliseconds(limit.measured_ms(latency))}{of_what}"


def data_words(profile: Profile) -> str:
    """Return the size of the table and how its target is spread.

    Parameters
    ----------
    profile : Profile
        Of the training rows.

    Returns
    -------
    str
        One line.
    """
    parts = [f"{profile.n_rows + profile.n_sealed:,} rows × {profile.n_columns} columns"]
    if profile.target.levels:
        parts.append(level_words(profile.target.levels))
    elif profile.target.numeric is not None:
        n = profile.target.numeric
        parts.append(f"target {number(n.minimum)} … {number(n.median)} … {number(n.maximum)}")
    if profile.n_groups is not None:
        parts.append(f"{profile.n_groups:,} groups")
    return " · ".join(parts)


def level_words(levels: tuple[Level, ...]) -> str:
    """Return the classes with their shares.

    Parameters
    ----------
    levels : tuple of Level
        Of the target.

    Returns
    -------
    str
        The first ones.
    """
    counted = max(1, sum(level.count for level in levels))
    return ", ".join(f"{level.value} {level.count / counted:.1%}" for level in levels[:_CLASSES_SHOWN])


def sealed_words(profile: Profile) -> str:
    """Return which rows are sealed, or why none is.

    Parameters
    ----------
    profile : Profile
        Of the training rows.

    Returns
    -------
    str
        One line.
    """
    if not profile.n_sealed:
        return profile.sealed_reason
    return f"{profile.n_sealed:,} rows ({profile.sealed_reason}), opened once at the end"


def finding_words(finding: Finding) -> str:
    """Return what was noticed, what was done, how to overrule it and how sure it is.

    Parameters
    ----------
    finding : Finding
        Of the data.

    Returns
    -------
    str
        One line.
    """
    overrule = f"; {finding.overrule}" if finding.overrule else ""
    sure = "" if finding.confidence == "certain" else f", {finding.confidence} evidence"
    return f"{finding.message} → {finding.action}{overrule}  [{finding.code}{sure}]"


def validation_words(plan: ValidationPlan) -> str:
    """Return how candidates are compared.

    Parameters
    ----------
    plan : ValidationPlan
        The plan.

    Returns
    -------
    str
        One line.
    """
    repeats = f" × {plan.n_repeats}" if plan.n_repeats > 1 else ""
    folds = "one split" if plan.n_splits == 1 else f"{plan.n_splits} folds{repeats}"
    by = f" by {plan.column}" if plan.column and plan.column not in plan.reason else ""
    return f"{folds}, {plan.kind}{by}: {plan.reason}"


def effect_words(effect: Effect) -> str:
    """Return what an experiment brought.

    Parameters
    ----------
    effect : Effect
        Its difference to the one that it set out from.

    Returns
    -------
    str
        As in "+0.0040 ± 0.0020 against #1: gain".
    """
    size = effect.difference
    error = alike(effect.standard_error, size)
    return f"{signed(size, size)} ± {error} against #{effect.reference}: {effect.verdict}"


def score_words(experiment: Experiment) -> str:
    """Return the score with its standard error, or how the experiment ended without one.

    Parameters
    ----------
    experiment : Experiment
        A finished one.

    Returns
    -------
    str
        A few characters.
    """
    score, status = experiment.score, experiment.outcome.status
    if (raced := experiment.raced) is not None:
        return f"{raced.mean:.4g}, {count(len(raced.folds), 'fold')}"
    if score is None:
        return "no score" if status == "ok" else status
    return with_error(score.mean, score.standard_error)


def difference_words(baseline: Baseline, report: HoldoutReport) -> str:
    """Return by how much the winner is better than a baseline on the sealed rows.

    Parameters
    ----------
    baseline : Baseline
        The rival.
    report : HoldoutReport
        Of the same rows.

    Returns
    -------
    str
        The difference with its 95% interval.
    """
    low, high = baseline.difference_low, baseline.difference_high
    if low == high == 0:
        return "is this one"
    interval = f"{alike(low, report.score)} to {alike(high, report.score)}"
    return f"{signed(report.score - baseline.score, report.score)} ({interval})"


def threshold_words(experiment: Experiment, task: Task) -> str:
    """Return from which probability on the positive class is said, where the goal says what errors cost.

    Parameters
    ----------
    experiment : Experiment
        A finished one.
    task : Task
        What is asked.

    Returns
    -------
    str
        Empty where there is no threshold.
    """
    if experiment.threshold is None or task.costs is None:
        return ""
    positive = task.costs.positive
    if experiment.threshold > 1:
        return f"never says {positive}: that costs least"
    return f"says {positive} from a probability of {number(experiment.threshold)} on, where that costs least"


def diagnosis_words(diagnosis: Diagnosis) -> str:
    """Return what a rule saw, and from what.

    Parameters
    ----------
    diagnosis : Diagnosis
        Of an experiment.

    Returns
    -------
    str
        One line.
    """
    return f"{diagnosis.title} ({diagnosis.code}): {diagnosis.evidence}"


def confinement_words(sandbox: SandboxReport) -> str:
    """Return what scripts were confined by.

    Parameters
    ----------
    sandbox : SandboxReport
        Of the run.

    Returns
    -------
    str
        Level, layers, and what was tried.
    """
    tried = f"; {count(len(sandbox.canaries), 'attempt')} to get out, all refused" if sandbox.canaries else ""
    return f"level {sandbox.level}, by {sandbox.by}: {', '.join(sandbox.layers) or 'nothing'}{tried}"
