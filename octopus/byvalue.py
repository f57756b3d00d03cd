"""Objects of a user's that may not pickle by name: a lambda, a local function, a metric made on the spot."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import cloudpickle


class ByValue:
    """A lambda or a local function, as the bytes that cloudpickle makes of it.

    Parameters
    ----------
    pickled : bytes
        Its code.
    """

    def __init__(self, pickled: bytes) -> None:
        self.pickled = pickled


def packed(value: object, otherwise: object) -> object:
    """Return what stands for a user's object in a pickle: itself, else its code by value, else something else.

    Parameters
    ----------
    value : object
        The user's.
    otherwise : object
        What stands for it where it does not pickle either way.

    Returns
    -------
    object
        Something that pickles, unless ``otherwise`` does not.
    """
    if _dumped(value, pickle.dumps) is not None:
        return value
    by_value = _dumped(value, cloudpickle.dumps)
    return otherwise if by_value is None else ByValue(by_value)


def unpacked(value: object) -> object:
    """Return the object that :func:`packed` stands for."""
    return pickle.loads(value.pickled) if isinstance(value, ByValue) else value  # noqa: S301  part of the same pickle


def _dumped(value: object, dumps: Callable[[object], bytes]) -> bytes | None:
    try:
        return dumps(value)
    except Exception:  # noqa: BLE001  boundary: a user's object may raise anything
        return None
