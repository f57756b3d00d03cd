"""What is noticed while rows are read: targets, weights and numbers that cannot be used."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.frame import Schema
from octopus.records import Finding
from octopus.target import Column, Target


def find_at_intake(
    raw: pd.DataFrame, target: Target, weighted: NDArray[np.bool_], schema: Schema
) -> tuple[Finding, ...]:
    """Return what was left out or read as missing.

    Parameters
    ----------
    raw : DataFrame of shape (n_rows, n_columns)
        The table as it came.
    target : Target
        Of the rows that have a weight.
    weighted : ndarray of bool, shape (n_rows,)
        Whether a row's weight is above zero.
    schema : Schema
        The columns that are used.

    Returns
    -------
    tuple of Finding
        Each certain, for it was counted.
    """
    findings = []
    if n_missing := int(np.isnan(target.y).sum()):
        findings.append(
            Finding(
                code="OCT701",
                message=f"the target is missing in {n_missing:,} of {len(target.y):,} rows",
                evidence=f"{n_missing} rows without a target",
                confidence="certain",
                action="those rows are left out",
            )
        )
    if n_weightless := int((~weighted).sum()):
        findings.append(
            Finding(
                code="OCT702",
                message=f"{n_weightless:,} rows have weight zero",
                evidence=f"{n_weightless} of {len(weighted)} weights are zero",
                confidence="certain",
                action="those rows are left out",
            )
        )
    numeric = [column.name for column in schema.columns if column.kind == "number"]
    infinite = {name: n for name in numeric if (n := _count_infinite(raw[name]))}
    findings += [
        Finding(
            code="OCT703",
            columns=(name,),
            message=f"{name} is infinite in {n:,} rows",
            evidence=f"{n} infinities",
            confidence="certain",
            action="read as missing",
        )
        for name, n in infinite.items()
    ]
    return tuple(findings)


def _count_infinite(values: Column) -> int:
    if values.dtype == object:
        values = pd.to_numeric(values, errors="coerce")
    if not pd.api.types.is_float_dtype(values.dtype):
        return 0
    return int(np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan)).sum())
