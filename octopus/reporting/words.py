"""Numbers and text as people read them: the same on the console, on the page and on the card."""

from __future__ import annotations

#: Outside these a number is written with a power of ten.
_SMALLEST, _LARGEST = 1e-3, 1e12


def printable(text: str) -> str:
    """Return text on one line with everything that would steer a terminal or the direction of writing made visible.

    Parameters
    ----------
    text : str
        Anything, also out of the data.

    Returns
    -------
    str
        Line breaks become blanks, escapes and controls the replacement character.
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" if c != "\n" else " " for c in text)


def number(value: float) -> str:
    """Return a number with as many digits as a score needs: four decimals, fewer when it is large.

    Parameters
    ----------
    value : float
        A finite number.

    Returns
    -------
    str
        With grouped thousands; with a power of ten where it is tiny or huge.
    """
    size = abs(value)
    if size and not _SMALLEST <= size < _LARGEST:
        return f"{value:.3g}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 100 else f"{value:.2f}" if size >= 10 else f"{value:.4f}"


def with_error(value: float, standard_error: float | None) -> str:
    """Return a number and its standard error, with the same decimals.

    Parameters
    ----------
    value : float
        A finite number.
    standard_error : float or None
        Of the number; None where it is unknown.

    Returns
    -------
    str
        As in "0.8420 ± 0.0040".
    """
    shown = number(value)
    if standard_error is None:
        return shown
    return f"{shown} ± {alike(standard_error, value)}"


def alike(value: float, reference: float) -> str:
    """Return a number with as many decimals as another one is shown with.

    Parameters
    ----------
    value, reference : float
        Finite numbers, say a difference and one of the scores.

    Returns
    -------
    str
        With grouped thousands.
    """
    shown = number(reference)
    if "e" in shown or abs(value) >= _LARGEST:
        return f"{value:.2g}"
    return f"{value:,.{len(shown.partition('.')[2])}f}"


def signed(value: float, reference: float) -> str:
    """Return a difference with its sign, and as many decimals as another number is shown with.

    Parameters
    ----------
    value, reference : float
        Finite numbers, say a difference and one of the scores.

    Returns
    -------
    str
        With a plus where it is positive.
    """
    return f"+{alike(value, reference)}" if value > 0 else alike(value, reference)


def share(fraction: float) -> str:
    """Return a fraction in percent.

    Parameters
    ----------
    fraction : float
        From 0 to 1.

    Returns
    -------
    str
        With one decimal.
    """
    return f"{number(100 * fraction)}%" if abs(fraction) > 1 else f"{100 * fraction:.1f}%"


def milliseconds(value: float) -> str:
    """Return a time in two or three digits.

    Parameters
    ----------
    value : float
        In milliseconds.

    Returns
    -------
    str
        With its unit.

    Examples
    --------
    >>> milliseconds(3.14159), milliseconds(62.18), milliseconds(1234.5)
    ('3.1 ms', '62 ms', '1,234 ms')
    """
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def count(n: int, one: str, many: str = "") -> str:
    """Return a number of things.

    Parameters
    ----------
    n : int
        How many.
    one, many : str
        What they are called; with an s where ``many`` is not given.

    Returns
    -------
    str
        As in "1 row", "1,240 rows".
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(parts: tuple[str, ...] | list[str], room: int = 6) -> str:
    """Return things in a row, the rest counted.

    Parameters
    ----------
    parts : sequence of str
        The things.
    room : int
        How many are named.

    Returns
    -------
    str
        As in "a, b, c and 9 more".
    """
    rest = len(parts) - room
    return ", ".join(parts[:room]) + (f" and {rest:,} more" if rest > 0 else "")


def cut(text: str, room: int) -> str:
    """Return text shortened to so many characters.

    Parameters
    ----------
    text : str
        Anything.
    room : int
        Characters that it may have.

    Returns
    -------
    str
        With an ellipsis where something is left out.
    """
    return text if len(text) <= room else text[: room - 1] + "…"
