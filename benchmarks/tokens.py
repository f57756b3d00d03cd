"""Question: what does a model-led experiment cost in tokens, and a whole run, beside AIDE-style prompting.

Input: the runs in ``benchmarks/recorded/NAME/journal.jsonl``, made with a real model; they hold every prompt as it was
sent and every reply. Rival: AIDE 0.2.2's prompts (:mod:`benchmarks.aide_style`) over the same scripts in the same
order, a call that answers with plan and script and a call that reviews for each script, whether it was scored or
failed; a fix is a debug step of AIDE. One tokenizer counts both. Weights: input 1, input from a cache 0.1, output 4;
of a prompt the longest prefix that it shares with an earlier prompt of its run is cached, if that has 1,024 tokens.

What AIDE's model would have to write is not known exactly, so the scripts are taken three times: ``lower``, as
octopus's model wrote them, blocks imported by name, which AIDE has not; ``alone``, with a plain reading of the columns
in place of the blocks and with what loads, folds and prints, without which AIDE's cannot run; ``upper``, as they ran.
The numbers of the summary are against ``alone``, what AIDE has to have written; rows hold all three.

* ``weighted_experiment_over_aide_style``: all calls that asked for experiments (refused, unread, re-asked and fixes
  among them) over AIDE's for the scripts that came of them. Calls answered with an analysis, other folds, columns or a
  stop are not among them.
* ``weighted_run_over_aide_style``: all calls of the run over AIDE's for all its scripts, the playbook's included, which
  cost octopus no token: AIDE, with the same scripts in the same order, comes to the same score.
* ``growth_10_to_50``: prompts for the next step after 50 experiments (mean of 50 to 59) over those after 10 (10 to 19),
  less 1, largest of all runs; the recorded experiments are repeated, with ideas and numbers of their own, to as many.

Losing: an experiment above 0.5 or a run above 0.25 of AIDE's; prompts of new experiments above 2,400 tokens (95th
percentile) or less than 0.7 of them cacheable, replies above 600 (median); fixes above 1,000 and 250; growth above 0.1.

Rows named ``anchor`` tell how near the imitation of AIDE comes to what real AIDE was measured to take.
Run by ``make bench-tokens``; writes ``benchmarks/results/tokens.json``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.aide_anchor import rows as anchor_rows
from benchmarks.aide_script import stand_alone
from benchmarks.aide_style import Step, output_of, question_of, requests
from benchmarks.record import write_result
from benchmarks.token_count import ENCODING, PACKAGES, Count, Meter, texts
from benchmarks.token_growth import growth
from octopus.journal import Journal, read_journal
from octopus.records import CallKind, Experiment, ExperimentFinished
from octopus.scientists.llm.reply import Unreadable, read_reply
from octopus.scientists.llm.source import compact

SEED = 0
RECORDED = Path(__file__).parent / "recorded"
#: What the ratios of the summary are against.
AGAINST = "alone"
#: Calls of these kinds ask for experiments; what the rest is answered with earns no score.
EXPERIMENTAL = ("experiment", "edit", "unread", "fix")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A recorded run and what it comes to: octopus's calls, and AIDE's over its scripts by bound and by author."""

    name: str
    journal: Journal
    calls: tuple[Count, ...]
    new: tuple[Count, ...]
    written: tuple[Experiment, ...]
    aide_written: dict[str, tuple[Count, ...]]
    aide_all: dict[str, tuple[Count, ...]]


def main() -> None:
    """Count every recorded run and write the result."""
    directories = sorted(path.parent for path in RECORDED.glob("*/journal.jsonl"))
    if not directories:
        sys.exit(f"There is no recorded run under {RECORDED}: put one there as NAME/journal.jsonl.")
    runs = [counted(directory.name, read_journal(directory)) for directory in directories]
    growths = {run.name: growth(run.journal) for run in runs}
    rows = [row for run in runs for row in run_rows(run)]
    rows += [{"what": "growth", "run": name, **row} for name, row in growths.items()]
    rows += [*anchor_rows(), {"what": "tokenizer", "encoding": ENCODING}]
    summary = summarise(runs) | {"growth_10_to_50": max(float(row["growth"]) for row in growths.values())}
    write_result("tokens", SEED, rows, {**summary, "kinds": kinds(runs)}, more=PACKAGES)


def counted(name: str, journal: Journal) -> Run:
    """Return the counts of a run.

    Parameters
    ----------
    name : str
        Its name in the result.
    journal : Journal
        What was recorded.

    Returns
    -------
    Run
        Counts of both sides.
    """
    meter = Meter()
    named = zip(kinds_of(journal), journal.calls, strict=True)
    calls = tuple(meter.count(kind, texts(call.messages), call.reply) for kind, call in named)
    experiments = tuple(event.experiment for event in journal.events if isinstance(event, ExperimentFinished))
    written = tuple(experiment for experiment in experiments if experiment.script.author == "model")
    bounds = {"lower": _as_written(journal), "alone": _alone(journal), "upper": _as_run}
    return Run(
        name=name,
        journal=journal,
        calls=calls,
        new=tuple(count for count, call in zip(calls, journal.calls, strict=True) if call.kind == "step"),
        written=written,
        aide_written={bound: aide_counts(journal, written, code_of) for bound, code_of in bounds.items()},
        aide_all={bound: aide_counts(journal, experiments, code_of) for bound, code_of in bounds.items()},
    )


def kinds_of(journal: Journal) -> list[str]:
    """Return what each call came to: its action, or ``goal`` or ``fix``; ``unread`` where none was read.

    A call that asks again is ``reask of`` what it came to.
    """
    columns = [column.name for column in journal.profile.columns] if journal.profile else []
    found: list[str] = []
    asked: CallKind = "step"
    for call in journal.calls:
        asked = asked if call.kind == "reask" else call.kind
        kind = _action(call.reply, columns) if asked == "step" else asked
        found.append(f"reask of {kind}" if call.kind == "reask" else kind)
    return found


def aide_counts(
    journal: Journal, experiments: Iterable[Experiment], code_of: Callable[[Experiment], str]
) -> tuple[Count, ...]:
    """Return AIDE's calls over these scripts; a parent's script may be any of the run's."""
    task, profile = journal.task, journal.profile
    assert task is not None
    assert profile is not None
    by_number = {e.experiment.number: e.experiment for e in journal.events if isinstance(e, ExperimentFinished)}
    steps = [aide_step(experiment, by_number.get(_parent(experiment) or 0), code_of) for experiment in experiments]
    meter = Meter()
    asked = requests(question_of(task, profile), steps, SEED)
    return tuple(meter.count(one.kind, (("system", one.prompt),), one.completion) for one in asked)


def aide_step(experiment: Experiment, parent: Experiment | None, code_of: Callable[[Experiment], str]) -> Step:
    """Return an experiment as a step of AIDE: a draft without a parent, a fix of one that failed, or an improvement."""
    return Step(
        stage="draft" if parent is None else "improve" if parent.is_valid else "debug",
        code=code_of(experiment),
        output=_output(experiment),
        score=_score(experiment),
        parent_code=code_of(parent) if parent else "",
        parent_output=_output(parent) if parent else "",
    )


def summarise(runs: Sequence[Run]) -> dict[str, float | None]:
    """Return the numbers that have a goal, but for the growth."""
    new = [count for run in runs for count in run.new]
    experimental = [count for run in runs for count in run.calls if is_experimental(count)]
    fixes = [count for count in experimental if count.kind == "fix"]
    replies = [count.completion for count in new if count.kind in ("experiment", "edit")]
    written = [count for run in runs for count in run.aide_written[AGAINST]]
    everything = [count for run in runs for count in run.aide_all[AGAINST]]
    return {
        "weighted_experiment_over_aide_style": _ratio(experimental, written),
        "weighted_run_over_aide_style": _ratio([count for run in runs for count in run.calls], everything),
        "new_prompt_tokens_p95": _p95([count.prompt for count in new]),
        "new_completion_tokens_median": float(np.median(replies)) if replies else None,
        "fix_prompt_tokens_p95": _p95([count.prompt for count in fixes]),
        "fix_completion_tokens_p95": _p95([count.completion for count in fixes]),
        "cacheable_share": round(sum(c.cached for c in new) / max(1, sum(c.prompt for c in new)), 3),
    }


def is_experimental(count: Count) -> bool:
    """Tell whether a call asked for an experiment."""
    return count.kind.removeprefix("reask of ") in EXPERIMENTAL


def kinds(runs: Sequence[Run]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the mean tokens of a call by side and kind."""
    sides = {
        "octopus": [count for run in runs for count in run.calls],
        "aide_style": [count for run in runs for count in run.aide_written[AGAINST]],
    }
    return {side: {kind: _means([c for c in counts if c.kind == kind]) for kind in sorted({c.kind for c in counts})}
            for side, counts in sides.items()}  # fmt: skip


def run_rows(run: Run) -> list[dict[str, object]]:
    """Return the rows of a run: both sides in sums, by kind and by bound."""
    started = run.journal.started
    experimental = [count for count in run.calls if is_experimental(count)]
    rows: list[dict[str, object]] = [
        {"what": "octopus", "run": run.name, "kind": kind, **_sums([c for c in run.calls if c.kind == kind])}
        for kind in sorted({count.kind for count in run.calls})
    ]
    for bound, of_written in run.aide_written.items():
        of_all = run.aide_all[bound]
        rows.append({
            "what": "ratio", "run": run.name, "bound": bound, "model": _model(run.journal),
            "scientist": started.scientist if started else "", "written": len(run.written),
            "experiments": len(run.journal.experiments), "octopus_weighted": round(sum(c.weighted for c in run.calls)),
            "aide_written_weighted": round(sum(c.weighted for c in of_written)),
            "aide_all_weighted": round(sum(c.weighted for c in of_all)),
            "experiment_over_aide_style": _ratio(experimental, of_written),
            "run_over_aide_style": _ratio(run.calls, of_all),
            "run_over_aide_style_written_only": _ratio(run.calls, of_written),
        })  # fmt: skip
        rows += [
            {"what": f"aide_style {bound}", "run": run.name, "kind": kind,
             **_sums([c for c in of_written if c.kind == kind])}
            for kind in sorted({count.kind for count in of_written})
        ]  # fmt: skip
    return rows


def _action(reply: str, columns: Sequence[str]) -> str:
    try:
        return str(read_reply(reply, "step", columns).action)
    except Unreadable:
        return "unread"


def _as_written(journal: Journal) -> Callable[[Experiment], str]:
    return lambda experiment: compact(experiment.script.source, journal.task, journal.profile)


def _alone(journal: Journal) -> Callable[[Experiment], str]:
    task, as_written = journal.task, _as_written(journal)
    assert task is not None
    return lambda experiment: stand_alone(as_written(experiment), task)


def _as_run(experiment: Experiment) -> str:
    return experiment.script.source


def _parent(experiment: Experiment) -> int | None:
    decision = experiment.decision
    return decision.parent if decision.action == "repair" else experiment.plan.parent


def _output(experiment: Experiment) -> str:
    scoring = experiment.score.scoring if experiment.score else "metric"
    return output_of(experiment.outcome, scoring, _score(experiment))


def _score(experiment: Experiment) -> float | None:
    return round(experiment.score.mean, 5) if experiment.is_valid and experiment.score else None


def _model(journal: Journal) -> str:
    return ", ".join(sorted({call.model for call in journal.calls}))


def _ratio(ours: Iterable[Count], theirs: Iterable[Count]) -> float | None:
    weight = sum(count.weighted for count in theirs)
    return round(sum(count.weighted for count in ours) / weight, 3) if weight else None


def _p95(values: Sequence[int]) -> float | None:
    """Return the 95th percentile, as a value that occurred."""
    return float(np.percentile(values, 95, method="higher")) if values else None


def _sums(counts: Sequence[Count]) -> dict[str, float]:
    return {
        "calls": len(counts),
        "prompt_tokens": sum(count.prompt for count in counts),
        "cached_tokens": sum(count.cached for count in counts),
        "completion_tokens": sum(count.completion for count in counts),
        "weighted": round(sum(count.weighted for count in counts), 1),
    }


def _means(counts: Sequence[Count]) -> dict[str, float]:
    n = len(counts)
    return {name: value if name == "calls" else round(value / n, 1) for name, value in _sums(counts).items()}


if __name__ == "__main__":
    main()
