"""A reply is read whatever it is, and nothing but Unreadable comes of what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus.scientists.llm.reply import Answer, Unreadable, read_reply
from tests.corpus.replies.cases import COLUMNS, EDIT, FENCE, HEAD, REPLIES, SCRIPT, fenced

KINDS = st.sampled_from(["step", "fix", "reask", "goal"])
PIECES = st.sampled_from([
    HEAD, EDIT, SCRIPT, fenced(SCRIPT), FENCE, "~~~", "ACTION: edit\n", "ACTION: revalidate\nSPLIT: time\n",
    "COLUMNS: ", "COLUMN: age\n", "REASON: r\n", "[", "{", '{"action": "', "}", '"""', "'", "\\", "\n",
    "<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n", "@@ -1 +1 @@\n", "--- a\n", "+x\n", "-x\n", "<think>",
    "</think>", "\u200b", "\ud800", "\x00", "age", "Total, net", "PARENT: 99999999999999999999\n", "SPLITS: \u0663\n",
    "#", "/*", "//", ",", ":", "def analyse(X, y):\n    pass\n",
])  # fmt: skip


def answer(text: str, kind: str = "step") -> Answer:
    return read_reply(text, kind, COLUMNS)


def check(text: str, kind: str) -> None:
    try:
        read = read_reply(text, kind, COLUMNS)
    except Unreadable as unreadable:
        problem = unreadable.problem
    else:
        problem = ""
        check_answer(read)
    assert problem or read


def check_answer(read: Answer) -> None:
    assert len(read.idea) <= 60
    assert len(read.hypothesis) <= 300
    assert len(read.expected) <= 200
    assert len(read.reason) <= 300
    assert len(read.family) <= 20
    assert all(
        "\n" not in told and told.isprintable() for told in (read.idea, read.hypothesis, read.expected, read.reason)
    )
    assert set(read.columns) <= set(COLUMNS)
    assert read.column is None or read.column in COLUMNS
    assert bool(read.code or read.edits) == (read.action in ("experiment", "edit", "fix", "analysis"))


@given(text=st.text(st.characters(), max_size=300), kind=KINDS)
def test_any_text_is_read_or_refused(text: str, kind: str) -> None:
    check(text, kind)


@settings(max_examples=400)
@given(pieces=st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=14), kind=KINDS)
def test_pieces_of_replies_in_any_order_are_read_or_refused(pieces: list[str], kind: str) -> None:
    check("".join(pieces), kind)


@settings(max_examples=150)
@given(reply=st.sampled_from(REPLIES), start=st.floats(0, 1), end=st.floats(0, 1), kind=KINDS)
def test_any_part_of_a_reply_is_read_or_refused(reply, start: float, end: float, kind: str) -> None:
    text = reply.text[:5000]
    check(text[int(start * len(text) / 2) : int((0.5 + end / 2) * len(text)) + 1], kind)


def test_texts_are_cut_at_a_word_and_stand_on_one_line() -> None:
    long = "word " * 100
    read = answer(f"ACTION: experiment\nIDEA: {long}\nHYPOTHESIS: {long}\nEXPECTED: \x1b[1m{long}\n\n{fenced(SCRIPT)}")
    assert read.idea.endswith("word…")
    assert len(read.idea) <= 60
    assert len(read.hypothesis) <= 300
    assert "\x1b" not in read.expected


@pytest.mark.parametrize(
    ("said", "family"),
    [
        ("GBM", "gbm"),
        ("`linear`", "linear"),
        ("a" * 50, "a" * 20),
        ("tab_pfn2 (small)", "tab_pfn2"),
        ("…", ""),
        ("42", ""),
    ],
)
def test_a_family_is_a_short_word(said: str, family: str) -> None:
    assert answer(f"ACTION: experiment\nFAMILY: {said}\n\n{fenced(SCRIPT)}").family == family


def test_a_placeholder_is_no_text() -> None:
    read = answer(f"ACTION: experiment\nIDEA: …\nEXPECTED: ...\nPARENT: none\n\n{fenced(SCRIPT)}")
    assert read.idea == "trees see what a line cannot"
    assert (read.expected, read.parent) == ("", None)


def test_the_headers_of_the_first_action_are_its_own() -> None:
    read = answer(
        f"ACTION: quarantine\nCOLUMNS: age\nREASON: later\n\nACTION: experiment\nREASON: other\n{fenced(SCRIPT)}"
    )
    assert (read.action, read.columns, read.reason) == ("quarantine", ("age",), "later")


def test_a_problem_says_line_and_reason() -> None:
    with pytest.raises(Unreadable, match=r"line 2: .*never closed.*whole script"):
        answer(HEAD + fenced("x = 1\nprint(\ndef build_pipeline():\n    return 1\n"))


def test_invisible_characters_in_a_text_of_the_script_stay() -> None:
    source = SCRIPT.replace('"prior"', '"pri\u200bor"').replace("import make", "import\u200b make")
    assert '"pri\u200bor"' in answer(HEAD + fenced(source)).code


def test_numbers_of_folds_stay_within_bounds() -> None:
    read = answer("ACTION: revalidate\nSPLIT: random\nSPLITS: 1\nREPEATS: 999\nREASON: noise")
    assert (read.n_splits, read.n_repeats, read.column) == (2, 10, None)
