"""The experiments on the page: what was supposed, what was expected, what came, and the script."""

from __future__ import annotations

from collections.abc import Iterator

from octopus.effects import effect_of
from octopus.journal import Journal
from octopus.records import Experiment, Failure, NotBlended
from octopus.reporting.calls import usage_words
from octopus.reporting.chart_search import search_chart
from octopus.reporting.dialogue import Standing, mending_words, standing, tried_words, unblended_words
from octopus.reporting.markup import Html, join, source, tag
from octopus.reporting.section import block, folded, long, paragraph, section
from octopus.reporting.sentences import diagnosis_words, effect_words, score_words
from octopus.reporting.verdict import shipped
from octopus.reporting.words import count, cut

#: Bytes of scripts, the winner's first, and of the longest one; bytes of what is told of experiments. The rest is in
#: the journal, so that the page stays small.
_SCRIPTS_BYTES, _SCRIPT_LENGTH, _TOLD_BYTES = 350_000, 150_000, 300_000
#: What is told of an exception.
_MESSAGE, _FRAMES = 600, 6
#: Experiments in the table.
_LINES = 300


def experiments(journal: Journal) -> Html:
    """Return the experiments with their chart.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section.
    """
    tried = journal.experiments
    if not tried:
        return section("experiments", "Experiments", paragraph("No experiment was finished."))
    scripts = _scripts(journal)
    head = tag("tr", *(tag("th", name, scope="col") for name in ("#", "Family", "Score ± error", "Time")))
    board = tag(
        "table",
        tag("caption", "Experiments in the order they were run"),
        tag("thead", head),
        *_bodies(journal, scripts),
        class_="board",
    )
    return section(
        "experiments",
        "Experiments",
        paragraph(f"{tried_words(journal)}."),
        search_chart(journal),
        board,
        *(paragraph(f"{cut(unblended_words(e), 400)}.", "quiet") for e in journal.events if isinstance(e, NotBlended)),
    )


def _bodies(journal: Journal, scripts: dict[int, Html]) -> Iterator[Html]:
    """Yield a part of the table for each experiment; where there is no room left, its first line alone."""
    winner, left = shipped(journal), _TOLD_BYTES
    for experiment in journal.experiments[:_LINES]:
        told = join(*_told(experiment, journal))
        left -= len(told.encode())
        is_winner = winner is not None and experiment.number == winner.number
        words = told if left >= 0 else paragraph("More of it is in the journal.", "quiet")
        whole = join(words, scripts.get(experiment.number, Html()))
        yield _experiment(experiment, is_winner, standing(experiment, journal), whole)


def _experiment(experiment: Experiment, is_winner: bool, stands: Standing, words: Html) -> Html:
    style = "winner" if is_winner else {"failed": "failed", "counts": None}.get(stands, "aside")
    badges = [tag("span", "winner", class_="badge")] if is_winner else []
    if experiment.script.author != "playbook":
        badges.append(tag("span", experiment.script.author, class_="badge soft"))
    if style == "aside":
        badges.append(tag("span", stands, class_="badge soft"))
    top = tag(
        "tr",
        tag("th", f"{experiment.number}", scope="row"),
        tag("td", cut(experiment.plan.family, 24), *badges),
        tag("td", score_words(experiment), class_="number score"),
        tag("td", f"{experiment.outcome.wall_s:,.1f} s", class_="number"),
    )
    told = tag("tr", tag("td"), tag("td", words, colspan="3"), class_="told")
    return tag("tbody", top, told, class_=style)


def _told(experiment: Experiment, journal: Journal) -> list[Html]:
    plan, effect = experiment.plan, effect_of(experiment, journal)
    # A hypothesis often opens with its idea: then it is not said twice.
    rest = plan.hypothesis.removeprefix(plan.idea)
    between = "" if rest != plan.hypothesis else ": "
    lines = [block(tag("b", cut(plan.idea, 200)), between if rest else "", long(rest))]
    lines.append(block(tag("span", "Expected", class_="key"), " ", long(plan.expected), style="quiet"))
    if effect is not None:
        lines.append(block(tag("span", "Came", class_="key"), " ", effect_words(effect), style="quiet"))
    if mending := mending_words(experiment):
        lines.insert(1, block(tag("span", "Fix", class_="key"), " ", long(mending), style="quiet"))
    if experiment.usage.requests:
        took = count(experiment.usage.requests, "request")
        lines.append(paragraph(f"{took} to the model: {usage_words(experiment.usage)}", "quiet"))
    lines += [paragraph(diagnosis_words(d), "diagnosis") for d in experiment.diagnoses]
    if standing(experiment, journal) == "failed":
        outcome = experiment.outcome
        if not experiment.diagnoses:
            lines.append(paragraph(f"{outcome.status} in {outcome.stage}: {outcome.reason}", "diagnosis"))
        if outcome.failure is not None:
            lines.append(_failure(outcome.failure))
    return lines


def _failure(failure: Failure) -> Html:
    frames = [f"line {f.line} in {f.function}: {f.code}" for f in failure.frames[-_FRAMES:]]
    message = f"{failure.type}: {cut(failure.message, _MESSAGE)}"
    return folded("How it failed", tag("pre", source("\n".join([*frames, message]))))


def _scripts(journal: Journal) -> dict[int, Html]:
    """Return the scripts that there is room for: the winner's whatever it takes, the others from the first on."""
    winner, left = shipped(journal), _SCRIPTS_BYTES
    best = winner.number if winner else None
    found: dict[int, Html] = {}
    for experiment in sorted(journal.experiments[:_LINES], key=lambda e: (e.number != best, e.number)):
        script = source(experiment.script.source[:_SCRIPT_LENGTH])
        left -= len(script.encode())
        if left < 0:
            found[experiment.number] = paragraph(f"Script {experiment.script.sha256[:12]}: in the journal.", "quiet")
            continue
        lines = experiment.script.source.count("\n") + 1
        summary = f"Script, {count(lines, 'line')}, by the {experiment.script.author}"
        box = tag("pre", tag("code", script), tabindex="0", aria_label=f"Script of #{experiment.number}")
        found[experiment.number] = folded(summary, box)
    return found
