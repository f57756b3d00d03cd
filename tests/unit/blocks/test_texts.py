"""Topics of texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from octopus.blocks.texts import Topics


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
