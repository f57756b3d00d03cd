"""The model card: the same record in Markdown, under the usual headings."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus.journal import Journal
from octopus.records import AnyEvent, ColumnProfile, Finding, HoldoutOpened
from octopus.reporting.card import model_card
from octopus.reporting.caveats import caveats
from octopus.reporting.verdict import judge
from tests.strategies import events, journals, profiled, started
from tests.unit.reporting.test_page import typical

HEADINGS = [
    "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data", "Quantitative analyses",
    "Ethical considerations", "Caveats and recommendations", "How to use it", "How to ask the same again",
]  # fmt: skip


@given(journals(ended=True))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_run_makes_a_card(journal: Journal) -> None:
    assert model_card(journal).startswith("# ")


@given(st.lists(events(), max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_journal_makes_a_card_whatever_its_lines_say(lines: list[AnyEvent]) -> None:
    card = model_card(Journal(events=tuple(lines)))
    assert re.findall("^# ", card, re.MULTILINE) == ["# "]
    card.encode("utf-8")


def test_the_headings_are_those_of_a_model_card() -> None:
    assert re.findall(r"^## (.*)$", model_card(typical()), re.MULTILINE) == HEADINGS


def test_the_card_says_what_the_page_says() -> None:
    card, verdict = model_card(typical()), judge(typical())
    plain = card.replace("\\", "")
    for sentence in (verdict.headline, verdict.answer, *verdict.because, *caveats(typical())):
        assert sentence in plain
    for expected in (
        "- Goal: who pays late; ranking matters",
        "- Understood: scoring roc_auc, from the words “ranking matters”",
        "- Decision: says yes from a probability of 0.1700 on, where that costs least",
        "| roc_auc | 0.8600 ± 0.0100 |",
        "| accuracy | 0.9000 |",
        "- Sealed rows: 120 rows (random rows), opened once at the end",
        "reminder mirrors the target → quarantined: not used; --use reminder",
        "| this model, sealed rows | 0.8510 | 0.8290 to 0.8710 |  |",
        "| plain linear | 0.8000 |  | +0.0510 (0.0200 to 0.0800) |",
        "The rarest class is yes, 7.5% of the rows",
        "random_state=42,",
        "- Versions: numpy 2.4.6",
    ):
        assert expected in plain


def test_what_was_not_proved_is_not_claimed() -> None:
    lines = tuple(e for e in typical().events if not isinstance(e, HoldoutOpened))
    card = model_card(Journal(events=lines))
    assert "**Not proved: no sealed rows were scored.**" in card
    assert "No sealed rows were scored." in card
    assert "Better than a plain baseline" not in card


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[click](javascript:x)", r"\[click\](javascript:x)"),
        ("a|b", r"a\|b"),
        ("`rm`", r"\`rm\`"),
        ("*bold* _it_ snake_case", r"\*bold\* \_it\_ snake_case"),
        ("a\n# b\x1b\u202e", "a # b\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_odd_names_stay_text(name: str, shown: str) -> None:
    column = ColumnProfile(name=name, kind="numeric", dtype="float64", missing_fraction=0.0, n_unique=2, used=True)
    profile = msgspec.structs.replace(profiled().profile, columns=(column,))
    card = model_card(Journal(events=(started(), msgspec.structs.replace(profiled(), profile=profile))))
    assert f"- Used, 1 column: {shown}\n" in card


@pytest.mark.parametrize("name", ["# x", "- x", "+ x", "1. x", "2) x", "=== x"])
def test_a_finding_that_looks_like_a_list_is_none(name: str) -> None:
    finding = Finding(code="OCT1", message=name, evidence="e", confidence="certain", action="noted")
    profile = msgspec.structs.replace(profiled().profile, findings=(finding,))
    card = model_card(Journal(events=(started(), msgspec.structs.replace(profiled(), profile=profile))))
    assert f"\n- {name}" not in card
    assert f"\n- {name} → noted" in card.replace("\\", "")


@pytest.mark.parametrize("goal", ["# find it", "1. find it", "- find it", "=== find it", "```\nfind it"])
def test_a_goal_opens_nothing(goal: str) -> None:
    task = msgspec.structs.replace(started().task, goal=goal)
    card = model_card(Journal(events=(msgspec.structs.replace(started(), task=task),)))
    fences = re.findall("^`{3,}.*$", card, re.MULTILINE)
    assert len(fences) % 2 == 0
    assert len(re.findall(r"^#+ ", card, re.MULTILINE)) == 1 + card.count("\n## ")
