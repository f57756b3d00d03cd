"""What the service answers: predictions for good rows; for wrong ones the row, the column, what was expected."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octopus.bundle.contents import Label
from octopus.bundle.templates import rows as rows_module
from octopus.bundle.templates.predict import Model, load
from octopus.bundle.templates.serve import answer, create_app, describe
from octopus.bundle.write import write_bundle
from tests.unit.bundle.conftest import Made

ROW = {"size": 9.5, "colour": "red", "late": True, "day": "2024-03-01", "note": "x"}


@pytest.fixture(scope="session")
def model(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Model:
    directory = tmp_path_factory.mktemp("served") / "bundle"
    write_bundle(directory, made.contents)
    return load(directory)


def ask(model: Model, document: object) -> tuple[int, dict[str, Any]]:
    status, reply = answer(model, document if isinstance(document, bytes) else json.dumps(document).encode())
    return status, json.loads(json.dumps(reply, allow_nan=False))


def problems(model: Model, document: object) -> list[tuple[int | None, str | None, str]]:
    status, reply = ask(model, document)
    assert status == 422
    return [(error["row"], error["column"], error["problem"]) for error in reply["errors"]]


def test_rows_and_one_row_are_predicted(model: Model) -> None:
    status, one = ask(model, ROW)
    assert status == 200
    expected = model.predict_proba([ROW])
    assert list(one["probabilities"][0].values()) == expected[0].tolist()
    assert one["predictions"] == model.predict([ROW]).tolist()
    _, several = ask(model, {"rows": [ROW, {**ROW, "size": 2}, ROW]})
    assert [several["predictions"][i] for i in (0, 2)] == one["predictions"] * 2
    assert several["probabilities"][0] == pytest.approx(one["probabilities"][0])
    assert several["probabilities"][1] != several["probabilities"][0]


@pytest.mark.parametrize(
    "same",
    [
        {**ROW, "size": "9.5"},
        {**ROW, "size": " 9.5 "},
        {**ROW, "late": "yes"},
        {**ROW, "late": 1},
        {**ROW, "day": "2024-03-01T01:00:00+01:00"},
        {key: ROW[key] for key in ("late", "day", "colour", "size")},
        {**ROW, "note": None},
    ],
)
def test_a_row_may_be_spelled_in_other_ways(model: Model, same: dict[str, object]) -> None:
    assert ask(model, same) == ask(model, ROW)


def test_nulls_are_missing_values(model: Model) -> None:
    status, reply = ask(model, dict.fromkeys(ROW))
    assert status == 200
    assert ask(model, {**ROW, "size": None})[1] == ask(model, {**ROW, "size": float("nan")})[1]
    assert ask(model, {**ROW, "size": ""})[1] == ask(model, {**ROW, "size": None})[1]
    assert reply["predictions"][0] in ("no", "yes")


def test_further_columns_are_ignored_and_named(model: Model) -> None:
    status, reply = ask(model, {**ROW, "target": "yes", "nested": [1]})
    assert status == 200
    assert reply.pop("ignored_columns") == ["target", "nested"]
    assert reply == ask(model, ROW)[1]


@pytest.mark.parametrize(
    ("changes", "column", "problem"),
    [
        ({"size": "abc"}, "size", "expected a number, got 'abc'"),
        ({"size": True}, "size", "expected a number, got true"),
        ({"size": [1]}, "size", "expected a number, got a list"),
        ({"late": "perhaps"}, "late", "expected true or false, got 'perhaps'"),
        ({"late": 7}, "late", "expected true or false, got 7"),
        ({"day": "1.3.24"}, "day", "expected a date such as 2024-03-01 or 2024-03-01T12:30:00Z, got '1.3.24'"),
        ({"day": 20240301}, "day", "expected a date such as 2024-03-01 or 2024-03-01T12:30:00Z, got 20240301"),
        ({"colour": {"r": 1}}, "colour", "expected text, got an object"),
        ({"size": "x" * 500}, "size", "expected a number, got '" + "x" * 59 + "…"),
    ],
)
def test_a_wrong_value_is_named(model: Model, changes: dict[str, object], column: str, problem: str) -> None:
    assert problems(model, {**ROW, **changes}) == [(0, column, problem)]
    assert problems(model, {"rows": [ROW, {**ROW, **changes}, ROW]}) == [(1, column, problem)]


def test_every_wrong_value_is_named_in_order(model: Model) -> None:
    wrong = {**ROW, "size": "a", "late": "b"}
    found = problems(model, {"rows": [wrong, ROW, wrong]})
    assert [(row, column) for row, column, _ in found] == [(0, "size"), (0, "late"), (2, "size"), (2, "late")]
    status, reply = ask(model, {"rows": [wrong] * 80})
    assert (status, len(reply["errors"]), reply["more"]) == (422, 100, 60)


def test_missing_columns_are_named(model: Model) -> None:
    found = problems(model, {"rows": [ROW, {"colour": "red", "late": None}]})
    assert [(row, column) for row, column, _ in found] == [(1, "size"), (1, "day")]
    assert found[0][2] == "missing: expected a number, or null where it is not known"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"", "the body is no JSON"),
        (b"size=3", "the body is no JSON"),
        (b"\xff\xfe", "the body is no JSON"),
        (b"[" * 100_000, "the body is no JSON"),
        ([ROW], 'expected {"rows": [{"column": value, …}, …]} or one row {"column": value, …}, got a list'),
        (None, "got null"),
        ({"rows": []}, "there are no rows"),
    ],
)
def test_a_body_of_another_shape_says_what_was_expected(model: Model, document: object, problem: str) -> None:
    ((row, column, told),) = problems(model, document)
    assert (row, column) == (None, None)
    assert problem in told


def test_a_row_of_another_shape_is_numbered(model: Model) -> None:
    assert problems(model, {"rows": [ROW, 3]}) == [(1, None, "expected an object {column: value, …}, got 3")]


def test_too_many_rows_are_refused(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "MAX_ROWS", 2)
    assert ask(model, {"rows": [ROW] * 2})[0] == 200
    status, reply = ask(model, {"rows": [ROW] * 3})
    assert status == 413
    assert reply["errors"][0]["problem"] == "3 rows in one request, which takes 2 at most: send several requests"


def test_a_column_may_be_called_rows(made: Made, tmp_path: Path) -> None:
    renamed = made.rows.rename(columns={"note": "rows"})
    schema = type(made.contents.schema).of(renamed)
    write_bundle(tmp_path / "bundle", made.with_(schema=schema, optional=()))
    model = load(tmp_path / "bundle")
    table = model.table([{**ROW, "rows": "x"}])
    assert table["rows"].tolist() == ["x"]
    assert rows_module.read_rows(json.dumps({**ROW, "rows": "x"}).encode(), model)[0]["rows"] == "x"


@pytest.mark.parametrize(
    ("labels", "keys"),
    [((0, 1), ["0", "1"]), ((False, True), ["false", "true"]), ((0.5, 2.5), ["0.5", "2.5"]), ((1, "1"), ["1", '"1"'])],
)
def test_labels_are_json_of_their_own_type(
    labels: tuple[Label, ...], keys: list[str], make_model: Callable[..., Made], tmp_path: Path
) -> None:
    write_bundle(tmp_path / "bundle", make_model(labels=labels).contents)
    _, reply = ask(load(tmp_path / "bundle"), ROW)
    assert list(reply["probabilities"][0]) == keys
    assert reply["predictions"][0] in labels
    assert type(reply["predictions"][0]) in {type(label) for label in labels}


def test_a_regression_answers_with_numbers_and_never_with_nan(
    make_model: Callable[..., Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(tmp_path / "bundle", make_model("regression", ()).contents)
    model = load(tmp_path / "bundle")
    assert ask(model, ROW) == (200, {"predictions": model.predict([ROW]).tolist()})
    monkeypatch.setattr(Model, "predict_canonical", lambda self, table: np.full(len(table), np.nan))
    assert ask(model, ROW) == (200, {"predictions": [None]})


def test_a_failing_pipeline_is_an_answer(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Model, table: object) -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr(Model, "predict_canonical", fail)
    status, reply = ask(model, ROW)
    assert status == 500
    assert reply["errors"][0]["problem"] == "the model cannot predict these rows: ZeroDivisionError: by design"


def test_the_schema_says_what_to_send(model: Model) -> None:
    told = describe(model)
    assert (told["target"], told["task"], told["labels"]) == (model.description["target"], "binary", ["no", "yes"])
    columns = {column["name"]: column for column in told["columns"]}
    assert [(name, column["type"], column["required"]) for name, column in columns.items()] == [
        ("size", "number", True), ("colour", "text", True), ("late", "boolean", True), ("day", "datetime", True),
        ("note", "text", False),
    ]  # fmt: skip
    assert set(columns["colour"]["levels"]) == {"red", "blue", "green"}
    assert columns["size"]["minimum"] < columns["size"]["example"] < columns["size"]["maximum"]
    assert "levels" not in columns["note"], "rare values may name a row"
    example = {name: column["example"] for name, column in columns.items()}
    assert ask(model, example)[0] == 200


def test_the_page_of_the_interface_has_the_columns_and_an_example_that_works(model: Model, bundle: Path) -> None:
    page = create_app(bundle).openapi()
    assert set(page["paths"]) == {"/predict", "/healthz", "/schema"}
    body = page["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    rows, row = body["schema"]["anyOf"]
    assert rows["properties"]["rows"]["items"] == row
    assert row["required"] == ["size", "colour", "late", "day"]
    assert row["properties"]["size"]["type"] == ["number", "null"]
    for example in body["examples"].values():
        assert ask(model, example["value"])[0] == 200
