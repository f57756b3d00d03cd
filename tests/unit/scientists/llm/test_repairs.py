"""Every repair is made on a script that really breaks with the installed libraries, and the break is gone."""

from __future__ import annotations

import ast
import pickle
import sys
import types
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus import registry
from octopus.records import Diagnosis, Failure, Frame, Outcome, Script
from octopus.sandbox.failure import describe
from octopus.scientists.llm.guard import MARKER, guarded
from octopus.scientists.llm.repairs import mend
from octopus.stages.check import check_model_script
from octopus.stages.diagnose import diagnose_failure
from tests.corpus.scripts import classifier, model, regressor, step
from tests.corpus.table import classes, fitted_rows, numbers, penguin_profile, penguin_table, predicted_rows

RULES = [registry.load(registry.CRASH_RULES, name)() for name in registry.names(registry.CRASH_RULES)]
PROFILE = penguin_profile()
OK = Outcome(status="ok", stage="done")
SINCE_3 = pytest.mark.skipif(int(pd.__version__.partition(".")[0]) < 3, reason="pandas 2 still has the old idioms")


def run(source: str, folder: Path, regression: bool = False) -> Outcome:
    """Check, fit, predict and pickle as a child does, in this process."""
    refused = check_model_script(source, PROFILE)
    if refused is not None:
        return refused
    path = folder / "script.py"
    path.write_text(source, encoding="utf-8")
    script = types.ModuleType("script_under_test")
    sys.modules["script_under_test"] = script
    table, y = penguin_table(), numbers() if regression else classes()
    stage = "load"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, str(path), "exec"), script.__dict__)
            stage = "build"
            pipeline = script.build_pipeline()
            stage = "fit"
            pipeline.fit(table.iloc[fitted_rows()], y[fitted_rows()])
            stage = "predict"
            predict = pipeline.predict if regression else pipeline.predict_proba
            assert len(predict(table.iloc[predicted_rows()])) == len(predicted_rows())
            stage = "save"
            pickle.dumps(pipeline)
    except Exception as error:  # noqa: BLE001  boundary: a script may raise anything
        return Outcome(status="error", stage=stage, failure=describe(error, path))
    return OK


def diagnoses(outcome: Outcome, source: str) -> tuple[Diagnosis, ...]:
    return diagnose_failure(outcome, Script(source=source, author="model"), PROFILE, RULES)


def mended(source: str, folder: Path, regression: bool = False) -> str:
    """Return the script mended until it runs; each repair is asked about the failure that is there then."""
    for _ in range(3):
        outcome = run(source, folder, regression)
        if outcome.status == "ok":
            return source
        found = mend(source, diagnoses(outcome, source), outcome, PROFILE)
        assert found is not None, (outcome.stage, outcome.reason, outcome.failure)
        assert found[0] != source
        assert found[1]
        source = found[0]
    outcome = run(source, folder, regression)
    assert outcome.status == "ok", (outcome.stage, outcome.reason, outcome.failure, source)
    return source


LINE = "make_pipeline(StandardScaler(), LogisticRegression())"
ONLY_NUMBERS = "return X[NUMBERS].fillna(0)"
CASES = {
    "sparse": (
        step(
            "return X[WORDS].astype(str)",
            model="make_pipeline(OneHotEncoder(sparse=False, handle_unknown='ignore'), LogisticRegression())",
        ),
        "sparse_output=False",
    ),
    "sparse, last of many": (
        step(
            "e = OneHotEncoder(\n    handle_unknown='ignore',\n"
            "    sparse=False,  # a table\n)\n"
            "return e.fit_transform(X[WORDS].astype(str))[:, :2]"
        ),
        "sparse_output=False,  # a table",
    ),
    "get_feature_names": (
        step("e = OneHotEncoder().fit(X[WORDS])\nnames = e.get_feature_names()\nreturn X[NUMBERS]"),
        "get_feature_names_out()",
    ),
    "early stopping in fit": (
        classifier(
            "return self.model_.predict_proba(X[NUMBERS])",
            fit=(
                "self.model_ = LGBMClassifier(verbose=-1, n_estimators=9)\n"
                "self.model_.fit(X[NUMBERS], y, eval_set=[(X[NUMBERS], y)], early_stopping_rounds=3, verbose=False)\n"
                "self.classes_ = self.model_.classes_"
            ),
        ),
        "callbacks=[lightgbm.early_stopping(3, verbose=False)]",
    ),
    "early stopping without a set": (
        classifier(
            "return self.model_.predict_proba(X[NUMBERS])",
            fit=(
                "self.model_ = LGBMClassifier(verbose=-1, n_estimators=9)\n"
                "self.model_.fit(X[NUMBERS], y, early_stopping_rounds=3)\n"
                "self.classes_ = self.model_.classes_"
            ),
        ),
        "fit(X[NUMBERS], y)",
    ),
    "verbose in fit": (
        classifier(
            "return self.model_.predict_proba(X[NUMBERS])",
            fit=(
                "self.model_ = LGBMClassifier(verbose=-1, n_estimators=9)\n"
                "self.model_.fit(X[NUMBERS], y, verbose=False)\n"
                "self.classes_ = self.model_.classes_"
            ),
        ),
        "fit(X[NUMBERS], y)",
    ),
    "fillna with a method": (
        step("return X[NUMBERS].fillna(method='ffill', limit=3).fillna(method='bfill')", model=LINE),
        ".ffill(limit=3).bfill()",
    ),
    "np.float": (step("return X[NUMBERS].fillna(np.NaN).astype(np.float).fillna(0)"), "astype(float)"),
    "np.in1d": (step("return X[['year']][np.in1d(X['year'], X['year'])]"), "np.isin("),
    "append": (
        step("return X[['year']].iloc[:5].append(X[['year']].iloc[5:], ignore_index=True)"),
        "pd.concat([X[['year']].iloc[:5], X[['year']].iloc[5:]], ignore_index=True)",
    ),
    "iteritems": (step("return pd.DataFrame({c: v for c, v in X[['year']].iteritems()})"), ".items()"),
    "base_estimator": (
        model(
            (
                "make_pipeline(FunctionTransformer(years), "
                "BaggingClassifier(base_estimator=LogisticRegression(), n_estimators=2))"
            ),
            "from sklearn.ensemble import BaggingClassifier\n\ndef years(X):\n    return X[['year']]",
        ),
        "BaggingClassifier(estimator=",
    ),
    "multi_class": (
        step(ONLY_NUMBERS, model="make_pipeline(StandardScaler(), LogisticRegression(multi_class='auto', C=2))"),
        "LogisticRegression(C=2)",
    ),
    "multi_class alone": (
        step(ONLY_NUMBERS, model="make_pipeline(StandardScaler(), LogisticRegression(multi_class='auto',))"),
        "LogisticRegression()",
    ),
    "penalty": (
        step(ONLY_NUMBERS, model="make_pipeline(StandardScaler(), LogisticRegression(penalty='none'))"),
        "penalty=None",
    ),
    "max_features": (
        step(ONLY_NUMBERS, model="RandomForestClassifier(n_estimators=3, max_features='auto')"),
        'max_features="sqrt"',
    ),
    "np alone": (
        model(
            "make_pipeline(FunctionTransformer(years), DummyClassifier())",
            "def years(X):\n    return nump.asarray(X[['year']])",
        )
        .replace("import numpy as np\n", "")
        .replace("nump.", "np."),
        "import numpy as np",
    ),
    "a name of scikit-learn": (
        step(ONLY_NUMBERS, model="make_pipeline(RobustScaler(), SelectKBest(k=2), LogisticRegression())"),
        "from sklearn.preprocessing import RobustScaler",
    ),
    "a name that is elsewhere": (
        model(
            "make_pipeline(FunctionTransformer(years), SimpleImputer(), DummyClassifier())",
            "from sklearn.preprocessing import StandardScaler, SimpleImputer\n\ndef years(X):\n    return X[['year']]",
        ),
        "from sklearn.impute import SimpleImputer",
    ),
    "joblib": (model("DummyClassifier()", "from sklearn.externals import joblib"), "import joblib"),
    "another entry point": (
        step(ONLY_NUMBERS, model="DummyClassifier()").replace("def build_pipeline", "def create_pipeline"),
        "return create_pipeline()",
    ),
    "a pipeline and no function": (
        step(ONLY_NUMBERS).partition("def build_pipeline")[0]
        + "pipeline = make_pipeline(Features(), DummyClassifier())\n",
        "return pipeline",
    ),
    "an entry point with a seed": (
        model("DummyClassifier(random_state=seed)").replace("build_pipeline()", "build_pipeline(seed)"),
        "build_pipeline(seed=0)",
    ),
    "a lambda": (
        model("make_pipeline(FunctionTransformer(lambda X: X[NUMBERS].fillna(0)), DummyClassifier())"),
        "def function_1(X):\n    return X[NUMBERS].fillna(0)",
    ),
    "two lambdas": (
        model(
            "make_pipeline(FunctionTransformer(func=lambda X: X[NUMBERS]), "
            "FunctionTransformer(lambda X, *a: X.fillna(0), validate=False), "
            "DummyClassifier())"
        ),
        "def function_2(X, *a):",
    ),
    "a local class": (
        model("None").replace(
            "    return None",
            (
                "    class Cut(TransformerMixin, BaseEstimator):\n"
                "        def fit(self, X, y=None):\n            return self\n\n"
                "        def transform(self, X):\n            return X[NUMBERS].fillna(0)\n\n"
                "    return make_pipeline(Cut(), DummyClassifier())"
            ),
        ),
        "\n\nclass Cut(TransformerMixin, BaseEstimator):\n    def fit",
    ),
    "a local function": (
        model("None").replace(
            "    return None",
            (
                "    def cut(X):\n        return X[NUMBERS].fillna(0)\n\n"
                "    return make_pipeline(FunctionTransformer(cut), DummyClassifier())"
            ),
        ),
        "\ndef cut(X):\n    return",
    ),
    "an unknown level": (
        model("make_pipeline(make_column_transformer((OneHotEncoder(), ['island'])), DummyClassifier())"),
        'OneHotEncoder(handle_unknown="ignore")',
    ),
    "an unknown code": (
        model("make_pipeline(make_column_transformer((OrdinalEncoder(dtype=float), ['island'])), DummyClassifier())"),
        'handle_unknown="use_encoded_value", unknown_value=-1',
    ),
    "an unknown level is an error": (
        model(
            "make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown='error'), "
            "['island'])), DummyClassifier())"
        ),
        'OneHotEncoder(handle_unknown="ignore")',
    ),
    "gaps before a line": (
        step("return X[NUMBERS]", model="LogisticRegression(max_iter=500)"),
        'SimpleImputer(strategy="median", keep_empty_features=True), LogisticRegression',
    ),
    "gaps before components": (
        step(
            "return X[NUMBERS]",
            model="StandardScaler(), PCA(2), LogisticRegression()",
            top="from sklearn.decomposition import PCA",
        ),
        "keep_empty_features=True), PCA(2)",
    ),
    "gaps in named steps": (
        model(
            "Pipeline([('cut', FunctionTransformer(cut)), ('line', LogisticRegression(max_iter=500))])",
            "from sklearn.pipeline import Pipeline\n\ndef cut(X):\n    return X[NUMBERS]",
        ),
        '("gaps", SimpleImputer(',
    ),
    "no bases": (
        model(
            "make_pipeline(make_pipeline(Own()), DummyClassifier())",
            (
                "class Own:\n    def fit(self, X, y=None):\n        self.fitted_ = True\n"
                "        return self\n\n    def transform(self, X):\n        return X[NUMBERS]"
            ),
        ),
        "class Own(TransformerMixin, BaseEstimator):",
    ),
    "no bases of a classifier": (
        classifier("return np.full((len(X), 3), 1 / 3)")
        .replace("class Model(ClassifierMixin, BaseEstimator):", "class Model():")
        .replace("return Model()", "return make_pipeline(FunctionTransformer(), Model())"),
        "class Model(ClassifierMixin, BaseEstimator):",
    ),
    "an unused import": ("import os\nimport subprocess\n" + step(ONLY_NUMBERS), None),
    "a setting of the environment": ("import os\n\nos.environ['OMP_NUM_THREADS'] = '1'\n" + step(ONLY_NUMBERS), None),
    "names for LightGBM": (
        model(
            "make_pipeline(FunctionTransformer(named), LGBMClassifier(n_estimators=3, verbose=-1))",
            "def named(X):\n    return X[['year']].rename(columns={'year': 'year[\"a\"]:{1}'})",
        ),
        "FunctionTransformer(with_plain_names), LGBMClassifier",
    ),
}
SINCE_3_CASES = {
    "an old frequency": (
        step("monthly = X.set_index('seen').resample('2M')['body_mass_g'].mean()\nreturn X[['year']]"),
        'resample("2ME")',
    ),
    "text by object": (
        step("words = [c for c in X if X[c].dtype == object]\nassert words\nreturn X[['year']]"),
        "pd.api.types.is_string_dtype(X[c].dtype)",
    ),
    "text by O in a list": (
        step("words = [c for c in X if str(X[c].dtype) in ('object', 'category')]\nassert words\nreturn X[['year']]"),
        "(\"str\", 'object', 'category')",
    ),
    "text of all types": (
        step("words = X.columns[X.dtypes == object]\nassert len(words)\nreturn X[['year']]"),
        "X.dtypes.map(pd.api.types.is_string_dtype)",
    ),
    "numbers by not object": (
        step("rest = [c for c in X if X.dtypes[c] != 'object']\nassert 'sex' not in rest\nreturn X[['year']]"),
        "not (pd.api.types.is_string_dtype(X.dtypes[c])",
    ),
    "a change in place": (
        step(
            "X = X.copy()\nX['body_mass_g'].fillna(0, inplace=True)\nreturn X[['body_mass_g']]",
            model="LogisticRegression(max_iter=900)",
        ),
        "X['body_mass_g'] = X['body_mass_g'].fillna(0)",
    ),
    "a change of an attribute": (
        step(
            "X = X.copy()\nX.body_mass_g.fillna(inplace=True, value=0)\nreturn X[['body_mass_g']]",
            model="LogisticRegression(max_iter=900)",
        ),
        'X["body_mass_g"] = X.body_mass_g.fillna(value=0)',
    ),
    "a chained assignment": (
        step(
            "X = X.copy()\nX['body_mass_g'][X['body_mass_g'].isna()] = 0\nreturn X[['body_mass_g']]",
            model="LogisticRegression(max_iter=900)",
        ),
        "X.loc[X['body_mass_g'].isna(), 'body_mass_g'] = 0",
    ),
    "an assignment to chosen rows": (
        step(
            "X = X.copy()\nX.loc[X['body_mass_g'].isna()]['body_mass_g'] = 0\nreturn X[['body_mass_g']]",
            model="LogisticRegression(max_iter=900)",
        ),
        "X.loc[X['body_mass_g'].isna(), 'body_mass_g'] = 0",
    ),
}
REGRESSIONS = {
    "mean_squared_error": (
        regressor(
            "return np.full(len(X), self.mean_)",
            fit=(
                "from sklearn.metrics import mean_squared_error\n"
                "self.mean_ = mean_squared_error(y, y + 1, squared=False)"
            ),
        ),
        "root_mean_squared_error(y, y + 1)",
    ),
    "max_features of a regressor": (
        step(
            ONLY_NUMBERS,
            model="RandomForestRegressor(n_estimators=3, max_features='auto')",
            top="from sklearn.ensemble import RandomForestRegressor",
        ),
        "max_features=1.0",
    ),
}


def check(source: str, holds: str | None, folder: Path, regression: bool = False) -> None:
    before = run(source, folder, regression)
    assert before.status != "ok", "the script breaks"
    after = mended(source, folder, regression)
    if holds is None:
        assert "subprocess" not in after
        assert "environ" not in after
    else:
        assert holds in after, after


@pytest.mark.parametrize("name", CASES)
def test_a_script_that_breaks_is_mended_and_runs(name: str, tmp_path: Path) -> None:
    check(*CASES[name], tmp_path)


@SINCE_3
@pytest.mark.parametrize("name", SINCE_3_CASES)
def test_a_script_that_breaks_with_pandas_3_is_mended_and_runs(name: str, tmp_path: Path) -> None:
    check(*SINCE_3_CASES[name], tmp_path)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_regression_that_breaks_is_mended_and_runs(name: str, tmp_path: Path) -> None:
    check(*REGRESSIONS[name], tmp_path, regression=True)


@pytest.mark.parametrize(("status", "signal"), [("killed", 11), ("timeout", None)])
def test_a_crash_of_a_library_or_a_hang_is_tried_with_one_worker(status: str, signal: int | None) -> None:
    source = model("RandomForestClassifier(n_jobs=-1)")
    outcome = Outcome(status=status, stage="fit", signal=signal, wall_s=30.0, cpu_s=0.1)
    found = mend(source, diagnoses(outcome, source), outcome, PROFILE)
    assert found is not None
    assert "n_jobs=1" in found[0]
    assert mend(found[0], diagnoses(outcome, found[0]), outcome, PROFILE) is None


def error(kind: str, message: str, line: int = 1) -> Outcome:
    return Outcome(
        status="error",
        stage="fit",
        failure=Failure(type=kind, message=message, frames=(Frame(line=line, function="fit", code=""),)),
    )


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        (step("return X[FEATURES]"), error("NameError", "name 'FEATURES' is not defined")),
        (step("return X"), error("NameError", "name 'np' is not defined")),
        (step("return X['weight']"), error("KeyError", "'weight'")),
        (step("return X", model="LGBMClassifier()"), error("ValueError", "Input X contains NaN.")),
        (model("DummyClassifier()"), error("TypeError", "f() got an unexpected keyword argument 'sparse'")),
        (model("Own()", "class Own(Other):\n    def fit(self, X, y):\n        pass"), error("TypeError", "Own is odd")),
        ("def build_pipeline(:", error("SyntaxError", "invalid syntax")),
        ("x = 1\n", error("ValueError", "")),
    ],
)
def test_what_has_no_known_repair_is_left_alone(source: str, outcome: Outcome) -> None:
    assert mend(source, diagnoses(outcome, source), outcome, PROFILE) is None


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("build_pipeline()", "create_pipeline()", "return create_pipeline()"),
        ("pipeline()", "pipeline(seed)", "line(seed=0)"),
    ],
)
def test_the_entry_point_is_mended_before_what_is_put_behind_the_script(
    old: str, new: str, holds: str, tmp_path: Path
) -> None:
    source = guarded(step(ONLY_NUMBERS, model="DummyClassifier()").replace(old, new), ["ring"])
    assert run(source, tmp_path).status == "error"
    after = mended(source, tmp_path)
    assert after.index(holds) < after.index(MARKER)


def test_what_captures_a_local_name_is_not_moved() -> None:
    source = model("None").replace(
        "    return None",
        "    width = 2\n\n    def cut(X):\n        return X[NUMBERS[:width]]\n\n    return FunctionTransformer(cut)",
    )
    outcome = error("AttributeError", "Can't get local object 'build_pipeline.<locals>.cut'")
    assert mend(source, diagnoses(outcome, source), outcome, PROFILE) is None
    source = model("FunctionTransformer(lambda X: X[width])").replace("    return F", "    width = 2\n    return F")
    assert mend(source, diagnoses(outcome, source), outcome, PROFILE) is None


def test_the_rest_of_a_script_keeps_its_form() -> None:
    source = (
        "# a comment\nfrom sklearn.preprocessing import OneHotEncoder\n\n\n"
        "def build_pipeline():\n    return OneHotEncoder(   sparse = False )  # ü\n"
    )
    outcome = error("TypeError", "OneHotEncoder.__init__() got an unexpected keyword argument 'sparse'", 6)
    found = mend(source, diagnoses(outcome, source), outcome, PROFILE)
    assert found is not None
    assert found[0] == source.replace("sparse =", "sparse_output =")


def test_all_old_names_are_changed_at_once() -> None:
    source = step("return X.fillna(method='ffill').astype(np.float)", model="LogisticRegression(multi_class='ovr')")
    outcome = error("TypeError", "NDFrame.fillna() got an unexpected keyword argument 'method'")
    found = mend(source, diagnoses(outcome, source), outcome, PROFILE)
    assert found is not None
    assert ".ffill().astype(float)" in found[0]
    assert "LogisticRegression()" in found[0]


@pytest.mark.parametrize("name", [*CASES, *SINCE_3_CASES, *REGRESSIONS])
def test_no_repair_is_made_without_a_diagnosis(name: str) -> None:
    source, _ = {**CASES, **SINCE_3_CASES, **REGRESSIONS}[name]
    assert mend(source, (), OK, PROFILE) is None


@given(
    name=st.sampled_from([*CASES, *SINCE_3_CASES, *REGRESSIONS]),
    code=st.sampled_from(registry.names(registry.CRASH_RULES)),
    kind=st.sampled_from(["NameError", "TypeError", "ImportError", "ValueError"]),
    message=st.one_of(
        st.text(max_size=40),
        st.sampled_from([
            "f() got an unexpected keyword argument 'sparse'", "f() got an unexpected keyword argument 'verbose'",
            "f() got an unexpected keyword argument 'method'", "x has no attribute 'append'", "Input X contains NaN.",
            "cannot import name 'joblib' from 'sklearn.externals'", "name 'pd' is not defined", "special JSON",
            "Invalid frequency: M", "The 'penalty' parameter of A", "module 'numpy' has no attribute 'float'",
        ]),
    ),
    line=st.integers(0, 60),
)  # fmt: skip
def test_whatever_is_said_a_repair_parses_and_changes_something(
    name: str, code: str, kind: str, message: str, line: int
) -> None:
    source, _ = {**CASES, **SINCE_3_CASES, **REGRESSIONS}[name]
    named = Diagnosis(code=code, title="t", kind="crash", cause="c", evidence="e", remedy="r")
    found = mend(source, (named,), error(kind, message, line), PROFILE)
    if found is not None:
        ast.parse(found[0])
        assert found[0] != source
        assert 0 < len(found[1]) <= 200


@given(st.text(max_size=200), st.sampled_from(registry.names(registry.CRASH_RULES)))
def test_any_source_is_mended_or_left_alone(source: str, code: str) -> None:
    named = Diagnosis(code=code, title="t", kind="crash", cause="c", evidence="e", remedy="r")
    found = mend(source, (named,), error("NameError", "name 'np' is not defined"), PROFILE)
    assert found is None or found[0] != source
