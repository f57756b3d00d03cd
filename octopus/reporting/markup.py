"""HTML that is right by construction: whatever is no markup yet is text and is escaped."""

from __future__ import annotations

from html import escape

from octopus.reporting.words import printable

#: Elements that have no content and no end tag.
_VOID = frozenset({"meta", "link", "br", "col"})


class Html(str):
    """Markup. Only the functions of this module make it, so that nothing out of the data passes for it."""

    __slots__ = ()


def text(value: str) -> Html:
    """Return text as markup: escaped, on one line, controls made visible.

    Parameters
    ----------
    value : str
        Anything, also out of the data.

    Returns
    -------
    Html
        What a browser shows as that text.
    """
    return Html(escape(printable(value), quote=False))


def source(value: str) -> Html:
    """Return source code as markup: escaped, with its lines and tabs.

    Parameters
    ----------
    value : str
        Anything, also written by a model.

    Returns
    -------
    Html
        For a ``pre`` element.
    """
    lines = value.replace("\r\n", "\n").split("\n")
    return Html(
        "\n".join(escape("\t".join(printable(part) for part in line.split("\t")), quote=False) for line in lines)
    )


def tag(name: str, *children: str, **attributes: str | float | None) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
        Of the element.
    *children : str
        Markup as it is, anything else as text.
    **attributes : str, float or None
        ``class_`` stands for ``class``, ``text_anchor`` for ``text-anchor``; None leaves one out.

    Returns
    -------
    Html
        The element.
    """
    opened = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in _VOID:
        return Html(f"<{name}{opened}>")
    return Html(f"<{name}{opened}>{join(*children)}</{name}>")


def join(*children: str) -> Html:
    """Return pieces one after another.

    Parameters
    ----------
    *children : str
        Markup as it is, anything else as text.

    Returns
    -------
    Html
        All of it.
    """
    return Html("".join(child if isinstance(child, Html) else text(child) for child in children))


def trusted(markup: str) -> Html:
    """Return markup that octopus brings along itself, such as its style sheet.

    Parameters
    ----------
    markup : str
        A constant, never anything out of a journal.

    Returns
    -------
    Html
        The same.
    """
    return Html(markup)


def _attribute(key: str, value: str | float) -> str:
    shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {key.rstrip("_").replace("_", "-")}="{escape(printable(shown), quote=True)}"'
