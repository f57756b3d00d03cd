"""The profile: over the training rows, complete, JSON."""

from dataclasses import dataclass

import msgspec
import numpy as np
import palmerpenguins
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from octopus.dataset import Dataset
from octopus.frame import Schema
from octopus.records import Finding, Profile, Task
from octopus.stages.holdout import seal_holdout
from octopus.stages.profile import profile_data
from tests.frames import r_frame

#: R package and target of each example.
R_FRAMES = {
    "titanic": ("COUNT", "survived"),
    "diamonds": ("ggplot2", "price"),
    "mtcars": ("datasets", "mpg"),
    "Males": ("Ecdat", "wage"),
    "Caschool": ("Ecdat", "testscr"),
    "epil": ("MASS", "y"),
    "economics": ("ggplot2", "unemploy"),
}
RNG = np.random.default_rng(0)


def task(classes=("no", "yes"), ignored=()):
    kind = {0: "regression", 2: "binary"}.get(len(classes), "multiclass")
    return Task(
        goal="", type=kind, type_reason="r", target="late", scoring="s", classes=classes, features=(), ignored=ignored,
        random_state=0,
    )  # fmt: skip


def dataset(columns, n=600):
    table = pd.DataFrame(columns)
    return Dataset(table=table, y=RNG.integers(0, 2, n).astype(float), row_ids=np.arange(n))


def profiled(columns, roles=None, asked=None, extra=()):
    asked = asked or task()
    sealed = seal_holdout(dataset(columns), asked, roles or {}, 0.2)
    return profile_data(asked, sealed, roles or {}, extra)


def text(values):
    return pd.Series(list(values)).astype("str")


def invoices():
    return {
        "invoice_no": text(f"INV-{i:05d}" for i in range(600)),
        "customer_id": RNG.integers(0, 120, 600).astype(float),
        "amount": text(f"{v:,.2f} €" for v in RNG.lognormal(7, 1, 600)),
        "due": text(
            (pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 90, 600), unit="D")).strftime("%d.%m.%Y")
        ),
        "terms": text(RNG.choice(["30 days", "60 days", "now"], 600)),
        "days": RNG.integers(0, 90, 600).astype(float),
        "paid": RNG.integers(0, 2, 600).astype("float32"),
        "nothing": np.full(600, np.nan),
        "same": np.ones(600),
    }


def test_every_planted_thing_is_found():
    columns = invoices()
    profile = profiled(columns)
    assert {c.name: c.kind for c in profile.columns} == {
        "invoice_no": "identifier", "customer_id": "numeric", "amount": "number_as_text", "due": "datetime",
        "terms": "categorical", "days": "numeric", "paid": "boolean", "nothing": "empty", "same": "constant",
    }  # fmt: skip
    assert {f.code: f.columns for f in profile.findings} == {
        "OCT704": ("customer_id",), "OCT708": ("customer_id",), "OCT713": ("invoice_no",), "OCT711": ("amount",),
        "OCT712": ("due",), "OCT714": ("same",), "OCT715": ("nothing",),
    }  # fmt: skip
    assert [c.name for c in profile.columns if not c.used] == ["invoice_no", "customer_id", "nothing", "same"]
    customers = next(c for c in profile.columns if c.name == "customer_id")
    assert profile.n_groups == customers.n_unique < len(set(columns["customer_id"]))
    assert profile.n_rows + profile.n_sealed == 600


def test_roles_overrule_what_is_found():
    roles = {"invoice_no": "use", "customer_id": "use", "amount": "categorical", "days": "ignore"}
    profile = profiled(invoices(), roles)
    used = {c.name: c.used for c in profile.columns}
    assert used["invoice_no"]
    assert used["customer_id"]
    assert not used["days"]
    assert {"OCT704", "OCT708", "OCT711", "OCT713"}.isdisjoint(f.code for f in profile.findings)


def test_columns_that_the_goal_forbids_are_unused_and_not_talked_about():
    profile = profiled(invoices(), asked=task(ignored=("same", "amount")))
    assert not next(c for c in profile.columns if c.name == "amount").used
    assert {"OCT714", "OCT711"}.isdisjoint(f.code for f in profile.findings)


def test_only_training_rows_are_read():
    columns = {"date": pd.Series(pd.date_range("2020-01-01", periods=600)).astype("datetime64[ns]")}
    columns["x"] = np.where(np.arange(600) < 480, 1.0, 10**6) * RNG.uniform(1, 2, 600)
    columns["c"] = text(["early"] * 240 + ["middle"] * 240 + ["sealed"] * 120)
    profile = profiled(columns)
    by_name = {c.name: c for c in profile.columns}
    assert profile.n_sealed == 120
    assert by_name["x"].numeric.maximum < 3
    assert [level.value for level in by_name["c"].levels] == ["early", "middle"]
    assert by_name["date"].latest < "2021-05"


def test_earlier_findings_are_kept_and_the_missing_target_counted():
    said = Finding(
        code="OCT701", message="m", evidence="17 rows without a target", confidence="certain", action="left out"
    )
    profile = profiled({"x": RNG.normal(size=600)}, extra=(said,))
    assert profile.findings[0] == said
    assert profile.target.n_missing == 17


def test_something_is_always_used():
    counter = profiled({"n": np.arange(600.0)})
    assert [c.used for c in counter.columns] == [True]
    constant = profiled({"n": np.ones(600), "m": np.ones(600)}, {"m": "ignore"})
    assert [c.used for c in constant.columns] == [True, False]


def test_signals_are_measured_on_training_rows_and_a_copy_is_not_used():
    data = dataset({"x": RNG.normal(size=600), "z": RNG.normal(size=600)})
    data.table["z"] += data.y
    data.table["leak"] = data.y
    sealed = seal_holdout(data, task(), {}, 0.2)
    profile = profile_data(task(), sealed, {})
    by_name = {c.name: c for c in profile.columns}
    assert by_name["leak"].signal == 1.0
    assert [name for name, c in by_name.items() if not c.used] == ["leak"]
    assert 0.3 < by_name["z"].signal < 0.7
    assert by_name["x"].signal < 0.15
    (found,) = (f for f in profile.findings if f.code == "OCT720")
    assert found.action == "quarantined: not used"


def test_unused_columns_have_no_signal():
    profile = profiled({"x": RNG.normal(size=600), "same": np.ones(600)})
    assert [c.signal is None for c in profile.columns] == [False, True]


def test_it_goes_through_json_with_extreme_numbers():
    columns = {
        "huge": RNG.choice([1e308, -1e308], 600),
        "tiny": RNG.normal(size=600) * 1e-310,
        "odd\n'name": np.ones(600),
    }
    profile = profiled(columns)
    assert msgspec.json.decode(msgspec.json.encode(profile), type=Profile) == profile
    assert b"null" in msgspec.json.encode(profile)


def test_memory_counts_texts():
    profile = profiled(
        {"x": RNG.normal(size=600), "c": pd.Series(["y" * 1000] * 300 + ["z" * 1000] * 300, dtype=object)}
    )
    assert profile.memory_bytes > 480 * 1000


@dataclass
class Example:
    table: pd.DataFrame
    y: pd.Series


def real(name):
    if name.startswith("load_"):
        bunch = {f.__name__: f for f in (load_iris, load_wine, load_breast_cancer, load_diabetes)}[name](as_frame=True)
        return Example(bunch.data, bunch.target)
    if name == "penguins":
        frame, target = palmerpenguins.load_penguins_raw(), "Species"
    else:
        source, target = R_FRAMES[name]
        frame = r_frame(source, name)
    return Example(frame.drop(columns=target), frame[target])


def run_on(name):
    example = real(name)
    numbers, labels = pd.factorize(example.y, sort=True)
    is_class = len(labels) <= 10
    asked = task(tuple(map(str, labels)) if is_class else ())
    y = numbers.astype(float) if is_class else example.y.to_numpy(float)
    table = Schema.of(example.table).apply(example.table)
    sealed = seal_holdout(Dataset(table=table, y=y, row_ids=np.arange(len(y))), asked, {}, 0.2)
    return sealed, profile_data(asked, sealed, {})


@pytest.mark.parametrize(
    "name",
    [
        "load_iris", "load_wine", "load_breast_cancer", "load_diabetes", "penguins", "titanic",
        "diamonds", "mtcars", "Males", "Caschool",
    ],
)  # fmt: skip
def test_no_false_alarm_on_real_data(name):
    sealed, profile = run_on(name)
    assert (sealed.group, sealed.time, sealed.n_groups) == (None, None, None)
    assert {"OCT704", "OCT705", "OCT708", "OCT711", "OCT713", "OCT717", "OCT718"}.isdisjoint(
        f.code for f in profile.findings
    )
    assert "identifier" not in {c.kind for c in profile.columns}


@pytest.mark.parametrize(
    ("name", "group", "time"),
    [("epil", "subject", None), ("economics", None, "date")],
)
def test_repeated_measures_and_series_are_found_in_real_data(name, group, time):
    sealed, _ = run_on(name)
    assert (sealed.group, sealed.time) == (group, time)
