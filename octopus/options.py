"""Constructor parameters → checked options. Nothing here looks at the data."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, cast

import joblib
import psutil

from octopus.descriptions import parse_descriptions
from octopus.errors import InvalidParameter
from octopus.privacy import PrivacyLevel
from octopus.records import Budget
from octopus.reporting.callbacks import Callback

#: Share of the free memory that a run may use where no limit is given.
_MEMORY_SHARE = 0.8
#: Powers of 1000, or of 1024 where an ``i`` follows.
_UNITS = ("", "K", "M", "G", "T")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the constructor's parameters mean on this machine.

    Parameters
    ----------
    budget : Budget
        Limits of the run.
    columns : mapping of str to str
        Roles of columns.
    holdout : float or None
        Share of the rows to seal.
    refit : {"all", "train"}
        Whether the winner is fitted once more on every row.
    n_jobs : int
        Cores to use, at least 1.
    memory_bytes : int
        Memory for all children together.
    callbacks : tuple of callable
        Told of each event.
    privacy : {"summary", "schema", "samples"}
        What of the data a language model may be told.
    descriptions : mapping of str to str
        The user's words by the name that they are given for, whether or not there is such a column.
    """

    budget: Budget
    columns: Mapping[str, str]
    holdout: float | None
    refit: Literal["all", "train"]
    n_jobs: int
    memory_bytes: int
    callbacks: tuple[Callback, ...]
    privacy: PrivacyLevel
    descriptions: Mapping[str, str]


def read_options(parameters: Mapping[str, object]) -> Options:
    """Check the constructor's parameters.

    Parameters
    ----------
    parameters : mapping of str to object
        As ``get_params(deep=False)`` gives them.

    Returns
    -------
    Options
        Checked values.

    Raises
    ------
    InvalidParameter
        A value cannot be used.
    """
    goal = parameters["goal"]
    if goal is not None and not isinstance(goal, str):
        raise InvalidParameter("goal", goal, "it is not text", "Say in plain words what the model is for, or None.")
    refit = parameters["refit"]
    if refit not in ("all", "train"):
        raise InvalidParameter("refit", refit, "it is unknown", "Use 'all' or 'train'.")
    privacy = parameters["privacy"]
    if privacy not in ("summary", "schema", "samples"):
        raise InvalidParameter("privacy", privacy, "it is unknown", "Use 'summary', 'schema' or 'samples'.")
    columns = parameters["columns"]
    if columns is not None and not isinstance(columns, Mapping):
        raise InvalidParameter("columns", columns, "it is no mapping", "Use {'name': 'use' or 'ignore' or …}.")
    return Options(
        budget=Budget(
            max_experiments=_count("max_experiments", parameters["max_experiments"], "experiment"),
            time_limit_s=_seconds(parameters["time_limit"]),
            max_tokens=_count("max_tokens", parameters["max_tokens"], "token"),
            max_cost_usd=_dollars(parameters["max_cost"]),
        ),
        columns=columns or {},
        holdout=_share(parameters["holdout"]),
        refit=refit,
        n_jobs=_cores(parameters["n_jobs"]),
        memory_bytes=_bytes(parameters["memory_limit"]),
        callbacks=_callables(parameters["callbacks"]),
        privacy=privacy,
        descriptions=parse_descriptions(parameters["descriptions"]),
    )


def _is_number(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _callables(value: object) -> tuple[Callback, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        remedy = "Use callbacks=[function]." if callable(value) else "Use a list of functions of one event, or None."
        raise InvalidParameter("callbacks", value, "it is no list", remedy)
    for one in value:
        if not callable(one):
            raise InvalidParameter("callbacks", one, "it cannot be called", "Use a list of functions of one event.")
    return tuple(value)


def _count(parameter: str, value: object, what: str) -> int | None:
    if value is None:
        return None
    if not _is_number(value, Integral) or cast("int", value) < 1:
        raise InvalidParameter(
            parameter, value, f"it allows no {what}", "Use a whole number from 1, or None for no limit."
        )
    return int(cast("int", value))


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if not _is_number(value, Real) or not cast("float", value) > 0:
        raise InvalidParameter(
            "time_limit", value, "a run needs some seconds", "Use a number of seconds above zero, or None for no limit."
        )
    seconds = float(cast("float", value))
    return seconds if math.isfinite(seconds) else None


def _dollars(value: object) -> float | None:
    if value is None:
        return None
    if not _is_number(value, Real) or not cast("float", value) > 0:
        raise InvalidParameter("max_cost", value, "it buys nothing", "Use US dollars above zero, or None for no limit.")
    dollars = float(cast("float", value))
    return dollars if math.isfinite(dollars) else None


def _share(value: object) -> float | None:
    if value is None or value is False or (_is_number(value, Real) and value == 0):
        return None
    if not _is_number(value, Real) or not 0 < cast("float", value) < 1:
        raise InvalidParameter(
            "holdout", value, "it is no share of the rows", "Use a number between 0 and 1, or None to seal nothing."
        )
    return float(cast("float", value))


def _cores(value: object) -> int:
    if value is not None and (not _is_number(value, Integral) or value == 0):
        raise InvalidParameter("n_jobs", value, "it is no number of cores", "Use 1, 2, …, or -1 for all of them.")
    cores: int = joblib.effective_n_jobs(value)
    return cores


def _bytes(value: object) -> int:
    if value is None:
        return int(_MEMORY_SHARE * psutil.virtual_memory().available)
    if _is_number(value, Real) and 1 <= cast("float", value) < math.inf:
        return int(cast("float", value))
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", str(value), re.IGNORECASE)
    if not isinstance(value, str) or not found or float(found[1]) == 0:
        raise InvalidParameter("memory_limit", value, "it is no amount of memory", "Use bytes, or text such as '4GB'.")
    powers = _UNITS.index(found[2].upper())
    return int(float(found[1]) * (1024 if found[3] else 1000) ** powers)
