"""The few marks that the charts are drawn with, and the frame around a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from octopus.reporting.markup import Html, join, tag
from octopus.reporting.scale import Scale, tick_labels

#: Widths that a chart is drawn for: text keeps its size, so that it can be read on a telephone too.
WIDE, NARROW = 792.0, 320.0
#: Height of a line of text in a chart.
LINE = 16.0


def figure(draw: Callable[[float], Html], caption: str, numbers: Html) -> Html:
    """Return a chart in both widths, with its caption and its numbers as a table.

    Parameters
    ----------
    draw : callable
        Draws the chart for a width.
    caption : str
        What it shows and how it is read.
    numbers : Html
        The same as a table, for those who cannot see the chart or want its numbers.

    Returns
    -------
    Html
        A figure.
    """
    table = tag("details", tag("summary", "The numbers"), numbers)
    wide, narrow = tag("div", draw(WIDE), class_="wide"), tag("div", draw(NARROW), class_="narrow")
    return tag("figure", wide, narrow, tag("figcaption", caption), table)


def canvas(width: float, height: float, description: str, *marks: str) -> Html:
    """Return a drawing.

    Parameters
    ----------
    width, height : float
        Its size.
    description : str
        What it shows, for screen readers.
    *marks : str
        What is drawn, in order.

    Returns
    -------
    Html
        An image to screen readers.
    """
    box = f"0 0 {width:.0f} {height:.0f}"
    return tag("svg", *marks, viewBox=box, width=width, height=height, role="img", aria_label=description)


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> Html:
    """Return a straight line.

    Parameters
    ----------
    x1, y1, x2, y2 : float
        Its ends.
    style : str
        Class of the style sheet.

    Returns
    -------
    Html
        A mark.
    """
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=style)


def dot(x: float, y: float, radius: float, style: str, title: str) -> Html:
    """Return a dot that says what it is when it is pointed at.

    Parameters
    ----------
    x, y, radius : float
        Where, and how large.
    style : str
        Class of the style sheet.
    title : str
        What it is.

    Returns
    -------
    Html
        A mark.
    """
    return tag("circle", tag("title", title), cx=x, cy=y, r=radius, class_=style)


def cross(x: float, y: float, radius: float, style: str, title: str) -> Html:
    """Return a diagonal cross that says what it is when it is pointed at.

    Parameters
    ----------
    x, y, radius : float
        Where, and how large.
    style : str
        Class of the style sheet.
    title : str
        What it is.

    Returns
    -------
    Html
        A mark.
    """
    strokes = (line(x - radius, y + s * radius, x + radius, y - s * radius, style) for s in (-1.0, 1.0))
    return tag("g", tag("title", title), *strokes)


def path(points: Sequence[tuple[float, float]], style: str) -> Html:
    """Return a line through points.

    Parameters
    ----------
    points : sequence of tuple of float
        In order.
    style : str
        Class of the style sheet.

    Returns
    -------
    Html
        A mark.
    """
    return tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=style)


def label(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> Html:
    """Return text in a chart.

    Parameters
    ----------
    x, y : float
        Where its base line begins, is centred or ends.
    words : str
        The text.
    style : str
        Class of the style sheet.
    anchor : {"start", "middle", "end"}
        Which part of it is there.

    Returns
    -------
    Html
        A mark.
    """
    return tag("text", words, x=x, y=y, text_anchor=None if anchor == "start" else anchor, class_=style or None)


def horizontal_axis(scale: Scale, y: float, n_ticks: int, top: float) -> Html:
    """Return ticks under a chart, with thin lines up through it.

    Parameters
    ----------
    scale : Scale
        From left to right.
    y, top : float
        Where the chart ends and begins.
    n_ticks : int
        About how many.

    Returns
    -------
    Html
        Marks.
    """
    ticks = scale.ticks(n_ticks)
    lines = [line(scale(tick), top, scale(tick), y, "grid") for tick in ticks]
    words = [label(scale(t), y + LINE, w, "tick", "middle") for t, w in zip(ticks, tick_labels(ticks), strict=True)]
    return join(*lines, *words)


def vertical_axis(scale: Scale, x: float, n_ticks: int, right: float) -> Html:
    """Return ticks beside a chart, with thin lines through it.

    Parameters
    ----------
    scale : Scale
        From bottom to top.
    x, right : float
        Where the chart begins and ends.
    n_ticks : int
        About how many.

    Returns
    -------
    Html
        Marks.
    """
    ticks = scale.ticks(n_ticks)
    lines = [line(x, scale(tick), right, scale(tick), "grid") for tick in ticks]
    words = [label(x - 8, scale(t) + 4, w, "tick", "end") for t, w in zip(ticks, tick_labels(ticks), strict=True)]
    return join(*lines, *words)
