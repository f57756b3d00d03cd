"""Words that texts share, and topics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from octopus.blocks.texts import Topics, WordColumns


def subjects(n_rows: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    words = (["late", "invoice", "reminder", "unpaid"], ["thanks", "great", "service", "friendly"])
    subject = rng.integers(0, 2, n_rows)
    texts = [" ".join(rng.choice(words[s], 5)) for s in subject]
    return pd.DataFrame({"note": pd.Series(texts, dtype=object), "x": np.arange(n_rows)}), subject


def test_topics_tell_subjects_apart_and_replace_the_texts():
    table, subject = subjects()
    topics = Topics(["note"], n_topics=3, random_state=0).fit_transform(table)
    assert list(topics) == ["x", "note characters", "note topic 0", "note topic 1", "note topic 2"]
    best = max(abs(np.corrcoef(topics[f"note topic {k}"], subject)[0, 1]) for k in range(3))
    assert best > 0.9


@pytest.mark.parametrize("texts", [[None] * 6, [""] * 6, [f"w{i}" for i in range(6)], ["same"] * 6])
def test_texts_that_have_no_topics_have_a_length_alone(texts):
    table = pd.DataFrame({"note": pd.Series(texts, dtype=object)})
    assert list(Topics(["note"], random_state=0).fit_transform(table)) == ["note characters"]


def test_topics_are_no_more_than_there_are_words_less_one():
    table = pd.DataFrame({"note": ["red dog", "red dog", "red fox", "dog fox"]})
    topics = Topics(["note"], random_state=0).fit_transform(table)
    assert list(topics) == ["note characters", "note topic 0", "note topic 1"]


def test_the_seed_decides():
    table, _ = subjects()
    first, second = (Topics(["note"], random_state=1).fit_transform(table) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


PLACES = pd.DataFrame(
    {
        "place": pd.Series(["Lake City", "Lake Placid", "Salt Lake City", None, "Salt", "City"], dtype=object),
        "x": range(6),
    }
)


def test_words_that_rows_share_have_a_column_each_and_rare_ones_none():
    words = WordColumns(["place"]).fit(PLACES)
    found = words.transform(PLACES)
    assert list(found) == ["place word city", "place word lake"]
    assert found["place word lake"].tolist() == [1, 1, 1, 0, 0, 0]
    assert set(found.dtypes.astype(str)) == {"float32"}


def test_a_row_has_the_words_that_it_has_whatever_the_rows_beside_it():
    words = WordColumns(["place"]).fit(PLACES)
    other = pd.DataFrame({"place": ["City of lake and lake", "unseen", None]}, index=[7, 3, 9])
    found = words.transform(other)
    assert found.to_numpy().tolist() == [[1, 2], [0, 0], [0, 0]]
    assert list(found.index) == [7, 3, 9]
    pd.testing.assert_frame_equal(words.transform(other.loc[[3]]), found.loc[[3]])


def test_of_prose_the_length_is_told_of_names_it_is_not():
    prose = [f"the {'very ' * i}late invoice was paid again" for i in range(6)]
    table = PLACES.assign(note=prose)
    found = WordColumns(["place", "note"]).fit(table).transform(table)
    assert found["note characters"].tolist() == [len(text) for text in prose]
    assert "place characters" not in found


@pytest.mark.parametrize("texts", [[None] * 6, [""] * 6, [f"w{i}" for i in range(6)], ["a"] * 6])
def test_texts_that_share_no_word_have_a_length(texts):
    table = pd.DataFrame({"note": pd.Series(texts, dtype=object)})
    assert list(WordColumns(["note"]).fit(table).transform(table)) == ["note characters"]


def test_many_columns_share_the_words_that_there_are():
    table = pd.DataFrame({f"note {i}": PLACES["place"] for i in range(8)})
    found = WordColumns(list(table), at_most=8).fit(table).transform(table)
    assert list(found) == [f"note {i} word city" for i in range(8)]


def test_the_most_frequent_words_are_taken():
    table = pd.DataFrame({"note": ["city lake"] * 3 + ["city"] * 2 + ["sea"]})
    assert list(WordColumns(["note"], n_words=1).fit(table).transform(table)) == ["note word city"]


def test_a_word_of_one_letter_counts_and_one_that_every_text_has_does_not():
    decks = pd.DataFrame({"berth": [f"deck {'ABC'[i % 3]} {i}" for i in range(12)]})
    assert list(WordColumns(["berth"]).fit(decks).transform(decks)) == [f"berth word {letter}" for letter in "abc"]
    same = pd.DataFrame({"name": [f"Patient {i // 2}" for i in range(40)]})
    assert list(WordColumns(["name"]).fit(same).transform(same)) == ["name characters"]
