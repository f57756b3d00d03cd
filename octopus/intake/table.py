"""X as it came → a frame, or a refusal in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from octopus.errors import InvalidData, UnsupportedTask


def check_table(X: object, min_rows: int = 1) -> pd.DataFrame:
    """Return X as a frame, with scikit-learn's checks and words for what is no table.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, n_features)
        What was given.
    min_rows : int
        Fewer rows than this are refused.

    Returns
    -------
    DataFrame of shape (n_samples, n_features)
        The values as they came, columns named by strings; those of an array are x0, x1, ….

    Raises
    ------
    InvalidData
        No rows, no columns, one dimension, complex or sparse.
    """
    if hasattr(X, "toarray"):
        raise UnsupportedTask("X is sparse; sparse input is not supported. Pass X.toarray(), or a DataFrame.")
    if isinstance(X, pd.Series):
        raise InvalidData("Expected 2D array, got 1D array instead: X is a Series. Pass X.to_frame() for one column.")
    if not isinstance(X, pd.DataFrame) and hasattr(X, "to_pandas"):  # polars, pyarrow
        X = X.to_pandas()
    if isinstance(X, pd.DataFrame):
        if len(X) >= min_rows and X.shape[1]:
            return X.set_axis([str(name) for name in X.columns], axis=1)
        X = np.empty(X.shape)
    try:
        if isinstance(X, list | tuple) and np.asarray(X).dtype.kind in "US":  # NumPy would spell numbers and gaps out
            X = np.asarray(X, dtype=object)
        array = check_array(
            X, dtype=None, ensure_all_finite=False, ensure_min_samples=min_rows, input_name="X", estimator="octopus"
        )
    except (ValueError, TypeError) as error:
        raise InvalidData(f"X cannot be used: {error}") from error
    table = pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])
    return table.infer_objects() if array.dtype == object else table
