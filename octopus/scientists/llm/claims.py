"""Reply → claims: what a model says that a goal asks for, each with the words that it quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from octopus.scientists.llm.objects import find_object

_KINDS = {
    "METRIC": "metric", "METRICS": "metric", "SCORING": "metric", "SCORER": "metric", "COST": "cost", "COSTS": "cost",
    "UNKNOWN": "unknown", "UNKNOWNS": "unknown", "UNAVAILABLE": "unknown", "LEAK": "unknown", "LEAKAGE": "unknown",
    "CONSTRAINT": "constraint", "CONSTRAINTS": "constraint",
}  # fmt: skip
_LINE = re.compile(
    rf"^[ \t>*_#+•\-–`\d.)(]{{0,12}}({'|'.join(_KINDS)})[ \t*_`]{{0,6}}[:=|：][ \t*_]{{0,6}}(.*)$", re.IGNORECASE
)
#: What is quoted, in any kind of quotes, the last of a line.
_QUOTED = re.compile(r"[\"“”„«]([^\"“”„«»]{1,400})[\"“”»]|(?<!\w)['‘`]([^‘`]{1,400}?)['’`](?!\w)")
_NOTHING = re.compile(
    r"^[\s\"'(\[]*(?:none|n/?a|null|not (?:stated|specified|given|mentioned)|nothing|unknown|-|–|—)?[\s.\"')\]]*$",
    re.IGNORECASE,
)
_WORDS = ("words", "quote", "quoted", "quotation", "evidence", "because", "reason")
_VALUES = ("name", "value", "metric", "scorer", "column", "text", "constraint", "label", "positive")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing that a model says it has read, and the words that it says so by."""

    kind: str
    body: str
    words: str


def claims_of(text: str) -> Iterator[Claim]:
    """Find what a reply claims: one claim a line, or an object.

    Parameters
    ----------
    text : str
        The reply.

    Yields
    ------
    Claim
        In order; those that say that there is nothing are left out.
    """
    found = False
    for line in text.split("\n"):
        matched = _LINE.match(line[:2000])
        if matched is None:
            continue
        found = True
        body, words = _split(matched[2])
        if not _NOTHING.match(body) or (words and not body):
            yield Claim(kind=_KINDS[matched[1].upper()], body=body, words=words)
    if not found:
        yield from _of_object(text)


def _split(rest: str) -> tuple[str, str]:
    """Return what a line claims and the words that it quotes last."""
    quotes = list(_QUOTED.finditer(rest))
    if not quotes:
        return rest.strip(" \t·|-–—:*_`;,"), ""
    last = quotes[-1]
    words = last[1] or last[2] or ""
    body = rest[: last.start()].strip(" \t·|-–—:*_`;,(")
    return body.strip("\"'“”"), words


def _of_object(text: str) -> Iterator[Claim]:
    """Yield the claims of an object: by name, or as a list of objects that say what they are."""
    found = find_object(text, frozenset(key.lower() for key in _KINDS) | {"claims", "type", "kind"})
    for key, value in (found or {}).items():
        if key == "claims" and isinstance(value, list):
            for one in value:
                if isinstance(one, Mapping):
                    kind = _KINDS.get(str(one.get("type") or one.get("kind") or "").upper())
                    yield from _of_values(kind, [one])
        else:
            yield from _of_values(_KINDS.get(key.upper()), value if isinstance(value, list) else [value])
    if found and ("type" in found or "kind" in found):
        yield from _of_values(_KINDS.get(str(found.get("type") or found.get("kind")).upper()), [found])


def _of_values(kind: str | None, values: Sequence[object]) -> Iterator[Claim]:
    for value in values if kind else ():
        if isinstance(value, Mapping):
            words = next((str(value[name]) for name in _WORDS if value.get(name)), "")
            named = [str(value[name]) for name in _VALUES if value.get(name)]
            numbers = [f"{k}={v}" for k, v in value.items() if isinstance(v, int | float) and not isinstance(v, bool)]
            yield Claim(kind=kind or "", body="; ".join([*named[:1], *numbers]), words=words)
        elif isinstance(value, str) and not _NOTHING.match(value):
            body, words = _split(value)
            yield Claim(kind=kind or "", body=body, words=words)
