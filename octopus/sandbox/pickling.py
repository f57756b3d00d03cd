"""A fitted estimator → bytes: by value, and the same bytes for the same script, data and seed.

Left to itself cloudpickle names each class by a random number and each function by the file that it was compiled from,
which lies in a directory of one job. Neither tells anything of the model, and the second tells of the user's machine.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import BinaryIO

import cloudpickle

#: What functions say that they were compiled from.
_FILENAME = "script.py"


def dump(estimator: object, module: ModuleType, file: BinaryIO) -> None:
    """Pickle an estimator whose classes a script defines.

    Parameters
    ----------
    estimator : object
        Fitted.
    module : module
        The script; the functions in it are renamed, so nothing of it should run afterwards.
    file : binary file
        Where to.
    """
    # By value: the pipeline must load where there is no module of that name.
    cloudpickle.register_pickle_by_value(module)
    _name_classes(module)
    for function in _functions(module):
        function.__code__ = _renamed(function.__code__)
    module.__file__ = _FILENAME  # goes with every function
    cloudpickle.dump(estimator, file)


def _name_classes(module: ModuleType) -> None:
    """Name classes after the source that they come from, where this version of cloudpickle keeps names so."""
    names = getattr(cloudpickle.cloudpickle, "_DYNAMIC_CLASS_TRACKER_BY_CLASS", None)
    if names is None:
        return
    source = inspect.getsource(module)
    for one in _classes(module):
        names[one] = hashlib.sha256(f"{one.__qualname__}\0{source}".encode()).hexdigest()[:32]


def _classes(module: ModuleType) -> Iterator[type]:
    return (one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that a module defines, and those around which others stand."""
    for one in (*vars(module).values(), *(member for c in _classes(module) for member in vars(c).values())):
        parts = (one.fget, one.fset, one.fdel) if isinstance(one, property) else (getattr(one, "__func__", one),)
        for part in parts:
            inner = part
            while isinstance(inner, FunctionType) and inner.__module__ == module.__name__:
                yield inner
                inner = getattr(inner, "__wrapped__", None)  # scikit-learn stands around each transform


def _renamed(code: CodeType) -> CodeType:
    """Return code, and the code within it, as if it were compiled from a file of the plain name."""
    inner = tuple(_renamed(constant) if isinstance(constant, CodeType) else constant for constant in code.co_consts)
    return code.replace(co_filename=_FILENAME, co_consts=inner)
