"""Question: how good is octopus after ten seconds, beside what it finds in five minutes.

Five sets of at most 20,000 rows, a fresh process for each limit, the libraries warm (a few rows are fitted before the
clock starts). A set holds where the score at 10 s is within 3 % of its own score at 300 s: the loss for log_loss and
rmse, the area for roc_auc. Losing: a set that does not hold.

Run by ``make bench-anytime`` (``ANYTIME='--budgets 10 300'`` for the two that decide); writes
``benchmarks/results/anytime.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from benchmarks.quality import Job, run
from benchmarks.quality_sets import chosen
from benchmarks.record import write_result

SEED = 0
NAMES = ("crx", "insurance", "health", "computers", "airports")
BUDGETS = (10.0, 30.0, 60.0, 120.0, 300.0)
WITHIN = 0.03


def behind(early: float, late: float) -> float:
    """Return by which share of the late score the early one is worse; negative where it is better."""
    return (late - early) / max(abs(late), 1e-12)


def summary_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return each set's share behind at the first limit, and how many sets hold; a failed run does not hold."""
    shares: dict[str, float | None] = {}
    for name in sorted({row["set"] for row in rows}):
        scores = {row["budget"]: row["score"] for row in rows if row["set"] == name}
        early, late = scores[min(scores)], scores[max(scores)]
        shares[name] = None if early is None or late is None else round(behind(early, late), 4)
    held = sum(share is not None and share <= WITHIN for share in shares.values())
    return {"behind_at_10_s": shares, "within": WITHIN, "n_holding": held, "n_sets": len(shares)}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="score over time")
    parser.add_argument("--budgets", type=float, nargs="+", default=BUDGETS, help="seconds; the first beside the last")
    budgets = sorted(parser.parse_args().budgets)
    rows: list[dict[str, Any]] = []

    def done(row: dict[str, Any]) -> None:
        rows.append(row)
        print({name: row[name] for name in ("set", "budget", "score", "wall_s", "failure")}, flush=True)

    run([Job(one, SEED, budget, "octopus", warm=True) for one in chosen(NAMES) for budget in budgets], 1, done)
    write_result("anytime", SEED, rows, summary_of(rows))


if __name__ == "__main__":
    main()
