"""Which rows are copies of one another, and whether so coarse a table has to hold them anyway.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT706   rows whose features are copies of another row's
OCT707   training rows that are in the given holdout, too
=======  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from octopus.dataset import Rows
from octopus.findings.columns import names_every_row
from octopus.findings.text import distinct
from octopus.records import Finding

COPIES, OVERLAP = "OCT706", "OCT707"
#: Coincidences among rows of few coarse columns are no copies: that many times the pairs that independent columns
#: would give still count as coincidence, and so does one row that makes up a twentieth of the table.
_COINCIDENCE, _MAX_COPY_SHARE = 10.0, 0.05


def find_copies(table: pd.DataFrame, ignored: Iterable[str]) -> Rows:
    """Return which rows are copies of one another: their features are identical.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        The rows.
    ignored : iterable of str
        Columns that do not count. Identifiers of rows do not count either.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        The same number for copies; -1 for rows without a copy.
    """
    left_out = set(ignored)
    # Numbers first: they are cheap to compare and tell most rows apart, so that little is left for the texts.
    names = sorted((n for n in table.columns if n not in left_out), key=lambda n: table[n].dtype.kind == "O")
    rows, copies = np.arange(len(table)), np.zeros(len(table), dtype=np.int64)
    n_compared = 0
    for name in names:
        if not len(rows):
            break
        if names_every_row(name, table[name]):
            continue
        n_compared += 1
        codes, values = distinct(table[name].iloc[rows])
        _, copies, counts = np.unique(copies * (len(values) + 1) + codes + 1, return_inverse=True, return_counts=True)
        kept = counts[copies] > 1
        rows, copies = rows[kept], copies[kept]
    found: Rows = np.full(len(table), -1, dtype=np.int64)
    if n_compared:
        found[rows] = np.unique(copies, return_inverse=True)[1]
    return found


def are_coincidences(table: pd.DataFrame, copies: Rows, ignored: Iterable[str]) -> bool:
    """Return whether identical rows are what so coarse a table has to hold anyway.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        The rows.
    copies : ndarray of shape (n_rows,), int64
        From :func:`find_copies`.
    ignored : iterable of str
        Columns that do not count.

    Returns
    -------
    bool
        Whether there are at most ten times the identical pairs that independent columns would give, n(n-1)/2 times
        the product of each column's chance that two rows agree, or one row makes up a twentieth of the table.
    """
    sizes = np.bincount(copies[copies >= 0]).astype(np.float64)
    if not len(sizes):
        return False
    n_rows = len(table)
    if sizes.max() > max(2.0, _MAX_COPY_SHARE * n_rows):
        return True
    expected = n_rows * (n_rows - 1) / 2
    for name in set(table.columns) - set(ignored):
        codes, _ = distinct(table[name])
        counts = np.bincount(codes + 1).astype(np.float64)
        if counts.max() > 1:  # a column that names every row tells nothing of its features
            expected *= float(np.sum(counts * (counts - 1)) / (n_rows * (n_rows - 1)))
    return bool(np.sum(sizes * (sizes - 1) / 2) <= _COINCIDENCE * expected)


def copies_finding(copies: Rows, n_contradicting: int, kept_together: bool) -> Finding:
    """Return the finding that rows are copies of one another.

    Parameters
    ----------
    copies : ndarray of shape (n_rows,), int64
        From :func:`find_copies`.
    n_contradicting : int
        Sets of copies whose targets differ.
    kept_together : bool
        Whether they were put into one group, or taken for coincidence.

    Returns
    -------
    Finding
        With the counts.
    """
    n_sets = int(copies.max()) + 1
    n_copies = int(np.sum(copies >= 0)) - n_sets
    return Finding(
        code=COPIES,
        message=f"{n_copies:,} {'row has' if n_copies == 1 else 'rows have'} the same features as an earlier row",
        evidence=f"{n_copies:,} of {len(copies):,} rows; sets of copies: {n_sets:,}, with different targets: "
        f"{n_contradicting:,}",
        confidence="certain",
        action="kept together in holdout and folds" if kept_together else "noted: so few values must coincide",
    )


def overlap_finding(n_shared: int, n_rows: int, n_holdout: int) -> Finding:
    """Return the finding that rows of the given holdout are training rows, too.

    Parameters
    ----------
    n_shared : int
        Holdout rows whose features are those of a training row.
    n_rows, n_holdout : int
        Training rows and holdout rows.

    Returns
    -------
    Finding
        With the counts.
    """
    return Finding(
        code=OVERLAP,
        message=f"{n_shared:,} rows of the given holdout have the features of a training row: its score flatters",
        evidence=f"{n_shared:,} of {n_holdout:,} holdout rows, {n_rows:,} training rows",
        confidence="certain",
        action="noted",
        overrule="give X_holdout without rows of X",
    )
