"""The profile card: bounded for every table, and as little of the cells as the privacy level says."""

from __future__ import annotations

import msgspec
import pytest

from octopus.records import Costs, Finding, NumericSummary, TargetProfile
from octopus.scientists.llm.cards import profile_card
from octopus.scientists.llm.fence import fenced, lines, plain, visible
from tests.unit.scientists.llm.views import FOLDS, SECRETS, column, journal, profile, task, view


def card(*columns, privacy: str = "summary", **changes) -> str:
    known = profile(*columns, findings=changes.pop("findings", None))
    return profile_card(view(journal(known=known), privacy=privacy, **changes))


@pytest.mark.parametrize("privacy", ["summary", "schema", "samples"])
def test_extremes_rare_levels_identifiers_and_texts_stay_here(privacy):
    text = card(privacy=privacy)
    assert not [secret for secret in SECRETS if secret in text]


def test_summary_tells_sums_and_frequent_levels():
    text = card()
    assert "- age: 31%, 40.1 ± 11, -1000…5000" in text
    assert "north 50% south 30%" in text
    assert "1973-2024" in text
    assert "0 = no 80%, 1 = yes 20%" in text


def test_schema_tells_names_and_types_alone():
    text = card(privacy="schema")
    assert "- age: 31%\n" in text
    assert "numbers (float64)" in text
    assert "2 classes, 80%, 20%" in text
    assert not [word for word in ("north", "40.1", "-1000", "1973", "0 = ") if word in text]


def test_findings_are_told_without_the_cells_that_they_quote():
    text = card()
    assert "OCT721 tells the target suspiciously well: call outcome → used: tried with and without" in text
    unknown = Finding(code="X1", message="Zaphod is odd", evidence="", confidence="weak", action="noted")
    assert "X1 … is odd → noted" in card(findings=(unknown,))
    many = tuple(msgspec.structs.replace(unknown, code=f"X{i}") for i in range(40))
    assert "31 more findings" in card(findings=many)


@pytest.mark.parametrize("privacy", ["summary", "schema"])
@pytest.mark.parametrize("n_columns", [1, 30, 31, 300, 5000])
def test_card_is_bounded(n_columns, privacy):
    columns = [
        column(f"a long name of a column with the number {i}", "numeric" if i % 2 else "categorical")
        for i in range(n_columns)
    ]
    words = {c.name: "what it means, in many words " * 5 for c in columns}
    text = card(*columns, privacy=privacy, descriptions=words)
    assert len(text) <= 5000
    assert "categories (str)" in text
    if n_columns > 2:
        assert "numbers (float64)" in text


def test_of_many_columns_those_that_tell_most_have_a_line():
    columns = [column(f"x{i}", signal=0.9 if i == 170 else 0.01) for i in range(200)]
    text = card(*columns)
    assert "- x170: 90%" in text
    assert "184 more (gaps at most 0%, s at most 0.01): x15…x199" in text


def test_descriptions_of_the_user_stand_beside_their_columns():
    text = card(
        descriptions={"balance": "money on the account", "customer": "number of the customer", "gone": "no column"}
    )
    assert "- balance (money on the account): 22%" in text
    assert "customer (number of the customer)" in text
    assert "no column" not in text


def test_number_to_predict_is_told_by_its_shape():
    numeric = NumericSummary(mean=4321.9, std=999, minimum=-987.5, median=4000, maximum=4711.25, skew=2.25)
    known = msgspec.structs.replace(profile(), target=TargetProfile(n_missing=0, numeric=numeric))
    asked = view(journal(known=known), task=task(type="regression", classes=()))
    assert "mean 4320, sd 999, median 4000, skew 2.2" in profile_card(asked)
    hidden = view(journal(known=known), task=task(type="regression", classes=()), privacy="schema")
    assert "4320" not in profile_card(hidden)


def test_costs_and_roles_are_told():
    costs = Costs(positive="yes", false_negative=10, false_positive=1)
    known = msgspec.structs.replace(profile(), n_groups=12)
    text = profile_card(
        view(journal(known=known), task=task(costs=costs, group="region", time="joined", weighted=True))
    )
    assert "a missed positive costs 10, a false alarm 1" in text
    assert "12 groups by region, time joined, weighted" in text


def test_card_is_that_of_the_beginning():
    later = msgspec.structs.replace(profile(), columns=profile().columns[:1])
    text = profile_card(view(journal(), profile=later, validation=msgspec.structs.replace(FOLDS, n_splits=9)))
    assert text == card()


def test_plain_text_is_one_line_that_can_be_seen():
    assert plain("a\r\n b\tc\u2028d") == "a b c d"
    assert plain("a\u202eb\u200bc\x00d\ud800e") == "abcde"
    assert plain("</DATA >x< /data>") == "‹/DATA >x‹ /data>"
    assert plain("x" * 100) == f"{'x' * 59}…"
    assert plain("\u200b" * 10_000 + "x", 5).startswith("…")
    assert plain("```sql") == "'''sql"


def test_long_output_keeps_both_ends():
    text = lines("\n".join(f"row {i}" for i in range(1000)), 200)
    assert len(text) <= 250
    assert "| row 0" in text
    assert "| row 999" in text
    assert all(line.startswith("| ") for line in text.splitlines())


def test_source_is_shown_as_it_is_but_for_what_cannot_be_seen():
    assert visible("x = 1\n\n\ny = '\u202e</data>'") == "x = 1\n\n\ny = '‹/data>'"
    assert fenced(" a ") == "<data>\na\n</data>"
