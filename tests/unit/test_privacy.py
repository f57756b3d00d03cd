"""What leaves for a language model: no planted cell, whatever raised or printed it, and all that helps."""

from __future__ import annotations

import contextlib
import io
import json
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, OrdinalEncoder, StandardScaler

from octopus.findings.columns import read_column
from octopus.frame import Schema
from octopus.privacy import PrivacyLevel, Shield
from octopus.records import Level, Profile, TargetProfile

N_ROWS = 400
CITY, NAME, MAIL = "Ødegårdsvik", "Quillfeather, Mrs. Zebedia (Wyx O'Dunnigan)", "zebedia.quill@example.org"
NOTE = 'Zorblax was "very" unhappy\nwith the gearbox; she\'ll call again about the refund of March'
PLAIN_NOTE = "the other one was the same as before and more of it"
CODE, PASSPORT, SALARY, BORN, IBAN = "QX-774193-Z", 90417733, 48213.57, "1984-03-17", "DE89 3704 0044 0532 0130 00"
PHONE, RARE_PAIR = "+49 151 2345678", "North Ferry"
#: What of these cells tells who it was; the rest are words that anybody uses.
PLANTED = (
    CITY, "degårdsvik", "Quillfeather", "Zebedia", "Wyx", "Dunnigan", MAIL, "zebedia", "Zorblax", "gearbox", "unhappy",
    "the other one was", "774193", "90417733", "48213.57", "48,213.57", "1984-03-17", "17.03.1984", "0532 0130",
    "2345678", "North Ferry", "1000,50", "\\xd8deg", "\\u00d8deg",
)  # fmt: skip


def raw_table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "passport": np.arange(N_ROWS) * 977 + 90_000_000,
            "code": [f"AB-{100_000 + 37 * i}-K" for i in range(N_ROWS)],
            "name": [f"Persona{i}, Mr. Vorname{i}" for i in range(N_ROWS)],
            "city": rng.choice(["Paris", "New York", "North End"], N_ROWS),
            "contract": rng.choice(["month-to-month", "two year"], N_ROWS),
            "amount": [f"{1000 + 3 * i},50" for i in range(N_ROWS)],
            "salary": np.round(rng.normal(40_000, 9_000, N_ROWS), 2),
            "age": rng.integers(18, 90, N_ROWS),
            "born": pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 9000, N_ROWS), unit="D"),
            "note": [f"called {i} times about invoice number{i} and was told to wait, word{i} word{i + 1}"
                     for i in range(N_ROWS)],
            "contact": [f"person{i}@mail{i}.example.com" for i in range(N_ROWS)],
        }
    )  # fmt: skip
    frame = frame.astype({"passport": "int64"})
    frame.loc[0, ["code", "name", "city", "contact", "note"]] = [CODE, NAME, CITY, MAIL, NOTE]
    frame.loc[0, "passport"], frame.loc[0, "salary"] = PASSPORT, SALARY
    frame.loc[0, "born"] = pd.Timestamp(BORN)
    frame.loc[1, ["city", "note", "name"]] = [RARE_PAIR, PLAIN_NOTE, f"{IBAN} {PHONE}"]
    return frame


TABLE = Schema.of(raw_table()).apply(raw_table())
Y = pd.Series(np.where(np.arange(N_ROWS) % 3, "stays", "churned"))


def profile_of(table: pd.DataFrame, labels: tuple[str, ...] = ("stays", "churned")) -> Profile:
    return Profile(
        n_rows=len(table),
        n_columns=table.shape[1],
        n_sealed=0,
        sealed_reason="",
        memory_bytes=0,
        columns=tuple(read_column(str(name), table[name], None).profile for name in table.columns),
        target=TargetProfile(n_missing=0, levels=tuple(Level(value=label, count=100) for label in labels)),
    )


def shield_of(table: pd.DataFrame, level: PrivacyLevel) -> Shield:
    return Shield.of(table, profile_of(table), level)


SUMMARY, SCHEMA = shield_of(TABLE, "summary"), shield_of(TABLE, "schema")


def _message(action: Callable[[], object]) -> Iterator[str]:
    try:
        action()
    except Exception as error:  # noqa: BLE001  # whatever a library raises
        yield f"{type(error).__name__}: {error}"
        yield repr(error)
        yield traceback.format_exc()
        yield json.dumps({"message": str(error)})
        yield str(error)[:60]
        yield str(error).upper()
    else:
        pytest.fail("it raised nothing")


def _printed(action: Callable[[], object]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        print(action())
    return out.getvalue()


HEAD = TABLE.head(3)
RAISED: dict[str, Callable[[], object]] = {
    "astype": lambda: HEAD["name"].astype(float),
    "numpy float": lambda: np.asarray(HEAD["city"], dtype=object).astype(float),
    "int": lambda: int(HEAD["note"][0]),
    "to_numeric": lambda: pd.to_numeric(HEAD["code"]),
    "to_datetime": lambda: pd.to_datetime(HEAD["note"], format="%Y-%m-%d"),
    "mean of text": lambda: HEAD["name"].astype(object).mean(),
    "sum of mixed": lambda: HEAD["city"].astype(object).sum() + 1,
    "key": lambda: HEAD[HEAD["name"][0]],
    "keys": lambda: HEAD[[HEAD["name"][0], HEAD["city"][0], "amount"]],
    "loc": lambda: HEAD.set_index("passport").loc[PASSPORT + 1],
    "drop": lambda: HEAD.drop(columns=[HEAD["note"][0]]),
    "index": lambda: ["a"].index(HEAD["contact"][0]),
    "dict": lambda: {}[HEAD["city"][0]],
    "category": lambda: HEAD["age"].astype("category").cat.set_categories([1]).__setitem__(0, CITY),
    "category of text": lambda: pd.Categorical(["a"]).__setitem__(0, NAME),
    "one-hot": lambda: OneHotEncoder().fit(TABLE[["contract"]].rename(columns={"contract": "city"})).transform(
        HEAD[["city"]]
    ),
    "ordinal": lambda: OrdinalEncoder().fit(TABLE[["city"]][5:]).transform(HEAD[["city"]]),
    "labels": lambda: LabelEncoder().fit(TABLE["name"][5:]).transform(HEAD["name"]),
    "scaler": lambda: StandardScaler().fit(HEAD[["name", "note"]]),
    "model": lambda: LogisticRegression().fit(HEAD[["code"]], [0, 1, 1]),
    "columns": lambda: make_column_transformer((StandardScaler(), ["city"])).fit(HEAD),
    "own": lambda: (_ for _ in ()).throw(ValueError(f"bad row: {HEAD.iloc[0].to_dict()}")),
    "own, in bytes": lambda: (_ for _ in ()).throw(ValueError(f"bad cell {CITY.encode()!r} {CITY!a}")),
    "assertion": lambda: (_ for _ in ()).throw(AssertionError(HEAD.to_string())),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shield", [SUMMARY, SCHEMA], ids=["summary", "schema"])
@pytest.mark.parametrize("name", RAISED)
def test_no_exception_carries_a_cell(name: str, shield: Shield) -> None:
    for text in _message(RAISED[name]):
        assert_hidden(shield.hide(text, "def build_pipeline(task):\n    return make_pipeline()\n"), text)


PRINTED: dict[str, Callable[[], object]] = {
    "head": TABLE.head,
    "head, whole": lambda: TABLE.head(3).to_string(),
    "row": lambda: TABLE.iloc[0],
    "rows as dict": lambda: TABLE.head(2).to_dict("records"),
    "rows as JSON": lambda: TABLE.head(2).to_json(orient="records", date_format="iso"),
    "rows as CSV": lambda: TABLE.head(2).to_csv(),
    "rows as tuples": lambda: list(TABLE.head(2).itertuples()),
    "values": lambda: TABLE.head(2).to_numpy(),
    "describe": lambda: TABLE.describe(include="all").to_string(),
    "counts of cities": TABLE["city"].value_counts,
    "counts of names": lambda: TABLE["name"].value_counts().head(),
    "counts as dict": lambda: dict(TABLE["city"].value_counts()),
    "groups": lambda: TABLE.groupby("city")["salary"].agg(["mean", "min", "count"]),
    "groups of names": TABLE[:3].groupby("name")["age"].mean,
    "crosstab": lambda: pd.crosstab(TABLE["city"], TABLE["contract"]),
    "unique": TABLE["city"].unique,
    "dummies": lambda: list(pd.get_dummies(TABLE[["city"]]).columns),
    "words": lambda: TABLE["note"].str.split().explode().value_counts().head(30).to_string(),
    "upper case": lambda: TABLE["name"].str.upper().head(2).tolist(),
    "lower case": lambda: TABLE["city"].str.lower().unique(),
    "cut": lambda: [text[:45] + "..." for text in TABLE["name"][:2]],
    "dates": lambda: TABLE["born"].dt.strftime("%d.%m.%Y").tolist()[:2],
    "dates as objects": lambda: TABLE["born"].dt.date.tolist()[:2],
    "numbers": lambda: TABLE[["passport", "salary"]].to_numpy()[:2],
    "numbers with marks": lambda: f"{TABLE['salary'][0]:,.2f} {TABLE['passport'][0]:,.0f}",
    "note": lambda: TABLE["note"][0],
    "plain note": lambda: TABLE["note"][1],
    "pair": lambda: TABLE["city"][1],
    "name": lambda: TABLE["name"][1],
    "red": lambda: f"\x1b[31m{CITY}\x1b[0m {CITY[:3]}\u200b{CITY[3:]} {CITY[:2]}\x00{CITY[2:]}",
}  # fmt: skip


@pytest.mark.parametrize("shield", [SUMMARY, SCHEMA], ids=["summary", "schema"])
@pytest.mark.parametrize("name", PRINTED)
def test_no_print_of_an_analysis_carries_a_cell(name: str, shield: Shield) -> None:
    text = _printed(PRINTED[name])
    assert_hidden(shield.hide(text, "def analyse(X, y):\n    print(X)\n"), text)


def assert_hidden(hidden: str, text: str) -> None:
    folded = hidden.casefold()
    told = [planted for planted in PLANTED if planted.casefold() in folded]
    assert not told, f"{told} in {hidden!r}, from {text!r}"


def test_the_tests_above_search_for_what_is_there() -> None:
    text = _printed(PRINTED["head, whole"])
    assert len([planted for planted in PLANTED if planted in text]) > 12


def test_at_samples_three_rows_may_be_told_and_of_the_others_no_more_than_at_summary() -> None:
    shield = shield_of(TABLE, "samples")
    names = [row["name"].split(",")[0] for row in shield.samples(3)]
    assert len(names) == 3
    hidden = shield.hide(_printed(TABLE.to_string))
    assert [row for row in range(N_ROWS) if re.search(rf"Persona{row}\b", hidden)] == sorted(
        int(name.removeprefix("Persona")) for name in names
    )
    text = _printed(PRINTED["head, whole"])
    assert_hidden(shield.hide(text), text)
    assert shield.hide("\x1b[31mred\x1b[0m\x07 and\tblue\n") == "red and\tblue\n"


def test_of_the_lowest_and_the_highest_number_one_digit_is_told_where_one_row_alone_holds_it() -> None:
    rows = pd.DataFrame({"hours": [-3.75, 8.0, 8.0, 97.5], "grade": [1.25, 1.25, 2.5, 2.5]})
    text = "from -3.75 to 97.500000, mean 27.44, grades 1.25 to 2.5"
    assert shield_of(rows, "summary").hide(text) == "from -4 to 100, mean 27.44, grades 1.25 to 2.5"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("ValueError: could not convert string to float: 'amount'", ""),
        ("KeyError: 'amount'", ""),
        ("KeyError: \"['amount', 'salary'] not in index\"", ""),
        ("Found unknown categories ['Paris', 'New York'] in column 0 during transform", ""),
        ("y contains previously unseen labels: 'churned'", ""),
        ("X has 12 features, but StandardScaler is expecting 11 features as input.", ""),
        ("Found input variables with inconsistent numbers of samples: [320, 80]", ""),
        ("'DataFrame' object has no attribute 'append'", ""),
        ("Pipeline.fit() got an unexpected keyword argument 'gizmo'", "model.fit(X, y, gizmo=3)"),
        ("The 'foo_bar' is unknown, 123456 given", "model = Model(foo_bar=123456)"),
        ("cannot convert float NaN to integer", ""),
        ("Input X contains infinity or a value too large for dtype('float64').", ""),
        ("dtype: object, Name: city, Length: 400", ""),
        ("city\nNew York    136\nParis       134\nName: count, dtype: int64", ""),
        ("mean of salary by contract: month-to-month 40.1, two year 39.9", ""),
        ("roc_auc 0.8421 on 5 folds, ± 0.004", ""),
        ("unsupported operand type(s) for +: 'float' and 'str'", ""),
        ("Traceback (most recent call last):\nValueError: too few rows", ""),
    ],
)
def test_what_helps_stays_as_it_is(text: str, source: str) -> None:
    assert SUMMARY.hide(text, source) == text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"could not convert string to float: '{CITY}'", "could not convert string to float: '…'"),
        (f"KeyError: {CITY!r}", "KeyError: '…'"),
        (f"unknown categories ['Paris', {CITY!r}] in column 0", "unknown categories ['Paris', '…'] in column 0"),
        ("mean 40213.5719, count 1,234,567", "mean 40210, count 1235000"),
        ("p = 0.000123456, n = 400", "p = 0.0001235, n = 400"),
        ("4.000000e+02 1.5e-30 891.000000", "400.0 1.5e-30 891.0"),
        ("born 1984-03-17 00:00:00 to 1999-12-31", "born 1984-03 to 1999-12"),
        ("a new category (North Ferry), set", "a new category (…), set"),
        ("Unable to parse string \"QX-774193-Z\" at position 3", "Unable to parse string \"…\" at position 3"),
        ("mail zebedia.quill@example.org now", "mail … now"),
        ("key sk-abcdefghijklmnop1234 is", "key … is"),
        ("id 550e8400-e29b-41d4-a716-446655440000", "id …"),
    ],
)  # fmt: skip
def test_a_message_is_readable_without_its_cell(text: str, hidden: str) -> None:
    assert SUMMARY.hide(text) == hidden


def test_at_schema_names_and_types_alone_are_left() -> None:
    text = "KeyError: 'amount'; city Paris 136, dtype int64, label 'churned', n_jobs=2"
    assert SCHEMA.hide(text, "fit(n_jobs=2)") == "KeyError: 'amount'; city …, dtype int64, label '…', n_jobs=2"
    assert not SCHEMA.may_analyse
    assert SUMMARY.may_analyse
    assert SCHEMA.public_levels("city") == ()


def test_levels_that_many_rows_share_may_be_shown_the_most_frequent_first() -> None:
    assert SUMMARY.public_levels("contract") == tuple(TABLE["contract"].value_counts().index)
    assert set(SUMMARY.public_levels("city")) == {"Paris", "New York", "North End"}
    assert SUMMARY.public_levels("name") == SUMMARY.public_levels("code") == SUMMARY.public_levels("note") == ()
    assert SUMMARY.public_levels("none such") == ()


@pytest.mark.parametrize(("n_rows", "n_held", "is_shown"), [
    (2000, 19, False), (2000, 20, True), (400, 9, False), (400, 10, True), (50, 4, False), (50, 5, True),
])  # fmt: skip
def test_how_many_rows_make_a_level_frequent(n_rows: int, n_held: int, is_shown: bool) -> None:
    table = pd.DataFrame({"colour": ["teal"] * n_held + ["ochre"] * (n_rows - n_held)})
    shield = shield_of(table, "summary")
    assert ("teal" in shield.public_levels("colour")) is is_shown
    assert ("teal" in shield.hide("unknown category 'teal', teal")) is is_shown


def test_an_address_is_no_level_however_many_rows_hold_it() -> None:
    table = pd.DataFrame({"sender": ["desk@example.org"] * 60 + ["post"] * 60})
    shield = shield_of(table, "summary")
    assert shield.public_levels("sender") == ("post",)
    assert shield.hide("sender 'desk@example.org' 60, desk@EXAMPLE.org") == "sender '…' 60, …"


def test_a_column_that_the_caller_calls_an_identifier_has_no_levels() -> None:
    table = pd.DataFrame({"firm": ["Acmecorp"] * 50 + ["Globexco"] * 50, "seller": np.repeat([70_001.0, 70_002.0], 50)})
    shield = Shield.of(table, profile_of(table), "summary", identifiers=("firm", "seller"))
    assert shield.public_levels("firm") == ()
    assert shield.hide("Acmecorp 50, ACMECORP 50") == "… 50, … 50"
    assert shield.hide("firm 'Acmecorp', seller 70001 or 70001.0") == "firm '…', seller … or …"


def test_a_word_counts_by_the_rows_that_hold_it_not_by_how_often_one_repeats_it() -> None:
    notes = [f"note of kind{i} about thing{i} and more{i}" for i in range(60)]
    notes[0] = "glimmer " * 40 + "it was in the end"
    table = pd.DataFrame({"note": notes})
    assert "glimmer" not in shield_of(table, "summary").hide("most frequent word: glimmer 40")


def test_a_library_word_is_hidden_only_where_it_is_a_whole_rare_cell() -> None:
    table = pd.DataFrame({"state": ["on"] * 60 + ["off"] * 60 + ["pipeline"]})
    shield = shield_of(table, "summary")
    assert shield.hide("pipeline 1, estimator 2") == "… 1, estimator 2"


def test_cells_like_names_of_columns_and_numbers_as_text() -> None:
    table = pd.DataFrame(
        {
            "amount": np.arange(120.0) / 7,
            "zip": [f"0{8_000 + 11 * i}" for i in range(120)],
            "kind": ["amount"] + ["x"] * 119,
            "path": ["C:\\new\\Tinasfolder"] + ["D:"] * 119,
            "odd": ["Bra\x00und"] + ["-"] * 119,
        }
    )
    shield = shield_of(table, "summary")
    assert shield.hide("KeyError: 'amount'") == "KeyError: 'amount'"
    assert shield.hide("zip 08011 is '08022'") == "zip … is '…'"
    for text in ("C:\\new\\Tinasfolder", repr("C:\\new\\Tinasfolder"), "Braund", repr("Bra\x00und"), "BRAUND"):
        assert "tinasfolder" not in shield.hide(text).casefold()
        assert "braund" not in shield.hide(text).casefold()


def test_what_the_script_says_itself_is_known_to_its_reader() -> None:
    source = f"X['flag'] = X['city'] == {CITY!r}\nlimit = 48213.57\n"
    assert SUMMARY.hide(f"flag of {CITY!r} above 48213.57", source) == f"flag of {CITY!r} above 48213.57"
    assert SUMMARY.hide(f"flag of {CITY!r} above 48213.57") == "flag of '…' above 48210"


def test_where_a_text_is_cut_a_part_of_a_word_is_hidden() -> None:
    long = "x" * 3 + " and so on " * 20 + NAME[:9]
    assert NAME[:9] not in SUMMARY.hide(long)
    assert SUMMARY.hide("name Quillfea...") == "name …..."
    assert SUMMARY.hide("[1 2 3 ... 7 8 9] training") == "[1 2 3 ... 7 8 9] training"


def test_of_a_table_too_large_to_read_only_what_is_known_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octopus.privacy.cells.MAX_CHARACTERS", 5_000)
    shield = shield_of(TABLE, "summary")
    for action in PRINTED.values():
        text = _printed(action)
        assert_hidden(shield.hide(text), text)
    assert shield.hide("could not convert string to float: salary of Paris") == (
        "could not convert string to float: salary of Paris"
    )


def test_the_same_table_is_hidden_the_same_way() -> None:
    text = _printed(PRINTED["head, whole"])
    assert shield_of(TABLE.copy(), "summary").hide(text) == SUMMARY.hide(text)
    assert SUMMARY.hide("") == ""


def test_samples_are_rows_of_the_table_and_only_at_their_level() -> None:
    assert SUMMARY.samples(3) == SCHEMA.samples(3) == ()
    shield = shield_of(TABLE, "samples")
    rows = shield.samples(3)
    assert rows == shield_of(TABLE, "samples").samples(3)
    assert len(rows) == 3
    assert all(list(row) == list(TABLE.columns) for row in rows)
    assert all(len(cell) <= 40 for row in rows for cell in row.values())
    assert {row["code"] for row in rows} <= set(TABLE["code"])
    assert shield.samples(10_000) == rows


def test_a_table_without_text_and_one_without_rows() -> None:
    numbers = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [True, False, True]})
    assert shield_of(numbers, "summary").hide("a is 'b' not 'c'") == "a is 'b' not '…'"
    empty = pd.DataFrame({"a": pd.Series([], dtype=object)})
    assert shield_of(empty, "schema").hide("a is 3") == "a is …"


WORDS = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd")), min_size=5, max_size=12)
PRINTERS: list[Callable[[str], str]] = [
    str, repr, ascii, json.dumps, str.upper, str.lower,
    lambda cell: repr({"k": [cell]}), lambda cell: repr(np.array([cell, "a"])), lambda cell: repr(cell.encode()),
    lambda cell: f"ValueError: bad '{cell}' at 3", lambda cell: f'x="{cell}"', lambda cell: f"city_{cell} = 1",
    lambda cell: str(KeyError(f"[{cell!r}] not in index")), lambda cell: pd.Series([cell, "b"]).to_string(),
    lambda cell: json.dumps({"a": repr(cell)}), lambda cell: f"<{cell}>", lambda cell: repr(repr(cell)),
]  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(words=st.lists(WORDS, min_size=1, max_size=5), glue=st.sampled_from([*" '\"\n\t-_.,/\\(", " '", ", "]))
def test_no_word_of_a_cell_passes_however_it_is_printed(words: list[str], glue: str) -> None:
    cell = glue.join(f"zq{word}zq" for word in words)
    table = pd.DataFrame({"k": [cell] + ["common"] * 99})
    for level in ("summary", "schema"):
        shield = shield_of(table, level)
        for printer in PRINTERS:
            text = printer(cell)
            told = shield.hide(text).casefold()
            assert not [word for word in words if f"zq{word}zq".casefold() in told], (text, told)


def test_no_number_of_a_library_passes_for_one_of_ours() -> None:
    assert SCHEMA.hide("with base 10, missing 1, at least 2 of 3") == "with base …, missing …, at least … of …"


def test_an_endless_text_is_cut() -> None:
    assert len(SUMMARY.hide("a b " * 100_000)) <= 100_000


@settings(max_examples=150, deadline=None)
@given(text=st.text())
def test_any_text_is_taken(text: str) -> None:
    for shield in (SUMMARY, SCHEMA):
        assert isinstance(shield.hide(text, text[:10]), str)
    hidden = SUMMARY.hide(text)
    assert not [c for c in hidden if ord(c) < 32 and c not in "\t\n"]


def test_profiles_of_other_tables_do_no_harm() -> None:
    some: Any = profile_of(TABLE[["age"]])
    assert Shield.of(TABLE, some, "summary").public_levels("city") == ()
