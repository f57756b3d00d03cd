"""What holds for every transformer among the blocks."""

from __future__ import annotations

import warnings

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from octopus.blocks.codes import LevelCodes, LevelColumns
from octopus.blocks.curves import Curves, Products
from octopus.blocks.indicators import OneHotLevels, ScaledNumbers, WeighedWords
from octopus.blocks.means import TargetMeans
from octopus.blocks.shapes import Ratios, SignedLogs, Stretches
from octopus.blocks.texts import Topics
from tests.unit.blocks.tables import odd_rows, read_table, target

NUMBERS = ["size", "width"]
BLOCKS = {
    "Ratios": Ratios(["size", "width", "flag"]),
    "SignedLogs": SignedLogs(NUMBERS),
    "Stretches": Stretches(["sent", "due"]),
    "Topics": Topics(["note"], random_state=0),
    "TargetMeans": TargetMeans(["kind", "many"], n_classes=2, random_state=0),
    "LevelColumns": LevelColumns(["kind"]),
    "ScaledNumbers": ScaledNumbers(),
    "OneHotLevels": OneHotLevels(),
    "WeighedWords": WeighedWords(),
}
#: The same blocks where the table has no column for them.
WITHOUT = {
    "Ratios": Ratios([]),
    "one Ratio": Ratios(["size"]),
    "SignedLogs": SignedLogs([]),
    "Stretches": Stretches([]),
    "Topics": Topics([], random_state=0),
    "TargetMeans": TargetMeans([], random_state=0),
    "LevelColumns": LevelColumns([]),
}
every_block = pytest.mark.parametrize("block", BLOCKS.values(), ids=list(BLOCKS))


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def values(result) -> np.ndarray:
    """Return a result as numbers, its texts and levels as they are."""
    if isinstance(result, pd.DataFrame):
        return result.to_numpy(dtype=object)
    return result.toarray() if sparse.issparse(result) else np.asarray(result)


def same(first: np.ndarray, second: np.ndarray) -> None:
    assert first.shape == second.shape
    for a, b in zip(first.ravel(), second.ravel(), strict=True):
        assert (pd.isna(a) and pd.isna(b)) or a == b or abs(a - b) <= 1e-9 * max(1.0, abs(a))


@every_block
def test_a_row_alone_is_the_row_among_others(block):
    table = read_table()
    fitted = clone(block).fit(table, target(table))
    whole = values(fitted.transform(table))
    assert len(whole) == len(table)
    for row in (0, 5, 63, 180):
        same(values(fitted.transform(table.iloc[[row]])), whole[[row]])


@every_block
def test_the_table_that_it_is_given_stays_as_it_was(block):
    table = read_table()
    before = table.copy(deep=True)
    clone(block).fit_transform(table, target(table))
    pd.testing.assert_frame_equal(table, before)


@every_block
def test_the_same_rows_give_the_same_and_a_pickle_keeps_it(block):
    table = read_table()
    first, second = (clone(block).fit(table, target(table)) for _ in range(2))
    same(values(first.transform(table)), values(second.transform(table)))
    loaded = cloudpickle.loads(cloudpickle.dumps(first))
    same(values(loaded.transform(odd_rows())), values(first.transform(odd_rows())))


@every_block
def test_what_no_fit_has_seen_is_no_error(block):
    table = read_table()
    fitted = clone(block).fit(table, target(table))
    found = fitted.transform(odd_rows())
    assert found.shape == (3, fitted.transform(table).shape[1])
    if isinstance(found, pd.DataFrame):
        assert list(found.columns) == list(fitted.transform(table).columns)
        assert found.index.equals(odd_rows().index)
    else:
        assert np.isfinite(values(found)).all()


@every_block
def test_its_parameters_are_what_it_was_given(block):
    parameters = block.get_params()
    assert clone(block).get_params() == parameters
    assert clone(block).set_params(**parameters).get_params() == parameters


@pytest.mark.parametrize("block", WITHOUT.values(), ids=list(WITHOUT))
def test_without_columns_the_table_passes_through(block):
    table = read_table()
    pd.testing.assert_frame_equal(clone(block).fit_transform(table, target(table)), table)


@pytest.mark.parametrize(("block", "others"), [(ScaledNumbers(), ["kind", "note"]), (OneHotLevels(), NUMBERS)])
def test_without_columns_of_its_type_the_matrix_has_none(block, others):
    table = read_table()[others]
    assert clone(block).fit(table).transform(table).shape == (len(table), 0)


@pytest.mark.parametrize("encoder", [LevelCodes(), Curves(), Products()])
def test_matrices_of_steps_survive_clone_and_pickle(encoder):
    table = read_table()
    X = table if isinstance(encoder, LevelCodes) else np.asarray(ScaledNumbers().fit_transform(table))
    X = X.drop(columns="note") if isinstance(encoder, LevelCodes) else X
    fitted = clone(encoder).fit(X)
    loaded = cloudpickle.loads(cloudpickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))
    one = X.iloc[[3]] if isinstance(X, pd.DataFrame) else X[[3]]
    np.testing.assert_allclose(fitted.transform(one)[0], fitted.transform(X)[3], rtol=1e-12)
