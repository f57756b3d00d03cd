"""The model card: the same record in Markdown, under the usual headings."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus.journal import Journal
from octopus.records import AnyEvent, ColumnProfile, Finding, HoldoutOpened, Quarantined, Released, Revalidated, Usage
from octopus.reporting.card import model_card
from octopus.reporting.caveats import caveats
from octopus.reporting.verdict import judge
from tests.led import led
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


def test_the_card_of_a_models_script_says_so_and_how_it_is_loaded() -> None:
    plain = model_card(led()).replace("\\", "")
    assert "- Language model: openai:gpt-5 (gpt-5-2026-01), 8 calls (step 6, fix 1, reask 1)" in plain
    assert "written by the model" in plain
    assert 'octopus.load("model", allow_pickle=True)' in plain
    assert "`octopus serve model --allow-pickle`" in plain
    assert 'octopus.load("model")' in model_card(typical())
    assert "octopus serve model`" in model_card(typical())


def test_what_was_changed_during_the_search_limits_the_result() -> None:
    found = " ".join(caveats(led()))
    for expected in (
        "1 experiment counts no more: it reads a column that was quarantined later.",
        "The folds were changed during the search (a customer stands on both sides): now 4 folds, group:",
        "sealed rows may share customer with training rows, which flatters.",
        "A language model wrote 4 scripts of 6: read the winner's.",
        "The model wrote the script that ships: it is loaded with allow_pickle=True only.",
        "took no part to the end (3 calls in a row failed: no answer in 60 s): the playbook went on alone.",
        "Quarantined as leaks, not used: day.",
    ):
        assert expected in found, expected
    assert "colour" not in found, "it was released"
    assert "estimates from above" not in found


@pytest.mark.parametrize(
    ("kind", "column", "is_said"),
    [("group", "customer", "may share customer"), ("time", "day", "not by day"), ("random", None, "")],
)
def test_rows_that_were_sealed_before_the_folds_changed_may_flatter(kind: str, column: str, is_said: str) -> None:
    lines = list(led().events)
    at = next(i for i, event in enumerate(lines) if isinstance(event, Revalidated))
    plan = msgspec.structs.replace(lines[at].validation, kind=kind, column=column)
    lines[at] = msgspec.structs.replace(lines[at], validation=plan)
    found = " ".join(caveats(Journal(events=tuple(lines))))
    assert (is_said or "sealed before that") in found if is_said else "sealed before that" not in found
    if not column:
        return
    task = msgspec.structs.replace(lines[0].task, **{kind: column})
    lines[0] = msgspec.structs.replace(lines[0], task=task)
    assert "sealed before that" not in " ".join(caveats(Journal(events=tuple(lines)))), "it was sealed by that already"


def test_a_column_that_was_released_is_no_quarantined_one() -> None:
    at = {"at": "t", "elapsed_s": 1.0}
    aside = led().with_event(Quarantined(**at, columns=("amount",), reason="r"))
    assert "not used: day, amount." in " ".join(caveats(aside))
    assert "not used: day." in " ".join(caveats(aside.with_event(Released(**at, columns=("amount",), reason="r"))))


def test_tokens_that_nobody_counted_are_called_estimates() -> None:
    lines = list(led().events)
    call = msgspec.structs.replace(lines[3].call, usage=Usage(requests=1, input_tokens=9, is_estimated=True))
    lines[3] = msgspec.structs.replace(lines[3], call=call)
    assert "estimates from above" in " ".join(caveats(Journal(events=tuple(lines))))
