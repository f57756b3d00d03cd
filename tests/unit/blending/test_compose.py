"""One module of several scripts: it does what they do alone, and reads as they do."""

from __future__ import annotations

import ast
import io
import json
import pickle
import re
import sys
import warnings
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from octopus.blending.compose import compose
from octopus.blending.scripts import read_script
from octopus.sandbox import estimators
from octopus.sandbox.pickling import dump
from octopus.stages.check import check_source
from tests.unit.blending.tricky import TRICKY
from tests.unit.scientists.tables import FAMILIES, draft, question, rich_table, written

RECORDED = Path(__file__).parents[3] / "benchmarks" / "recorded"
ENDING = "\n\ndef build_pipeline():\n    return {}\n"


def imported(source: str, name: str = "composed_script") -> ModuleType:
    """Return a script as a module that nobody else can import, so that joblib takes its classes by value."""
    module = sys.modules[name] = ModuleType(name)  # dataclasses look for it
    try:
        exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    finally:
        del sys.modules[name]
    return module


def alone(source: str) -> object:
    return imported(source).build_pipeline()


def members_of(source: str) -> list[object]:
    return [member for _, member in alone(source).members]


def together(*sources: str, weights: Sequence[float] = ()) -> str:
    """Return the script of several."""
    given_weights = weights or [1.0] * len(sources)
    source = compose(list(zip(sources, given_weights, strict=True)), is_classification=False)
    assert check_source(source) is None
    return source


def n_definitions(source: str, stem: str) -> int:
    tree = ast.parse(source)
    return sum(getattr(node, "name", "").startswith(stem) for node in tree.body)


# What scripts of the playbook predict.


@cache
def playbook_scripts(task_type: str) -> tuple[str, ...]:
    task, profile, _ = question(task_type)
    return tuple(written(draft(encoding, task, profile), encoding, task, profile) for encoding in FAMILIES)


def predicted(source: str, task_type: str) -> np.ndarray:
    task, _, y = question(task_type)
    estimator = alone(source)
    estimators.seed(estimator, 3, 1)
    table = rich_table()
    target = y.astype(np.int64) if task.is_classification else y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimators.fit(estimator, table[:300], target[:300], {})
        return estimators.predict(estimator, table[300:], len(task.classes) if task.is_classification else 0)


@pytest.mark.parametrize("task_type", ["regression", "binary", "multiclass"])
def test_families_of_the_playbook_predict_together_the_average_of_what_they_predict_alone(task_type):
    scripts, weights = playbook_scripts(task_type), [0.5, 0.3, 0.2]
    source = compose(list(zip(scripts, weights, strict=True)), is_classification=task_type != "regression")
    assert check_source(source) is None
    assert n_definitions(source, "is_day_first") == 1, "what is the same in several stands there once"
    expected = np.average([predicted(script, task_type) for script in scripts], axis=0, weights=weights)
    np.testing.assert_allclose(predicted(source, task_type), expected, rtol=1e-12, atol=1e-12)


def test_the_fitted_blend_is_pickled_by_value():
    source = compose(list(zip(playbook_scripts("binary"), (1, 1, 1), strict=True)), is_classification=True)
    module = imported(source, "script_of_a_blend")
    sys.modules["script_of_a_blend"] = module
    y = question("binary")[2].astype(np.int64)
    estimator = module.build_pipeline()
    estimators.seed(estimator, 3, 1)
    try:
        import inspect

        file = io.BytesIO()
        with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
            warnings.simplefilter("ignore")
            patch.setattr(inspect, "getsource", lambda _: source)
            estimators.fit(estimator, rich_table()[:200], y[:200], {})
            before = estimators.predict(estimator, rich_table()[200:], 2)
            dump(estimator, module, file)
    finally:
        del sys.modules["script_of_a_blend"]
    loaded = pickle.loads(file.getvalue())
    assert type(loaded).__module__ == "script_of_a_blend"
    np.testing.assert_array_equal(estimators.predict(loaded, rich_table()[200:], 2), before)


def test_a_blend_of_blends_is_the_average_of_averages():
    first, second, third = playbook_scripts("regression")
    inner = together(first, second, weights=[3, 1])
    source = together(inner, third, weights=[1, 1])
    assert n_definitions(source, "BlendedRegressor") == 1
    assert n_definitions(source, "WeighedMembers") == 1
    alone_ = [predicted(one, "regression") for one in (first, second, third)]
    expected = np.average(alone_, axis=0, weights=[0.375, 0.125, 0.5])
    np.testing.assert_allclose(predicted(source, "regression"), expected, rtol=1e-12)
    again = compose([(inner, 1.0), (inner, 2.0)], is_classification=True)
    assert n_definitions(again, "BlendedRegressor") == n_definitions(again, "BlendedClassifier") == 1


# Scripts that a model wrote.


@cache
def recorded(name: str) -> dict[int, str]:
    """Return the scripts of a recorded run that worked, by number."""
    lines = (RECORDED / name / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    found = [event["experiment"] for event in map(json.loads, lines) if isinstance(event.get("experiment"), dict)]
    return {e["number"]: e["script"]["source"] for e in found if e["outcome"]["status"] == "ok"}


def cars(n_rows: int = 150) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "Name": rng.choice(["ford pinto", "vw rabbit diesel", "toyota corona", "amc matador"], n_rows),
            "Cylinders": rng.choice([4.0, 6.0, 8.0], n_rows),
            "Displacement": rng.uniform(70, 450, n_rows),
            "Horsepower": np.where(rng.random(n_rows) < 0.05, np.nan, rng.uniform(50, 220, n_rows)),
            "Weight_in_lbs": rng.uniform(1600, 5000, n_rows),
            "Acceleration": rng.uniform(8, 24, n_rows),
            "Year": pd.Series(rng.choice(["1970-01-01", "1975-01-01", "1982-01-01"], n_rows)).astype(object),
            "Origin": rng.choice(["USA", "Europe", "Japan"], n_rows),
        }
    )
    return table, 50 - table["Weight_in_lbs"].to_numpy() / 130 + rng.normal(0, 1, n_rows)


def miles(source: str) -> np.ndarray:
    table, y = cars()
    estimator = alone(source)
    estimators.seed(estimator, 3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimators.fit(estimator, table[:110], y[:110], {})
        return estimators.predict(estimator, table[110:], 0)


def test_scripts_of_a_model_predict_together_the_average_of_what_they_predict_alone():
    chosen = [recorded("cars")[number] for number in (5, 6, 7)]
    source = together(*chosen, weights=[1, 1, 2])
    expected = np.average([miles(script) for script in chosen], axis=0, weights=[1, 1, 2])
    np.testing.assert_allclose(miles(source), expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["cars", "mroz"])
def test_every_recorded_script_goes_into_one_module_with_the_next(name):
    scripts = list(recorded(name).values())
    for first, second in pairwise(scripts):
        source = compose([(first, 0.4), (second, 0.6)], is_classification=name == "mroz")
        assert check_source(source) is None
        assert [member for member, _ in alone(source).members] == ["first", "second"]


# What is shared.


def test_equal_members_share_everything():
    script = playbook_scripts("regression")[0]
    source = together(script, script, script)
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(names) == len(set(names))
    assert sum(name.startswith("build_") for name in names) == 2
    assert source.count("build_first()") == 4
    assert "_second" not in source


def test_functions_that_call_each_other_are_shared_where_all_of_them_are_the_same():
    even = "def even(n):\n    return n == 0 or odd(n - 1)\n\n\n"
    odd = "def odd(n):\n    return n != 0 and even(n - 1)\n\n\n"
    ending = "def build_pipeline():\n    return even({}), odd(7)\n"
    assert n_definitions(together(even + odd + ending.format(1), odd + even + ending.format(2)), "even") == 1
    other = odd.replace("n != 0", "n > 0")
    source = together(even + odd + ending.format(1), even + other + ending.format(1))
    assert n_definitions(source, "even") == 2, "the same text means something else where it calls something else"
    assert members_of(source) == [(False, True), (False, True)]


@pytest.mark.parametrize(
    ("shared", "use"),
    [
        ("CACHE = {}", "CACHE.setdefault('n', len(CACHE) + 3)"),
        ("SEEN = []", "(SEEN.append(1), len(SEEN))"),
        ("SEEN = []\nalias = SEEN", "(alias.append(1), len(SEEN))"),
        ("def grow(x, to=[]):\n    to.append(x)\n    return list(to)", "grow(1)"),
        ("class Count:\n    seen = []", "(Count.seen.append(1), len(Count.seen))"),
        ("class Count:\n    n = 0\n    def up(self):\n        Count.n += 1\n        return Count.n", "Count().up()"),
        ("n = 0\ndef up():\n    global n\n    n += 1\n    return n", "up()"),
        ("def up():\n    up.n = getattr(up, 'n', 0) + 1\n    return up.n", "up()"),
        ("SEEN = []\ndef up(to):\n    to.append(1)\n    return len(to)", "up(SEEN)"),
        ("SEEN = []\ndef up(to):\n    to.append(1)\n    return len(to)\ndef on(to):\n    return up(to=to)", "on(SEEN)"),
        ("SEEN = {'a': []}\ndef up(to):\n    to.append(1)\n    return len(to)", "up(SEEN['a'])"),
        ("SEEN = {'a': []}", "([one.append(1) for one in SEEN.values()], len(SEEN['a']))"),
        ("SEEN = []\ndef up():\n    for one in (SEEN,):\n        one.append(1)\n    return len(SEEN)", "up()"),
        ("SEEN = []\ndef up(to=SEEN):\n    to.append(1)\n    return len(to)", "up()"),
        (
            "class Count:\n    n = 0\n    @classmethod\n    def up(cls):\n        cls.n += 1\n        return cls.n",
            "Count.up()",
        ),
        (
            "class Count:\n    n = 0\n    def up(self):\n        type(self).n += 1\n        return self.n",
            "Count().up()",
        ),
        ("import random\nDRAWS = random.Random(1)", "DRAWS.random()"),
        ("import itertools\nNUMBERS = itertools.count()", "next(NUMBERS)"),
    ],
)
def test_what_has_state_is_each_members_own(shared, use):
    script = f"{shared}\n{ENDING.format(use)}"
    expected = alone(script)
    assert members_of(together(script, script)) == [expected, expected]


def test_comments_and_layout_stay_and_the_first_members_are_kept():
    first = (
        '"""Hypothesis: a."""\n\nimport math\n\n# Why one.\nONE = 1  # one\n'
        "TWO = (\n    1\n    + ONE  # and one\n)\n\n\n"
        "def area(r):\n    # of a circle\n    return math.pi * r**TWO  # round\n\n\n"
        "def build_pipeline():\n    return area(ONE)  # small\n"
    )
    source = together(first, first.replace("Why one.", "Another.").replace("a.", "b.").replace("area(ONE)", "area(9)"))
    assert "# Why one.\nONE = 1  # one\nTWO = (\n    1\n    + ONE  # and one\n)\n\n\ndef area(r):" in source
    assert "# Another." not in source
    assert "def build_second():\n    return area(9)  # small\n" in source
    docstring = ast.get_docstring(ast.parse(source))
    assert "Hypothesis: a." in docstring
    assert "Hypothesis: b." in docstring
    assert source.index("import math") < source.index("ONE = 1")


def test_the_script_says_who_weighs_how_much():
    source = together(ENDING.format(1), ENDING.format(2), weights=[0.625, 0.375])
    assert "weights=[0.625, 0.375]" in source
    assert alone(source).weights == [0.625, 0.375]
    six = compose([(ENDING.format(n), 0.1) for n in range(6)], is_classification=True)
    assert [name for name, _ in alone(six).members] == ["first", "second", "third", "fourth", "fifth", "sixth"]
    assert max(map(len, six.splitlines())) <= 120


# Where names stand.


def tricky(case: str) -> str:
    return f"{TRICKY[case]}\n{ENDING.format('out')}"


def rival(source: str) -> str:
    """Return a script in which every name of another means something else."""
    names = sorted(read_script(source, "first").bound - {"build_pipeline"})
    lines = [f"{name} = {name!r} + ' of the rival'" for name in names]
    return "\n".join([*lines, ENDING.format(f"[{', '.join(names)}]")])


@pytest.mark.parametrize("case", TRICKY)
def test_another_member_with_the_same_names_changes_nothing(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = tricky(case)
        other = rival(script)
        expected = [alone(script), alone(other)]
        assert members_of(together(script, other)) == expected
        assert members_of(together(other, script)) == expected[::-1]
        assert members_of(together(script, other, script)) == [*expected, expected[0]]
        assert members_of(together(together(script, other), together(other, script)))[0].members[0][1] == expected[0]


@pytest.mark.parametrize("case", TRICKY)
def test_a_script_beside_itself_changes_nothing(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = tricky(case)
        assert members_of(together(script, script)) == [alone(script)] * 2


def test_builtins_that_another_member_hides_stay_builtins():
    shadowing = f"def max(*a):\n    return 'mine'\n{ENDING.format('max(1, 2)')}"
    plain = ENDING.format("max(1, 2)")
    assert members_of(together(shadowing, plain)) == ["mine", 2]
    assert members_of(together(plain, shadowing)) == [2, "mine"]


def test_imports_are_merged_and_those_of_one_name_get_two():
    first = f"import os.path\nfrom json import dumps, loads\nimport numpy as np\n{ENDING.format('dumps([1]), np.pi')}"
    second = f"from pickle import dumps\nimport os\nimport numpy as np\n{ENDING.format('dumps([1]), os.sep')}"
    source = together(first, second)
    assert "from json import dumps, loads\n" in source
    assert "from pickle import dumps as dumps_second\n" in source
    assert source.count("import numpy as np\n") == 1
    assert members_of(source) == [alone(first), alone(second)]


def test_the_averaging_class_is_not_that_of_a_member():
    script = f"class BlendedRegressor:\n    mine = True\n{ENDING.format('BlendedRegressor.mine')}"
    assert members_of(together(script, ENDING.format(1))) == [True, 1]


def test_the_guard_of_columns_that_are_set_aside_stays_around_its_member():
    from octopus.scientists.llm.guard import guarded

    script = (
        "from sklearn.linear_model import Ridge\nfrom sklearn.pipeline import make_pipeline\n\n\n"
        "def build_pipeline():\n    return make_pipeline(Ridge())\n"
    )
    source = together(guarded(script, ["b"]), guarded(script, ["a"]))
    X = pd.DataFrame({"a": [1.0, 2, 4, 3], "b": [2.0, 1, 5, 7], "c": [0.0, 1, 0, 1]})
    fitted = alone(source).fit(X, np.array([1.0, 2, 3, 5]))
    changed = [not np.allclose(m.predict(X), m.predict(X.assign(**{n: 9.0}))) for m in fitted.members_ for n in "ab"]
    assert changed == [True, False, False, True]


# What cannot be composed.


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("from math import *", "everything"),
        ("from . import x", "beside itself"),
        ("def f():\n    return globals()['x']", "globals"),
        ("x = eval('1')", "eval"),
        ("exec('x = 1')", "exec"),
        ("def f():\n    return __import__('os')", "__import__"),
        ("x = vars()", "vars"),
        ("x = __name__", "__name__"),
        ("x = __file__", "__file__"),
        ("__version__ = '1'", "__version__"),
        ("def __getattr__(name):\n    return 1", "__getattr__"),
        ("import numpy as np\nnp.random.seed(0)", "line 2"),
        ("import numpy as np\nx = np.seterr(all='ignore')", "numpy.seterr"),
        ("from sklearn import set_config\ndef f():\n    set_config(transform_output='pandas')", "sklearn.set_config"),
        ("import pandas as pd\npd.options.mode.copy_on_write = True", "line 2"),
        ("import pandas as pd\ndef f():\n    pd.options.mode.copy_on_write = True", "pd.options"),
        ("import os\nos.environ['A'] = '1'", "line 2"),
        ("def f():\n    import sklearn\n    sklearn.set_config(display='text')", "sklearn.set_config"),
        ("print('hello')", "line 1"),
        ("def setup():\n    pass\nsetup()", "line 3"),
        ("from json import loads\nfrom pickle import loads", "two places"),
        ("import json\njson = 1", "binds it anew"),
        ("class A:\n    pass\n_A__x = 1", "private name"),
        ("import patsy", "patsy"),
        ("x = (", "does not parse"),
        ("raise ValueError", "no definition"),
    ],
)
def test_what_cannot_stand_beside_others_is_refused_with_the_reason(source, why):
    with pytest.raises(ValueError, match="the second script") as caught:
        together(ENDING.format(1), f"{source}\n{ENDING.format(2)}")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("x = 1\nclass A:\n    x = x", "may be a name of its module or of the class"),
        ("max = max\nx = A = 1", "is the builtin in one place"),
        ("max = (lambda: max)()\nx = A = 1", "is the builtin in one place"),
        ("def f():\n    return max(1, 2)\nmax = f\nx = 1", "is the builtin in one place"),
        ("x = 1\ndef f(t):\n    return t.query('a > @x')", "query"),
        ("class x:\n    pass\ndef f(o):\n    return type(o).__name__ == 'x'", "ask whether a name is 'x'"),
        ("match [1]:\n    case [x]:\n        pass", "line 1"),
        (
            "from sklearn.pipeline import make_pipeline\nclass x: pass\n"
            "def f():\n    make_pipeline(x()).set_params(x__a=1)",
            "step",
        ),
        ("from typing import get_type_hints\nx = int\ndef f(a: 'x'): ...\ny = get_type_hints(f)", "annotations"),
    ],
)
def test_names_that_cannot_be_exchanged_are_refused_only_where_they_must_be(source, why):
    script = f"{source}\n{ENDING.format(1)}"
    with pytest.raises(ValueError, match="the first script") as caught:
        together(script, f"x = A = max = 'other'\n{ENDING.format('x')}")
    assert why in str(caught.value)
    if "match" not in source:
        assert members_of(together(script, ENDING.format(2))) == [1, 2]


def test_members_and_weights_that_make_no_blend_are_refused():
    one = (ENDING.format(1), 1.0)
    for wrong in ([one], [one] * 7, [one, (one[0], float("nan"))], [one, (one[0], 0.0)]):
        with pytest.raises(ValueError, match=r"blend has|weights"):
            compose(wrong, is_classification=False)
    with pytest.raises(ValueError, match="the second script: it defines no function build_pipeline"):
        compose([one, ("x = 1\n", 1.0)], is_classification=False)


# Programs that nobody thought of.

NAMES = st.sampled_from(["a", "b", "c", "len"])


@st.composite
def expressions(draw, depth=2):
    name, other = draw(NAMES), draw(NAMES)
    if depth == 0:
        return draw(st.sampled_from([name, "1", repr(name)]))
    inner = draw(expressions(depth=depth - 1))
    shapes = [
        name,
        f"[{inner}, {other}]",
        f"(lambda {other}={inner}: {name})()",
        f"[{inner} for {other} in ({name},)]",
        f"dict({other}={inner})",
        f"f'{{{name}}}{{{other}!r}}'",
        f"({name} if {inner} else {other})",
        f"({{{other}: {name} for {other} in ('k', {inner!r})}})",
        f"len([{inner}])",
        f"({name} := {inner})",
    ]
    return draw(st.sampled_from(shapes))


@st.composite
def bodies(draw, depth=1):
    name, other, third = draw(NAMES), draw(NAMES), draw(NAMES)
    value = draw(expressions())
    lines = [
        f"{name} = {value}",
        f"return {value}",
        f"for {name} in ({value},): {other} = {name}",
        f"try: {name}\nexcept Exception as {other}: pass",
        f"import math as {name}; {other} = {name}.floor(1.5)",
        f"{name}: {third} = {value}",
    ]
    if depth:
        inner = indented(draw(bodies(depth=depth - 1)))
        lines += [
            f"def {name}({other}={value}, *{third if third != other else 'rest'}):\n{inner}",
            f"class {name}:\n    {other if other != name else 'd'} = 3\n    def {third}(self):\n{indented(inner)}",
            f"def {name}():\n    global {other}\n{inner}",
        ]
    chosen = draw(st.lists(st.sampled_from(lines), min_size=1, max_size=2))
    return "\n".join([*chosen, f"return [{other}, {name}]"])


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


@st.composite
def programs(draw):
    """Return a script over few names, of which functions, classes, arguments and variables are made alike."""
    statements = []
    for _ in range(draw(st.integers(1, 4))):
        name = draw(NAMES)
        if draw(st.booleans()):
            arguments = draw(st.sampled_from(["", f"{draw(NAMES)}=1", f"*{draw(NAMES)}"]))
            statements.append(f"def {name}({arguments}):\n{indented(draw(bodies()))}")
        else:
            statements.append(f"{name} = {draw(expressions())}")
    tried = "    try:\n        return repr(f())\n    except Exception as e:\n        return type(e).__name__\n"
    calls = f"def tried(f):\n{tried}"
    tries = ", ".join(
        f"tried(lambda: {one})" for one in (*(f"{name}()" for name in ("a", "b", "c")), draw(expressions()))
    )
    return "\n".join([calls, *statements, ENDING.format(f"[{tries}]")])


def outcome(source: str) -> object:
    """Return what a script builds, and None where it does not run."""
    try:
        return alone(source)
    except Exception:  # noqa: BLE001  a program of chance may raise anything
        return None


@settings(max_examples=30, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(programs(), programs())
def test_any_two_programs_do_together_what_they_do_alone(first, second):
    expected = [outcome(first), outcome(second)]
    assume(None not in expected)
    try:
        source = together(first, second)
    except ValueError as error:
        reason = str(error)
        allowed = (
            "may be a name of",
            "binds it anew",
            "from two places",
            "is the builtin in one place",
            "may ask whether",
        )
        assert any(one in reason for one in allowed)
        return

    def plain(text: object) -> str:
        return re.sub(r"_(first|second)(_2)?|0x[0-9a-f]+|composed_script\.", "", str(text))

    assert [plain(one) for one in members_of(source)] == [plain(one) for one in expected]
