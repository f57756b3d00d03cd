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


def page() -> str:
    """Return the page as it should be."""
    sections = {"baselines": _baselines, "overhead": _overhead, "sandbox": _sandbox}
    found = [(name, json.loads(path.read_text())) for name in sections if (path := RESULTS / f"{name}.json").is_file()]
    return "\n".join([_INTRODUCTION, *("\n".join([*sections[name](result), ""]) for name, result in found)])


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
