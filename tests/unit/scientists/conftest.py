"""Orders of ideas do not depend on which libraries happen to be installed."""

from __future__ import annotations

import pytest

from octopus.families import boosters


@pytest.fixture(autouse=True)
def _lightgbm_alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "with_boosters" not in request.fixturenames:
        monkeypatch.setattr(boosters, "find_spec", lambda _: None)


@pytest.fixture
def with_boosters() -> None:
    """Leave CatBoost and XGBoost as they are installed."""
