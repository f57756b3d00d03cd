"""The models that stand beside the winner on the holdout: a plain one, and the user's present one, made a script."""

from __future__ import annotations

import base64
import inspect
import site
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

import cloudpickle
from sklearn.base import clone

from octopus.errors import InvalidParameter
from octopus.records import Experiment, Plan, Script

#: What the experiment of the present model is called; the journal knows it by this and by its author.
IDEA = "the present model"
#: Its name among the baselines.
NAME = "incumbent"
#: Bytes of a pickled model that was never fitted; one that is larger carries data with it.
_MAX_BYTES = 5_000_000
#: Characters of its description that the script shows.
_MAX_SHOWN = 2_000
_TEMPLATE = '''"""The present model, as it was given: cloned, never as it was fitted.

{shown}
"""

import base64
import pickle

PICKLED = """
{encoded}"""


def build_pipeline():
    return pickle.loads(base64.b64decode(PICKLED))
'''


def incumbent_script(estimator: Any, classes: Sequence[object] | None = None) -> Script:
    """Return the script of a present model.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn estimator or pipeline that takes the raw rows, fitted or not.
    classes : sequence of object or None, default=None
        The labels in the order of their numbers: a script sees ``0 … n_classes - 1``, so that a ``class_weight`` by
        label is put in numbers.

    Returns
    -------
    Script
        A module that holds the clone as a pickle; its author is the user.

    Raises
    ------
    InvalidParameter
        It is no estimator, does not clone or pickle, or is too large.
    """
    if inspect.isclass(estimator) or not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        why = "it has no fit and predict" if not inspect.isclass(estimator) else "it is a class"
        raise InvalidParameter(NAME, estimator, why, "Give a scikit-learn estimator, such as Ridge().")
    try:
        copy = clone(estimator)
        if classes is not None:
            _number_weights(copy, [str(one) for one in classes])
    except Exception as error:
        why = f"it cannot be cloned ({type(error).__name__}: {error})"
        remedy = "Give an estimator whose __init__ only stores its parameters: sklearn.base.clone must copy it."
        raise InvalidParameter(NAME, estimator, why, remedy) from error
    try:
        with _by_value(copy):
            pickled: bytes = cloudpickle.dumps(copy)
    except Exception as error:
        why = f"it cannot be pickled ({type(error).__name__}: {error})"
        raise InvalidParameter(
            NAME, estimator, why, "Leave open files, locks and connections out of its parameters."
        ) from error
    if len(pickled) > _MAX_BYTES:
        why = f"its parameters hold {len(pickled):,} bytes, above {_MAX_BYTES:,}"
        raise InvalidParameter(
            NAME, type(estimator).__name__, why, "Leave data and fitted models out of its parameters."
        )
    encoded = base64.encodebytes(pickled).decode("ascii")
    return Script(source=_TEMPLATE.format(shown=_shown(copy), encoded=encoded), author="user")


def incumbent_plan() -> Plan:
    """Return the plan of the present model's experiment.

    Returns
    -------
    Plan
        Of no family.
    """
    return Plan(
        family="other",
        idea=IDEA,
        hypothesis="what is in use now says what there is to beat",
        expected="to be beaten",
    )


def is_incumbent(experiment: Experiment) -> bool:
    """Tell whether an experiment is that of the present model.

    Parameters
    ----------
    experiment : Experiment
        Any of a run.

    Returns
    -------
    bool
        Whether it is.
    """
    return experiment.script.author == "user" and experiment.plan.idea == IDEA


def find_incumbent(experiments: Sequence[Experiment]) -> Experiment | None:
    """Return the experiment of the present model.

    Parameters
    ----------
    experiments : sequence of Experiment
        Those of a run.

    Returns
    -------
    Experiment or None
        None where no present model took part.
    """
    return next((one for one in experiments if is_incumbent(one)), None)


def find_plain(experiments: Sequence[Experiment]) -> Experiment | None:
    """Return the experiment that stands for a plain model beside the winner, as the present one does.

    Parameters
    ----------
    experiments : sequence of Experiment
        Those of a run that may win, in order.

    Returns
    -------
    Experiment or None
        The playbook's first line, which is not its first experiment where time is short; else the first of the
        playbook's, else the first that is not the present model; None where there is none.
    """
    others = [one for one in experiments if not is_incumbent(one)]
    ours = [one for one in others if one.script.author == "playbook"]
    lines = [one for one in ours if one.plan.family == "linear"]
    return next(iter((*lines, *ours, *others)), None)


def _shown(estimator: Any) -> str:
    """Return its description as the inside of a docstring."""
    try:
        words = repr(estimator)
    except Exception:  # noqa: BLE001  boundary: a user's object may raise anything
        words = type(estimator).__name__
    short = words if len(words) <= _MAX_SHOWN else f"{words[:_MAX_SHOWN]} …"
    return short.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _number_weights(estimator: Any, labels: list[str]) -> None:
    """Put weights by label in the numbers of the labels, those of nested estimators too."""
    for name, value in estimator.get_params(deep=True).items():
        if name.rpartition("__")[2] == "class_weight" and isinstance(value, dict):
            known = {label: weight for label, weight in value.items() if str(label) in labels}
            if len(known) == len(value):
                estimator.set_params(**{name: {labels.index(str(k)): w for k, w in known.items()}})


@contextmanager
def _by_value(estimator: Any) -> Iterator[None]:
    """Have the user's own modules pickled by value: the process that fits the clone cannot import them."""
    parts = [estimator, *estimator.get_params(deep=True).values()]
    modules = {inspect.getmodule(one if callable(one) and hasattr(one, "__module__") else type(one)) for one in parts}
    with ExitStack() as undo:
        for module in modules:
            if module is not None and _is_users(module):
                cloudpickle.register_pickle_by_value(module)
                undo.callback(cloudpickle.unregister_pickle_by_value, module)
        yield


def _is_users(module: ModuleType) -> bool:
    """Tell whether a module lies outside everything that is installed."""
    path = getattr(module, "__file__", None)
    if path is None or module.__name__ == "__main__" or sys.modules.get(module.__name__) is not module:
        return False
    if module.__name__ in cloudpickle.list_registry_pickle_by_value():
        return False
    installed = [*sysconfig.get_paths().values(), *site.getsitepackages(), site.getusersitepackages()]
    return not any(path.startswith(place) for place in installed)
