"""Numbers → places on a chart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

#: Steps between ticks, times a power of ten.
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
#: Room beyond the outermost values, as a share of what lies between them.
_MARGIN = 0.06


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A straight scale.

    Parameters
    ----------
    low, high : float
        Values at its ends.
    start, end : float
        Where these are drawn.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where a value is drawn; what lies beyond an end is drawn at that end."""
        unit = max(abs(self.low), abs(self.high), 1e-300)  # so that no difference overflows
        part = (value / unit - self.low / unit) / (self.high / unit - self.low / unit)
        return self.start + min(1.0, max(0.0, part)) * (self.end - self.start)

    def ticks(self, n_wanted: int) -> list[float]:
        """Return round values between the ends.

        Parameters
        ----------
        n_wanted : int
            About how many.

        Returns
        -------
        list of float
            The ends themselves where no round value can be told apart.
        """
        rough = self.high / n_wanted - self.low / n_wanted
        power = 10.0 ** math.floor(math.log10(rough)) if 0.0 < rough < math.inf else 0.0
        if not 1e-300 < power < 1e300 or rough < 1e-12 * max(abs(self.low), abs(self.high)):
            return [self.low, self.high]
        step = min((s * power for s in _STEPS), key=lambda s: abs(s - rough))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [i * step for i in range(first, last + 1)]


def around(values: Iterable[float], start: float, end: float) -> Scale:
    """Return a scale that holds all values with some room on both sides.

    Parameters
    ----------
    values : iterable of float
        At least one.
    start, end : float
        Where its ends are drawn.

    Returns
    -------
    Scale
        Never of length zero.
    """
    held = list(values)
    low, high = min(held), max(held)
    margin = _MARGIN * (high / 2 - low / 2) * 2
    if margin <= 1e-9 * max(abs(low), abs(high)):
        margin = 0.1 * max(abs(low), abs(high)) or 1.0
    limit = 1.7e308
    return Scale(low=max(-limit, low - margin), high=min(limit, high + margin), start=start, end=end)


def tick_labels(ticks: list[float]) -> list[str]:
    """Return ticks with as many decimals as tell them apart.

    Parameters
    ----------
    ticks : list of float
        In order.

    Returns
    -------
    list of str
        All alike.
    """
    largest = max((abs(tick) for tick in ticks), default=0.0)
    steps = [b - a for a, b in pairwise(ticks) if b > a]
    step = min(steps, default=largest)
    if largest >= 1e9 or 0 < step < 1e-5:
        return [f"{tick:.3g}" for tick in ticks]
    decimals = 0 if step <= 0 else max(0, -math.floor(math.log10(step) + 1e-9))
    exact = all(math.isclose(round(t, decimals), t, rel_tol=1e-9, abs_tol=step * 1e-6) for t in ticks)
    return [f"{tick + 0.0:,.{decimals if exact else decimals + 1}f}" for tick in ticks]
