"""What is refused before it runs is told by line and reason; what a modelling script needs is never refused."""

from __future__ import annotations

import textwrap

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus import registry
from octopus.journal import Journal
from octopus.protocols import HasBrief
from octopus.records import Finding, Plan, Profile
from octopus.scientists.playbook.moves import Move
from octopus.scientists.playbook.writer import write_script
from octopus.stages.check import check_analysis, check_model_script, check_source
from octopus.testing.examples import TASK_TYPES, example_profile, example_task
from tests.corpus.bench import CASES
from tests.corpus.table import quarantined

PROFILE = quarantined(example_profile("binary"), "amount")
SINCE_3 = pytest.mark.skipif(int(pd.__version__.partition(".")[0]) < 3, reason="pandas 2 still has the old idioms")
ENTRY = "\n\ndef build_pipeline():\n    return None\n"
STEP = """
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class Step(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        X = X.copy()
{lines}
        return X
"""


def script(lines: str) -> str:
    return STEP.format(lines=textwrap.indent(textwrap.dedent(lines).strip("\n"), " " * 8)) + ENTRY


def kind(source: str, profile: Profile = PROFILE) -> str:
    outcome = check_model_script(source, profile)
    if outcome is None:
        return ""
    assert (outcome.status, outcome.stage) == ("rejected", "check")
    assert outcome.reason
    return outcome.failure.type if outcome.failure else "entry point"


@pytest.mark.parametrize(
    "lines",
    [
        "import os\nos.system('ls')", "from os import path\nX['a'] = path.exists('a')", "import subprocess",
        "import socket", "import requests", "from urllib.request import urlopen", "import http.client",
        "import shutil\nshutil.rmtree('/')", "import ctypes", "import multiprocessing as mp",
        "import sys\nsys.exit()", "from sys import exit as leave\nleave()", "import os as o\no._exit(0)", "open('x')",
        "pd.read_csv('x')", "pd.read_parquet('x')", "X.to_csv('x')", "from pandas import read_pickle\nread_pickle('x')",
        "import pickle\npickle.loads(b'')", "import joblib\njoblib.load('x')", "np.load('x')", "eval('1')",
        "exec('1')", "compile('1', '', 'eval')", "__import__('os')", "import importlib\nimportlib.import_module('os')",
        "input()", "import builtins\nbuiltins.open('x')", "().__class__.__bases__[0].__subclasses__()",
        "(lambda: 0).__globals__", "from pathlib import Path\nPath('x').read_text()", "from os import *",
        "from sklearn.datasets import fetch_openml", "import octopus\noctopus.stages", "breakpoint()", "quit()",
        "import sys\nsys.modules['os']", "import sys\nsys._getframe(1)",
    ],
)  # fmt: skip
def test_what_has_no_business_in_a_script_is_refused(lines: str) -> None:
    assert kind(script(lines)) == "PolicyViolation"


@pytest.mark.parametrize(
    "lines",
    [
        "import os", "import sys\nassert sys.version_info", "import warnings\nwarnings.simplefilter('ignore')",
        "import functools, re, math, itertools, collections, typing, datetime, string",
        "import re\nre.compile('a')", "from re import compile\ncompile('a')", "def open(x):\n    return x\nopen(X)",
        "import scipy.stats\nimport lightgbm", "from joblib import Parallel, delayed", "from io import StringIO",
        "X['a'] = X['colour'].str.replace('os.system', '')", "'eval(1)'", "X = X.eval('day + 1')",
        "X.query('day > 1')", "X['score'] = X.pop('day')", "import copy\ncopy.deepcopy(X)",
        "from sklearn.datasets import make_classification", "X.to_numpy()", "X.to_dict()",
    ],
)  # fmt: skip
def test_what_a_modelling_script_needs_passes(lines: str) -> None:
    assert kind(script(lines)) == ""


def test_no_script_of_the_corpus_is_refused_for_what_it_does_not_do() -> None:
    reaches = (
        "os.",
        "open(",
        "read_csv",
        "to_csv",
        "eval(",
        "exit()",
        "input(",
        "pickle",
        "subprocess",
        "urllib",
        "sys.exit",
    )
    for case in CASES:
        found = kind(case.source, example_profile("binary"))
        if case.of_model or found in ("", "SyntaxError", "entry point"):
            continue
        assert found == "PolicyViolation", case.id
        assert any(word in case.source for word in reaches), case.id


@pytest.mark.parametrize("task_type", TASK_TYPES)
@pytest.mark.parametrize("family", registry.names(registry.FAMILIES))
def test_no_script_of_the_playbook_is_refused(family: str, task_type: str) -> None:
    task, profile = example_task(task_type), example_profile(task_type, 5000)
    made = registry.load(registry.FAMILIES, family)()
    check = (lambda source: check_model_script(source, profile)) if isinstance(made, HasBrief) else check_source
    for recipe in made.recipes(task, profile):  # a model writes only for families with a brief
        plan = Plan(family=family, idea=recipe.idea, hypothesis=recipe.hypothesis, expected=recipe.expected)
        written = write_script(Move(plan=plan, recipe=recipe), task, profile, Journal())
        assert check(written.source) is None, written.source


@pytest.mark.parametrize(
    ("lines", "is_refused"),
    [
        ("try:\n    self.m_ = Step().fit(X)\nexcept Exception:\n    pass", True),
        ("try:\n    X = self.m_.transform(X)\nexcept:\n    X = None", True),
        ("try:\n    X = self.m_.predict(X)\nexcept (ValueError, Exception) as error:\n    print(error)", True),
        ("try:\n    if len(X):\n        for m in X:\n            m.fit(X)\nexcept BaseException:\n    pass", True),
        ("from contextlib import suppress\nwith suppress(Exception):\n    self.m_.fit(X)", True),
        ("try:\n    self.m_.fit(X)\nexcept Exception as error:\n    raise ValueError('no fit') from error", False),
        ("try:\n    self.m_.fit(X)\nexcept ValueError:\n    pass", False),
        ("try:\n    X['day'] = X['day'].astype(float)\nexcept Exception:\n    pass", False),
        ("try:\n    import lightgbm\nexcept Exception:\n    lightgbm = None", False),
        ("try:\n    def later():\n        self.m_.fit(X)\nexcept Exception:\n    pass", False),
        ("from contextlib import suppress\nwith suppress(KeyError):\n    self.m_.fit(X)", False),
    ],
)  # fmt: skip
def test_a_handler_that_hides_a_failure_is_refused(lines: str, is_refused: bool) -> None:
    assert kind(script(lines)) == ("BlanketExcept" if is_refused else "")


@pytest.mark.parametrize(
    ("lines", "is_refused"),
    [
        ("X['a'] = X['amount'] + 1", True),
        ("X = X[['day', 'amount']]", True),
        ("NUMBERS = ['amount']\nX = X[NUMBERS]", True),
        ("X['a'] = X.amount", True),
        ("X['a'] = X.loc[:, 'amount']", True),
        ("X = X.groupby('amount').transform('mean')", True),
        ("X = X.drop(columns=['amount'])", False),
        ("X = X.drop('amount', axis=1)", False),
        ("LEAKS = ['amount']\nX = X.drop(columns=LEAKS, errors='ignore')", False),
        ("X = X[[c for c in X if c != 'amount']]", False),
        ("X = X[[c for c in X if c not in ('amount', 'day')]]", False),
        ("del X['amount']", False),
        ("self.set_params(kind='amount')", False),
        ("'the amount is not used'", False),
        ("X['a'] = self.amount", False),
        ("X['a'] = X['amounts']", False),
    ],
)
def test_the_use_of_a_quarantined_column_is_refused_and_leaving_it_out_is_not(lines: str, is_refused: bool) -> None:
    assert kind(script(lines)) == ("QuarantinedColumn" if is_refused else "")


def test_a_column_that_was_released_may_be_used() -> None:
    source = script("X['a'] = X['amount']")
    assert kind(source, example_profile("binary")) == ""
    noted = Finding(
        code="OCT720", columns=("amount",), message="", evidence="", confidence="strong", action="used, for"
    )
    assert kind(source, Profile(**{**_fields(example_profile("binary")), "findings": (noted,)})) == ""


def _fields(profile: Profile) -> dict[str, object]:
    return {name: getattr(profile, name) for name in profile.__struct_fields__}


def test_what_is_put_behind_a_script_may_name_the_columns_that_it_drops() -> None:
    guard = (
        '\n# Columns set aside: the pipeline does not see them.\nSET_ASIDE = [\n    "amount",\n]\nprint(SET_ASIDE)\n'
    )
    assert kind(script("X['a'] = 1") + guard) == ""
    assert kind(script("X['a'] = X['amount']") + guard) == "QuarantinedColumn"
    assert kind(script("X['a'] = 1") + guard + "eval('1')\n") == "PolicyViolation"


@SINCE_3
@pytest.mark.parametrize(
    ("lines", "is_refused"),
    [
        ("words = [c for c in X if X[c].dtype == object]", True),
        ("words = [c for c in X if X[c].dtype == 'object']", True),
        ("words = [c for c in X if X[c].dtype == 'O']", True),
        ("words = [c for c in X if X.dtypes[c] != np.object_]", True),
        ("words = [c for c in X if str(X[c].dtype) in ('object', 'category')]", True),
        ("words = [c for c in X if X[c].dtype == object or str(X[c].dtype) == 'category']", True),
        ("words = [c for c in X if X[c].dtype == object or pd.api.types.is_string_dtype(X[c])]", False),
        ("words = [c for c in X if str(X[c].dtype) in ('object', 'str', 'category')]", False),
        ("words = [c for c in X if X[c].dtype.kind == 'O']", False),
        ("words = X.select_dtypes('object')", False),
        ("words = [c for c in X if X[c].dtype == 'category']", False),
        ("X['day'].fillna(0, inplace=True)", True),
        ("X.day.replace(-1, 0, inplace=True)", True),
        ("X.loc[:, 'day'].fillna(0, inplace=True)", True),
        ("for c in X:\n    X[c].fillna(0, inplace=True)", True),
        ("X.fillna(0, inplace=True)", False),
        ("X['day'] = X['day'].fillna(0)", False),
        ("parts = {'a': X}\nparts['a'].fillna(0, inplace=True)", False),
        ("self.table_.fillna(0, inplace=True)", False),
        ("X['day'][X['day'] > 3] = 3", True),
        ("X['day'].loc[X['day'] > 3] = 3", True),
        ("X.loc[X['day'] > 3]['day'] = 3", True),
        ("new = pd.DataFrame(X)\nnew['day'][0] = 3", True),
        ("X.loc[X['day'] > 3, 'day'] = 3", False),
        ("maps = {}\nmaps['day'] = {}\nmaps['day'][0] = 3", False),
        ("self.maps_['day'][0] = 3", False),
        ("X.iloc[0, 0] = 3", False),
    ],
)
def test_idioms_that_do_nothing_are_refused(lines: str, is_refused: bool) -> None:
    assert kind(script(lines)) == ("SilentPandas" if is_refused else "")


@SINCE_3
def test_the_idioms_that_are_refused_do_nothing_and_those_that_are_named_do() -> None:
    table = pd.DataFrame({"word": ["a", None], "day": [1.0, None]})
    assert [c for c in table if table[c].dtype == object] == []
    assert [c for c in table if pd.api.types.is_string_dtype(table[c])] == ["word"]
    with pytest.warns(Warning):  # noqa: PT030  pandas' own type varies
        table["day"].fillna(0, inplace=True)  # noqa: PD002  the idiom itself
    assert table["day"].isna().sum() == 1
    table["day"] = table["day"].fillna(0)
    assert table["day"].isna().sum() == 0


def test_the_first_offence_is_told_with_its_line_and_function() -> None:
    outcome = check_model_script(script("X['a'] = 1\neval('1')\nopen('x')"), PROFILE)
    assert outcome is not None
    assert outcome.reason.startswith("eval() has no business")
    (frame,) = outcome.failure.frames
    assert (frame.function, frame.code) == ("transform", "eval('1')")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def analyse(X, y):\n    print(X.shape)", ""),
        ("def analyse(X, y, n=3):\n    print(X.shape)", ""),
        ("def analyse(*args):\n    print(args)", ""),
        ("def analyse(X):\n    print(X.shape)", "X and y"),
        ("def analyse(X, y, z):\n    print(X.shape)", "X and y"),
        ("def look(X, y):\n    print(X.shape)", "no function analyse"),
        ("def analyse(X, y:\n", "does not parse"),
        ("def analyse(X, y):\n    X.to_csv('x')", "no business"),
    ],
)
def test_an_analysis_is_checked_as_well(source: str, says: str) -> None:
    outcome = check_analysis(source)
    assert (outcome.reason if outcome else "") == "" if not says else says in outcome.reason


@given(st.text(max_size=200))
def test_any_text_is_checked_without_an_error(text: str) -> None:
    assert check_source(text) is not None
    assert check_analysis(text) is not None


def test_a_deep_expression_is_checked_without_an_error() -> None:
    assert kind("x = " + "1 + " * 900 + "1" + ENTRY) == ""
    assert kind("x = " + "(" * 190 + "1" + ")" * 190 + ENTRY) == ""
    assert kind("x = " + "-" * 100_000 + "1" + ENTRY) == "SyntaxError"


def test_an_invalid_escape_is_no_error() -> None:
    assert kind("x = '\\d'" + ENTRY) == ""
