"""The first half of the page: what was asked, what the data are, what was noticed, how candidates are compared."""

from __future__ import annotations

from collections.abc import Iterator

from octopus.journal import Journal
from octopus.records import (
    ColumnProfile,
    ExperimentFinished,
    Finding,
    Profile,
    Profiled,
    Revalidated,
    Task,
    ValidationPlan,
)
from octopus.reporting.markup import Html, join, tag
from octopus.reporting.metrics import metric_name, reading
from octopus.reporting.section import block, bullets, facts, folded, long, paragraph, section, table, within
from octopus.reporting.sentences import data_words, level_words, sealed_words, validation_words
from octopus.reporting.words import count, cut, listed, number, share

#: What is listed one by one at most: of columns, of what was understood; and room for the findings.
_COLUMNS, _UNDERSTOOD, _FINDINGS_BYTES = 300, 20, 100_000
#: Longest way to overrule a finding.
_OVERRULE = 600
_SURE = {"certain": "counted", "strong": "strong evidence", "weak": "weak evidence"}


def asked(journal: Journal) -> Html:
    """Return what was asked and what was understood, with the words that said so.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    task = journal.task
    if task is None:
        return section("asked", "What was asked", paragraph("The journal holds no question yet."))
    goal = tag("blockquote", long(task.goal)) if task.goal else paragraph("No goal was given in words.", "quiet")
    return section("asked", "What was asked and understood", goal, facts(_understood(task)))


def _understood(task: Task) -> list[tuple[str, str]]:
    words = {u.what: f" — from “{u.words}”" for u in task.understood}
    metric = f"{metric_name(task.scoring)}{words.get('scoring', '')}. {reading(task.scoring)}"
    costs = ""
    if task.costs is not None:
        misses, alarms = f"{task.costs.false_negative:g}", f"{task.costs.false_positive:g}"
        costs = f"a missed {task.costs.positive} costs {misses}, a false alarm {alarms}{words.get('costs', '')}"
    told = {"target", "scoring", "ignore", "costs"}
    others = [(u.what, f"{u.value} — from “{u.words}”") for u in task.understood if u.what not in told][:_UNDERSTOOD]
    forbidden = [f"{u.value} — from “{u.words}”" for u in task.understood if u.what == "ignore"]
    return [
        ("Target", f"{task.target}{words.get('target', '')}"),
        ("Kind", f"{task.type}: {task.type_reason}"),
        ("Classes", listed(task.classes, 12)),
        ("Metric", metric),
        ("Costs", costs),
        *others,
        ("Not to be used", listed(forbidden, 12) or listed(task.ignored, 12)),
        ("Kept together", f"rows of one {task.group}" if task.group else ""),
        ("Order in time", task.time or ""),
        ("Weights", "rows have weights" if task.weighted else ""),
    ]


def data(journal: Journal) -> Html:
    """Return the data at a glance.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    profile = journal.profile
    if profile is None:
        return section("data", "The data", paragraph("The data were not profiled before the run ended."))
    kinds = [column.kind for column in profile.columns]
    by_kind = [
        count(kinds.count(kind), kind.replace("_", " "), kind.replace("_", " ")) for kind in dict.fromkeys(kinds)
    ]
    unused = [column.name for column in profile.columns if not column.used]
    gaps = sum(column.missing_fraction > 0 for column in profile.columns)
    glance = facts(
        [
            ("Size", data_words(profile).partition(" · ")[0]),
            ("Target", _target(profile)),
            ("Columns", listed(by_kind, 9)),
            ("Not used", listed(unused, 12)),
            ("With gaps", count(gaps, "column") if gaps else "none"),
            ("Groups", f"{profile.n_groups:,}" if profile.n_groups is not None else ""),
            ("Sealed", sealed_words(profile)),
        ]
    )
    rows = [_column(column) for column in profile.columns[:_COLUMNS]]
    head = ("Column", "Kind", "Missing", "Different", "Alone", "Used")
    note = "“Alone” is what the column tells of the target by itself, from 0 (nothing) to 1 (everything)."
    rest = len(profile.columns) - len(rows)
    more = f" {count(rest, 'more column')} in the journal." if rest > 0 else ""
    columns = folded(
        count(len(profile.columns), "column"), paragraph(note + more, "quiet"), table("Columns", head, rows)
    )
    return section("data", "The data at a glance", glance, columns if rows else "")


def _target(profile: Profile) -> str:
    target = profile.target
    missing = f"; missing in {count(target.n_missing, 'row')}" if target.n_missing else ""
    if target.levels:
        rest = len(target.levels) - 5
        return level_words(target.levels) + (f" and {rest} more" if rest > 0 else "") + missing
    if target.numeric is None:
        return ""
    n = target.numeric
    return f"{number(n.minimum)} to {number(n.maximum)}, median {number(n.median)}, mean {number(n.mean)}{missing}"


def _column(column: ColumnProfile) -> tuple[str, ...]:
    missing = share(column.missing_fraction) if column.missing_fraction else "—"
    signal = "—" if column.signal is None else number(column.signal)
    return (
        column.name,
        column.kind.replace("_", " "),
        missing,
        f"{column.n_unique:,}",
        signal,
        "yes" if column.used else "no",
    )


def findings(journal: Journal) -> Html:
    """Return what was noticed in the data, what was done and how to overrule it.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    found = journal.profile.findings if journal.profile else ()
    if not found:
        return section("findings", "Findings", paragraph("Nothing odd was noticed in the data."))
    shown = within(_FINDINGS_BYTES, map(_finding, found), "finding")
    return section("findings", "Findings", tag("div", shown, class_="findings", role="list"))


def _finding(finding: Finding) -> Html:
    sure = f"{finding.code} · {_SURE[finding.confidence]}"
    lines = [
        block(long(finding.message), " ", tag("span", sure, class_="code"), style="strong"),
        paragraph(finding.evidence, "quiet"),
        block("→ ", long(finding.action), style="done"),
    ]
    if finding.overrule:
        lines.append(block("To overrule: ", tag("code", cut(finding.overrule, _OVERRULE)), style="quiet"))
    return tag("div", *lines, class_="finding", role="listitem")


def comparison(journal: Journal) -> Html:
    """Return how candidates are compared.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    plan, profile = journal.validation, journal.profile
    if plan is None or profile is None:
        return section("comparison", "How candidates are compared", paragraph("No plan was made before the run ended."))
    absent = [f"{v.family} takes no part: {v.reason}" for v in profile.families if not v.applies]
    return section(
        "comparison",
        "How candidates are compared",
        paragraph(f"{validation_words(plan).capitalize()}."),
        *(paragraph(f"{words}.", "quiet") for words in _before(journal)),
        paragraph(_rule(plan, profile)),
        bullets(absent) if absent else "",
    )


def _before(journal: Journal) -> Iterator[str]:
    """Yield by which folds candidates were compared before, where they were changed during the search."""
    n_tried, plan = 0, None
    for event in journal.events:
        if isinstance(event, Profiled):
            plan = event.validation
        elif isinstance(event, ExperimentFinished):
            n_tried = event.experiment.number
        elif isinstance(event, Revalidated):
            if plan is not None:
                yield f"Until #{n_tried}: {validation_words(plan)}; then changed: {event.reason}"
            plan = event.validation


def _rule(plan: ValidationPlan, profile: Profile) -> Html:
    by = f" by {plan.column}" if plan.column else ""
    proof = "The sealed rows take no part in it." if profile.n_sealed else "No rows are sealed."
    words = f"Every script is fitted on the other folds{by} and scored on rows whose labels it never sees. {proof}"
    return join(words)
