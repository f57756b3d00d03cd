"""The pieces that scripts are composed of, by themselves."""

from __future__ import annotations

import ast
import warnings

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge

from octopus.blocks.boosting import EarlyStoppedClassifier, EarlyStoppedRegressor, held_rows
from octopus.blocks.categories import OTHER, as_levels, seen_levels, word_counts
from octopus.blocks.curves import Curves, Products
from octopus.blocks.dates import date_parts, is_day_first
from octopus.blocks.indicators import Indicators
from octopus.blocks.numbers import decimal_mark, parsed_number
from octopus.blocks.rendering import docstring, expression, import_block, list_constant, literal
from octopus.blocks.sampling import SampledClassifier, SampledRegressor
from octopus.blocks.source import pieces
from octopus.blocks.targets import LogTarget
from octopus.errors import PluginError


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,240.50 €", 1240.5),
        ("€ 7", 7.0),
        ("12%", 0.12),
        ("(300)", -300.0),
        ("300-", -300.0),
        ("-$5", -5.0),
        ("−2", -2.0),
        ("3 kg", 3.0),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("1 000 000", 1e6),
        ("1'200", 1200.0),
        ("abc", np.nan),
        ("", np.nan),
        (None, np.nan),
        ("1e999", np.nan),
    ],
)
def test_parsed_number(text, number):
    np.testing.assert_allclose(parsed_number(pd.Series([text], dtype=object)), [number])


def test_decimal_comma_is_learned_from_the_column():
    german = pd.Series(["1.234,56 €", "12,5", "1.000.000", "7"])
    english = pd.Series(["1,234.56", "1,000", "12.5"])
    assert (decimal_mark(german), decimal_mark(english)) == (",", ".")
    assert parsed_number(german, ",").tolist() == [1234.56, 12.5, 1e6, 7.0]
    assert parsed_number(english).tolist() == [1234.56, 1000.0, 12.5]
    assert decimal_mark(pd.Series([1.5, np.nan])) == "."
    assert parsed_number(pd.Series([1.5, np.inf])).isna().tolist() == [False, True]


def test_dates_are_read_one_by_one():
    column = pd.Series(["31.12.2024", "2024-01-02", "2024-03-04T10:00:00Z", "junk", None], name="d")
    assert is_day_first(column)
    parts = date_parts(column, day_first=True)
    assert parts.loc[0].tolist() == [20088.0, 2024.0, 12.0, 31.0, 1.0, 0.0]
    assert parts.loc[1, ["d month", "d day"]].tolist() == [1.0, 2.0]
    assert parts.loc[2, "d hour"] == 10.0
    assert parts.loc[[3, 4]].isna().all(axis=None)
    for row in range(5):
        pd.testing.assert_frame_equal(date_parts(column.iloc[[row]], day_first=True), parts.iloc[[row]])
    assert not is_day_first(pd.Series(["12/31/2024", "01/02/2024"]))


def test_dates_from_numbers_from_dates_and_from_nothing():
    assert date_parts(pd.Series([20240102.0, 3.0, np.nan], name="n"))["n day"].tolist()[0] == 2.0
    assert date_parts(pd.Series(pd.to_datetime(["2024-05-06", None]), name="n"))["n month"].tolist()[0] == 5.0
    nothing = date_parts(pd.Series([None, None], name="n", dtype=object))
    assert nothing.isna().all(axis=None)
    assert (nothing.dtypes == "float64").all()


def test_levels_rare_unseen_and_missing():
    column = pd.Series(["b", "a", "a", "b", "once", None])
    levels = seen_levels(column)
    assert levels == ["a", "b"]
    assert as_levels(pd.Series(["a", "new", None]), levels).astype(object).tolist()[:2] == ["a", OTHER]
    assert as_levels(pd.Series([None], dtype=object), []).isna().all()
    assert as_levels(pd.Series([2.0, 9.0]), seen_levels(pd.Series([2.0, 2.0]))).tolist() == [2.0, OTHER]
    assert as_levels(pd.Series([OTHER, "x"]), [OTHER]).tolist() == [OTHER, OTHER]


def test_word_counts_do_not_depend_on_other_rows():
    texts = pd.Series(["late again", None, "paid"], name="note")
    counts = word_counts(texts)
    assert counts["note words"].tolist() == [2, 0, 1]
    pd.testing.assert_frame_equal(word_counts(texts.iloc[[2]]), counts.iloc[[2]])


def test_indicators_survive_what_fit_has_not_seen():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "x": rng.normal(size=60),
            "k": pd.Categorical(rng.choice(["a", "b"], 60)),
            "t": pd.Series(["one two", "two three"] * 30, dtype=object),
            "gone": np.nan,
        }
    )
    fitted = clone(Indicators()).fit(table)
    matrix = np.asarray(fitted.transform(table))
    assert np.isfinite(matrix).all()
    odd = pd.DataFrame({"x": [np.inf], "k": pd.Categorical(["z"]), "t": [None], "gone": [3.0]})
    assert fitted.transform(odd).shape == (1, matrix.shape[1])
    assert np.isfinite(fitted.transform(odd)).all()


def test_texts_without_a_repeated_word_are_no_error():
    table = pd.DataFrame({"x": np.arange(8.0), "t": pd.Series([f"w{i}" for i in range(8)], dtype=object)})
    assert Indicators().fit(table).transform(table).shape[0] == 8


def test_many_levels_stay_sparse():
    table = pd.DataFrame({"k": pd.Categorical([f"l{i % 50}" for i in range(600)])})
    matrix = Indicators().fit(table).transform(table)
    assert matrix.shape == (600, 50)
    assert not isinstance(matrix, np.ndarray)
    assert Curves().fit(matrix).transform(matrix).shape == (600, 50)


def test_curves_and_products_say_what_a_line_cannot():
    X = np.random.default_rng(0).normal(size=(500, 3))
    bent, product = np.abs(X[:, 0]), X[:, 0] * X[:, 1]
    assert Ridge().fit(X, bent).score(X, bent) < 0.1
    curves = Curves().fit(X).transform(X)
    assert Ridge().fit(curves, bent).score(curves, bent) > 0.8
    products = Products().fit(X).transform(X)
    assert Ridge().fit(products, product).score(products, product) > 0.99
    flags = np.zeros((50, 2))
    assert Curves().fit(flags).transform(flags).shape == (50, 2)
    assert Products().fit(flags).transform(flags).shape == (50, 2)


def test_log_target_weighs_bounds_and_steps_aside():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.expm1(2 + X[:, 0])
    model = LogTarget(Ridge(alpha=1e-6)).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, rtol=0.2)
    assert np.isfinite(model.predict(np.full((1, 2), 1e6))).all()
    heavy = LogTarget(Ridge()).fit(X, rng.normal(size=300), sample_weight=np.r_[np.ones(150), np.zeros(150)])
    assert not heavy.logged_
    assert heavy.predict(X).shape == (300,)


def test_samples_hold_every_class():
    X = np.arange(1000.0)[:, None]
    y = np.where(np.arange(1000) < 2, 2.0, np.arange(1000) % 2)
    fitted = SampledClassifier(LogisticRegression(), n_rows=50, random_state=0).fit(X, y)
    assert fitted.predict_proba(X).shape == (1000, 3)
    assert SampledRegressor(Ridge(), n_rows=50, random_state=0).fit(X, X[:, 0]).predict(X).shape == (1000,)


def boosting_table(n_rows: int):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=['a"[]{}:,', "b", "b2"])
    return table, (table.iloc[:, 0] > 0).to_numpy(dtype=float)


def test_early_stopping_finds_a_number_and_fits_every_row():
    table, y = boosting_table(600)
    model = EarlyStoppedClassifier(LGBMClassifier(n_estimators=2000, n_jobs=1), patience=10, random_state=0)
    fitted = clone(model).fit(table, y)
    assert 1 <= fitted.n_trees_ < 2000
    assert fitted.model_.n_estimators == fitted.n_trees_
    assert np.mean(fitted.predict(table) == y) > 0.95
    np.testing.assert_allclose(fitted.predict_proba(table).sum(axis=1), 1)


@pytest.mark.parametrize("n_rows", [1, 2, 12, 150])
def test_few_rows_get_a_fixed_number_of_trees(n_rows):
    table, y = boosting_table(n_rows)
    fitted = EarlyStoppedRegressor(LGBMRegressor(learning_rate=0.05, n_jobs=1)).fit(table, y)
    assert fitted.n_trees_ == 100
    assert fitted.predict(table).shape == (n_rows,)


def test_a_class_that_lives_in_few_groups_is_no_error():
    table, y = boosting_table(600)
    groups = np.repeat(np.arange(6), 100)
    y[groups == 0] = 2
    for seed in range(4):
        model = EarlyStoppedClassifier(LGBMClassifier(n_estimators=30, n_jobs=1), random_state=seed)
        assert model.fit(table, y, groups=groups).predict_proba(table).shape == (600, 3)
    one = EarlyStoppedClassifier(LGBMClassifier(n_estimators=30, n_jobs=1)).fit(table, y, groups=np.zeros(600))
    assert one.n_trees_ == 30


def test_rows_set_aside_are_stratified_or_whole_groups():
    labels = np.r_[np.zeros(900), np.ones(100), [2.0]]
    held = held_rows(labels, 0.15, 0, whole=False)
    assert (held[:900].sum(), held[900:1000].sum(), held[1000]) == (135, 15, False)
    groups = np.repeat(np.arange(40), 25)
    held = held_rows(groups, 0.15, 0, whole=True)
    assert held.sum() == 150
    assert all(held[groups == g].all() or not held[groups == g].any() for g in range(40))
    assert not held_rows(np.zeros(50), 0.15, 0, whole=True).any()


def test_source_takes_in_what_it_needs_and_nothing_else():
    found = pieces(["date_parts"])
    assert found.imports == ("import pandas as pd",)
    assert [d.partition("(")[0] for d in found.definitions] == ["def moments", "def timestamps", "def date_parts"]
    boosting = pieces(["EarlyStoppedRegressor"])
    assert any(d.startswith("# ") and "STEADY = " in d for d in boosting.definitions)
    assert not any("EarlyStoppedClassifier" in d or "noqa" in d or "->" in d for d in boosting.definitions)
    with pytest.raises(PluginError, match="no block named 'nothing'"):
        pieces(["nothing"])


@pytest.mark.parametrize("text", ["a", 'say "x"', "it's", "both ' and \"", "\\", "\n", "\u202e", '"""'])
def test_literals_evaluate_to_their_text(text):
    assert eval(literal(text)) == text
    space: dict[str, object] = {}
    exec(list_constant("NAMES", [text] * 40), space)
    assert space["NAMES"] == [text] * 40
    assert ast.get_docstring(ast.parse(docstring([f"a {text} b"])), clean=False).startswith("a ")
    exec(f"{docstring([f'It ends with {text}', text])}\nx = 1", space)
    assert space["x"] == 1


def test_long_expressions_are_broken_without_a_change_of_meaning():
    source = f"outer(inner({', '.join(f'setting_{i}={i}' for i in range(20))}), patience=3)"
    broken = expression(source, "return ", 4)
    assert max(map(len, broken.splitlines())) <= 120
    assert ast.unparse(ast.parse(broken.strip().removeprefix("return "))) == ast.unparse(ast.parse(source))


def test_imports_are_merged_with_the_standard_library_first():
    block = import_block(
        ["import numpy as np", "from b import B", "from b import a, Z", "import math", "import numpy as np"]
    )
    assert block == "import math\n\nimport numpy as np\nfrom b import B, Z, a"


@pytest.mark.parametrize("n_rows", [1, 2, 300])
def test_indicators_of_many_levels_without_gaps_take_any_number_of_rows(n_rows):
    rng = np.random.default_rng(0)
    levels = list("abcdefghijklmnopqrst")
    X = pd.DataFrame({"a": rng.normal(size=300), "c": pd.Categorical(rng.choice(levels, 300), categories=levels)})
    transform = Indicators().fit(X)
    assert not transform.dense_
    whole = transform.transform(X).toarray()
    np.testing.assert_allclose(transform.transform(X.iloc[:n_rows]).toarray(), whole[:n_rows])


def test_indicators_fill_gaps_with_the_weighted_mean_and_mark_them():
    X = pd.DataFrame({"a": [1.0, 3.0, np.nan, 3.0]})
    weighted = Indicators().fit(X, sample_weight=np.array([2.0, 1.0, 5.0, 1.0])).transform(X)
    repeated = Indicators().fit(pd.DataFrame({"a": [1.0, 1.0, 3.0, 3.0, np.nan]})).transform(X)
    np.testing.assert_allclose(weighted, repeated)
    np.testing.assert_allclose(weighted[2], [0.0, 1.0])


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["980 €", "2.418 €", "1.000 €", "1.234.567 €"], [980.0, 2418.0, 1000.0, 1234567.0]),
        (["2.418 kg", "0.980 kg", "1.000 kg"], [2.418, 0.98, 1.0]),
        (["2.418", "1.5", "3"], [2.418, 1.5, 3.0]),
        (["2,418", "980", "1,000"], [2418.0, 980.0, 1000.0]),
    ],
)
def test_thousands_are_told_from_three_decimals_by_the_numbers_beside_them(texts, numbers):
    column = pd.Series(texts)
    assert parsed_number(column, decimal_mark(column)).tolist() == numbers
