"""Models that answer together: each fitted as if it were alone, their predictions averaged by weights."""

from __future__ import annotations

import ast

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import sklearn
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from octopus.blocks.blending import BlendedClassifier, BlendedRegressor
from octopus.blocks.boosting import EarlyStoppedClassifier, EarlyStoppedRegressor
from octopus.blocks.indicators import OneHotLevels, ScaledNumbers
from octopus.blocks.means import TargetMeans
from octopus.blocks.source import pieces
from octopus.blocks.targets import LogTarget, RecentClassifier, RecentRegressor
from octopus.sandbox.estimators import fit, predict, seed
from octopus.scientists.llm.library import OFFERED, library
from tests.unit.blocks.tables import read_table, target

N_ROWS = 200
GROUPS = np.repeat(np.arange(20), 10)
TIME = np.arange(N_ROWS).astype("datetime64[D]").astype("datetime64[ns]")
WEIGHT = np.where(np.arange(N_ROWS) < 100, 1.0, 20.0)
TOLD = {"sample_weight": WEIGHT, "groups": GROUPS, "time": TIME}
#: Every n_jobs is set, also where scikit-learn no longer listens to it.
pytestmark = pytest.mark.filterwarnings("ignore:'n_jobs' has no effect:FutureWarning")


@pytest.fixture(autouse=True)
def _routing_as_before():
    with sklearn.config_context(enable_metadata_routing=False):
        yield


@parametrize_with_checks(
    [
        BlendedClassifier(
            [("line", LogisticRegression()), ("tree", DecisionTreeClassifier(random_state=0))], [0.7, 0.3]
        ),
        BlendedRegressor([("line", Ridge()), ("tree", DecisionTreeRegressor(random_state=0))], [0.7, 0.3]),
    ]
)
def test_scikit_learn_finds_what_it_expects_of_a_model(estimator, check):
    check(estimator)


def rows() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    effect = rng.normal(size=20)
    table = pd.DataFrame({"k": pd.Categorical([f"l{g}" for g in GROUPS]), "x": rng.normal(size=N_ROWS)})
    sign = np.where(np.arange(N_ROWS) < 120, -1.0, 1.0)
    return table, 3 + effect[GROUPS] + sign * table["x"].to_numpy() + rng.normal(size=N_ROWS)


def regressors() -> list[tuple[str, BaseEstimator]]:
    """Return pipelines that use all that can be told of rows, in every place where it can be used."""
    boosted = EarlyStoppedRegressor(LGBMRegressor(n_estimators=8, verbose=-1))
    nested = make_union(make_pipeline(TargetMeans(["k"]), ScaledNumbers()), OneHotLevels())
    scaled = ColumnTransformer([("scaled", StandardScaler(), ["x"])])
    return [
        ("first", make_pipeline(TargetMeans(["k"]), make_union(ScaledNumbers(), OneHotLevels()), Ridge())),
        ("second", make_pipeline(TargetMeans(["k"]), boosted)),
        (
            "third",
            make_pipeline(TargetMeans(["k"]), ScaledNumbers(), LogTarget(RecentRegressor(Ridge(), half_life=0.1))),
        ),
        ("fourth", make_pipeline(make_union(nested, scaled), Lasso(0.01))),
        ("fifth", make_pipeline(ScaledNumbers(), DecisionTreeRegressor(max_features=1, splitter="random"))),
    ]


def classifiers() -> list[tuple[str, BaseEstimator]]:
    boosted = EarlyStoppedClassifier(LGBMClassifier(n_estimators=8, verbose=-1))
    return [
        ("first", make_pipeline(TargetMeans(["k"], n_classes=3), ScaledNumbers(), LogisticRegression())),
        ("second", make_pipeline(TargetMeans(["k"], n_classes=3), ScaledNumbers(), RecentClassifier(boosted))),
        ("third", make_pipeline(ScaledNumbers(), DecisionTreeClassifier(max_depth=3))),
    ]


SOME_TOLD = [{}, TOLD, {"sample_weight": WEIGHT}, {"groups": GROUPS}, {"time": TIME}]


@pytest.mark.parametrize("told", SOME_TOLD, ids=["nothing", "all", "weights", "groups", "time"])
def test_a_member_is_fitted_as_if_it_were_alone(told):
    """The average of a blend is the average of its members, each run by the sandbox as a script of its own."""
    table, y = rows()
    classes = np.digitize(y, np.quantile(y, [0.5, 0.8]))
    for kind, made, labels, n_classes in (
        (BlendedRegressor, regressors, y, 0),
        (BlendedClassifier, classifiers, classes, 3),
    ):
        weights = np.arange(1.0, len(made()) + 1)
        alone = []
        for _, member in made():
            sklearn.set_config(enable_metadata_routing=False)  # each as in a process of its own
            seed(member, 7, 1)
            fit(member, table, labels, told)
            alone.append(predict(member, table, n_classes))
        sklearn.set_config(enable_metadata_routing=False)
        blend = kind(made(), list(weights))
        seed(blend, 7, 1)
        fit(blend, table, labels, told)
        assert_allclose(predict(blend, table, n_classes), np.average(alone, axis=0, weights=weights), rtol=1e-9)


def test_what_is_told_of_rows_changes_the_members():
    table, y = rows()
    found = {}
    for name, told in zip(("nothing", "all", "weights", "groups", "time"), SOME_TOLD, strict=True):
        sklearn.set_config(enable_metadata_routing=False)
        blend = BlendedRegressor(regressors())
        seed(blend, 7, 1)
        fit(blend, table, y, told)
        found[name] = predict(blend, table, 0)
    for name in ("all", "weights", "groups", "time"):
        assert not np.allclose(found[name], found["nothing"]), name


def test_weights_count_without_routing_too():
    table, y = rows()
    heavy = np.where(np.arange(N_ROWS) < 100, 1.0, 1e-9)
    spoiled = np.r_[y[:100], 100 - y[100:]]
    members = [("line", make_pipeline(ScaledNumbers(), Ridge())), ("near", make_pipeline(ScaledNumbers(), Ridge(2.0)))]
    blend = BlendedRegressor(members).fit(table, spoiled, sample_weight=heavy)
    assert np.abs(blend.predict(table)).max() < 30
    assert np.abs(BlendedRegressor(members).fit(table, spoiled).predict(table)).max() > 30


def test_seeds_and_threads_reach_the_members_and_are_not_multiplied():
    inner = LGBMRegressor(n_estimators=5, verbose=-1)
    blend = BlendedRegressor([("boosted", make_pipeline(TargetMeans(["k"]), inner)), ("near", KNeighborsRegressor())])
    seed(blend, 7, 3)
    assert "n_jobs" not in blend.get_params(deep=False), "members are fitted one after the other"
    assert blend.get_params()["boosted__lgbmregressor__n_jobs"] == 3
    assert blend.get_params()["near__n_jobs"] == 3
    assert inner.random_state == 7


def test_members_have_names():
    blend = BlendedRegressor([("first", Ridge()), ("second", DecisionTreeRegressor())], [0.5, 0.5])
    blend.set_params(first__alpha=3.0, second=KNeighborsRegressor(), weights=[1, 3])
    assert blend.members[0][1].alpha == 3.0
    assert isinstance(dict(blend.members)["second"], KNeighborsRegressor)
    copy = clone(blend)
    assert copy.members[0][1] is not blend.members[0][1]
    assert copy.get_params()["first__alpha"] == 3.0
    assert copy.weights == [1, 3]
    with pytest.raises(ValueError, match="third"):
        blend.set_params(third__alpha=1.0)


@pytest.mark.parametrize(
    ("members", "weights", "message"),
    [
        ([], None, "needs members"),
        ([("a", Ridge()), ("a", Ridge())], None, "not unique"),
        ([("a", Ridge())], [0.5, 0.5], "one number of 0 or more for each of 1"),
        ([("a", Ridge()), ("b", Ridge())], [1.5, -0.5], "one number of 0 or more"),
        ([("a", Ridge()), ("b", Ridge())], [0.0, 0.0], "one number of 0 or more"),
        ([("a", Ridge()), ("b", Ridge())], [np.nan, 1.0], "one number of 0 or more"),
    ],
)
def test_what_cannot_be_a_blend_says_so(members, weights, message):
    with pytest.raises(ValueError, match=message):
        BlendedRegressor(members, weights).fit(np.arange(6.0)[:, None], np.arange(6.0))


def test_weights_need_not_sum_to_one():
    X, y = np.arange(20.0)[:, None], np.arange(20.0) % 3
    members = [("line", Ridge()), ("near", KNeighborsRegressor())]
    first = BlendedRegressor(members, [2, 6]).fit(X, y).predict(X)
    line, near = (clone(member).fit(X, y).predict(X) for _, member in members)
    assert_allclose(first, 0.25 * line + 0.75 * near)
    assert_allclose(BlendedRegressor(members).fit(X, y).predict(X), (line + near) / 2)


class Deaf(ClassifierMixin, BaseEstimator):
    """Knows only the first two classes, whatever it is shown."""

    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X[y < 2], y[y < 2])
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)


class Unclonable(LogisticRegression):
    """Changes what it is given, so that it cannot be cloned."""

    def __init__(self, C=1.0):
        super().__init__(C=float(C) + 1)


def test_a_class_that_a_member_does_not_know_is_improbable_to_it():
    X, y = np.arange(30.0)[:, None], np.repeat([0, 1, 2], 10)
    blend = BlendedClassifier([("deaf", Deaf()), ("line", LogisticRegression())], [0.25, 0.75]).fit(X, y)
    line = LogisticRegression().fit(X, y).predict_proba(X)
    deaf = np.c_[Deaf().fit(X, y).predict_proba(X), np.zeros(30)]
    assert_allclose(blend.predict_proba(X), 0.25 * deaf + 0.75 * line)
    assert_array_equal(blend.classes_, [0, 1, 2])


def test_labels_reach_the_members_as_they_come():
    """A fold without a class keeps the numbers of the others."""
    X, y = np.arange(20.0)[:, None], np.repeat([0, 2], 10)
    blend = BlendedClassifier([("line", LogisticRegression()), ("tree", DecisionTreeClassifier())]).fit(X, y)
    assert all(member.classes_.tolist() == [0, 2] for member in blend.members_)
    assert set(blend.predict(X)) == {0, 2}
    assert predict(blend, pd.DataFrame(X), 3).shape == (20, 3)
    texts = np.where(y == 0, "no", "yes")
    assert set(clone(blend).fit(X, texts).predict(X)) == {"no", "yes"}


def test_a_member_without_probabilities_votes_as_the_sandbox_reads_it():
    X, y = np.arange(30.0)[:, None], np.repeat([0, 1, 2], 10)
    blend = BlendedClassifier([("votes", LinearSVC()), ("line", LogisticRegression())]).fit(X, y)
    votes, line = (predict(member, pd.DataFrame(X), 3) for member in (LinearSVC().fit(X, y), blend.members_[1]))
    assert_allclose(blend.predict_proba(X), (votes + line) / 2)


def test_members_stay_unfitted_even_those_that_cannot_be_cloned():
    X, y = np.arange(20.0)[:, None], np.repeat([0, 1], 10)
    members = [("odd", Unclonable()), ("line", LogisticRegression())]
    blend = BlendedClassifier(members).fit(X, y)
    assert blend.members_[0].C == 2.0
    for _, member in members:
        with pytest.raises(NotFittedError):
            member.predict(X)


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_it_is_told_from_its_tags_and_survives_a_pickle(kind):
    table = read_table()
    y = target(table)
    if kind == "classes":
        lines = [make_pipeline(ScaledNumbers(), LogisticRegression(C=c)) for c in (0.01, 10.0)]
        blend = BlendedClassifier([("strict", lines[0]), ("free", lines[1])], [0.4, 0.6])
        assert is_classifier(blend)
        assert get_tags(blend).input_tags.allow_nan == all(get_tags(line).input_tags.allow_nan for line in lines)
    else:
        lines = [make_pipeline(ScaledNumbers(), Ridge(a)) for a in (1000.0, 0.1)]
        blend = BlendedRegressor([("strict", lines[0]), ("free", lines[1])], [0.4, 0.6])
        assert is_regressor(blend)
    with pytest.raises(NotFittedError):
        blend.predict(table)
    blend.fit(table, y)
    loaded = cloudpickle.loads(cloudpickle.dumps(blend))
    assert_array_equal(loaded.predict(table), blend.predict(table))
    for row in (0, 63, 180):
        assert_allclose(blend.predict(table.iloc[[row]]), blend.predict(table)[[row]])


def test_a_script_holds_it_without_what_only_octopus_knows():
    found = pieces(["BlendedRegressor"])
    text = "\n".join([*found.imports, *found.definitions])
    assert "octopus" not in text
    space: dict[str, object] = {}
    exec(text, space)
    kind = space["BlendedRegressor"]
    X, y = np.arange(20.0)[:, None], np.arange(20.0)
    assert kind([("line", Ridge())], [1.0]).fit(X, y).predict(X).shape == (20,)
    signatures = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert not any(a.annotation for node in signatures for a in (*node.args.args, node.args.kwarg) if a)


def test_no_language_model_is_shown_it():
    assert not any("Blended" in name or "Weighed" in name for name in OFFERED if name != "WeighedWords")
    assert not {"BlendedClassifier", "BlendedRegressor", "WeighedMembers"} & set(library())
