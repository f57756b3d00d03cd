"""The page of numbers says what the results of the benchmarks say."""

from __future__ import annotations

import json

from docs.generate_numbers import PAGE, RESULTS, page


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs writes it anew"


def test_every_result_is_on_it() -> None:
    for path in RESULTS.glob("*.json"):
        assert json.loads(path.read_text())["command"] in page()
