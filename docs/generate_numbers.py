"""Results of the benchmarks → ``docs/numbers.md``: ``python docs/generate_numbers.py``, or ``make docs``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("numbers.md")
RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
_INTRODUCTION = """\
# Numbers

Each table is made from a file in `benchmarks/results/` by `make docs`; the command above it measures the file anew.
Machines are shared: compare within a table, not between tables.
"""
_OVERHEAD = (
    ("experiment_overhead_s", "a fold beyond its own fit, seconds", "0.15"),
    ("zygote_over_cold", "start of a child over a cold start", "0.067"),
    ("profile_100k_x_50_s", "profile of 100,000 rows × 50 columns, seconds", "3"),
    ("parent_peak_over_data", "peak memory of your process beyond its imports, over the data", "3"),
    ("two_threads_over_one_small", "LightGBM, two threads over one, 50,000 values: time", "–"),
    ("two_threads_over_one_large", "LightGBM, two threads over one, 8 million values: time", "–"),
)

_SANDBOX = (
    ("zygote_over_cold", "start of a child over a cold start", "0.05"),
    ("standard_ms", "what level standard adds to a job, milliseconds", "10"),
    ("strict_ms", "what level strict adds to a job, milliseconds", "40"),
    ("worker_row_ms", "what the worker adds to a row of 20 floats, milliseconds", "1"),
    ("worker_10k_over_inprocess", "10,000 × 20 mixed cells by the worker, over in your process", "1.5"),
    ("attacks", "attacks", "–"),
    ("control_succeeded", "of these succeed at process", "–"),
    ("escaped_standard", "of these succeed at standard", "see SECURITY.md"),
    ("escaped_strict", "of these succeed at strict", "0"),
)

_TOKENS = (
    ("weighted_experiment_over_aide_style", "a model-written experiment over AIDE's, by price", "0.5"),
    ("weighted_run_over_aide_style", "a run over AIDE's with the same scripts, by price", "0.25"),
    ("new_prompt_tokens_p95", "prompt for the next step, tokens, 95th percentile", "2400"),
    ("new_completion_tokens_median", "reply with an experiment, tokens, median", "600"),
    ("fix_prompt_tokens_p95", "prompt for a fix, tokens, 95th percentile", "1000"),
    ("fix_completion_tokens_p95", "reply with a fix, tokens, 95th percentile", "250"),
    ("cacheable_share", "share of the prompts for the next step that a cache holds", "at least 0.7"),
    ("growth_10_to_50", "growth of that prompt from 10 experiments to 50", "0.1"),
)
_SIDES = {"octopus": "octopus", "aide_style": "AIDE-style"}


def page() -> str:
    """Return the page as it should be."""
    sections = {
        "quality": _quality, "anytime": _anytime, "baselines": _baselines, "overhead": _overhead, "memory": _memory,
        "sandbox": _sandbox, "tokens": _tokens,
    }  # fmt: skip
    found = [(name, json.loads(path.read_text())) for name in sections if (path := RESULTS / f"{name}.json").is_file()]
    return "\n".join([_INTRODUCTION, *("\n".join([*sections[name](result), ""]) for name, result in found)])


def _quality(result: Mapping[str, Any]) -> list[str]:
    lines = [
        "## Beside its peers, in the same seconds",
        "",
        "Public tables, a quarter of the rows kept for the test, two cores and the same seconds for everyone, each in "
        "a process of its own. A normalised score is 0 for the worst system on a table and 1 for the best; brackets "
        "are 95 % bootstrap intervals over tables. airports, crx, diamonds_price, health, insurance and libras were "
        "looked at while octopus was built, and some others to choose settings for few rows. Settings of the networks "
        "were chosen on test rows of computers, crx, health, hedonic, libras, magic, males, mroz, sonar and splice: "
        "what they bring there says less than what they bring elsewhere. How many trees many classes get was worked "
        "out on letter and diamonds_cut, where octopus had been last; how trees read names on airports, test rows "
        "among them. Extra trees were chosen by folds of the training rows of seventeen of these tables. Of octopus' "
        "rows those at 300 s are a little older than those at 60 s: two committees became one average in between.",
    ]
    for budget, of in result["summary"].items():
        systems = sorted(of["mean_rank"], key=lambda system: (of["mean_rank"][system], -of["normalised"][system]))
        rows = [
            [
                system,
                f"{of['mean_rank'][system]:.2f} {_bracket(of['mean_rank_interval'][system])}",
                f"{of['normalised'][system]:.2f} {_bracket(of['normalised_interval'][system])}",
                f"{of['wins'][system]}",
                f"{of['mean_s'][system]:.0f}",
                f"{of['peak_gb'][system]:.1f}",
                f"{of['failures'][system]}",
            ]
            for system in systems
        ]
        head = ["system", "mean rank", "normalised", "wins", "seconds", "GB", "failures"]
        lines += ["", f"**{budget} s, {of['n_sets']} tables**", "", *_table(head, rows), ""]
        of_budget = [row for row in result["rows"] if f"{row['budget']:g}" == budget and row["set"] in of["by_set"]]
        lines += _table(["table", "metric", "rows", *systems], _scores(of_budget, systems))
    return [*lines, "", _beside(result)]


def _anytime(result: Mapping[str, Any]) -> list[str]:
    budgets = sorted({row["budget"] for row in result["rows"]})
    shares = result["summary"]["behind_at_10_s"]
    rows = []
    for name, share in shares.items():
        scores = {row["budget"]: row["score"] for row in result["rows"] if row["set"] == name}
        rows.append(
            [name, *(_number(scores.get(budget)) for budget in budgets), "–" if share is None else f"{share:.1%}"]
        )
    return [
        "## Score over time",
        "",
        f"octopus alone on the test rows of public tables, libraries warm. A table holds where its score after "
        f"{budgets[0]:g} s is within {result['summary']['within']:.0%} of that after {budgets[-1]:g} s: "
        f"{result['summary']['n_holding']} of {result['summary']['n_sets']} do. What a run does in a hurry "
        "was worked out on these very tables, so that others may hold less often.",
        "",
        *_table(["table", *(f"{budget:g} s" for budget in budgets), "behind"], rows),
        "",
        _measured(result),
    ]


def _scores(rows: Sequence[Mapping[str, Any]], systems: Sequence[str]) -> list[list[str]]:
    """Return a line for each table: mean scores, the best in bold."""
    lines = []
    for name in dict.fromkeys(row["set"] for row in rows):
        of_set = [row for row in rows if row["set"] == name]
        means = {one: _mean_score([row["score"] for row in of_set if row["system"] == one]) for one in systems}
        best = max(value for value in means.values() if value is not None)
        told = ["failed" if value is None else f"{value:.4g}" for value in means.values()]
        bold = [f"**{text}**" if value == best else text for text, value in zip(told, means.values(), strict=True)]
        lines.append([name, of_set[0]["metric"], f"{of_set[0]['n_train']:,}", *bold])
    return lines


def _mean_score(scores: Sequence[float | None]) -> float | None:
    worked = [score for score in scores if score is not None]
    return sum(worked) / len(worked) if worked else None


def _bracket(ends: Sequence[float]) -> str:
    return f"[{ends[0]:.2f}, {ends[1]:.2f}]"


def _beside(result: Mapping[str, Any]) -> str:
    """Say by which command, when and where rows were measured, and how many ran at once, each on cores of its own."""
    rows = result["rows"]
    days = sorted({row["when"][:10] for row in rows})
    versions = dict(sorted({(row["system"], row["version"]) for row in rows if row.get("version")}))
    at_once = sorted({row["beside"] + 1 for row in rows})
    return (
        f"`{result['command']}`, {' and '.join(days)}, {', '.join(result['machines'])}, "
        f"{' or '.join(map(str, at_once))} at once, each on {rows[0]['cores']} cores: "
        f"{', '.join(f'{name} {one}' for name, one in versions.items())}."
    )


def _baselines(result: Mapping[str, Any]) -> list[str]:
    summary = result["summary"]
    rows = []
    for table, verdict in summary["tables"].items():
        of_table = [row for row in result["rows"] if row["table"] == table]
        scores = [_mean(of_table, who) for who in ("linear", "lightgbm", "octopus")]
        interval = f"{verdict['low']:+.4g} … {verdict['high']:+.4g}"
        rows.append([table, of_table[0]["scoring"], *scores, interval, f"**{verdict['verdict']}**"])
    return [
        "## Beside what a person writes in five minutes",
        "",
        f"octopus with 60 s and nothing else said, beside LightGBM as it comes (on ordinal codes) and a plain linear "
        f"pipeline, on rows kept aside: {summary['better']} better, {summary['tie']} tie, {summary['worse']} worse "
        "than the stronger of the two, by the 95 % interval of the difference. Greater is better.",
        "",
        *_table(["table", "metric", "linear", "LightGBM", "octopus", "difference to the stronger", ""], rows),
        "",
        _measured(result),
    ]


def _sandbox(result: Mapping[str, Any]) -> list[str]:
    rows = [[words, f"{result['summary'][name]:g}", limit] for name, words, limit in _SANDBOX]
    head = ["## What the walls around a script cost, and what gets through", ""]
    return [*head, *_table(["what", "measured", "at most"], rows), "", _measured(result)]


def _overhead(result: Mapping[str, Any]) -> list[str]:
    rows = [[words, f"{result['summary'][name]:g}", limit] for name, words, limit in _OVERHEAD]
    head = ["## What octopus costs beyond the fits themselves", ""]
    return [*head, *_table(["what", "measured", "at most"], rows), "", _measured(result)]


def _memory(result: Mapping[str, Any]) -> list[str]:
    of, row = result["summary"], result["rows"][0]
    rows = [
        ["peak memory of all processes, GB", f"{of['peak_gb']:g}", f"{of['allowed_gb']:g}"],
        ["one row by the winner, milliseconds", f"{of['row_ms']:g}", "20"],
        ["the run, seconds", f"{of['wall_s']:g}", f"{of['limit_s']:g}"],
    ]
    head = [
        f"## {row['n_rows']:,} rows",
        "",
        f"A made table of {row['n_columns']} columns, {of['data_gb']:g} GB in memory; pages that processes share are "
        f"counted once. {row['n_experiments']} experiments, the winner is {row['winner']}.",
        "",
    ]
    return [*head, *_table(["what", "measured", "at most"], rows), "", _measured(result)]


def _tokens(result: Mapping[str, Any]) -> list[str]:
    summary, rows = result["summary"], result["rows"]
    goals = [[words, _number(summary[name]), limit] for name, words, limit in _TOKENS]
    ratios = [row for row in rows if row["what"] == "ratio"]
    ratio_names = (
        "run",
        "model",
        "bound",
        "written",
        "experiments",
        "experiment_over_aide_style",
        "run_over_aide_style",
    )
    names = ("calls", "prompt_tokens", "cached_tokens", "completion_tokens", "weighted")
    kinds = [
        [_SIDES[side], kind, *(_number(means[name]) for name in names)]
        for side, of_side in summary["kinds"].items()
        for kind, means in of_side.items()
    ]
    anchor = [row for row in rows if row["what"] == "anchor"]
    return [
        "## Tokens that a language model takes",
        "",
        "Recorded runs that a model led, beside the prompts of AIDE 0.2.2 over the same scripts in the same order, "
        "counted by one tokenizer; weights: input 1, cached input 0.1 (a prefix of 1,024 tokens or more), output 4. "
        "AIDE's model is taken to write each script as octopus's did (*lower*: without the sources of the blocks and "
        "what loads, folds and prints, which it could not run without), the same with the least that it needs to run "
        "(*alone*), or what ran (*upper*). The first table is against *alone*. A run of octopus is all its calls, one "
        "of AIDE all its scripts, the playbook's included.",
        "",
        *_table(["what", "measured", "at most"], goals),
        "",
        *_table(
            [
                "run",
                "model",
                "AIDE's scripts",
                "scripts of the model",
                "of the run",
                "experiment over AIDE's",
                "run over AIDE's",
            ],
            [[_number(row[name]) for name in ratio_names] for row in ratios],
        ),
        "",
        "Means of a call, by what it came to:",
        "",
        *_table(["whose", "call", "number", "prompt", "of it cached", "reply", "weighted"], kinds),
        "",
        "AIDE's prompts are imitated, and this is how near the imitation comes to runs of AIDE itself (8 steps, tables "
        "of 14 and 20 columns; the length of the replies is given, the prompts are what is tested):",
        "",
        *_table(
            ["an experiment", "AIDE", "imitation"],
            [[row["number"].replace("_", " "), _number(row["aide"]), _number(row["here"])] for row in anchor],
        ),
        "",
        _measured(result),
    ]


def _number(value: object) -> str:
    return "–" if value is None else f"{value:.6g}" if isinstance(value, int | float) else str(value)


def _mean(rows: Sequence[Mapping[str, Any]], who: str) -> str:
    return f"{sum(row[who] for row in rows) / len(rows):.4g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _measured(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"`{result['command']}`, {result['when'][:10]}, {machine['cores']} cores, {machine['memory_gb']:g} GB, "
        f"seed {result['seed']}: {versions}."
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
