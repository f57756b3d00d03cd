"""Labels in several spellings are read as one."""

import pandas as pd

from octopus.findings.columns import read_column
from octopus.findings.spellings import read_spellings


def read(values, role=None):
    reading = read_column("sex", pd.Series(list(values)).astype("str"), role)
    return read_spellings(reading, reading.profile, role)


def test_case_and_blanks_alone_make_one_label():
    profile, found = read(["Male", "male ", "female", "FEMALE", "other"] * 20)
    assert profile.respelled
    assert found.message.startswith("sex writes 2 labels in more than one way")
    assert found.evidence == "5 spellings of 3 labels"
    assert found.action == "read as one label"
    assert read(["New  York", "New York", "Boston"] * 20)[0].respelled


def test_different_labels_stay_different():
    for values in (["male", "female"], ["A+", "A-"], ["north", "northwest"], ["straße", "strasze"]):
        profile, found = read(values * 20)
        assert not profile.respelled
        assert found is None


def test_single_letters_are_noted():
    profile, found = read(["A", "a", "B", "b"] * 20)
    assert not profile.respelled
    assert found.action == "noted"


def test_the_user_overrules():
    profile, found = read(["Male", "male", "female"] * 20, "use")
    assert not profile.respelled
    assert found.action == "noted"
    assert read(["Male", "male", "female"] * 20, "ignore")[1] is None
