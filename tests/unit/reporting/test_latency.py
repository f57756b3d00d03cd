"""How long a row takes is told of what ships, and of what was passed over for it."""

from __future__ import annotations

from io import StringIO

import msgspec
import pytest
from rich.console import Console

from octopus.journal import Journal
from octopus.records import (
    AnyEvent,
    ExperimentFinished,
    Fitted,
    Latency,
    LatencyLimit,
    ModelFile,
    ReplayCheck,
    RunFinished,
)
from octopus.reporting.card import model_card
from octopus.reporting.caveats import caveats
from octopus.reporting.console import ConsoleView
from octopus.reporting.page import report_page
from octopus.reporting.verdict import shipped, shipped_fit
from tests.strategies import profiled, started, valid

_AT = {"at": "t", "elapsed_s": 9.0}


def _fitted(number: int, took_ms: float | None, fitted_on: str = "train", *, replays: bool = True) -> Fitted:
    return Fitted(
        **_AT,
        experiment=number,
        model=ModelFile(path="p", sha256=f"{number}{fitted_on}", size_bytes=1, fitted_on=fitted_on),
        checks=(ReplayCheck(name="one row", passed=replays),),
        latency=None if took_ms is None else Latency(n_rows=50, median_ms=took_ms, p95_ms=2 * took_ms),
    )


def _journal(*fits: Fitted, limit: LatencyLimit | None, ships: str | None = "all") -> Journal:
    task = msgspec.structs.replace(started().task, latency=limit)
    tried = [valid(number, family, (0.8, 0.9)) for number, family in enumerate(("gbm", "linear", "forest"), 1)]
    end: list[AnyEvent] = [] if ships is None else [RunFinished(**_AT, shipped=ships, reason="r")]
    return Journal(
        events=(
            msgspec.structs.replace(started(), task=task),
            profiled(),
            *(ExperimentFinished(at="t", elapsed_s=1.0, experiment=experiment) for experiment in tried),
            *fits,
            *end,
        )
    )


TWENTY, TAIL = LatencyLimit(ms=20.0), LatencyLimit(ms=20.0, of="p95")


@pytest.mark.parametrize(
    ("fits", "ships", "expected"),
    [
        ([_fitted(1, 30.0), _fitted(2, 10.0), _fitted(2, 11.0, "all")], "all", "2all"),
        ([_fitted(1, 30.0), _fitted(2, 10.0), _fitted(2, 30.0, "all")], "train", "2train"),
        ([_fitted(1, 30.0), _fitted(2, 10.0)], None, "2train"),
        ([_fitted(1, 90.0), _fitted(2, 40.0), _fitted(3, 50.0)], "train", "2train"),
        ([_fitted(1, 90.0), _fitted(2, 40.0), _fitted(3, 50.0), _fitted(2, 45.0, "all")], "all", "2all"),
        ([_fitted(1, 90.0), _fitted(2, 5.0, replays=False)], "train", "1train"),
        ([_fitted(1, None), _fitted(1, None, "all")], "all", "1all"),
    ],
)
def test_what_ships_is_what_keeps_the_limit_else_the_quickest(
    fits: list[Fitted], ships: str | None, expected: str
) -> None:
    journal = _journal(*fits, limit=TWENTY, ships=ships)
    fit, winner = shipped_fit(journal), shipped(journal)
    assert fit is not None
    assert winner is not None
    assert (fit.model.sha256, winner.number) == (expected, fit.experiment)


def test_the_page_and_the_card_say_how_long_a_row_takes_and_where() -> None:
    journal = _journal(_fitted(1, 3.14), _fitted(1, 4.0, "all"), limit=None)
    for text in (report_page(journal), model_card(journal)):
        assert "4.0 ms, the median of 50 rows asked alone (95th percentile 8.0 ms)" in text
        assert "in a warm process of the sandbox on the machine of the run" in text
    assert "3.1 ms" in report_page(journal)
    assert not any("row" in words and "ms" in words.split() for words in caveats(journal))


def test_what_was_not_measured_is_not_told() -> None:
    journal = _journal(_fitted(1, None), _fitted(1, None, "all"), limit=None)
    assert "asked alone" not in report_page(journal) + model_card(journal)


@pytest.mark.parametrize(
    ("fits", "limit", "words"),
    [
        ([_fitted(1, 45.0, "all")], None, "A row alone takes 45 ms: if answers are needed sooner, say"),
        ([_fitted(1, 12.0, "all")], TWENTY, "The goal's limit of 20 ms for one row was kept on the machine of the run"),
        ([_fitted(1, 45.0, "all")], TWENTY, "is not kept: the quickest that was tried takes 45 ms."),
        ([_fitted(1, 12.0, "all")], TAIL, "is not kept: the quickest that was tried takes 24 ms (95th percentile)."),
        ([_fitted(1, None, "all")], TWENTY, "the goal's limit of 20 ms for one row could not be measured"),
        ([_fitted(1, 45.0), _fitted(2, 9.0, "all")], TWENTY, "A fit of #1 was passed over: one row takes it 45 ms."),
    ],
)  # fmt: skip
def test_the_limits_of_the_result_say_whether_it_is_quick_enough(
    fits: list[Fitted], limit: LatencyLimit | None, words: str
) -> None:
    assert any(words in caveat for caveat in caveats(_journal(*fits, limit=limit)))


def test_the_console_says_it_beside_the_replay() -> None:
    stream = StringIO()
    journal = _journal(_fitted(1, 45.2), _fitted(2, 9.04, "all"), limit=TWENTY)
    ConsoleView(Console(file=stream, width=200, highlight=False)).replay(journal)
    assert "1 checks passed in a clean process · 45 ms for a row alone, above the goal's 20 ms" in stream.getvalue()
    assert "1 checks passed in a clean process · 9.0 ms for a row alone\n" in stream.getvalue()
