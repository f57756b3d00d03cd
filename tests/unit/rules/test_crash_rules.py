"""Each crash rule fires on its case and on no other's; what it says names column, type, signature and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder

from octopus import registry
from octopus.records import ColumnProfile, Diagnosis, Failure, Frame, Level, Outcome, Profile, Script, TargetProfile
from octopus.rules.fingerprint import normalised
from octopus.sandbox.failure import describe
from octopus.stages.diagnose import diagnose_failure

RULES = [registry.load(registry.CRASH_RULES, name)() for name in registry.names(registry.CRASH_RULES)]
SCRIPT = Script(source="import os\nos._exit(0)\nX['amuont']", author="model")
PROFILE = Profile(
    n_rows=100,
    n_columns=2,
    n_sealed=0,
    sealed_reason="",
    memory_bytes=3 << 20,
    columns=tuple(
        ColumnProfile(name=n, kind=k, dtype=d, missing_fraction=m, n_unique=9, used=True, levels=levels)
        for n, k, d, m, levels in (
            ("amount", "numeric", "float64", 0.2, ()),
            ("note", "text", "str", 0.0, (Level(value="late", count=9),)),
        )
    ),
    target=TargetProfile(n_missing=0),
)
#: What a check refuses before a script runs, and the rules that say so.
REFUSED = {
    "PolicyViolation": "OCT110",
    "BlanketExcept": "OCT111",
    "QuarantinedColumn": "OCT112",
    "SilentPandas": "OCT113",
}


def raised(
    kind: str, message: str, stage: str = "fit", line: str = "X['amuont']", wrapped: str | None = None
) -> Outcome:
    frames = (Frame(line=3, function="fit", code=line),) if line else ()
    failure = Failure(type=kind, message=message, frames=frames, wrapped_in=wrapped)
    return Outcome(status="error", stage=stage, failure=failure)


def diagnoses(outcome: Outcome, source: str = SCRIPT.source) -> tuple[Diagnosis, ...]:
    return diagnose_failure(outcome, Script(source=source, author="model"), PROFILE, RULES)


def codes(outcome: Outcome) -> list[str]:
    return [diagnosis.code for diagnosis in diagnoses(outcome)]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(status="rejected", stage="check", failure=Failure(type="SyntaxError", message="x")), "OCT101"),
        (raised("IndentationError", "unexpected indent", "load"), "OCT101"),
        *(
            (Outcome(status="rejected", stage="check", reason="m", failure=Failure(type=kind, message="m")), code)
            for kind, code in REFUSED.items()
        ),
        (Outcome(status="rejected", stage="check", reason="the script defines no function build_pipeline"), "OCT102"),
        (Outcome(status="rejected", stage="check", reason="build_pipeline must take no arguments"), "OCT102"),
        (Outcome(status="error", stage="build", reason="build_pipeline returned None"), "OCT102"),
        (Outcome(status="no_result", stage="fit", exit_code=0), "OCT103"),
        (raised("SystemExit", "0"), "OCT103"),
        (Outcome(status="tampered", stage="done"), "OCT109"),
        (Outcome(status="timeout", stage="fit", wall_s=30, cpu_s=29), "OCT201"),
        (Outcome(status="timeout", stage="fit", wall_s=30, cpu_s=0.4), "OCT205"),
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
        (raised("KeyError", "'amuont'", wrapped="KeyError"), "OCT302"),
        (raised("KeyError", "\"['amuont'] not in index\""), "OCT302"),
        (raised("ValueError", "A given column is not a column of the dataframe"), "OCT302"),
        (raised("ValueError", "Input X contains NaN.\nRidge does not accept missing values"), "OCT303"),
        (raised("ValueError", "Input X contains infinity or a value too large for dtype('float64')."), "OCT303"),
        (Outcome(status="bad_result", stage="save", reason="predictions are of type <f4"), "OCT401"),
        (raised("PicklingError", "Can't pickle <function <lambda>>", "save"), "OCT402"),
        (raised("AttributeError", "Can't get local object 'f.<locals>.g'", "save"), "OCT402"),
        (raised("TypeError", "cannot pickle '_thread.lock' object", "save"), "OCT402"),
        (Outcome(status="bad_result", stage="done", reason="3 of 9 predictions are missing or infinite"), "OCT403"),
        (Outcome(status="bad_result", stage="done", reason="predictions have shape (3,), (9,) is expected"), "OCT404"),
        (Outcome(status="bad_result", stage="done", reason="probabilities lie between -1 and 2"), "OCT405"),
    ],
)
def test_one_rule_fires(outcome: Outcome, code: str) -> None:
    assert codes(outcome) == [code]


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(status="not_run", stage="start", reason="no child"),
        raised("ValueError", "memory of the past"),
        raised("ValueError", "could not convert the model"),
        raised("ValueError", "n_neighbors must be positive"),
        raised("TypeError", "build_pipeline() helper failed", "build"),
        raised("ValueError", "it says: could not convert string to float"),
        raised("Exception", "Input X contains NaN."),
    ],
)
def test_near_misses_are_left_to_the_general_rule(outcome: Outcome) -> None:
    (diagnosis,) = diagnoses(outcome)
    assert diagnosis.code == "OCT199"
    assert not diagnosis.repairable


@pytest.mark.parametrize("kind", REFUSED)
def test_an_exception_that_a_script_names_like_a_refusal_is_none(kind: str) -> None:
    assert codes(raised(kind, "the script made this up")) == ["OCT199"]


def test_a_remedy_is_short_and_a_quarantined_column_is_part_of_the_failure() -> None:
    def refused(kind: str, message: str) -> Diagnosis:
        failure = Failure(type=kind, message=message)
        (found,) = diagnoses(Outcome(status="rejected", stage="check", reason=message, failure=failure))
        return found

    assert all(len(refused(kind, "m").remedy) <= 200 for kind in REFUSED)
    first, second = (refused("QuarantinedColumn", f"the column {name!r} is quarantined") for name in "ab")
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize("line", ["raise ValueError(text)", "if X.empty: raise ValueError(text)"])
def test_what_a_script_raises_in_a_librarys_words_is_its_own(line: str) -> None:
    source = f"a = 1\nb = 2\n{line}"
    (diagnosis,) = diagnoses(raised("ValueError", "Input X contains NaN.", line=line), source)
    assert diagnosis.code == "OCT199"
    assert line in diagnosis.cause


def test_a_word_that_sounds_like_raising_is_none() -> None:
    line = "raised = X['raise'].astype(float)"
    assert codes(raised("ValueError", "could not convert string to float: 'a'", line=line)) == ["OCT301"]


def test_nothing_is_wrong_with_what_went_well() -> None:
    assert diagnoses(Outcome(status="ok", stage="done")) == ()


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
def test_the_libraries_own_messages_are_known(table: pd.DataFrame, model: object, code: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  any type: the rule has to tell
        model.fit(table, [1.0, 2.0, 3.0])
    assert codes(raised(type(caught.value).__name__, str(caught.value))) == [code]


@pytest.mark.parametrize("wrong", [lambda t: t["amuont"], lambda t: t[["amuont"]], lambda t: t.drop(columns="amuont")])
def test_pandas_own_words_for_a_missing_column_are_known(wrong) -> None:
    with pytest.raises(KeyError) as caught:
        wrong(pd.DataFrame({"amount": [1.0]}))
    failure = describe(caught.value, Path("script.py"))
    (diagnosis,) = diagnoses(Outcome(status="error", stage="fit", failure=failure))
    assert diagnosis.code == "OCT302"
    assert "'amount' (float64" in diagnosis.remedy


def test_a_key_that_a_dictionary_lacks_is_no_column() -> None:
    with pytest.raises(KeyError) as caught:
        {}["amuont"]
    failure = describe(caught.value, Path("script.py"))
    assert codes(Outcome(status="error", stage="fit", failure=failure)) == ["OCT107"]


def test_the_signature_is_that_of_the_installed_library() -> None:
    with pytest.raises(TypeError) as caught:
        OneHotEncoder(sparse=False)
    source = "from sklearn.preprocessing import OneHotEncoder\n\nOneHotEncoder(sparse=False)"
    (diagnosis,) = diagnoses(raised("TypeError", str(caught.value), "build"), source)
    assert diagnosis.code == "OCT105"
    assert "scikit-learn 1." in diagnosis.cause
    assert "sparse is now sparse_output" in diagnosis.remedy
    assert "OneHotEncoder(*, categories='auto'" in diagnosis.remedy


def test_the_nearest_name_is_offered() -> None:
    message = "cannot import name 'StandartScaler' from 'sklearn.preprocessing' (/lib/sklearn/__init__.py)"
    (diagnosis,) = diagnoses(raised("ImportError", message, "load"), "from sklearn.preprocessing import StandartScaler")
    assert "StandardScaler" in diagnosis.remedy


def test_a_cause_names_the_column_that_holds_the_value() -> None:
    (diagnosis,) = diagnoses(raised("ValueError", "could not convert string to float: 'late'", line=""))
    assert "'note' (str)" in diagnosis.cause
    assert "'late'" in diagnosis.cause


def test_a_cause_names_gaps_with_their_share() -> None:
    (diagnosis,) = diagnoses(raised("ValueError", "Input X contains NaN", line=""))
    assert "'amount' (float64, 20 % missing)" in diagnosis.cause
    (diagnosis,) = diagnoses(raised("ValueError", "Input X contains infinity or a value too large", line=""))
    assert "amount" not in diagnosis.cause


def test_fingerprints_forget_values_and_numbers_but_not_names_that_are_the_cause() -> None:
    def fingerprint(kind: str, message: str, wrapped: str | None = None) -> str:
        return diagnoses(raised(kind, message, wrapped=wrapped))[0].fingerprint

    first = fingerprint("ValueError", "could not convert string to float: 'a1'")
    assert first == "OCT301:ValueError:could not convert string to float: …"
    assert first == fingerprint("ValueError", "could not convert string to float: 'zz'")
    assert first != fingerprint("TypeError", "could not convert string to float: 'a1'")
    assert fingerprint("KeyError", "'a'", "KeyError") != fingerprint("KeyError", "'b'", "KeyError")
    assert normalised("shape (12, 3) at 0x7f3a and 1e-3") == normalised("shape (9, 40) at 0xff and 2.5")
    assert normalised("bad value\nStack trace:\n  [bt] lib.so(+0x2e)") == "bad value"
    assert diagnoses(Outcome(status="timeout", stage="fit"))[0].fingerprint == "OCT201:timeout:fit"


def test_memory_that_was_refused_is_the_same_failure_as_memory_that_was_taken_away() -> None:
    refused = diagnoses(raised("MemoryError", "Unable to allocate 8.00 GiB"))[0]
    assert refused.fingerprint == diagnoses(Outcome(status="memory", stage="fit"))[0].fingerprint
    printed, full = Outcome(status="output", stage="fit"), raised("OSError", "[Errno 27] File too large")
    assert diagnoses(printed)[0].fingerprint == diagnoses(full)[0].fingerprint
    assert diagnoses(Outcome(status="processes", stage="fit"))[0].fingerprint != diagnoses(printed)[0].fingerprint


def test_evidence_names_the_line_and_the_ending() -> None:
    assert "line 3" in diagnoses(raised("ValueError", "Input X contains NaN"))[0].evidence
    assert "os._exit" in diagnoses(Outcome(status="no_result", stage="fit"))[0].cause


def test_a_short_run_that_waited_is_out_of_time() -> None:
    assert codes(Outcome(status="timeout", stage="load", wall_s=0.8, cpu_s=0.01)) == ["OCT201"]
