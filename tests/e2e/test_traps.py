"""Real tables with a planted trap each: it is seen before the first experiment, said in a sentence, and acted upon.

Everything up to the first experiment runs as in a fit: the goal is read, the holdout sealed, the training rows profiled
and the folds planned. The tables themselves are clean: on them nothing is taken away.
"""

import msgspec
import numpy as np
import palmerpenguins
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from octopus.dataset import Dataset
from octopus.frame import Schema
from octopus.records import Task
from octopus.stages.holdout import seal_holdout
from octopus.stages.profile import profile_data
from octopus.stages.validation import plan_validation
from tests.frames import r_frame

#: Table, target and most rows that are looked at.
TABLES = {
    "iris": (lambda: load_iris(as_frame=True).frame, "target"),
    "wine": (lambda: load_wine(as_frame=True).frame, "target"),
    "breast_cancer": (lambda: load_breast_cancer(as_frame=True).frame, "target"),
    "diabetes": (lambda: load_diabetes(as_frame=True).frame, "target"),
    "penguins": (palmerpenguins.load_penguins, "species"),
    "penguins_raw": (palmerpenguins.load_penguins_raw, "Species"),
    "HI": (lambda: r_frame("Ecdat", "HI"), "whi"),
    "Wages": (lambda: r_frame("Ecdat", "Wages"), "lwage"),
    "Fair": (lambda: r_frame("Ecdat", "Fair"), "nbaffairs"),
    "Computers": (lambda: r_frame("Ecdat", "Computers"), "price"),
    "diamonds": (lambda: r_frame("ggplot2", "diamonds"), "price"),
    "titanic": (lambda: r_frame("COUNT", "titanic"), "survived"),
    "Hdma": (lambda: r_frame("Ecdat", "Hdma"), "deny"),
    "Boston": (lambda: r_frame("MASS", "Boston"), "medv"),
    "biopsy": (lambda: r_frame("MASS", "biopsy"), "class"),
    "Insurance": (lambda: r_frame("MASS", "Insurance"), "Claims"),
    "mpg": (lambda: r_frame("ggplot2", "mpg"), "cty"),
    "Produc": (lambda: r_frame("Ecdat", "Produc"), "gsp"),
    "mtcars": (lambda: r_frame("datasets", "mtcars"), "mpg"),
}
MAX_ROWS = 3000
CLASSES = ["HI", "titanic", "Hdma", "penguins"]
NUMBERS = ["Wages", "diabetes", "Computers", "Boston"]


class Seen:
    """What is known before the first experiment."""

    def __init__(self, frame, target, roles=None):
        roles = roles or {}
        y = frame[target]
        labels = sorted(y.dropna().unique(), key=str)
        is_class = not pd.api.types.is_numeric_dtype(y) or len(labels) <= 3
        kind = "regression" if not is_class else "binary" if len(labels) == 2 else "multiclass"
        task = Task(
            goal="", type=kind, type_reason="r", target=target, scoring="s", features=(), random_state=0,
            classes=tuple(map(str, labels)) if is_class else (),
        )  # fmt: skip
        features = frame.drop(columns=target)
        table = Schema.of(features).apply(features)
        encoded = y.map({label: i for i, label in enumerate(labels)}) if is_class else y
        data = Dataset(table=table, y=encoded.to_numpy(dtype=float), row_ids=np.arange(len(table)))
        self.sealed = seal_holdout(data, task, roles, 0.2)
        task = msgspec.structs.replace(task, group=self.sealed.group, time=self.sealed.time)
        self.profile = profile_data(task, self.sealed, roles)
        self.plan = plan_validation(task, self.profile, self.sealed.train, self.profile.n_sealed > 0, "auto")
        self.columns = {column.name: column for column in self.profile.columns}

    def finding(self, code, name=None):
        """Return the one finding of a code on a column, and check that it is one plain sentence."""
        (found,) = (f for f in self.profile.findings if f.code == code and (name is None or name in f.columns))
        assert found.message
        assert "\n" not in found.message
        assert len(found.message) < 250
        assert found.evidence
        assert found.action
        return found

    @property
    def quarantined(self):
        return {f.columns[0] for f in self.profile.findings if f.action.startswith("quarantined")}


def real(name):
    load, target = TABLES[name]
    frame = load()
    frame = frame[frame[target].notna()]
    if len(frame) > MAX_ROWS:
        frame = frame.sample(MAX_ROWS, random_state=0).sort_index()
    return frame.reset_index(drop=True), target


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def codes_of(y):
    return pd.factorize(y, sort=True)[0].astype(float)


def one_class(y):
    """Return which rows hold the second most frequent class."""
    return (y == y.value_counts().index[1]).to_numpy()


# --------------------------------------------------------------------------- clean


@pytest.mark.parametrize("name", list(TABLES))
def test_nothing_is_taken_from_clean_data(name):
    seen = Seen(*real(name))
    assert seen.quarantined == set()
    assert not any(column.missing_codes or column.respelled for column in seen.columns.values())
    used = [column for column in seen.columns.values() if column.used]
    assert used
    assert all(column.signal is not None and 0 <= column.signal <= 1 for column in used)


# --------------------------------------------------------------------------- leaks


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("how", ["copy", "flips", "noise"])
def test_a_copy_of_the_class(name, how, rng):
    frame, target = real(name)
    codes = codes_of(frame[target])
    if how == "flips":
        codes = np.where(rng.random(len(codes)) < 0.01, rng.permutation(codes), codes)
    if how == "noise":
        codes = codes + rng.normal(0, 0.1, len(codes))
    seen = Seen(frame.assign(state=codes), target)
    assert seen.quarantined == {"state"}
    assert not seen.columns["state"].used
    assert seen.finding("OCT720", "state").overrule == "columns={'state': 'use'} or --use state"


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("how", ["units", "noise", "rounded", "bins"])
def test_a_copy_of_the_number(name, how, rng):
    frame, target = real(name)
    y = frame[target]
    copy = {
        "units": y * 2.54 + 3,
        "noise": y + rng.normal(0, 0.02 * y.std(), len(y)),
        "rounded": (y / y.std()).round(1),
        "bins": pd.qcut(y, 10, labels=False, duplicates="drop").astype(float),
    }[how]
    seen = Seen(frame.assign(amount=copy), target)
    assert seen.quarantined == {"amount"}


@pytest.mark.parametrize("name", CLASSES)
def test_gaps_that_mirror_the_class(name, rng):
    frame, target = real(name)
    fee = np.where(one_class(frame[target]) & (rng.random(len(frame)) > 0.03), rng.normal(50, 9, len(frame)), np.nan)
    seen = Seen(frame.assign(fee=fee), target)
    assert seen.quarantined == {"fee"}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("leak", ["refund_amount", "set_on"])
def test_a_later_event_that_happens_to_some(name, leak, rng):
    frame, target = real(name)
    values = pd.Series(rng.integers(0, 900, len(frame)).astype(float))
    if leak == "set_on":
        values = pd.Timestamp("2021-01-01") + pd.to_timedelta(values, unit="D")
    happened = one_class(frame[target]) & (rng.random(len(frame)) < 0.6)
    seen = Seen(frame.assign(**{leak: values.where(happened)}), target)
    assert seen.quarantined == {leak}
    assert "one answer only" in seen.finding("OCT721", leak).message


@pytest.mark.parametrize("name", NUMBERS)
def test_a_later_measure_of_the_same(name, rng):
    frame, target = real(name)
    after = frame[target] + rng.normal(0, 0.25 * frame[target].std(), len(frame))
    seen = Seen(frame.assign(value_after=after), target)
    assert seen.quarantined == {"value_after"}
    assert "its name says a later event" in seen.finding("OCT721", "value_after").message


def test_two_copies_do_not_excuse_each_other(rng):
    frame, target = real("Wages")
    noise = rng.normal(0, 0.05 * frame[target].std(), (2, len(frame)))
    seen = Seen(frame.assign(first=frame[target] + noise[0], second=frame[target] + noise[1]), target)
    assert seen.quarantined == {"first", "second"}


def test_the_user_has_the_last_word():
    frame, target = real("HI")
    seen = Seen(frame.assign(state=codes_of(frame[target])), target, {"state": "use"})
    assert seen.quarantined == set()
    assert seen.columns["state"].used
    assert seen.finding("OCT720", "state").action == "used, for its role is 'use'"


# --------------------------------------------------------------------------- what belongs together


def test_copied_rows_stay_together(rng):
    frame, target = real("diabetes")
    copies = frame.iloc[rng.choice(len(frame), 80, replace=False)]
    seen = Seen(pd.concat([frame, copies], ignore_index=True).sample(frac=1, random_state=0, ignore_index=True), target)
    assert seen.finding("OCT706").action == "kept together in holdout and folds"
    train, sealed = seen.sealed.train, seen.sealed.holdout.open()
    assert not {tuple(row) for row in train.table.to_numpy()} & {tuple(row) for row in sealed.table.to_numpy()}
    assert "copies of a row stay together" in seen.plan.reason


@pytest.mark.parametrize("name", ["Wages", "penguins", "Computers"])
def test_a_repeated_entity_stays_whole(name, rng):
    frame, target = real(name)
    seen = Seen(frame.assign(patient_id=rng.integers(0, len(frame) // 6, len(frame))), target)
    seen.finding("OCT704", "patient_id")
    assert seen.sealed.group == "patient_id"
    assert not seen.columns["patient_id"].used
    assert seen.plan.kind == "group"
    sealed = seen.sealed.holdout.open()
    assert not set(sealed.table["patient_id"]) & set(seen.sealed.train.table["patient_id"])


def test_later_rows_are_predicted_from_earlier(rng):
    frame, target = real("Boston")
    frame["order_date"] = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.permutation(len(frame)), unit="D")
    frame["sensor"] = np.where(frame["order_date"] < "2022-11-01", rng.normal(0, 1, len(frame)), 5.0)
    seen = Seen(frame, target)
    assert seen.finding("OCT705", "order_date").action == "later rows are predicted from earlier ones"
    assert seen.plan.kind == "time"
    assert seen.sealed.holdout.open().table["order_date"].min() > seen.sealed.train.table["order_date"].max()
    assert seen.finding("OCT726", "sensor").confidence == "weak"
    assert seen.columns["sensor"].used


# --------------------------------------------------------------------------- dirt


def test_numbers_as_text_are_read():
    frame, target = real("diamonds")
    seen = Seen(frame.assign(carat=frame["carat"].map("{:,.2f} g".format)), target)
    assert seen.finding("OCT711", "carat").action == "read as numbers"
    assert seen.columns["carat"].kind == "number_as_text"
    assert seen.columns["carat"].signal > 0.8


@pytest.mark.parametrize(
    ("name", "column", "code"),
    [("Wages", "exp", -999), ("titanic", "age_years", 999), ("Computers", "ads", -99), ("Fair", "education", 9999)],
)
def test_codes_are_read_as_missing(name, column, code, rng):
    frame, target = real(name)
    values = frame[column].astype(float) if column in frame else pd.Series(rng.integers(1, 80, len(frame)) * 1.0)
    missing = rng.random(len(frame)) < 0.08
    seen = Seen(frame.assign(**{column: values.mask(missing, code)}), target)
    assert seen.finding("OCT717", column).action == "read as missing"
    profile = seen.columns[column]
    assert profile.missing_codes == (code,)
    assert values.min() <= profile.numeric.minimum <= profile.numeric.maximum <= values.max()


@pytest.mark.parametrize(("name", "column"), [("diamonds", "cut"), ("penguins", "island"), ("HI", "race")])
def test_spellings_are_made_one(name, column, rng):
    frame, target = real(name)
    labels = frame[column].astype(str)
    draw = rng.random(len(frame))
    spelled = labels.mask(draw < 0.1, labels.str.upper()).mask(draw > 0.9, labels + " ")
    seen = Seen(frame.assign(**{column: spelled}), target)
    assert seen.finding("OCT718", column).action == "read as one label"
    assert seen.columns[column].respelled
    assert seen.columns[column].signal == pytest.approx(Seen(frame, target).columns[column].signal, abs=0.02)


def test_what_is_found_depends_on_the_seed_alone():
    frame, target = real("HI")
    frame["state"] = codes_of(frame[target])
    assert Seen(frame, target).profile == Seen(frame, target).profile
