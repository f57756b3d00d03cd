"""Numbers that a table holds as text: amounts with currency signs, units, percent, either decimal mark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def decimal_mark(column: pd.Series) -> str:
    """Tell which mark separates decimals in a column of texts.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts, or numbers.

    Returns
    -------
    str
        A comma where the texts write ``1.234,56``, or ``1.234`` beside ``980``; else a point, also where they leave it
        open.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "."
    text = column.dropna().astype(str)
    comma = text.str.contains(r"\d,\d{1,2}(?!\d)|\d\.\d{3}[.,]|\d,\d{4}", regex=True).sum()
    point = text.str.contains(r"\d\.\d{1,2}(?!\d)|\d,\d{3}[.,]|\d\.\d{4}", regex=True).sum()
    if comma != point:
        return "," if comma > point else "."
    pointed = text.str.contains(r"\d\.\d", regex=True)
    grouped = text.str.contains(r"^\D*[1-9]\d{0,2}(?:\.\d{3})+\D*$", regex=True)
    whole = text.str.contains(r"^\D*\d{1,3}\D*$", regex=True)
    return "," if pointed.any() and (grouped == pointed).all() and whole.any() else "."


def parsed_number(column: pd.Series, decimal: str = ".", codes: Sequence[float] = ()) -> pd.Series:
    """Read the number out of each text: "1,240.50 €", "(300)", "12 %", "3 kg".

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts, or numbers.
    decimal : {".", ","}
        The mark before decimals; the other one separates thousands.
    codes : sequence of float
        Numbers that stand for a missing value.

    Returns
    -------
    Series of shape (n_rows,), float64
        NaN where there is no number, or a code. Brackets and a minus before or after mean negative; percent divides by
        100.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        number = column.astype("float64").replace([np.inf, -np.inf], np.nan)
        return number.mask(number.isin(codes))
    thousands = "." if decimal == "," else ","
    text = column.astype(object).where(column.notna(), "").astype(str)
    text = text.str.replace(rf"[{thousands}\s'’_]", "", regex=True)
    text = text.str.replace(decimal, ".", regex=False).str.replace("−", "-", regex=False)
    digits = text.str.extract(r"((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", expand=False)
    number = pd.to_numeric(digits, errors="coerce").astype("float64").replace(np.inf, np.nan)
    number = number.where(~text.str.contains("%", regex=False), number / 100)
    number = number.where(~text.str.contains(r"^\W*-|^\(.*\)$|\d-$", regex=True), -number)
    return number.mask(number.isin(codes))


def without_codes(X: pd.DataFrame, codes: dict[str, list[float]]) -> pd.DataFrame:
    """Read numbers that stand for a missing value, such as -999, as missing.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        A table.
    codes : dict of str to list of float
        The codes of each column.

    Returns
    -------
    DataFrame of shape (n_rows, len(codes))
        The columns that have codes, without them.
    """
    return pd.DataFrame({name: X[name].mask(X[name].isin(of_column)) for name, of_column in codes.items()})
