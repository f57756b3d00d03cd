"""Each crash rule fires on its case and is silent on a near miss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression

from octopus.records import ColumnProfile, Failure, Frame, Outcome, Profile, Script, TargetProfile
from octopus.rules.data import MissingColumn, NotFinite, TextForNumber
from octopus.rules.fingerprint import normalised
from octopus.rules.limits import Killed, LimitReached, OutOfMemory, TimeUp
from octopus.rules.result import MalformedPredictions, Unpicklable
from octopus.rules.script import InvalidSyntax, NoPipeline, NoResult, Unexplained

RULES = (
    InvalidSyntax(), NoPipeline(), NoResult(), TimeUp(), OutOfMemory(), Killed(), LimitReached(), TextForNumber(),
    MissingColumn(), NotFinite(), MalformedPredictions(), Unpicklable(),
)  # fmt: skip
SCRIPT = Script(source="import os\nos._exit(0)\nX['amuont']", author="model")
PROFILE = Profile(
    n_rows=100,
    n_columns=2,
    n_sealed=0,
    sealed_reason="",
    memory_bytes=3 << 20,
    columns=tuple(
        ColumnProfile(name=n, kind=k, dtype=d, missing_fraction=m, n_unique=9, used=True)
        for n, k, d, m in (("amount", "numeric", "float64", 0.2), ("note", "text", "str", 0.0))
    ),
    target=TargetProfile(n_missing=0),
)


def raised(kind: str, message: str, stage: str = "fit") -> Outcome:
    frames = (Frame(line=3, function="fit", code="X['amuont']"),)
    return Outcome(status="error", stage=stage, failure=Failure(type=kind, message=message, frames=frames))


def fired(outcome: Outcome) -> list[str]:
    return [d.code for rule in RULES if (d := rule.match(outcome, SCRIPT, PROFILE)) is not None]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(status="rejected", stage="check", failure=Failure(type="SyntaxError", message="x")), "OCT101"),
        (raised("IndentationError", "unexpected indent", "load"), "OCT101"),
        (Outcome(status="rejected", stage="check", reason="the script defines no function build_pipeline"), "OCT102"),
        (Outcome(status="rejected", stage="check", reason="build_pipeline must take no arguments"), "OCT102"),
        (Outcome(status="error", stage="build", reason="build_pipeline returned None"), "OCT102"),
        (Outcome(status="no_result", stage="fit", exit_code=0), "OCT103"),
        (Outcome(status="timeout", stage="fit", wall_s=30, cpu_s=29), "OCT201"),
        (Outcome(status="memory", stage="fit", max_rss_bytes=1 << 30), "OCT202"),
        (raised("_ArrayMemoryError", "Unable to allocate 8.00 GiB for an array"), "OCT202"),
        (raised("RuntimeError", "std::bad_alloc"), "OCT202"),
        (Outcome(status="killed", stage="fit", signal=11), "OCT203"),
        (Outcome(status="processes", stage="fit"), "OCT204"),
        (Outcome(status="disk", stage="fit"), "OCT204"),
        (Outcome(status="output", stage="fit"), "OCT204"),
        (raised("ValueError", "could not convert string to float: 'a b'"), "OCT301"),
        (raised("DTypePromotionError", "The DType <class 'numpy.dtypes.DateTime64DType'> could not be"), "OCT301"),
        (raised("TypeError", "'<' not supported between instances of 'str' and 'float'"), "OCT301"),
        (raised("KeyError", "'amuont'"), "OCT302"),
        (raised("KeyError", "\"['amuont'] not in index\""), "OCT302"),
        (raised("ValueError", "A given column is not a column of the dataframe"), "OCT302"),
        (raised("ValueError", "Input X contains NaN.\nRidge does not accept missing values"), "OCT303"),
        (raised("ValueError", "Input X contains infinity or a value too large for dtype('float64')."), "OCT303"),
        (Outcome(status="bad_result", stage="save", reason="shape (3, 1), expected (3, 2)"), "OCT401"),
        (raised("PicklingError", "Can't pickle <function <lambda>>", "save"), "OCT402"),
        (raised("AttributeError", "Can't get local object 'f.<locals>.g'", "save"), "OCT402"),
        (raised("TypeError", "cannot pickle '_thread.lock' object", "save"), "OCT402"),
    ],
)
def test_one_rule_fires(outcome, code):
    assert fired(outcome) == [code]


@pytest.mark.parametrize(
    "outcome",
    [
        raised("SyntaxError", "invalid syntax in eval", "fit"),
        raised("TypeError", "build_pipeline() helper failed", "build"),
        Outcome(status="not_run", stage="start", reason="no child"),
        raised("ValueError", "memory of the past"),
        raised("ValueError", "could not convert the model"),
        raised("TypeError", "unsupported operand type(s) for +: 'int' and 'NoneType'"),
        raised("KeyError", "3"),
        raised("KeyError", "'not in the script'"),
        raised("ValueError", "n_neighbors must be positive"),
        raised("AttributeError", "'NoneType' object has no attribute 'fit'"),
    ],
)
def test_near_misses_are_left_to_the_general_rule(outcome):
    assert fired(outcome) == []
    diagnosis = Unexplained().match(outcome, SCRIPT, PROFILE)
    assert diagnosis is not None
    assert diagnosis.code == "OCT199"
    assert not diagnosis.repairable


def test_nothing_is_wrong_with_what_went_well():
    ok = Outcome(status="ok", stage="done")
    assert fired(ok) == []
    assert Unexplained().match(ok, SCRIPT, PROFILE) is None


@pytest.mark.parametrize(
    ("table", "model", "code"),
    [
        (pd.DataFrame({"note": ["a", "b", "c"]}), LinearRegression(), "OCT301"),
        (pd.DataFrame({"note": ["a", "b", "c"]}), LGBMRegressor(), "OCT301"),
        (pd.DataFrame({"d": pd.date_range("2020", periods=3), "x": 1.0}), LinearRegression(), "OCT301"),
        (pd.DataFrame({"amount": [1.0, np.nan, 2.0]}), LinearRegression(), "OCT303"),
        (pd.DataFrame({"amount": [1.0, np.inf, 2.0]}), LinearRegression(), "OCT303"),
    ],
)
def test_the_libraries_own_messages_are_known(table, model, code):
    with pytest.raises(Exception) as caught:  # noqa: PT011  any type: the rule has to tell
        model.fit(table, [1.0, 2.0, 3.0])
    assert fired(raised(type(caught.value).__name__, str(caught.value))) == [code]


@pytest.mark.parametrize("wrong", [lambda t: t["amuont"], lambda t: t[["amuont"]], lambda t: t.drop(columns="amuont")])
def test_pandas_own_words_for_a_missing_column_are_known(wrong):
    with pytest.raises(KeyError) as caught:
        wrong(pd.DataFrame({"amount": [1.0]}))
    outcome = raised("KeyError", str(caught.value))
    assert fired(outcome) == ["OCT302"]
    assert "amount" in MissingColumn().match(outcome, SCRIPT, PROFILE).remedy


def test_fingerprints_forget_names_and_numbers_only():
    first = TextForNumber().match(raised("ValueError", "could not convert string to float: 'a1'"), SCRIPT, PROFILE)
    second = TextForNumber().match(raised("ValueError", "could not convert string to float: 'zz'"), SCRIPT, PROFILE)
    other = TextForNumber().match(raised("TypeError", "could not convert string to float: 'a1'"), SCRIPT, PROFILE)
    assert first.fingerprint == second.fingerprint == "OCT301:ValueError:could not convert string to float: …"
    assert other.fingerprint != first.fingerprint
    assert normalised("shape (12, 3) at 0x7f3a and 1e-3") == normalised("shape (9, 40) at 0xff and 2.5")
    assert TimeUp().match(Outcome(status="timeout", stage="fit"), SCRIPT, PROFILE).fingerprint == "OCT201:timeout:fit"


def test_what_the_playbook_can_answer_is_repairable():
    outcomes = {
        "OCT201": Outcome(status="timeout", stage="fit"),
        "OCT202": Outcome(status="memory", stage="fit"),
        "OCT203": Outcome(status="killed", stage="fit", signal=9),
        "OCT301": raised("ValueError", "could not convert string to float: 'a'"),
        "OCT303": raised("ValueError", "Input X contains NaN"),
    }
    for code, outcome in outcomes.items():
        (diagnosis,) = [d for rule in RULES if (d := rule.match(outcome, SCRIPT, PROFILE))]
        assert (diagnosis.code, diagnosis.repairable, diagnosis.kind) == (code, True, "crash")
    assert not NoResult().match(Outcome(status="no_result", stage="fit"), SCRIPT, PROFILE).repairable


def test_evidence_names_the_line_and_the_ending():
    diagnosis = NotFinite().match(raised("ValueError", "Input X contains NaN"), SCRIPT, PROFILE)
    assert "line 3" in diagnosis.evidence
    assert "amount" in diagnosis.cause
    assert "os._exit" in NoResult().match(Outcome(status="no_result", stage="fit"), SCRIPT, PROFILE).cause
