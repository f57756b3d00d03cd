"""Constructor parameters → options and plug-ins, or an error with the offending value."""

from __future__ import annotations

import operator
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pytest

from octopus import AutonomousEstimator, registry
from octopus.errors import InvalidParameter, PluginNotFound, SandboxUnavailable, WeakSandbox
from octopus.options import read_options
from octopus.plugins import author_of, choose_families, choose_scientist, load_rules, open_sandbox
from octopus.protocols import Recipe, Sandbox
from octopus.records import Author
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox
from octopus.testing import OneRecipe


def read(**changes: Any) -> Any:
    """Read the options of an estimator with these parameters."""
    return read_options(AutonomousEstimator(**changes).get_params(deep=False))


def test_the_defaults() -> None:
    options = read()
    assert options.budget.time_limit_s == 300
    assert options.budget.max_experiments is None
    assert options.holdout == 0.2
    assert options.n_jobs >= 1
    assert options.memory_bytes > 10**8


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("4GB", 4 * 10**9),
        ("500 MB", 5 * 10**8),
        ("1.5G", 15 * 10**8),
        (10**9, 10**9),
        (4e9, 4 * 10**9),
        ("2GiB", 2 * 1024**3),
        ("512kib", 512 * 1024),
        ("1e9", None),
        (" 7 ", 7),
        (np.int64(10**9), 10**9),
        ("1 TB", 10**12),
    ],
)
def test_memory_in_bytes_or_words(given: object, expected: int) -> None:
    if expected is None:
        with pytest.raises(InvalidParameter, match="it is no amount of memory"):
            read(memory_limit=given)
    else:
        assert read(memory_limit=given).memory_bytes == expected


def test_callbacks_are_functions_in_a_list() -> None:
    assert read().callbacks == ()
    assert read(callbacks=[print, len]).callbacks == (print, len)
    assert read(callbacks=()).callbacks == ()
    for given, why in ((print, r"Use callbacks=\[function\]"), ("print", "it is no list"), (iter([print]), "no list")):
        with pytest.raises(InvalidParameter, match=why):
            read(callbacks=given)
    with pytest.raises(InvalidParameter, match="callbacks='print': it cannot be called"):
        read(callbacks=[print, "print"])


@pytest.mark.parametrize("value", [None, 0, False, 0.0])
def test_no_holdout(value: object) -> None:
    assert read(holdout=value).holdout is None


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ({"max_experiments": np.int64(3)}, ("budget.max_experiments", 3)),
        ({"time_limit": np.float32(2.5)}, ("budget.time_limit_s", 2.5)),
        ({"time_limit": 7}, ("budget.time_limit_s", 7.0)),
        ({"holdout": np.float64(0.3)}, ("holdout", 0.3)),
        ({"n_jobs": 1}, ("n_jobs", 1)),
        ({"n_jobs": np.int32(2)}, ("n_jobs", 2)),
        ({"refit": "train"}, ("refit", "train")),
        ({"columns": None}, ("columns", {})),
        ({"columns": {"age": "use"}}, ("columns", {"age": "use"})),
        ({}, ("privacy", "summary")),
        ({"privacy": "schema"}, ("privacy", "schema")),
        ({}, ("budget.max_tokens", None)),
        ({"max_tokens": np.int64(50_000)}, ("budget.max_tokens", 50_000)),
        ({}, ("budget.max_cost_usd", None)),
        ({"max_cost": 2}, ("budget.max_cost_usd", 2.0)),
        ({"max_cost": np.float32(0.5)}, ("budget.max_cost_usd", 0.5)),
        ({"max_cost": float("inf")}, ("budget.max_cost_usd", None)),
        ({}, ("descriptions", {})),
        ({"descriptions": {"age": "in\nyears"}}, ("descriptions", {"age": "in years"})),
    ],
)
def test_numbers_of_any_library_are_numbers(given: dict[str, object], understood: tuple[str, object]) -> None:
    path, expected = understood
    assert operator.attrgetter(path)(read(**given)) == expected


def test_inside_another_parallel_worker_the_cores_are_those_that_are_left() -> None:
    with joblib.parallel_config(n_jobs=3):
        assert read(n_jobs=None).n_jobs == 3
    assert read(n_jobs=-1).n_jobs == joblib.cpu_count()


def test_no_time_limit() -> None:
    assert read(time_limit=None).budget.time_limit_s is None
    assert read(time_limit=float("inf")).budget.time_limit_s is None


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("goal", 7),
        ("refit", "some"),
        ("columns", ["age"]),
        ("max_experiments", 0),
        ("max_experiments", -1),
        ("max_experiments", 2.5),
        ("max_experiments", True),
        ("time_limit", 0),
        ("time_limit", -3.0),
        ("time_limit", float("nan")),
        ("time_limit", "long"),
        ("holdout", 1.0),
        ("holdout", -0.1),
        ("holdout", "20%"),
        ("n_jobs", 0),
        ("n_jobs", 1.5),
        ("memory_limit", 0),
        ("memory_limit", -5),
        ("memory_limit", "much"),
        ("memory_limit", "0GB"),
        ("memory_limit", True),
        ("memory_limit", float("nan")),
        ("memory_limit", float("inf")),
        ("memory_limit", "-4GB"),
        ("memory_limit", "4 GB of it"),
        ("memory_limit", [4]),
        ("goal", ["rank"]),
        ("refit", None),
        ("columns", "age"),
        ("max_experiments", "5"),
        ("max_experiments", float("inf")),
        ("time_limit", True),
        ("time_limit", float("-inf")),
        ("holdout", True),
        ("holdout", 50),
        ("holdout", float("nan")),
        ("n_jobs", "all"),
        ("n_jobs", True),
        ("privacy", "none"),
        ("privacy", None),
        ("privacy", ["summary"]),
        ("max_tokens", 0),
        ("max_tokens", -5),
        ("max_tokens", 1e6),
        ("max_tokens", True),
        ("max_tokens", "many"),
        ("max_cost", 0),
        ("max_cost", -1.0),
        ("max_cost", float("nan")),
        ("max_cost", "$2"),
        ("max_cost", True),
        ("descriptions", ["age"]),
        ("descriptions", {"age": 3}),
        ("descriptions", "no/such/dictionary.csv"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(parameter: str, value: object) -> None:
    with pytest.raises(InvalidParameter) as caught:
        read(**{parameter: value})
    assert caught.value.parameter == parameter
    assert caught.value.value is value
    assert f"{parameter}={value!r}: " in str(caught.value)


def test_families_are_drafted_from_the_cheapest() -> None:
    assert [family.name for family in choose_families("auto")][:3] == ["linear", "forest", "gbm"]
    assert [family.name for family in choose_families("auto", 60.0)][:3] == ["linear", "forest", "gbm"]
    assert [family.name for family in choose_families("auto", 10.0)][:3] == ["gbm", "linear", "forest"]
    assert [family.name for family in choose_families(["linear", "gbm"], 10.0)] == ["linear", "gbm"]
    assert [family.name for family in choose_families(["gbm", "linear"])] == ["gbm", "linear"]
    own = choose_families("auto")[0]
    assert choose_families([own]) == (own,)


@pytest.mark.parametrize("families", [[], None, "linear", [3], (), 5, object(), ["linear", None]])
def test_families_that_are_none(families: object) -> None:
    with pytest.raises(InvalidParameter, match="families"):
        choose_families(families)


def test_an_unknown_family_has_neighbours() -> None:
    with pytest.raises(PluginNotFound, match="Did you mean 'linear'") as caught:
        choose_families(["gbm", "liner"])
    assert caught.value.name == "liner"
    assert {"linear", "gbm"} <= set(caught.value.known)


def test_the_playbook_leads_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    families = choose_families("auto")
    monkeypatch.setenv("OPENAI_API_KEY", "a key lying around is no consent")
    assert choose_scientist("auto", families).name == "playbook"
    assert choose_scientist(None, families).name == "playbook"
    own = choose_scientist("playbook", families)
    assert choose_scientist(own, families) is own
    monkeypatch.setenv("OCTOPUS_BACKEND", "oracle")
    with pytest.raises(InvalidParameter, match="OCTOPUS_BACKEND='oracle': no backend or scientist named 'oracle'"):
        choose_scientist("auto", families)
    assert choose_scientist(None, families).name == "playbook"
    with pytest.raises(InvalidParameter, match="backend=7"):
        choose_scientist(7, families)


def test_a_level_is_opened_by_its_name_and_kept_for_each_set_of_imports() -> None:
    families = choose_families("auto")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sandbox = open_sandbox("process", families, 1, "playbook")
    assert open_sandbox(sandbox, families, 1, "model") is sandbox
    assert open_sandbox("process", families, 1, "model") is sandbox, "the user's word is enough"
    assert pickle.loads(pickle.dumps(sandbox)).level == "process"
    with pytest.raises(PluginNotFound, match="'steel'"):
        open_sandbox("steel", families, 1, "playbook")
    with pytest.raises(InvalidParameter, match="sandbox=3"):
        open_sandbox(3, families, 1, "playbook")


def _unavailable(level: str) -> Callable[..., Sandbox]:
    def open_it(**_: object) -> Sandbox:
        raise SandboxUnavailable(level, f"no {level} here", f"Get {level}.")

    return open_it


class _Steel(LocalSandbox):
    """A level that can be had everywhere."""

    def __init__(self, **_: object) -> None:
        super().__init__(Walls(level="standard"))


@pytest.mark.parametrize(
    ("registered", "taken"),
    [
        ({"strict": _Steel, "standard": _unavailable("standard")}, "standard"),
        ({"strict": _unavailable("strict"), "standard": _Steel}, "standard"),
        ({"strict": _unavailable("strict"), "standard": _unavailable("standard")}, "process"),
    ],
)
@pytest.mark.parametrize("author", ["playbook", "model"])
def test_auto_takes_the_best_that_can_be_had(
    registered: dict[str, Callable[..., Sandbox]], taken: str, author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = registry.load
    monkeypatch.setattr(registry, "load", lambda group, name: registered.get(name) or load(group, name))
    families = choose_families("auto")
    if taken != "process":
        assert open_sandbox("auto", families, 1, author).level == taken
    elif author == "playbook":
        with pytest.warns(WeakSandbox, match=r"limits, watches and kills.*standard: no standard here\. Get standard\."):
            assert open_sandbox("auto", families, 1, author).level == "process"
    else:
        with pytest.raises(SandboxUnavailable, match=r"keeps no script from your files.*allow it by sandbox='process'"):
            open_sandbox("auto", families, 1, author)


def test_a_level_that_was_asked_for_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    load = registry.load
    monkeypatch.setattr(
        registry, "load", lambda group, name: _unavailable(name) if name == "strict" else load(group, name)
    )
    with pytest.raises(SandboxUnavailable, match=r"'strict' is not available: no strict here\. Get strict\."):
        open_sandbox("strict", choose_families("auto"), 1, "playbook")


def test_a_family_names_what_else_its_scripts_read() -> None:
    @dataclass(frozen=True)
    class Weighty(OneRecipe):
        paths: tuple[str, ...] = ("/usr/share/zoneinfo",)
        devices: tuple[str, ...] = ("/dev/null",)

    recipe = Recipe(idea="i", hypothesis="h", expected="e", encoding="ordinal", model="DummyRegressor()")
    family = Weighty(recipe)
    sandbox = open_sandbox("standard", (family,), 1, "playbook")
    assert sandbox.level == "standard+gpu"
    assert sandbox.walls.paths == ("/usr/share/zoneinfo",)


def test_whoever_is_not_our_playbook_is_trusted_with_nothing() -> None:
    class Impostor:
        name = "playbook"

        def propose(self, *_: object) -> object:
            raise NotImplementedError

    assert author_of(choose_scientist(None, ())) == "playbook"
    assert author_of(Impostor()) == "model"


def test_rules_have_codes_of_their_own() -> None:
    crash, symptom = load_rules()
    codes = [rule.code for rule in (*crash, *symptom)]
    assert len(set(codes)) == len(codes)
    assert len(crash) >= 5
    assert len(symptom) >= 3
