"""The sealed rows as a chart: the winner with its interval, what validation said, and the baselines."""

from __future__ import annotations

from functools import partial

from octopus.records import Baseline, HoldoutReport
from octopus.reporting.markup import Html, join
from octopus.reporting.metrics import reading
from octopus.reporting.scale import Scale, around
from octopus.reporting.section import table
from octopus.reporting.sentences import difference_words
from octopus.reporting.svg import LINE, canvas, dot, figure, horizontal_axis, label, line
from octopus.reporting.words import cut, number

#: A row of the chart: a line of words, and below it the marks.
_ROW, _STRIP, _FOOT = 46.0, 30.0, 46.0
#: Room for marks at the left and right end.
_SIDE = 12.0
#: Widths of a character, about, and above which a difference stands beside its baseline.
_CHARACTER, _BESIDE = 7.2, 500.0


def holdout_chart(report: HoldoutReport) -> Html:
    """Return the scores on the sealed rows as a chart.

    Parameters
    ----------
    report : HoldoutReport
        Of the sealed rows.

    Returns
    -------
    Html
        A figure.
    """
    caption = (
        f"Scores on {report.n_rows:,} sealed rows: the bar is the winner's 95% interval, the dotted line its score. "
        + reading(report.scoring)
    )
    rows = [
        (
            f"#{report.winner}, the winner",
            number(report.score),
            f"{number(report.ci_low)} to {number(report.ci_high)}",
            "",
        ),
        ("its validation score", number(report.validation_score), "", ""),
        *((b.name, number(b.score), "", difference_words(b, report)) for b in report.baselines),
    ]
    head = ("", "Score", "95% interval", "Winner is better by")
    return figure(partial(_draw, report), caption, table("Scores on the sealed rows", head, rows))


def _draw(report: HoldoutReport, width: float) -> Html:
    values = (
        report.score,
        report.ci_low,
        report.ci_high,
        report.validation_score,
        *(b.score for b in report.baselines),
    )
    x = around(values, _SIDE, width - _SIDE)
    bottom = _ROW * (2 + len(report.baselines)) + 6
    interval = f"{number(report.score)} ({number(report.ci_low)} to {number(report.ci_high)})"
    description = f"Winner {interval}, validation {number(report.validation_score)}" + "".join(
        f", {b.name} {number(b.score)}" for b in report.baselines
    )
    return canvas(
        width, bottom + _FOOT, description,
        horizontal_axis(x, bottom, 6 if width > _BESIDE else 3, 0.0),
        *(_reference(x(report.score), i) for i in range(2 + len(report.baselines))),
        _row(0, f"#{report.winner}, the winner", interval, width, "winner"),
        line(x(report.ci_low), _STRIP, x(report.ci_high), _STRIP, "interval"),
        dot(x(report.score), _STRIP, 6.0, "winner", f"winner {interval}"),
        _row(1, "its validation score", number(report.validation_score), width),
        dot(x(report.validation_score), _ROW + _STRIP, 5.0, "hollow", f"validation {number(report.validation_score)}"),
        *(_baseline(i, b, report, x, width) for i, b in enumerate(report.baselines, start=2)),
        line(0.0, bottom, width, bottom, "axis"),
        label(0.0, bottom + 2 * LINE + 6, cut(report.scoring, int(width / _CHARACTER)), "name"),
    )  # fmt: skip


def _reference(x: float, number_: int) -> Html:
    """Return the winner's score across the marks of a row, clear of its words."""
    y = number_ * _ROW + _STRIP
    return line(x, y - 10, x, y + 10, "reference")


def _row(number_: int, name: str, value: str, width: float, style: str = "") -> Html:
    y = number_ * _ROW + LINE
    room = int(width / _CHARACTER) - len(value) - 2
    return join(label(0.0, y, cut(name, max(8, room)), style), label(width, y, value, style, "end"))


def _baseline(number_: int, baseline: Baseline, report: HoldoutReport, x: Scale, width: float) -> Html:
    beaten_by = f" · winner {difference_words(baseline, report)}" if width > _BESIDE else ""
    words = _row(number_, f"{baseline.name}, a baseline", number(baseline.score) + beaten_by, width)
    title = f"{baseline.name} {number(baseline.score)}"
    return join(words, dot(x(baseline.score), number_ * _ROW + _STRIP, 5.0, "try", title))
