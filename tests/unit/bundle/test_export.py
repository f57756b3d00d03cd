"""Nothing is exported that does not predict the same in a cold, clean process without octopus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from octopus.bundle.export import export
from octopus.bundle.replay import plainly, replay
from octopus.bundle.verify import verify
from octopus.bundle.write import write_bundle
from octopus.errors import BundleError
from tests.unit.bundle.conftest import SCRIPT, Made

MakeModel = Callable[..., Made]


@pytest.mark.parametrize(
    ("task_type", "labels"), [("binary", (False, True)), ("multiclass", ("a", "b", "c")), ("regression", ())]
)
def test_what_replays_is_exported(
    task_type: str, labels: tuple[str, ...], make_model: MakeModel, tmp_path: Path
) -> None:
    made = make_model(task_type, labels)
    manifest = export(tmp_path / "bundle", made.contents, made.rows, made.expected, plainly)
    assert [check.passed for check in manifest.checks] == [True] * 5
    assert len({check.name for check in manifest.checks}) == 5
    assert verify(tmp_path / "bundle") == manifest
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.parametrize(("error", "passed"), [(1e-12, True), (1e-3, False)])
def test_predictions_must_be_those_of_the_proved_pipeline(error: float, passed: bool, bundle: Path, made: Made) -> None:
    checks = replay(bundle, made.rows, made.expected + error, plainly)
    assert [check.passed for check in checks] == [True, passed, passed, passed, passed]
    assert "largest difference" in checks[1].detail


def _refused(made: Made, tmp_path: Path) -> str:
    with pytest.raises(BundleError, match="so nothing was exported") as caught:
        export(tmp_path / "bundle", made.contents, made.rows, made.expected, plainly)
    assert not list(tmp_path.iterdir())
    return str(caught.value)


def _altered(old: str, new: str) -> str:
    assert old in SCRIPT
    return SCRIPT.replace(old, new)


def test_a_pipeline_that_needs_octopus_is_refused(make_model: MakeModel, tmp_path: Path) -> None:
    made = make_model(source=_altered("        size =", "        import octopus.frame\n        size ="))
    assert "octopus was imported: a bundle works without octopus" in _refused(made, tmp_path)


def test_a_pipeline_that_looks_at_the_other_rows_is_refused(make_model: MakeModel, tmp_path: Path) -> None:
    made = make_model(source=_altered("fillna(0.0)", "fillna(0.0).rank()"))
    made.rows["size"] = np.arange(len(made.rows), dtype=float)
    X = made.contents.schema.apply(made.rows)
    told = _refused(Made(made.contents, made.pipeline, made.rows, made.pipeline.predict_proba(X)), tmp_path)
    assert "same prediction for one row alone: largest difference" in told
    assert "shuffled" not in told


def test_a_pipeline_that_goes_by_the_order_of_columns_is_none_of_these(make_model: MakeModel, tmp_path: Path) -> None:
    made = make_model(source=_altered('X["size"]', "X.iloc[:, 0]"))
    manifest = export(tmp_path / "bundle", made.contents, made.rows, made.expected, plainly)
    assert all(check.passed for check in manifest.checks), "the schema puts the columns into their order"


def test_a_column_that_is_looked_at_is_not_optional(made: Made, tmp_path: Path) -> None:
    wrong = Made(made.with_(optional=("note", "size")), made.pipeline, made.rows, made.expected)
    told = _refused(wrong, tmp_path)
    assert "same predictions without the optional columns: largest difference" in told
    assert told.count("largest difference") == 1


def test_a_process_that_does_not_end_is_ended(bundle: Path, made: Made) -> None:
    (check,) = replay(bundle, made.rows, made.expected, plainly, wall_s=0.01)
    assert not check.passed
    assert check.detail == "no end after 0.01 s"


def test_a_refused_export_leaves_the_bundle_that_was_there(made: Made, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", made.contents)
    before = verify(tmp_path / "bundle")
    with pytest.raises(BundleError):
        export(tmp_path / "bundle", made.with_(report="new"), made.rows, made.expected + 1, plainly)
    assert verify(tmp_path / "bundle") == before
