"""Columns that know the answer: caught in every form, and strong columns left alone."""

import numpy as np
import pandas as pd
import pytest

from octopus.dataset import Dataset
from octopus.findings.columns import read_column
from octopus.findings.leakage import find_leaks
from octopus.findings.measure import measure_columns
from octopus.findings.sample import draw_sample
from octopus.frame import Schema
from octopus.records import Task

N = 600


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def look(columns, y, n_classes=2, roles=None, time=None):
    table = pd.DataFrame(columns)
    table = Schema.of(table).apply(table)
    kind = {0: "regression", 2: "binary"}.get(n_classes, "multiclass")
    task = Task(
        goal="", type=kind, type_reason="r", target="late", scoring="s", classes=tuple(map(str, range(n_classes))),
        features=(), random_state=0,
    )  # fmt: skip
    data = Dataset(table=table, y=np.asarray(y, dtype=float), time=time, row_ids=np.arange(len(table)))
    sample = draw_sample(data, task)
    roles = roles or {}
    profiles = [read_column(name, table[name], roles.get(name)).profile for name in table.columns]
    findings, quarantined = find_leaks(measure_columns(profiles, sample), sample, roles, task.target)
    return {finding.columns[0]: finding for finding in findings}, quarantined


def weak_classes(rng, n_classes=2):
    """Return some columns that tell a little, and classes."""
    x = rng.normal(size=(N, 4))
    score = x[:, 0] + 0.7 * x[:, 1] + rng.normal(size=N) * 1.5
    y = np.searchsorted(np.quantile(score, np.arange(1, n_classes) / n_classes), score).astype(float)
    return {f"x{i}": x[:, i] for i in range(4)}, y


def weak_numbers(rng):
    x = rng.normal(size=(N, 4))
    return {f"x{i}": x[:, i] for i in range(4)}, np.exp(0.5 * x[:, 0] + 0.4 * x[:, 1] + 0.6 * rng.normal(size=N))


def flipped(rng, y, share):
    changed = rng.random(N) < share
    return np.where(changed, rng.permutation(y), y)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "leak",
    [
        lambda rng, y: y,
        lambda rng, y: -3 * y + 1,
        lambda rng, y: pd.Series(y).map(lambda c: f"state {c:.0f}"),
        lambda rng, y: flipped(rng, y, 0.01),
        lambda rng, y: y + rng.normal(0, 0.1, N),
    ],
)
def test_classes_in_another_form(rng, leak, n_classes):
    columns, y = weak_classes(rng, n_classes)
    found, quarantined = look({**columns, "leak": leak(rng, y)}, y, n_classes)
    assert quarantined == {"leak"}
    assert (found["leak"].code, found["leak"].confidence) == ("OCT720", "strong")
    assert found["leak"].message.startswith("leak is late in another form: it ")
    assert found["leak"].overrule == "columns={'leak': 'use'} or --use leak"


@pytest.mark.parametrize(
    "leak",
    [
        lambda rng, y: 2.54 * y + 3,
        lambda rng, y: np.log(y),
        lambda rng, y: y + rng.normal(0, 0.01 * y.std(), N),
        lambda rng, y: np.round(y, 2),
        lambda rng, y: pd.Series(pd.qcut(y, 8, labels=list("hbcadefg"))).astype(str),
        lambda rng, y: (y > np.quantile(y, 0.7)).astype(float),
    ],
)
def test_numbers_in_another_form(rng, leak):
    columns, y = weak_numbers(rng)
    found, quarantined = look({**columns, "leak": leak(rng, y)}, y, 0)
    assert quarantined == {"leak"}
    assert found["leak"].code == "OCT720"


def test_both_copies_are_caught(rng):
    columns, y = weak_classes(rng)
    both = {"leak": y, "again": pd.Series(y).map({0.0: "no", 1.0: "yes"})}
    assert look({**columns, **both}, y)[1] == {"leak", "again"}
    columns, y = weak_numbers(rng)
    both = {"leak": y + rng.normal(0, 0.05 * y.std(), N), "again": y + rng.normal(0, 0.05 * y.std(), N)}
    assert look({**columns, **both}, y, 0)[1] == {"leak", "again"}


def test_more_than_all_others_together(rng):
    columns, y = weak_classes(rng)
    leak = y + rng.normal(0, 0.22, N)
    found, quarantined = look({**columns, "leak": leak}, y)
    assert quarantined == {"leak"}
    assert found["leak"].code == "OCT721"
    assert "all other columns together give 0." in found["leak"].evidence


def test_one_cause_among_noise_is_no_leak(rng):
    noise = {f"noise_{i}": rng.normal(size=N) for i in range(6)}
    cause = rng.normal(size=N)
    _, quarantined = look({**noise, "cause": cause}, cause > 0.5)
    assert quarantined == set()
    _, quarantined = look({**noise, "cause": cause}, cause + rng.normal(0, 0.05, N), 0)
    assert quarantined == set()


def test_a_strong_column_is_noted_and_used(rng):
    y = rng.integers(0, 2, N).astype(float)
    columns = {name: y + rng.normal(0, 0.3, N) for name in ("petal_length", "petal_width", "sepal_length")}
    found, quarantined = look(columns, y)
    assert quarantined == set()
    assert {f.confidence for f in found.values()} == {"weak"}
    assert found["petal_length"].action == "used: tried with and without"


def test_gaps_that_mirror_the_target(rng):
    columns, y = weak_classes(rng)
    gaps = np.where((y == 1) ^ (rng.random(N) < 0.03), rng.normal(size=N), np.nan)
    found, quarantined = look({**columns, "fee": gaps}, y)
    assert quarantined == {"fee"}
    assert "its gaps mirror late" in found["fee"].message
    gaps[y == 0] = np.nan
    gaps[y == 1] = 1.0
    found, _ = look({**columns, "fee": gaps}, y)
    assert found["fee"].message == "fee is late in another form: it is filled in for one answer and for no other"


def test_gaps_that_say_little_are_nothing(rng):
    columns, y = weak_classes(rng)
    cabin = np.where(rng.random(N) < np.where(y == 1, 0.4, 0.15), rng.normal(size=N), np.nan)
    assert look({**columns, "cabin": cabin}, y) == ({}, frozenset())
    rare = np.zeros(N)
    rare[:9] = 1  # nearly all rows hold one answer whatever is missing
    assert look({**columns, "cabin": cabin}, rare)[1] == set()


def test_a_date_that_is_set_for_one_answer_only(rng):
    columns, y = weak_classes(rng)
    dates = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, N), unit="D"))
    dates[(y == 0) | (rng.random(N) < 0.4)] = pd.NaT
    found, quarantined = look({**columns, "handled": dates}, y)
    assert quarantined == {"handled"}
    assert "is filled in for one answer only" in found["handled"].message
    anything = pd.Series(np.where(dates.notna(), 1.5 + rng.random(N), np.nan))
    found, quarantined = look({**columns, "handled": anything}, y)
    assert quarantined == set()  # the same gaps without a date or a name: noted
    assert found["handled"].confidence == "weak"
    assert look({**columns, "refund_amount": anything}, y)[1] == {"refund_amount"}


def test_a_name_alone_is_no_evidence(rng):
    columns, y = weak_classes(rng)
    assert look({**columns, "pressure_after": y + rng.normal(0, 1, N)}, y)[1] == set()
    found, quarantined = look({**columns, "pressure_after": y + rng.normal(0, 0.4, N)}, y)
    assert quarantined == {"pressure_after"}
    assert "its name says a later event" in found["pressure_after"].message


def test_a_time_after_the_row_is_later(rng):
    columns, y = weak_classes(rng)
    made = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N), unit="D"))
    done = made + pd.to_timedelta(rng.integers(1, 9, N), unit="D")
    done[(y == 0) ^ (rng.random(N) < 0.005)] = pd.NaT
    found, _ = look({**columns, "done": done}, y, time=made.to_numpy(dtype="datetime64[ns]"))
    assert found["done"].confidence == "strong"


def test_the_user_overrules(rng):
    columns, y = weak_classes(rng)
    found, quarantined = look({**columns, "leak": y}, y, roles={"leak": "use"})
    assert quarantined == set()
    assert found["leak"].action == "used, for its role is 'use'"


def test_something_is_left_to_use(rng):
    _, y = weak_classes(rng)
    found, quarantined = look({"leak": y, "again": -y}, y)
    assert quarantined == set()
    assert found["leak"].action == "used, for nothing else is left"


def test_few_rows_are_no_strong_evidence(rng):
    y = np.resize([0.0, 1.0], 30)
    found, quarantined = look({"leak": y, "x": rng.normal(size=30)}, y)
    assert quarantined == set()
    assert found["leak"].confidence == "weak"


def test_trends_are_not_each_other(rng):
    rising = np.arange(N) + rng.normal(0, 3, N)
    others = {f"x{i}": np.sin(np.arange(N) / (20 + i)) + 0.001 * np.arange(N) for i in range(3)}
    assert look({"people": rising, **others}, np.arange(N) * 2.0 + rng.normal(0, 3, N), 0)[1] == set()
