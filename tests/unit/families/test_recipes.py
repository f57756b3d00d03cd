"""Every recipe of the built-in families, written as a script and run on an unfriendly table."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import warnings

import cloudpickle
import msgspec
import numpy as np
import palmerpenguins
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from octopus.families.forest import Forest
from octopus.families.gbm import GradientBoosting
from octopus.families.linear import Linear
from octopus.families.neural import Neural
from octopus.journal import Journal
from octopus.protocols import Family
from octopus.records import (
    ColumnProfile,
    Level,
    NumericSummary,
    Plan,
    Profile,
    TargetProfile,
    Task,
)
from octopus.scientists.playbook.moves import Move
from octopus.scientists.playbook.writer import write_script

N_ROWS = 420
NASTY = 'we"""+__import__("os").abort()\\\n{x}[]:,🐙\u202e'
FAMILIES = (Linear(), Forest(), GradientBoosting(), Neural())
KINDS = {
    "size": "numeric",
    "flag": "boolean",
    "amount": "number_as_text",
    NASTY: "categorical",
    "store": "categorical",
    "day": "datetime",
    "written": "datetime",
    "note": "text",
    "gone": "numeric",
    "void": "categorical",
}


def nasty_table(n_rows: int = N_ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(50, 10, n_rows)
    size[::9] = np.nan
    amount = [f"{v:,.2f} €" for v in rng.gamma(2, 900, n_rows)]
    amount[3], amount[4] = "n/a", None
    kind = rng.choice(["a", "b", "c'\"", "rare"], n_rows, p=[0.5, 0.3, 0.19, 0.01]).astype(object)
    kind[::7] = None
    day = pd.Series(pd.date_range("2022-01-01", periods=n_rows, freq="37h")).mask(np.arange(n_rows) % 11 == 0)
    return pd.DataFrame(
        {
            "size": size,
            "flag": rng.choice([0.0, 1.0, np.nan], n_rows).astype("float32"),
            "amount": pd.Series(amount),
            NASTY: pd.Series(kind),
            "store": rng.integers(1, 9, n_rows).astype("float32"),
            "day": day,
            "written": day.dt.strftime("%d.%m.%Y"),
            "note": pd.Series(rng.choice(["late again", "called twice, no answer", "", "paid"], n_rows)),
            "gone": np.full(n_rows, np.nan),
            "void": pd.Series([None] * n_rows, dtype="object"),
            "row": pd.Series([f"r{i}" for i in range(n_rows)]),
        }
    )


def profile_of(table: pd.DataFrame, kinds: dict[str, str], target: TargetProfile) -> Profile:
    columns = tuple(
        ColumnProfile(
            name=name,
            kind=kinds.get(name, "identifier"),
            dtype=str(table[name].dtype),
            missing_fraction=float(table[name].isna().mean()),
            n_unique=int(table[name].nunique()),
            used=name in kinds,
        )
        for name in table.columns
    )
    return Profile(
        n_rows=len(table),
        n_columns=table.shape[1],
        n_sealed=0,
        sealed_reason="",
        memory_bytes=1 << 20,
        columns=columns,
        target=target,
    )


def task_of(task_type: str, scoring: str, n_classes: int, features: list[str]) -> Task:
    return Task(
        goal="",
        type=task_type,
        type_reason="",
        target="t",
        scoring=scoring,
        classes=tuple("abc"[:n_classes]),
        features=tuple(features),
        random_state=0,
    )


def target_of(task_type: str, table: pd.DataFrame) -> tuple[np.ndarray, TargetProfile]:
    rng = np.random.default_rng(1)
    signal = table["size"].fillna(50).to_numpy() / 10 + table["flag"].fillna(0).to_numpy()
    if task_type == "regression":
        y = np.exp(signal + rng.normal(0, 0.3, len(table)))
        numeric = NumericSummary(
            mean=y.mean(), std=y.std(), minimum=y.min(), median=float(np.median(y)), maximum=y.max(), skew=3.0
        )
        return y, TargetProfile(n_missing=0, numeric=numeric)
    edges = [5.5] if task_type == "binary" else [5.0, 6.0]
    y = np.digitize(signal + rng.normal(0, 0.5, len(table)), edges).astype(float)
    return y, TargetProfile(
        n_missing=0, levels=tuple(Level(value=str(k), count=int(np.sum(y == k))) for k in np.unique(y))
    )


SCORING = {"binary": "f1", "multiclass": "neg_log_loss", "regression": "neg_mean_absolute_error"}


def cases() -> list[tuple[str, Family, str]]:
    table = nasty_table()
    found = []
    for task_type, scoring in SCORING.items():
        y, target = target_of(task_type, table)
        n_classes = 0 if task_type == "regression" else len(np.unique(y))
        task, profile = task_of(task_type, scoring, n_classes, list(table)), profile_of(table, KINDS, target)
        found += [(task_type, f, r.idea) for f in FAMILIES for r in f.recipes(task, profile)]
    return found


def source_of(task_type: str, family: Family, idea: str, careful: bool = False) -> str:
    table = nasty_table()
    y, target = target_of(task_type, table)
    n_classes = 0 if task_type == "regression" else len(np.unique(y))
    task, profile = task_of(task_type, SCORING[task_type], n_classes, list(table)), profile_of(table, KINDS, target)
    recipe = next(r for r in family.recipes(task, profile) if r.idea == idea)
    plan = Plan(family=family.name, idea=idea, hypothesis=f"{recipe.hypothesis} {NASTY}", expected="")
    return write_script(Move(plan=plan, recipe=recipe, careful=careful), task, profile, Journal(events=())).source


def load(source: str):
    space: dict[str, object] = {"__name__": "script"}
    exec(compile(source, "script.py", "exec"), space)
    return space["build_pipeline"]


def prepared(pipeline):
    """Set what the runner sets."""
    names = pipeline.get_params(deep=True)
    pipeline.set_params(**{n: 7 for n in names if n.endswith("random_state")})
    for part in names.values():
        if hasattr(part, "n_jobs") and not isinstance(part, LogisticRegression):
            part.set_params(n_jobs=1)
    for part in names.values():
        if hasattr(part, "set_fit_request") and hasattr(part, "fit"):
            try:
                part.set_fit_request(sample_weight=True)
            except (TypeError, RuntimeError):
                continue
    return pipeline


def predict(pipeline, table: pd.DataFrame, task_type: str) -> np.ndarray:
    return pipeline.predict(table) if task_type == "regression" else pipeline.predict_proba(table)


@pytest.mark.parametrize(("task_type", "family", "idea"), cases(), ids=lambda v: getattr(v, "name", v))
def test_recipe_fits_predicts_clones_and_pickles(task_type, family, idea):
    table = nasty_table()
    y, _ = target_of(task_type, table)
    train, rest = np.arange(320), np.arange(320, N_ROWS)
    with sklearn.config_context(enable_metadata_routing=True), warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline = prepared(clone(load(source_of(task_type, family, idea))()))
        weight = np.where(np.arange(320) % 2 == 0, 1.0, 0.01)
        pipeline.fit(table.iloc[train], y[train], sample_weight=weight)
        predicted = predict(pipeline, table.iloc[rest], task_type)
        assert predicted.shape == ((100,) if task_type == "regression" else (100, len(np.unique(y))))
        assert np.isfinite(predicted).all()
        order = np.random.default_rng(3).permutation(table.columns)
        np.testing.assert_allclose(predict(pipeline, table.iloc[rest][order], task_type), predicted, rtol=1e-9)
        for row in rest[:5]:
            single = predict(pipeline, table.iloc[[row]].reset_index(drop=True), task_type)
            np.testing.assert_allclose(single[0], predicted[row - 320], rtol=1e-6, atol=1e-12)
        odd = table.iloc[rest[:2]].copy()
        odd[[NASTY, "note", "amount"]] = "never seen"
        odd["size"] = np.nan
        assert np.isfinite(predict(pipeline, odd, task_type)).all()
        again = cloudpickle.loads(cloudpickle.dumps(pipeline))
        np.testing.assert_array_equal(predict(again, table.iloc[rest], task_type), predicted)
        unweighted = clone(pipeline).fit(table.iloc[train], y[train])
        assert not np.allclose(predict(unweighted, table.iloc[rest], task_type), predicted)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
@pytest.mark.parametrize("task_type", list(SCORING))
def test_same_script_same_model(task_type, family):
    table = nasty_table()
    y, _ = target_of(task_type, table)
    idea = next(i for t, f, i in cases() if t == task_type and f is family)
    build = load(source_of(task_type, family, idea))
    first, second = (predict(seeded(build()).fit(table, y), table, task_type) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def seeded(pipeline):
    for part in pipeline.get_params(deep=True).values():
        if hasattr(part, "n_jobs") and not isinstance(part, LogisticRegression):
            part.set_params(n_jobs=1)
    return pipeline.set_params(**{n: 3 for n in pipeline.get_params(deep=True) if n.endswith("random_state")})


@pytest.mark.parametrize(("task_type", "family", "idea"), cases(), ids=lambda v: getattr(v, "name", v))
def test_script_stands_alone_and_is_formatted(task_type, family, idea):
    source = source_of(task_type, family, idea)
    tree = ast.parse(source)
    modules = {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    modules |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    allowed = {"pandas", "numpy", "sklearn", "lightgbm", "catboost", "xgboost", "scipy", "threadpoolctl"}
    allowed |= sys.stdlib_module_names
    assert {module.split(".")[0] for module in modules} <= allowed
    assert "octopus" not in source
    assert "__import__" not in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert NASTY in strings
    assert "\u202e" not in source
    assert max(map(len, source.splitlines())) <= 120


def test_scripts_need_no_formatter_and_leave_nothing_unused(tmp_path):
    for number, (task_type, family, idea) in enumerate(cases()):
        (tmp_path / f"script_{number}.py").write_text(source_of(task_type, family, idea), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "120", str(tmp_path)]
    shape = subprocess.run([*ruff, "format", "--diff", *options], capture_output=True, text=True, check=False)
    assert shape.returncode == 0, shape.stdout
    lint = subprocess.run([*ruff, "check", "--select", "F,I", *options], capture_output=True, text=True, check=False)
    assert lint.returncode == 0, lint.stdout


def test_careful_script_reads_numbers_that_come_as_text():
    idea = "native categories, early stopping"
    table = nasty_table()
    y, _ = target_of("binary", table)
    table["size"] = table["size"].map(lambda v: f"{v:.3f} kg", na_action="ignore").astype(object)
    with pytest.raises(ValueError, match="dtypes"):
        seeded(load(source_of("binary", GradientBoosting(), idea))()).fit(table, y)
    pipeline = seeded(load(source_of("binary", GradientBoosting(), idea, careful=True))())
    probabilities = pipeline.fit(table, y).predict_proba(table)[:, 1]
    assert np.corrcoef(probabilities, y)[0, 1] > 0.5


def test_penguins_are_told_apart():
    raw = palmerpenguins.load_penguins_raw()
    y = raw["Species"].astype("category").cat.codes.to_numpy(dtype=float)
    table = raw.drop(columns=["Species", "studyName", "Region", "Stage", "Individual ID", "Sample Number"])
    kinds = {
        "Island": "categorical",
        "Clutch Completion": "categorical",
        "Date Egg": "datetime",
        "Sex": "categorical",
        "Comments": "text",
    } | dict.fromkeys(table.select_dtypes("number"), "numeric")
    target = TargetProfile(n_missing=0, levels=tuple(Level(value=str(k), count=int(np.sum(y == k))) for k in range(3)))
    task, profile = task_of("multiclass", "neg_log_loss", 3, list(table)), profile_of(table, kinds, target)
    train = np.arange(len(table)) % 4 != 0
    for family in FAMILIES:
        recipe = family.recipes(task, profile)[0]
        plan = Plan(family=family.name, idea=recipe.idea, hypothesis=recipe.hypothesis, expected="")
        source = write_script(Move(plan=plan, recipe=recipe), task, profile, Journal(events=())).source
        pipeline = seeded(load(source)()).fit(table[train], y[train])
        assert np.mean(pipeline.predict(table[~train]) == y[~train]) > 0.97


def test_gbm_says_why_it_does_not_take_part():
    table = nasty_table(20)
    target = TargetProfile(n_missing=0)
    task, profile = task_of("binary", "roc_auc", 2, list(table)), profile_of(table, KINDS, target)
    assert "20 rows" in GradientBoosting().reason_against(task, profile)
    assert Linear().reason_against(task, profile) is None
    bare = profile_of(nasty_table(), {}, target)
    assert "no column" in GradientBoosting().reason_against(task, bare)
    assert GradientBoosting().reason_against(task, profile_of(nasty_table(), KINDS, target)) is None


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_ideas_are_unique_and_every_symptom_has_an_answer(family):
    table = nasty_table()
    answers = set()
    for task_type, scoring in SCORING.items():
        _, target = target_of(task_type, table)
        if task_type != "regression":  # one class is rare
            target = TargetProfile(n_missing=0, levels=(Level(value="a", count=190), Level(value="b", count=10)))
        task = task_of(task_type, scoring, 0 if task_type == "regression" else 2, list(table))
        recipes = family.recipes(task, profile_of(table, KINDS, target))
        ideas = [recipe.idea for recipe in recipes]
        assert len(set(ideas)) == len(ideas)
        assert recipes[0].answers == ()
        answers |= {code for recipe in recipes for code in recipe.answers}
        assert json.dumps(ideas)
    assert {"OCT201", "OCT202", "OCT601", "OCT606", "OCT607", "OCT612"} <= answers


def test_no_log_target_below_minus_one():
    table = nasty_table()
    numeric = NumericSummary(mean=1, std=1, minimum=-3, median=1, maximum=9, skew=4.0)
    profile = profile_of(table, KINDS, TargetProfile(n_missing=0, numeric=numeric))
    task = task_of("regression", "r2", 0, list(table))
    assert not any(r.log_target for family in FAMILIES for r in family.recipes(task, profile))


def test_large_tables_take_larger_steps_and_trees_see_a_share_of_the_rows():
    table = nasty_table()
    _, target = target_of("regression", table)
    task, profile = task_of("regression", "r2", 0, list(table)), profile_of(table, KINDS, target)
    large = msgspec.structs.replace(profile, n_rows=200_000)
    small, big = (GradientBoosting().recipes(task, p)[0].model for p in (profile, large))
    assert "learning_rate=0.05" in small
    assert "learning_rate=0.1, num_leaves=15" in big
    assert "n_estimators=1000" in next(r for r in GradientBoosting().recipes(task, large) if "more" in r.idea).model
    assert "n_estimators=100, " in Forest().recipes(task, large)[0].model
    assert "max_samples=0.05" in Forest().recipes(task, large)[0].model
    assert "max_samples" not in Forest().recipes(task, profile)[0].model


def test_extra_trees_come_first_for_numbers_and_draw_rows_only_where_a_tree_sees_a_share_of_them():
    table = nasty_table()
    for task_type, first in (("regression", "extra trees"), ("binary", "trees on resampled rows")):
        _, target = target_of(task_type, table)
        scoring = "r2" if task_type == "regression" else "roc_auc"
        task, profile = task_of(task_type, scoring, 2, list(table)), profile_of(table, KINDS, target)
        recipes = {recipe.idea: recipe.model for recipe in Forest().recipes(task, profile)}
        assert next(iter(recipes)) == first
        assert "bootstrap" not in recipes["extra trees grown out"]
        many = Forest().recipes(task, msgspec.structs.replace(profile, n_rows=20_000))
        assert "bootstrap=True, max_samples=0.5" in next(r.model for r in many if r.idea == "extra trees grown out")


@pytest.mark.parametrize(
    ("scoring", "answers"), [("f1", ("OCT605", "OCT606")), ("roc_auc", ("OCT606",)), ("neg_log_loss", None)]
)
def test_weights_for_classes_are_no_answer_to_a_metric_of_probabilities(scoring, answers):
    table = nasty_table()
    target = TargetProfile(n_missing=0, levels=(Level(value="a", count=190), Level(value="b", count=10)))
    task, profile = task_of("binary", scoring, 2, list(table)), profile_of(table, KINDS, target)
    for family in FAMILIES:
        weighted = [r for r in family.recipes(task, profile) if r.idea == "balanced class weights"]
        assert [r.answers for r in weighted] == ([answers] if answers else [])
