"""The pieces that the sections of the page are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from octopus.reporting.markup import Html, join, tag, text
from octopus.reporting.words import count, cut

#: Text longer than this is folded, and the most of it that is kept when it is opened.
_FOLDED, _KEPT = 360, 2000
#: Longest text in a cell of a table.
_CELL = 240


def section(anchor: str, title: str, *children: str) -> Html:
    """Return a section of the page.

    Parameters
    ----------
    anchor : str
        Its name in links.
    title : str
        Its heading.
    *children : str
        What it holds.

    Returns
    -------
    Html
        A section that screen readers announce by its heading.
    """
    heading = tag("h2", title, id=f"{anchor}-title")
    return tag("section", heading, *children, id=anchor, aria_labelledby=f"{anchor}-title")


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Return names with what belongs to them.

    Parameters
    ----------
    pairs : iterable of tuple of str
        Name and value; pairs without a value are left out.

    Returns
    -------
    Html
        A list of descriptions.
    """
    rows = (tag("div", tag("dt", name), tag("dd", long(value))) for name, value in pairs if value)
    return tag("dl", *rows, class_="facts")


def bullets(items: Iterable[str]) -> Html:
    """Return a list.

    Parameters
    ----------
    items : iterable of str
        What it lists.

    Returns
    -------
    Html
        One item each.
    """
    return tag("ul", *(tag("li", long(item)) for item in items))


def paragraph(words: str, style: str | None = None) -> Html:
    """Return a paragraph.

    Parameters
    ----------
    words : str
        Its text.
    style : str or None
        Class of the style sheet.

    Returns
    -------
    Html
        A paragraph.
    """
    return block(long(words), style=style)


def block(*children: str, style: str | None = None) -> Html:
    """Return a paragraph of several pieces, of which some may be folded.

    Parameters
    ----------
    *children : str
        Its pieces.
    style : str or None
        Class of the style sheet.

    Returns
    -------
    Html
        HTML allows nothing folded in a paragraph: then it is a division that looks like one.
    """
    body = join(*children)
    if "<details" not in body:
        return tag("p", body, class_=style)
    return tag("div", body, class_=f"paragraph {style}" if style else "paragraph")


def long(words: str) -> Html:
    """Return text of any length: its beginning, and the rest when it is opened.

    Parameters
    ----------
    words : str
        Text, or markup, which is left as it is.

    Returns
    -------
    Html
        At most some two thousand characters.
    """
    if isinstance(words, Html):
        return words
    if len(words) <= _FOLDED:
        return text(words)
    return tag("details", tag("summary", cut(words, _FOLDED)), cut(words, _KEPT), class_="long")


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Return a table whose first cells name the rows.

    Parameters
    ----------
    caption : str
        What it holds, for screen readers.
    head : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        Cells.

    Returns
    -------
    Html
        A table that scrolls sideways where it is too wide.
    """
    top = tag("tr", *(tag("th", name, scope="col") for name in head))
    body = (tag("tr", tag("th", _cell(row[0]), scope="row"), *(tag("td", _cell(c)) for c in row[1:])) for row in rows)
    whole = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body), class_="numbers")
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def within(n_bytes: int, pieces: Iterable[Html], what: str) -> Html:
    """Return pieces as long as there is room for them.

    Parameters
    ----------
    n_bytes : int
        How much they may take.
    pieces : iterable of Html
        In order.
    what : str
        What one of them is called.

    Returns
    -------
    Html
        The first pieces, and how many more there are.
    """
    shown: list[Html] = []
    n_more, left = 0, n_bytes
    for piece in pieces:
        left -= len(piece.encode())
        if left >= 0:
            shown.append(piece)
        else:
            n_more += 1
    more = [paragraph(f"{count(n_more, f'more {what}')} in the journal.", "quiet")] if n_more else []
    return join(*shown, *more)


def _cell(words: str) -> str:
    return words if isinstance(words, Html) else cut(words, _CELL)


def folded(summary: str, *children: str) -> Html:
    """Return something that is shown when it is opened.

    Parameters
    ----------
    summary : str
        What is shown before.
    *children : str
        What is shown then.

    Returns
    -------
    Html
        Details.
    """
    return tag("details", tag("summary", summary), join(*children))
