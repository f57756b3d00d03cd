"""The user's present model as a script."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from octopus.errors import InvalidParameter
from octopus.incumbent import IDEA, find_plain, incumbent_script
from octopus.records import Script
from tests.strategies import valid


def built(source: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(source, "script.py", "exec"), namespace)
    return namespace["build_pipeline"]()


class Mean(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The mean, with something beside it."""

    def __init__(self, held: object = None) -> None:
        self.held = held

    def fit(self, X: Any, y: Any) -> Mean:
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.mean_)


def test_a_fitted_model_comes_back_unfitted() -> None:
    model = make_pipeline(StandardScaler(), Ridge(alpha=3.0)).fit([[1.0], [2.0]], [1.0, 2.0])
    script = incumbent_script(model)
    again = built(script.source)
    assert script.author == "user"
    assert again.get_params()["ridge__alpha"] == 3.0
    assert "Ridge(alpha=3.0)" in script.source
    with pytest.raises(NotFittedError):
        check_is_fitted(again)


def test_a_lambda_goes_by_value() -> None:
    model = make_pipeline(FunctionTransformer(lambda X: np.asarray(X) + 1), Ridge())
    assert built(incumbent_script(model).source).fit([[1.0], [2.0]], [1.0, 2.0]).predict([[1.0]]) == pytest.approx(
        1.17, abs=0.2
    )


def test_a_class_of_the_users_own_module_goes_by_value(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"{incumbent_script(Mean()).source}\n\nprint(build_pipeline().fit([[1]], [4.0]).predict([[1]]))\n"
    )
    elsewhere = subprocess.run([sys.executable, "-I", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert elsewhere.stdout == "[4.]\n"


def test_its_description_cannot_end_the_docstring() -> None:
    source = incumbent_script(Mean(held='"""\\\nraise SystemExit')).source
    assert built(source).held == '"""\\\nraise SystemExit'


def test_weights_by_label_become_weights_by_number() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight={"no": 1.0, "yes": 5.0}))
    again = built(incumbent_script(model, ["no", "yes"]).source)
    assert again.get_params()["logisticregression__class_weight"] == {0: 1.0, 1: 5.0}
    assert model.get_params()["logisticregression__class_weight"] == {"no": 1.0, "yes": 5.0}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("gbm", "no fit and predict"),
        (Ridge, "a class"),
        (StandardScaler(), "no fit and predict"),
        (Mean(held=threading.Lock()), "cannot be"),
        (Mean(held=np.zeros(1_000_000)), "above 5,000,000"),
    ],
)
def test_what_cannot_take_part_is_refused(given: object, why: str) -> None:
    with pytest.raises(InvalidParameter, match=why) as caught:
        incumbent_script(given)
    assert caught.value.parameter == "incumbent"
    assert caught.value.remedy


def test_the_plain_model_is_the_first_of_the_playbooks_and_never_the_present_one() -> None:
    first, second = valid(1, "linear", (0.8,) * 5), valid(2, "gbm", (0.9,) * 5)
    theirs = msgspec.structs.replace(first, script=Script(source="theirs", author="model"))
    plan = msgspec.structs.replace(first.plan, idea=IDEA)
    present = msgspec.structs.replace(first, plan=plan, script=Script(source="mine", author="user"))
    assert find_plain([first, second]) is first
    assert find_plain([theirs, second]) is second
    assert find_plain([present, theirs]) is theirs
    assert find_plain([present]) is None
    assert find_plain([]) is None


def test_the_plain_one_is_the_first_line_even_where_trees_came_before() -> None:
    trees, line, later = valid(1, "gbm", (0.8, 0.8)), valid(2, "linear", (0.7, 0.7)), valid(3, "linear", (0.9, 0.9))
    assert find_plain([trees, line, later]) == line
    assert find_plain([trees]) == trees
    assert find_plain([]) is None
