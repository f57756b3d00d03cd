"""Every turn in every encoding that it fits: the script is sound, fits and predicts."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
import warnings

import cloudpickle
import msgspec
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.exceptions import ConvergenceWarning

from octopus.records import Level, TargetProfile
from octopus.sandbox.estimators import fit, predict, seed
from octopus.scientists.playbook.turns import turns_for
from tests.unit.families.test_recipes import NASTY, load
from tests.unit.scientists.tables import (
    FAMILIES,
    SCORING,
    composed,
    draft,
    question,
    rich_table,
    taken,
    turns_of,
    written,
)

N_TRAIN = 320


def cases() -> list[tuple[str, str, str]]:
    """Return task type, encoding and idea of each turn that fits."""
    found = []
    for task_type in SCORING:
        task, profile, _ = question(task_type)
        for encoding in FAMILIES:
            recipe = draft(encoding, task, profile)
            found += [(task_type, encoding, i) for i, turn in turns_of(task, profile).items() if taken(recipe, [turn])]
    return found


def one_each() -> list[tuple[str, str, str]]:
    """Return each turn once per encoding, the task types by turns."""
    by_turn: dict[tuple[str, str], list[str]] = {}
    for task_type, encoding, idea in cases():
        by_turn.setdefault((encoding, idea), []).append(task_type)
    return [(types[n % len(types)], *turn) for n, (turn, types) in enumerate(by_turn.items())]


def combined() -> list[tuple[str, str, tuple[str, ...]]]:
    """Return two or three turns one after another: some of all, in either order."""
    found = []
    for task_type, encoding in itertools.product(SCORING, FAMILIES):
        fitting = [idea for kind, code, idea in cases() if (kind, code) == (task_type, encoding)]
        several = [*itertools.permutations(fitting, 2), *itertools.permutations(fitting, 3)]
        order = np.random.default_rng(len(found)).permutation(len(several))
        task, profile, _ = question(task_type)
        fitting = [i for i in order[:100] if composed(encoding, several[i], task, profile)]
        found += [(task_type, encoding, several[i]) for i in fitting[:60]]
    return found


def source_of(task_type: str, encoding: str, *ideas: str, careful: bool = False) -> str | None:
    task, profile, _ = question(task_type)
    recipe = composed(encoding, ideas, task, profile)
    return written(recipe, FAMILIES[encoding].name, task, profile, careful=careful) if recipe else None


def fitted(source: str, task_type: str, table: pd.DataFrame, y: np.ndarray):
    """Return the pipeline as the sandbox fits it: told weights, groups and time."""
    n_rows = len(table)
    metadata = {
        "sample_weight": np.where(np.arange(n_rows) % 2 == 0, 1.0, 0.5),
        "groups": np.arange(n_rows) // 4,
        "time": np.arange(n_rows).astype("datetime64[D]").astype("datetime64[ns]"),
    }
    pipeline = load(source)()
    with sklearn.config_context(enable_metadata_routing=False), warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "'n_jobs' has no effect", FutureWarning)
        seed(pipeline, 7, 1)
        fit(pipeline, table, y, metadata)
    return pipeline


def check(source: str, task_type: str, table: pd.DataFrame | None = None) -> None:
    """Fit on some rows and predict others: alone and together, with what was never seen, after a pickle."""
    table = rich_table() if table is None else table
    _, _, y = question(task_type)
    n_classes = 0 if task_type == "regression" else len(np.unique(y))
    pipeline = fitted(source, task_type, table.iloc[:N_TRAIN], y[:N_TRAIN])
    rest = table.iloc[N_TRAIN:]
    predicted = predict(pipeline, rest, n_classes)
    assert predicted.shape == ((len(rest), n_classes) if n_classes else (len(rest),))
    assert np.isfinite(predicted).all()
    single = predict(pipeline, rest.iloc[[7]].reset_index(drop=True), n_classes)
    np.testing.assert_allclose(single[0], predicted[7], rtol=1e-6, atol=1e-12)
    odd = rest.iloc[:2].copy()
    odd[[NASTY, "note", "amount", "many", "spelled"]] = "never seen"
    odd[["size", "day", "coded"]] = None
    odd["size"] = odd["size"].astype("float64")
    odd["coded"] = odd["coded"].astype("float64")
    odd["day"] = pd.to_datetime(odd["day"])
    assert np.isfinite(predict(pipeline, odd, n_classes)).all()
    again = cloudpickle.loads(cloudpickle.dumps(pipeline))
    np.testing.assert_array_equal(predict(again, rest, n_classes), predicted)


def test_the_table_asks_for_every_turn():
    asked = {idea for _, _, idea in cases()}
    assert asked == {
        "a decision that fits the metric",
        "recent rows weigh more",
        "size beside others",
        "'in\\ncome' beside others",
        "stretches of time",
        "topics of texts",
        "target means of many levels",
        "logarithms of long tails",
        "calibrated probabilities",
        "without flag",
        "without store",
        "without gone",
        "without size",
        "ratios and differences",
        "a column for each of few levels",
        "only columns that tell something",
        "averaged over five",
    }


@pytest.mark.parametrize(("task_type", "encoding", "idea"), one_each())
def test_a_turn_fits_and_predicts(task_type, encoding, idea):
    check(source_of(task_type, encoding, idea), task_type)


@pytest.mark.parametrize(("task_type", "encoding", "ideas"), combined()[::30])
def test_turns_one_after_another_fit_and_predict(task_type, encoding, ideas):
    check(source_of(task_type, encoding, *ideas), task_type)


def test_every_script_parses_needs_no_formatter_and_has_nothing_unused(tmp_path):
    sources = [source_of(*case) for case in cases()]
    sources += [source_of(task_type, encoding, *ideas) for task_type, encoding, ideas in combined()[::4]]
    for number, source in enumerate(sources):
        tree = ast.parse(source)
        assert "octopus" not in source
        assert "__import__" not in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        assert max(map(len, source.splitlines())) <= 120
        (tmp_path / f"script_{number}.py").write_text(source, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "120", str(tmp_path)]
    shape = subprocess.run([*ruff, "format", "--diff", *options], capture_output=True, text=True, check=False)
    assert shape.returncode == 0, shape.stdout
    lint = subprocess.run([*ruff, "check", "--select", "F,I", *options], capture_output=True, text=True, check=False)
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize("scoring", ["f1", "f1_macro", "f1_weighted", "balanced_accuracy", "matthews_corrcoef",
                                     "jaccard", "jaccard_macro", "accuracy", "f1_micro", "recall_macro"])  # fmt: skip
@pytest.mark.parametrize("task_type", ["binary", "multiclass"])
def test_a_decision_is_tuned_by_every_metric_of_classes(task_type, scoring):
    if task_type == "multiclass" and scoring in ("f1", "jaccard"):
        return  # metrics of one class
    task, profile, _ = question(task_type, scoring)
    recipe = taken(draft("one_hot", task, profile), [turns_of(task, profile)["a decision that fits the metric"]])
    check(written(recipe, "linear", task, profile), task_type)


@pytest.mark.parametrize(("classes", "pos_label"), [(("0", "1"), None), (("1", "2"), 0), (("no", "yes"), None)])
def test_the_positive_class_is_that_of_the_scorer(classes, pos_label):
    task, profile, _ = question("binary")
    task = msgspec.structs.replace(task, classes=classes)
    turn = turns_of(task, profile)["a decision that fits the metric"]
    assert (f"pos_label={pos_label}" in turn.around) is (pos_label is not None)


@pytest.mark.parametrize("encoding", list(FAMILIES))
@pytest.mark.parametrize("careful", [False, True])
def test_codes_are_gaps_and_spellings_are_one(encoding, careful):
    source = source_of("binary", encoding, careful=careful)
    assert 'MISSING_CODES = {"coded": [-999]}' in source
    assert 'RESPELLED = ["spelled"]' in source
    space: dict[str, object] = {"__name__": "script"}
    exec(compile(source, "script.py", "exec"), space)
    table = rich_table()
    read = space["Features"]().fit(table).transform(table)
    assert read["coded"].isna().to_numpy().tolist() == (table["coded"] == -999).to_numpy().tolist()
    assert read["coded"].min() > 0
    assert set(read["spelled"]) == {"yes", "no", "perhaps"}
    check(source, "binary")


def test_careful_scripts_take_turns_too():
    table = rich_table()
    table["coded"] = table["coded"].map("{:.2f} kg".format).astype(object)
    table["size"] = table["size"].map("{:.3f}".format, na_action="ignore").astype(object)
    source = source_of("regression", "one_hot", "size beside others", "logarithms of long tails", careful=True)
    y = question("regression")[2]
    pipeline = fitted(source, "regression", table.iloc[:N_TRAIN], y[:N_TRAIN])
    assert np.isfinite(predict(pipeline, table.iloc[N_TRAIN:], 0)).all()


def test_columns_whose_names_begin_alike_give_one_turn_each_of_their_own_name_or_none():
    task, profile, _ = question("binary")
    long = "a" * 60
    columns = tuple(
        msgspec.structs.replace(c, name=f"{long}{i}") if c.name in ("size", "flag") else c
        for i, c in enumerate(profile.columns)
    )
    turns = turns_for(task, msgspec.structs.replace(profile, columns=columns), tuple(c.name for c in columns))
    ideas = [turn.idea for turn in turns]
    assert len(set(ideas)) == len(ideas)


def test_a_date_whose_parts_have_the_names_of_other_columns_has_no_stretches():
    task, profile, _ = question("binary")
    columns = tuple(msgspec.structs.replace(c, name="day days") if c.name == "flag" else c for c in profile.columns)
    stretches = turns_of(task, msgspec.structs.replace(profile, columns=columns))["stretches of time"]
    assert stretches.steps == ('Stretches(["written"])',)


def test_nothing_is_asked_of_bare_columns():
    task, profile, _ = question("binary", "roc_auc")
    task = msgspec.structs.replace(task, time=None)
    even = TargetProfile(n_missing=0, levels=(Level(value="0", count=200), Level(value="1", count=200)))
    bare = tuple(msgspec.structs.replace(c, used=c.name == "size", signal=None) for c in profile.columns)
    few = msgspec.structs.replace(profile, columns=bare, target=even, n_rows=300)
    assert turns_for(task, few) == ()
    assert [turn.idea for turn in turns_for(task, msgspec.structs.replace(few, n_rows=400))] == ["averaged over five"]
