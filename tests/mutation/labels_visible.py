"""Breaks the product: the table that every child reads still holds the target."""

from __future__ import annotations

import pytest

import octopus.search
from octopus.frame import write_table


def pytest_configure(config: pytest.Config) -> None:
    """Write the labels of every training row into the table."""
    write_bench = octopus.search._bench

    def bench_with_target(question, survey, *others):
        bench = write_bench(question, survey, *others)
        train = survey.sealed.train
        write_table(train.table.assign(target=train.y), bench.features)
        return bench

    octopus.search._bench = bench_with_target
