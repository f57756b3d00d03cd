"""Journal → the model card: the headings of Mitchell et al. (2019, doi:10.1145/3287560.3287596), in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from octopus.journal import Journal
from octopus.records import Experiment, Profile, RunStarted
from octopus.reporting.calls import asked_words, calls_words
from octopus.reporting.caveats import caveats
from octopus.reporting.dialogue import tried_words
from octopus.reporting.metrics import metric_name, reading
from octopus.reporting.reproduce import reproducing_code
from octopus.reporting.sentences import (
    data_words,
    difference_words,
    finding_words,
    latency_words,
    sealed_words,
    threshold_words,
    validation_words,
)
from octopus.reporting.verdict import judge, shipped, shipped_fit
from octopus.reporting.words import count, cut, listed, number, printable, share, with_error

#: What Markdown would take for markup: everything that opens a link, a tag, a code span, an emphasis, a cell.
_MARKUP = re.compile(r"([\\`*\[\]<>|~&$])|(?<!\w)_|_(?!\w)")
#: What would open a heading, a list or a rule at the beginning of a line.
_OPENING = re.compile(r"^(\s*\d*)([#+\-=.)])")
#: Longest piece of text, and findings and columns that are named one by one.
_LONGEST, _FINDINGS, _COLUMNS = 2000, 40, 60


def model_card(journal: Journal) -> str:
    """Return the model card of what a run ships.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    str
        Markdown. Whatever comes from the data is text in it.
    """
    verdict, winner, started = judge(journal), shipped(journal), journal.started
    parts = [
        f"# {_text(verdict.headline)}",
        f"**{_text(verdict.answer)}.** {_text(' '.join(verdict.because))}",
        _section("Model details", _details(journal, winner)),
        _section("Intended use", _use(journal)),
        _section("Factors", _factors(journal.profile)),
        _section("Metrics", _metrics(journal, winner)),
        _section("Evaluation data", _evaluation(journal)),
        _section("Training data", _training(journal.profile)),
        _section("Quantitative analyses", _analyses(journal)),
        _section("Ethical considerations", _ethics(journal.profile)),
        _section("Caveats and recommendations", _bullets(caveats(journal))),
        _section("How to use it", _how(journal)),
        _section("How to ask the same again", _code(reproducing_code(journal)) if started else ""),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(words: str) -> str:
    """Return text in which nothing is markup."""
    escaped = _MARKUP.sub(r"\\\g<0>", cut(printable(words), _LONGEST))
    return _OPENING.sub(r"\1\\\2", escaped)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {_text(item)}" for item in items if item)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _code(source: str) -> str:
    """Return code in a fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{source}\n{fence}"


def _details(journal: Journal, winner: Experiment | None) -> str:
    started = journal.started
    if started is None:
        return ""
    versions = ", ".join(f"{name} {version}" for name, version in started.versions.items())
    items = [f"Run {started.run}, begun {started.at}, led by {started.scientist}, seed {started.task.random_state}"]
    if journal.calls:
        items.append(f"Language model: {asked_words(journal)}, {calls_words(journal.calls)}")
    if journal.experiments:
        items.append(f"Tried: {tried_words(journal)}")
    if winner is not None:
        items.append(f"Experiment {winner.number}, {winner.plan.family}: {winner.plan.idea}")
        items.append(f"Hypothesis: {winner.plan.hypothesis}")
        items.append(f"Script: sha256 {winner.script.sha256}, written by the {winner.script.author}")
    if journal.finished is not None:
        rows = "every row" if journal.finished.shipped == "all" else "the rows outside the holdout"
        items.append(f"Fitted on {rows}: {journal.finished.reason}")
        if fit := shipped_fit(journal):
            items.append(f"Pipeline: sha256 {fit.model.sha256}, {fit.model.size_bytes:,} bytes")
            items += [f"One row takes {latency_words(fit.latency)}"] if fit.latency else []
    return _bullets([*items, f"Versions: {versions}" if versions else ""])


def _use(journal: Journal) -> str:
    task, winner = journal.task, shipped(journal)
    if task is None:
        return ""
    kind = f"Predicts {task.target} ({task.type})" + (f": {listed(task.classes, 12)}" if task.classes else "")
    understood = [
        f"Not understood: “{u.words}”"
        if u.what == "not understood"
        else f"Understood: {u.what} {u.value}, from the words “{u.words}”"
        for u in task.understood
    ]
    decides = threshold_words(winner, task) if winner else ""
    beyond = "Out of scope: rows of another kind than those it was fitted on, and any use that the goal does not name"
    goal = f"Goal: {task.goal}" if task.goal else "No goal was given in words"
    return _bullets([goal, kind, *understood, f"Decision: {decides}" if decides else "", beyond])


def _factors(profile: Profile | None) -> str:
    if profile is None:
        return ""
    used = [column.name for column in profile.columns if column.used]
    unused = [column.name for column in profile.columns if not column.used]
    return _bullets(
        [
            f"Used, {count(len(used), 'column')}: {listed(used, _COLUMNS)}",
            f"Not used, {count(len(unused), 'column')}: {listed(unused, _COLUMNS)}" if unused else "",
            "Scores by subgroup were not computed",
        ]
    )


def _metrics(journal: Journal, winner: Experiment | None) -> str:
    task = journal.task
    if task is None:
        return ""
    words = f"{metric_name(task.scoring)}. {reading(task.scoring)}"
    if winner is None or winner.score is None:
        return _text(words)
    rows = [(task.scoring, with_error(winner.score.mean, winner.score.standard_error))]
    rows += [(name, number(value)) for name, value in winner.score.others.items()]
    return f"{_text(words)}\n\n{_table(('Validation score', 'Mean over the folds'), rows)}"


def _evaluation(journal: Journal) -> str:
    profile, plan = journal.profile, journal.validation
    if profile is None or plan is None:
        return ""
    return _bullets([f"Sealed rows: {sealed_words(profile)}", f"Validation: {validation_words(plan)}"])


def _training(profile: Profile | None) -> str:
    if profile is None:
        return ""
    findings = [finding_words(finding) for finding in profile.findings]
    rest = len(findings) - _FINDINGS
    more = f"{rest} more findings are in the journal" if rest > 0 else ""
    return _bullets([data_words(profile), *findings[:_FINDINGS], more])


def _analyses(journal: Journal) -> str:
    report = journal.holdout
    if report is None:
        return "No sealed rows were scored."
    interval = f"{number(report.ci_low)} to {number(report.ci_high)}"
    rows = [
        ("this model, sealed rows", number(report.score), interval, ""),
        ("this model, validation", number(report.validation_score), "", ""),
    ]
    rows += [(b.name, number(b.score), "", difference_words(b, report)) for b in report.baselines]
    head = ("", "Score", "95% interval", "This model is better by (95%)")
    return f"{_table(head, rows)}\n\nBetter than a plain baseline: **{report.beats_baseline}**."


def _ethics(profile: Profile | None) -> str:
    """Return what the record says about people: whose rows they are it cannot know."""
    if profile is None:
        return ""
    rarest = min(profile.target.levels, key=lambda level: level.count, default=None)
    counted = max(1, sum(level.count for level in profile.target.levels))
    rare = f"The rarest class is {rarest.value}, {share(rarest.count / counted)} of the rows" if rarest else ""
    ask = (
        "Whether columns stand for a protected trait, or for something near to one, was not examined: look at the list"
    )
    return _bullets([ask, rare])


def _how(journal: Journal) -> str:
    started: RunStarted | None = journal.started
    if started is None or journal.finished is None:
        return ""
    columns = journal.task.features if journal.task else ()
    winner = shipped(journal)
    by_another = winner is not None and winner.script.author != "playbook"
    trusting, trusted = (", allow_pickle=True", " --allow-pickle") if by_another else ("", "")
    lines = (
        "import octopus",
        "",
        f'model = octopus.load("model"{trusting})  # the directory that holds this card; its hashes are checked',
        "model.predict(X_new)",
    )
    needs = f"`X_new` is a table with the columns of the training table: {_text(listed(columns, _COLUMNS))}."
    shell = (
        f"As a service: `octopus serve model{trusted}`. Without octopus, with what requirements.txt names: "
        "`python predict.py NEW.csv`, or `python serve.py` in this directory."
    )
    return f"{_code(chr(10).join(lines))}\n\n{needs} {shell}"
