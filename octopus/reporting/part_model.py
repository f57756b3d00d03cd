"""The language model on the page: who was asked, what it took, and the story of the run as it came about."""

from __future__ import annotations

from collections.abc import Iterator

from octopus.journal import Journal
from octopus.records import (
    Analysed,
    AnyEvent,
    Experiment,
    ExperimentFinished,
    ModelRetired,
    ProposalRefused,
    Quarantined,
    Released,
    Revalidated,
)
from octopus.reporting.calls import KINDS, Tally, asked_words, calls_words, dollars, tallies
from octopus.reporting.dialogue import folds_words, mending_words, quarantine_words, refusal_words, release_words
from octopus.reporting.markup import Html, source, tag
from octopus.reporting.section import block, folded, long, paragraph, section, table, within
from octopus.reporting.sentences import score_words
from octopus.reporting.words import count, cut, share

_Step = Analysed | Quarantined | Released | Revalidated | ProposalRefused | ModelRetired

#: Bytes of the story, and the longest output and script of an analysis in it. The rest is in the journal.
_STORY_BYTES, _OUTPUT, _SCRIPT = 250_000, 12_000, 20_000


def language_model(journal: Journal) -> Html:
    """Return what a language model took and did.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A section; empty where none was asked. Prompts and replies are not in it.
    """
    calls = journal.calls
    if not calls and not any(isinstance(event, _Step) for event in journal.events):
        return Html()
    parts = []
    if calls:
        parts.append(paragraph(f"{asked_words(journal)}: {calls_words(calls)}."))
    if journal.retirement:
        parts.append(paragraph(f"It took no further part: {journal.retirement}. The playbook went on.", "diagnosis"))
    if calls:
        parts += [_board(tallies(calls)), paragraph(_where(journal), "quiet")]
    steps = within(_STORY_BYTES, _story(journal), "step")
    story = tag("ol", steps, class_="story") if steps else Html()
    heading = tag("h3", "The story of the run")
    return section("model", "Language model", *parts, *([heading, story] if story else []))


def _where(journal: Journal) -> str:
    estimated = (
        "Tokens are estimates from above: the endpoint did not count them. " if journal.usage.is_estimated else ""
    )
    return f"{estimated}What was sent and what came back is not on this page: octopus prompts shows it."


def _board(found: tuple[Tally, ...]) -> Html:
    head = ("Asked for", "Calls", "Without use", "Retries", "Tokens in", "Cached", "Tokens out", "Cost", "Time")
    return table("Calls by kind", head, [_row(tally) for tally in found])


def _row(tally: Tally) -> tuple[str, ...]:
    usage = tally.usage
    return (
        KINDS[tally.kind],
        f"{tally.n_calls:,}",
        f"{tally.n_failed + tally.n_unusable:,}",
        f"{tally.n_retries:,}",
        f"{usage.input_tokens:,}",
        share(usage.cached_tokens / usage.input_tokens) if usage.input_tokens > 0 else "—",
        f"{usage.output_tokens:,}",
        dollars(usage.cost_usd) if usage.cost_usd else "—",
        f"{tally.wall_s:,.1f} s",
    )


def _story(journal: Journal) -> Iterator[Html]:
    """Yield what was done, in the order of the journal: experiments in a line, all else in full."""
    so_far = Journal()
    for event in journal.events:
        so_far = so_far.with_event(event)
        if isinstance(event, ExperimentFinished):
            yield _step(f"#{event.experiment.number}", *_experiment(event.experiment))
        elif isinstance(event, _Step):
            yield _told(event, so_far)


def _experiment(experiment: Experiment) -> list[str]:
    score = score_words(experiment)
    family, idea, author = cut(experiment.plan.family, 24), cut(experiment.plan.idea, 160), experiment.script.author
    words = f"{family} by the {author}, {score}: {idea}"
    mending = mending_words(experiment)
    return [block(words), paragraph(mending, "quiet")] if mending else [block(words)]


def _told(event: AnyEvent, so_far: Journal) -> Html:
    match event:
        case Analysed():
            return _step("Analysis", block(long(event.question), style="strong"), *_analysis(event))
        case Quarantined():
            return _step("Columns", paragraph(quarantine_words(event)))
        case Released():
            return _step("Columns", paragraph(release_words(event)))
        case Revalidated():
            return _step("Folds", paragraph(folds_words(event, so_far)))
        case ProposalRefused():
            return _step("Refused", paragraph(refusal_words(event), "quiet"))
        case ModelRetired():
            return _step("Model", paragraph(f"{event.retirement.reason}; the playbook goes on", "diagnosis"))
    return Html()


def _analysis(event: Analysed) -> Iterator[Html]:
    if event.outcome.status != "ok":
        failure = event.outcome.failure
        why = f"{failure.type}: {failure.message}" if failure else event.outcome.reason
        yield paragraph(f"{event.outcome.status} in {event.outcome.stage}: {why}", "diagnosis")
    if event.output:
        output = tag("pre", source(cut(event.output.rstrip(), _OUTPUT)), tabindex="0", aria_label="Output")
        yield folded(f"What it showed, {count(len(event.output.splitlines()), 'line')}", output)
    lines = count(event.script.source.count("\n") + 1, "line")
    script = tag("code", source(cut(event.script.source, _SCRIPT)))
    yield folded(f"Script, {lines}", tag("pre", script, tabindex="0", aria_label="Script of the analysis"))


def _step(name: str, *children: str) -> Html:
    return tag("li", tag("span", name, class_="step"), tag("div", *children))
