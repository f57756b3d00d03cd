"""Relations of rows: what the user says comes first, and groups, copies and times are whole."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from octopus.dataset import Dataset
from octopus.errors import InvalidParameter
from octopus.findings.relations import find_overlap, number_more_groups, read_relations
from octopus.records import Task

N = 400
TASK = Task(
    goal="",
    type="regression",
    type_reason="",
    target="y",
    scoring="s",
    classes=(),
    features=("x",),
    ignored=(),
    random_state=0,
)


def dataset(seed=0, **columns):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"x": rng.normal(size=N), "z": rng.normal(size=N), **columns})
    return Dataset(table=table, y=rng.normal(size=N), row_ids=np.arange(N))


def customers():
    return np.random.default_rng(5).integers(0, 80, N).astype(float)


def codes(relations):
    return [finding.code for finding in relations.findings]


def partition(groups):
    """Return the sets of rows that share a group, whatever the groups' numbers."""
    return set(pd.Series(np.arange(len(groups))).groupby(np.asarray(groups)).agg(frozenset))


def test_independent_rows_have_no_relations():
    found = read_relations(dataset(), TASK, {})
    assert (found.group, found.time, found.entities, found.groups, found.times) == (None,) * 5
    assert found.findings == ()


def test_a_found_entity_makes_the_groups():
    customer = customers()
    found = read_relations(dataset(customer_id=customer), TASK, {})
    assert (found.group, codes(found)) == ("customer_id", ["OCT704"])
    assert partition(found.groups) == partition(found.entities) == partition(customer)


def test_groups_and_times_of_the_user_come_before_found_columns():
    when = pd.Series(pd.date_range("2021-01-01", periods=N)).astype("datetime64[ns]")
    own_groups, own_times = np.arange(N) // 4, when.to_numpy()[::-1]
    data = replace(dataset(customer_id=customers(), date=when), groups=own_groups, time=own_times)
    found = read_relations(data, TASK, {})
    assert (found.group, found.time, found.findings) == (None, None, ())
    assert partition(found.groups) == partition(own_groups)
    np.testing.assert_array_equal(found.times, own_times)


def test_roles_come_before_found_columns():
    shop = np.arange(N) % 7.0
    found = read_relations(dataset(customer_id=customers(), shop=shop), TASK, {"shop": "group"})
    assert (found.group, found.findings) == ("shop", ())
    assert partition(found.groups) == partition(shop)


def test_copies_join_the_groups_of_entities():
    customer = customers()
    data = dataset(customer_id=customer)
    data.table.loc[N - 1, ["x", "z"]] = data.table.loc[0, ["x", "z"]]
    found = read_relations(data, TASK, {})
    assert customer[0] != customer[-1]
    assert codes(found) == ["OCT704", "OCT706"]
    assert found.entities[0] != found.entities[-1]
    assert found.groups[0] == found.groups[-1]
    assert len(partition(found.groups)) == len(partition(found.entities)) - 1


def test_copies_that_chain_most_entities_together_join_nothing():
    data = dataset(customer_id=customers())
    data.table[["x", "z"]] = data.table[["x", "z"]].to_numpy()[np.random.default_rng(0).integers(0, N, N)]
    found = read_relations(data, TASK, {})
    assert "OCT706" in codes(found)
    np.testing.assert_array_equal(found.groups, found.entities)


def test_a_column_without_dates_is_no_time():
    data = dataset(note=pd.Series(["soon"] * N).astype("str"))
    with pytest.raises(InvalidParameter, match="read as a time"):
        read_relations(data, TASK, {"note": "time"})


def test_shared_rows_are_an_overlap_whatever_ignored_columns_say():
    data = dataset(note=np.arange(N, dtype=float))
    given = data.take(np.arange(30))
    given = replace(given, table=given.table.assign(note=-1.0))
    assert find_overlap(data, given, TASK, {}, None) is None
    overlap = find_overlap(data, given, TASK, {"note": "ignore"}, None)
    assert overlap is not None
    assert overlap.message.startswith("30 rows")
    assert find_overlap(data, dataset(seed=1, note=np.zeros(N)), TASK, {"note": "ignore"}, None) is None


def test_known_names_keep_their_numbers():
    known_names = pd.Series([5.0, 7.0, 5.0])
    groups = number_more_groups(pd.Series([7.0, 9.0, np.nan, 9.0, np.nan]), known_names, np.array([3, 0, 3]))
    assert groups[0] == 0
    assert groups[1] == groups[3]
    assert len(set(groups)) == 4
    assert min(groups[1:]) > 3
