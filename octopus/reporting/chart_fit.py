"""How predictions fit what came, as a chart: predicted against observed, with the diagonal."""

from __future__ import annotations

import math
from functools import partial

from octopus.records import CurvePoint, HoldoutReport, Task
from octopus.reporting.markup import Html, join
from octopus.reporting.scale import Scale, around
from octopus.reporting.section import table
from octopus.reporting.svg import LINE, canvas, dot, figure, horizontal_axis, label, line, path, vertical_axis
from octopus.reporting.words import count, cut, number

#: Largest side of the square, and the room around it.
_SIDE, _TOP, _LEFT, _RIGHT, _FOOT = 400.0, 30.0, 62.0, 16.0, 48.0
#: Normal quantile of a 95% interval.
_Z = 1.96
_CHARACTER = 7.0


def fit_chart(report: HoldoutReport, task: Task | None) -> Html:
    """Return predicted against observed as a chart.

    Parameters
    ----------
    report : HoldoutReport
        Of the sealed rows.
    task : Task or None
        What is asked.

    Returns
    -------
    Html
        A figure; empty where the report has no curve.
    """
    if not report.curve:
        return Html()
    across, up = _names(task)
    is_share = task is not None and task.is_classification
    bars = ", the bars their 95% intervals" if is_share else ""
    caption = (
        f"Sealed rows in {count(len(report.curve), 'bin')} from the lowest to the highest prediction{bars}. "
        "On the diagonal what was predicted is what came."
    )
    rows = [
        (str(i), number(p.predicted), number(p.observed), f"{p.n_rows:,}") for i, p in enumerate(report.curve, start=1)
    ]
    numbers = table("Predicted and observed by bin", ("Bin", "Predicted", "Observed", "Rows"), rows)
    return figure(partial(_draw, report.curve, across, up, is_share), caption, numbers)


def _names(task: Task | None) -> tuple[str, str]:
    if task is None:
        return "predicted", "observed"
    if task.type == "regression":
        return f"predicted {task.target} (mean of the bin)", f"true {task.target} (mean of the bin)"
    if task.type == "binary" and task.classes:
        return f"predicted probability of {task.classes[-1]}", f"share that was {task.classes[-1]}"
    return "predicted probability of the chosen class", "share that was right"


def _draw(curve: tuple[CurvePoint, ...], across: str, up: str, is_share: bool, width: float) -> Html:
    side = min(_SIDE, width - _LEFT - _RIGHT)
    bottom, right = _TOP + side, _LEFT + side
    if is_share:
        x, y = Scale(low=0.0, high=1.0, start=_LEFT, end=right), Scale(low=0.0, high=1.0, start=bottom, end=_TOP)
    else:
        values = [value for point in curve for value in (point.predicted, point.observed)]
        x, y = around(values, _LEFT, right), around(values, bottom, _TOP)
    places = [(x(point.predicted), y(point.observed)) for point in curve]
    total_width = right + _RIGHT
    room = int((total_width - 8) / _CHARACTER)
    return canvas(
        total_width, bottom + _FOOT, f"{len(curve)} bins of {across} against {up}.",
        horizontal_axis(x, bottom, 5, _TOP),
        vertical_axis(y, _LEFT, 5, right),
        line(_LEFT, bottom, right, _TOP, "diagonal"),
        label(right - 6, bottom - 8, "dashed: as predicted", "tick", "end"),
        *(_bar(point, x, y) for point in curve if is_share),
        path(places, "curve"),
        *(dot(*place, 4.5, "winner", _title(point)) for place, point in zip(places, curve, strict=True)),
        label(0.0, 14.0, cut(up, room), "name"),
        label(right, bottom + 2 * LINE + 8, cut(across, room), "name", "end"),
    )  # fmt: skip


def _title(point: CurvePoint) -> str:
    return f"predicted {number(point.predicted)}, observed {number(point.observed)}, {count(point.n_rows, 'row')}"


def _bar(point: CurvePoint, x: Scale, y: Scale) -> Html:
    """Return the interval of a share (Wilson, 1927, doi:10.1080/01621459.1927.10502953)."""
    n, share = max(1, point.n_rows), min(1.0, max(0.0, point.observed))
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    at = x(point.predicted)
    return join(line(at, y(middle - half), at, y(middle + half), "winner error"))
