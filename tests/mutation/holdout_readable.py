"""Breaks the product: the table that every child reads still holds the sealed rows, below the others."""

from __future__ import annotations

import numpy as np
import pytest

import octopus.search
from octopus.frame import write_table


def pytest_configure(config: pytest.Config) -> None:
    """Write every row of the user into the table, the sealed ones last."""
    write_bench = octopus.search._bench

    def bench_with_sealed_rows(question, sealed, *others):
        bench = write_bench(question, sealed, *others)
        is_sealed = ~np.isin(question.data.row_ids, sealed.train.row_ids)
        write_table(sealed.train.joined(question.data.take(np.flatnonzero(is_sealed))).table, bench.features)
        return bench

    octopus.search._bench = bench_with_sealed_rows
