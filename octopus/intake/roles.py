"""What the user says of columns: their roles, and those that are left out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from octopus.errors import InvalidParameter
from octopus.records import Understanding

#: What ``columns`` may say of a column.
ROLES = ("use", "ignore", "categorical", "numeric", "datetime", "text", "group", "time")


def check_roles(columns: Mapping[str, str], names: Sequence[str]) -> None:
    """Raise InvalidParameter where ``columns`` names a column or a role that does not exist."""
    for name, role in columns.items():
        if role not in ROLES:
            raise InvalidParameter(
                "columns", {name: role}, f"{role!r} is no role of a column", f"Use one of {', '.join(ROLES)}."
            )
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            guess = f"Did you mean {near[0]!r}?" if near else f"The columns are {', '.join(names[:10])}."
            raise InvalidParameter("columns", {name: role}, f"X has no column {name!r}", guess)
    for role in ("group", "time"):
        chosen = [name for name, given in columns.items() if given == role]
        if len(chosen) > 1:
            raise InvalidParameter("columns", dict.fromkeys(chosen, role), f"two {role} columns", "Name one of them.")


def ignored_columns(
    names: Sequence[str], columns: Mapping[str, str], understood: Sequence[Understanding]
) -> tuple[str, ...]:
    """Return the columns that are left out by the user's word.

    Parameters
    ----------
    names : sequence of str
        Every column.
    columns : mapping of str to str
        Roles that the user gave.
    understood : sequence of Understanding
        What the goal forbids.

    Returns
    -------
    tuple of str
        In the order of the table.

    Raises
    ------
    InvalidParameter
        Nothing would be left to learn from.
    """
    forbidden = {u.value for u in understood}
    ignored = tuple(name for name in names if name in forbidden or columns.get(name) == "ignore")
    if len(ignored) == len(names):
        raise InvalidParameter(
            "columns",
            dict(columns),
            "every column is ignored, here or in the goal",
            "Leave at least one to learn from.",
        )
    return ignored
