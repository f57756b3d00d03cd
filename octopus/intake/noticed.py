"""What is noticed while rows are read: targets, weights and numbers that cannot be used."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.frame import Schema
from octopus.records import Finding
from octopus.target import Column, Target, several_spellings

#: The same finding that a column gets whose labels are spelled in several ways.
_SPELLINGS = "OCT718"


def find_at_intake(
    raw: pd.DataFrame, target: Target, target_name: str, weighted: NDArray[np.bool_], schema: Schema
) -> tuple[Finding, ...]:
    """Return what was left out or read as missing.

    Parameters
    ----------
    raw : DataFrame of shape (n_rows, n_columns)
        The table as it came.
    target : Target
        Of the rows that have a weight.
    target_name : str
        Its name.
    weighted : ndarray of bool, shape (n_rows,)
        Whether a row's weight is above zero.
    schema : Schema
        The columns that are used.

    Returns
    -------
    tuple of Finding
        Each certain, for it was counted.
    """
    findings = _find_spellings(target, target_name)
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


def _find_spellings(target: Target, name: str) -> list[Finding]:
    """Return which labels of the target are read as one, and which are left apart though they look alike."""
    if target.classes is None:
        return []
    findings = []
    if target.respelled:
        findings.append(
            _spelled_alike(
                name,
                written=dict(target.respelled),
                n_spellings=len(target.classes) + len(target.respelled),
                n_labels=len(target.classes),
                action="read as one label",
                overrule="give them names that differ in more than case and blanks",
            )
        )
    if apart := several_spellings(target.classes.tolist()):
        written = {other: spellings[0] for spellings in apart.values() for other in spellings[1:]}
        findings.append(
            _spelled_alike(
                name,
                written=written,
                n_spellings=len(target.classes),
                n_labels=len(target.classes) - len(written),
                action="noted",
                overrule="write them alike before fit",
            )
        )
    return findings


def _spelled_alike(
    name: str, *, written: dict[str, str], n_spellings: int, n_labels: int, action: str, overrule: str
) -> Finding:
    n_variants = len(set(written.values()))
    other, label = next(iter(written.items()))
    return Finding(
        code=_SPELLINGS,
        columns=(name,),
        message=f"the target {name} writes {n_variants} {'label' if n_variants == 1 else 'labels'} in more than one "
        f"way (such as {other[:30]!r} for {label[:30]!r})",
        evidence=f"{n_spellings} spellings of {n_labels} labels",
        confidence="certain",
        action=action,
        overrule=overrule,
    )


def _count_infinite(values: Column) -> int:
    if values.dtype == object:
        values = pd.to_numeric(values, errors="coerce")
    if not pd.api.types.is_float_dtype(values.dtype):
        return 0
    return int(np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan)).sum())
