"""Numbers that stand for a missing value, such as -999.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT717   a code such as -999 that stands for a missing value
=======  ==========================================================================================

A code repeats, has the shape of one (9s, 8s or 7s, with or without a minus, or -1) and lies apart from all other
values by more than they spread, or is the only negative number where a minus makes no sense. It is **read as missing**
where no other reading is likely: a negative code of two digits and more below values that are never negative, or one
that is three times as far from the rest as they spread. What is nearer may be a bound (ages up to 99, sums capped at
99999) and -1 may be a grade or a direction: those are noted.
"""

from __future__ import annotations

import re

import msgspec
import numpy as np

from octopus.dataset import Float, Rows
from octopus.findings.columns import ColumnReading, summarise_numbers
from octopus.records import ColumnProfile, Finding

SENTINEL = "OCT717"
#: A code repeats: once is an outlier.
_SHARE, _MIN_ROWS = 0.01, 2
#: Six digits: more are measurements, and are not written exactly in a script.
_SHAPE = re.compile(r"-?9{1,5}[789]|-?8{2,6}|-?7{2,6}|-1|-9")
#: Other values that are needed to see how far they spread; with few of them a code lies further away, …
_MANY_VALUES, _MIN_VALUES, _FAR_OF_FEW = 10, 2, 10.0
#: … as it does where it is read as missing.
_FAR = 3.0
#: Codes of one column: does not know, refused, not asked, not applicable.
_MAX_CODES = 4


def read_codes(reading: ColumnReading, role: str | None) -> tuple[ColumnProfile, Finding | None]:
    """Look for codes in a column, and read them as missing where nothing else is likely.

    Parameters
    ----------
    reading : ColumnReading
        The column.
    role : str or None
        What the user says of it: with ``use`` codes are only noted, of ``ignore`` nothing is said.

    Returns
    -------
    profile : ColumnProfile
        With the codes that are read as missing, its numbers without them.
    finding : Finding or None
        What was found.
    """
    profile = reading.profile
    if profile.kind != "numeric" or role == "ignore" or reading.values.dtype.kind != "f":
        return profile, None
    values = reading.values.to_numpy(dtype=np.float64)
    order = np.argsort(values)
    values, counts = values[order], reading.counts[order]
    found, is_sure = _codes(values, counts, reading.n_rows)
    if not found:
        return profile, None
    is_code = np.isin(values, found)
    is_read = is_sure and role != "use"
    if is_read:
        numbers = summarise_numbers(np.repeat(values[~is_code], counts[~is_code]))
        profile = msgspec.structs.replace(profile, missing_codes=found, numeric=numbers)
    return profile, _finding(profile.name, found, values[~is_code], int(counts[is_code].sum()), is_read)


def _finding(name: str, codes: tuple[float, ...], others: Float, n_rows: int, is_read: bool) -> Finding:
    listed = " and ".join(f"{code:.0f}" for code in codes)
    return Finding(
        code=SENTINEL,
        columns=(name,),
        message=f"{name} holds {listed} where a value seems to be missing",
        evidence=f"{n_rows:,} rows; all others lie between {others[0]:.4g} and {others[-1]:.4g}",
        confidence="strong" if is_read else "weak",
        action="read as missing" if is_read else "noted",
        overrule=f"columns={{{name!r}: 'use'}} or --use {name}" if is_read else "replace it by NaN before fit",
    )


def _codes(values: Float, counts: Rows, n_rows: int) -> tuple[tuple[float, ...], bool]:
    """Return the codes at either end of the sorted values, and whether nothing else than missing is likely."""
    repeats = counts >= max(_MIN_ROWS, _SHARE * n_rows)
    found: list[float] = []
    is_sure = True
    for sign in (-1.0, 1.0):  # below, then above all others
        outward = np.arange(len(values))[:: -int(sign)]
        outward = outward[~np.isin(values[outward], found)]
        is_shaped = [_has_the_shape(value) for value in values[outward[:_MAX_CODES]].tolist()]
        n_shaped = int(np.argmin([*is_shaped, False]))
        for n_codes in range(min(n_shaped, len(outward) - _MIN_VALUES), 0, -1):
            codes, others = outward[:n_codes], np.sort(values[outward[n_codes:]])
            how_sure = _how_sure(np.sort(values[codes]), others) if repeats[codes].any() else 0
            if how_sure:
                found.extend(values[codes].tolist())
                is_sure = is_sure and how_sure > 1
                break
    return tuple(sorted(found)), is_sure


def _has_the_shape(value: float) -> bool:
    return value.is_integer() and _SHAPE.fullmatch(f"{value:.0f}") is not None


def _how_sure(codes: Float, others: Float) -> int:
    """Return 0 for no code, 1 for what may be one, 2 where nothing else is likely."""
    width = float(others[-1] - others[0])
    gap = float(others[0] - codes[-1] if codes[-1] < others[0] else codes[0] - others[-1])
    if codes[-1] < -1 and others[0] >= 0:
        return 2
    if len(others) <= _MANY_VALUES:
        return 2 if gap >= _FAR_OF_FEW * width and codes[0] != -1 and codes[-1] != -1 else 0
    return 0 if gap <= width else 2 if gap > _FAR * width and -1 not in codes else 1
