"""A loaded model predicts what the proved pipeline predicts, in the user's own words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from octopus.bundle.contents import Label
from octopus.bundle.load import load
from octopus.bundle.templates.predict import BundleProblem, predict_file
from octopus.bundle.templates.predict import load as load_inside
from octopus.bundle.write import write_bundle
from octopus.errors import BundleError, InvalidData, UntrustedPickle
from tests.unit.bundle.conftest import Made, raw_table

MakeModel = Callable[..., Made]


def test_it_predicts_what_was_proved(bundle: Path, made: Made) -> None:
    model = load(bundle)
    np.testing.assert_array_equal(model.predict_proba(made.rows), made.expected)
    assert model.predict(made.rows).tolist() == [("no", "yes")[i] for i in made.expected.argmax(axis=1)]
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.manifest.experiment == 1
    assert list(model.feature_names_in_) == ["size", "colour", "late", "day", "note"]
    assert "binary" in repr(model)


@pytest.mark.parametrize(
    "labels",
    [("a", "b", "c"), (0, 1), (3, 7, 11), (False, True), (0.5, 1.5), (1, "one"), ("a\0", "b\0"), (True, 2)],
)
def test_labels_are_of_their_own_type(labels: tuple[Label, ...], make_model: MakeModel, tmp_path: Path) -> None:
    made = make_model("binary" if len(labels) == 2 else "multiclass", labels)
    write_bundle(tmp_path / "bundle", made.contents)
    predicted = load(tmp_path / "bundle").predict(made.rows).tolist()
    expected = [labels[i] for i in made.expected.argmax(axis=1)]
    assert predicted == expected
    assert [type(label) for label in predicted] == [type(label) for label in expected]


def test_a_threshold_decides_between_two_classes(make_model: MakeModel, tmp_path: Path) -> None:
    made = make_model(threshold=0.9)
    write_bundle(tmp_path / "bundle", made.contents)
    predicted = load(tmp_path / "bundle").predict(made.rows)
    expected = np.where(made.expected[:, 1] >= 0.9, "yes", "no")
    assert predicted.tolist() == expected.tolist()
    assert (expected == "yes").sum() < (made.expected[:, 1] >= 0.5).sum(), "the threshold makes a difference here"


def test_a_regression_has_numbers_and_nothing_else(make_model: MakeModel, tmp_path: Path) -> None:
    made = make_model("regression", ())
    write_bundle(tmp_path / "bundle", made.contents)
    model = load(tmp_path / "bundle")
    np.testing.assert_array_equal(model.predict(made.rows), made.expected)
    assert not hasattr(model, "classes_")
    with pytest.raises(AttributeError, match="no probabilities"):
        model.predict_proba(made.rows)


def test_rows_come_in_any_dress(bundle: Path, made: Made) -> None:
    model = load(bundle)
    table = raw_table()
    expected = model.predict_proba(table)
    shuffled = table[["day", "note", "late", "size", "colour"]].assign(more=1)
    np.testing.assert_array_equal(model.predict_proba(shuffled), expected)
    as_text = table.astype(str)
    np.testing.assert_array_equal(model.predict_proba(as_text), expected)
    np.testing.assert_array_equal(model.predict_proba(table.to_dict("records")), expected)
    np.testing.assert_array_equal(model.predict_proba(table.drop(columns="note")), expected)
    zoned = table.assign(day=table["day"].dt.tz_localize("Europe/Berlin"))
    np.testing.assert_array_equal(model.predict_proba(zoned), expected)
    assert model.predict([]).tolist() == []
    assert model.predict_proba(table.head(0)).shape == (0, 2)
    assert made.contents.optional == ("note",)


def test_rows_that_cannot_be_predicted_say_why(bundle: Path) -> None:
    model = load(bundle)
    with pytest.raises(InvalidData, match="lacks 2 of 5 columns: 'size', 'day'"):
        model.predict(raw_table().drop(columns=["size", "day"]))
    with pytest.raises(InvalidData, match="column 'size' held numbers when the model was fitted and holds 'big' now"):
        model.predict_proba(raw_table().assign(size="big"))


_BOMB = b"cos\nmkdir\n(S'%s'\ntR."


def test_a_pickle_of_a_model_s_script_is_not_loaded_unasked(made: Made, tmp_path: Path) -> None:
    script = type(made.contents.script)(source=made.contents.script.source, author="model")
    write_bundle(tmp_path / "bundle", made.with_(script=script))
    with pytest.raises(UntrustedPickle, match=r"runs that code in this process with your rights.*allow_pickle=True"):
        load(tmp_path / "bundle")
    loaded = load(tmp_path / "bundle", allow_pickle=True)
    np.testing.assert_array_equal(loaded.predict_proba(made.rows), made.expected)
    trace = tmp_path / "was-run"
    write_bundle(tmp_path / "bundle", made.with_(script=script, pipeline=_BOMB % str(trace).encode()))
    with pytest.raises(UntrustedPickle):
        load(tmp_path / "bundle")
    assert not trace.exists()


def test_an_altered_pickle_is_not_loaded(bundle: Path, tmp_path: Path) -> None:
    trace = tmp_path / "was-run"
    (bundle / "pipeline.pkl").write_bytes(_BOMB % str(trace).encode())
    with pytest.raises(BundleError, match=r"pipeline.pkl (was altered|is cut short)"):
        load(bundle)
    with pytest.raises(BundleProblem, match=r"pipeline.pkl .* is not the file that was exported"):
        load_inside(bundle)
    assert not trace.exists()


def test_another_python_is_refused(bundle: Path) -> None:
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["python"] = "3.5.2"
    path.write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"was pickled by Python 3.5.2 and this is .*Dockerfile"):
        load(bundle)


def test_packages_that_are_missing_are_named(made: Made, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", made.with_(pipeline=b"cnot_installed_here\nThing\n."))
    with pytest.raises(BundleError, match="No module named 'not_installed_here': pip install -r"):
        load(tmp_path / "bundle")
    write_bundle(tmp_path / "bundle", made.with_(pipeline=b"csklearn\nGoneInThisVersion\n."))
    with pytest.raises(BundleError, match=r"cannot be loaded here .*Install the versions"):
        load(tmp_path / "bundle")


def test_a_file_is_predicted(bundle: Path, tmp_path: Path) -> None:
    table = raw_table()
    for separator in (",", ";"):
        table.to_csv(tmp_path / "data.csv", sep=separator, index=False)
        predicted = predict_file(load_inside(bundle), str(tmp_path / "data.csv"))
        assert list(predicted.columns)[1:] == ["probability_no", "probability_yes"]
        np.testing.assert_allclose(predicted.iloc[:, 1:], load(bundle).predict_proba(table))
    table.to_parquet(tmp_path / "data.parquet")
    pd.testing.assert_frame_equal(predicted, predict_file(load_inside(bundle), str(tmp_path / "data.parquet")))
