"""Reply → parts: headers, blocks of code, edit blocks; whatever a model puts around and between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from octopus.scientists.llm.edits import Edit, find_edits
from octopus.scientists.llm.fenced import Block, fenced_blocks
from octopus.scientists.llm.objects import find_object

#: Names of headers.
KEYS = (
    "ACTION", "FAMILY", "IDEA", "HYPOTHESIS", "EXPECTED", "PARENT", "QUESTION", "SPLITS", "SPLIT", "COLUMNS", "COLUMN",
    "REPEATS", "REASON", "CHANGE",
)  # fmt: skip
#: Longest reply that is read; the rest of a longer one says nothing new.
_MAX_LENGTH = 400_000
_NAMES = "|".join(KEYS)
_HEADER = re.compile(
    rf"^[ \t>*_#+•\-–`\d.)\]\[(]{{0,16}}({_NAMES})[ \t*_`\])]{{0,8}}[:：][ \t*_]{{0,8}}(.*)$", re.IGNORECASE
)
_NEXT = re.compile(rf"[;|,][ \t]*(?=(?:{_NAMES})[ \t]{{0,4}}[:：])", re.IGNORECASE)
#: Where a thought ends that a model has left in its reply.
THOUGHT = re.compile(r"</(?:think|thinking|reasoning|thought|scratchpad)>", re.IGNORECASE)
_THINKS = re.compile(r"^\s{0,20}<(?:think|thinking|reasoning|thought|scratchpad)>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_TOKENS = re.compile(r"<\|[\w/ ]{1,30}\|>")
#: Keys of an object that are no headers, or other names of one.
_ALIASES = {
    "script": "code", "source": "code", "python": "code", "content": "code", "name": "action", "tool": "action",
    "n_splits": "splits", "n_repeats": "repeats", "kind": "split", "patch": "edits", "edit": "edits", "diff": "edits",
}  # fmt: skip
_OBJECT_KEYS = frozenset({key.lower() for key in KEYS} | {"code", "edits", "script", "name", "tool"})
_OLD, _NEW = ("search", "old", "find", "before", "original"), ("replace", "new", "after", "updated", "with")


@dataclass(frozen=True, kw_only=True)
class Header:
    """A name and what stands behind it."""

    line: int
    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a reply is made of.

    Parameters
    ----------
    headers : tuple of Header
        In order.
    blocks : tuple of Block
        Fenced code, in order.
    edits : tuple of (int, Edit)
        Edit blocks with the lines where they begin.
    prose : str
        All the rest.
    is_thought : bool
        Whether the reply ends while the model still thinks.
    """

    headers: tuple[Header, ...] = ()
    blocks: tuple[Block, ...] = ()
    edits: tuple[tuple[int, Edit], ...] = ()
    prose: str = ""
    is_thought: bool = False


def read_parts(text: str) -> Parts:
    """Take a reply apart.

    Parameters
    ----------
    text : str
        The reply.

    Returns
    -------
    Parts
        What is in it.

    Raises
    ------
    Unreadable
        An edit block has no middle or no end.
    """
    plain = tidied(text)
    if is_thought(plain):
        return Parts(prose=plain, is_thought=True)
    plain = THOUGHT.split(plain)[-1]
    whole = find_object(plain, _OBJECT_KEYS) if plain.lstrip().startswith("{") else None
    if whole is not None:
        return _of_object(whole, plain)
    lines = plain.split("\n")
    edits = find_edits(lines)
    for found in edits:
        lines[found.start : found.end] = [""] * (found.end - found.start)
    blocks, rest = fenced_blocks(lines)
    parts = Parts(
        headers=_headers(rest),
        blocks=blocks,
        edits=tuple((found.start, found.edit) for found in edits),
        prose="\n".join(rest),
    )
    return parts if any(h.key == "ACTION" for h in parts.headers) else _with_object(parts)


def tidied(text: str) -> str:
    """Return a reply with lines that end alike, without what cannot be encoded and what controls a terminal.

    Parameters
    ----------
    text : str
        The reply.

    Returns
    -------
    str
        At most as much of it as is read.
    """
    kept = text[:_MAX_LENGTH].encode("utf-8", "replace").decode("utf-8")
    kept = re.sub("\r\n?|[\x85\u2028\u2029]", "\n", kept)
    return _TOKENS.sub("", _CONTROL.sub("", kept))


def is_thought(text: str) -> bool:
    """Tell whether a reply ends while the model still thinks."""
    return _THINKS.match(text) is not None and THOUGHT.search(text) is None


def _headers(lines: Sequence[str]) -> tuple[Header, ...]:
    """Return headers; a value goes on to the next empty line, fence or header."""
    found: list[Header] = []
    is_open = False
    for number, line in enumerate(lines):
        matched = _HEADER.match(line)
        if matched:
            first, *more = _NEXT.split(matched[2])
            found.append(Header(line=number, key=matched[1].upper(), value=_bare(first)))
            others = (again for part in more if (again := _HEADER.match(part.strip())))
            found += [Header(line=number, key=again[1].upper(), value=_bare(again[2])) for again in others]
            is_open = True
        elif not line.strip():
            is_open = is_open and bool(found) and not found[-1].value
        elif is_open and len(found[-1].value) < 1000:
            last = found[-1]
            found[-1] = Header(line=last.line, key=last.key, value=_bare(f"{last.value} {line.strip()}"))
    return tuple(found)


def _bare(value: str) -> str:
    return value.strip().strip("*_`").strip().strip("`").strip()


def _with_object(parts: Parts) -> Parts:
    """Return the parts with those of an object that stands in a block or in the text."""
    for block in parts.blocks:
        if block.text.lstrip().startswith("{") and (found := find_object(block.text, _OBJECT_KEYS)):
            others = tuple(b for b in parts.blocks if b is not block)
            return _joined(_of_object(found, parts.prose), parts, others)
    if re.search(r"[\"']action[\"']\s{0,8}:|[\"']edits[\"']\s{0,8}:", parts.prose, re.IGNORECASE):
        found = find_object(parts.prose, _OBJECT_KEYS)
        if found is not None:
            return _joined(_of_object(found, parts.prose), parts, parts.blocks)
    return parts


def _joined(read: Parts, parts: Parts, blocks: tuple[Block, ...]) -> Parts:
    return Parts(
        headers=read.headers + parts.headers,
        blocks=read.blocks + blocks,
        edits=read.edits + parts.edits,
        prose=parts.prose,
    )


def _of_object(found: Mapping[str, object], prose: str) -> Parts:
    """Return the parts that an object holds."""
    values = {_ALIASES[key]: value for key, value in found.items() if key in _ALIASES}
    values |= {key: value for key, value in found.items() if key not in _ALIASES}
    headers = tuple(
        Header(line=0, key=key.upper(), value=_in_words(value))
        for key, value in values.items()
        if key.upper() in KEYS and value is not None
    )
    blocks: list[Block] = []
    code = values.get("code")
    if isinstance(code, list):
        code = "\n".join(str(line) for line in code)
    if isinstance(code, str) and code.strip():
        fenced = fenced_blocks(code.split("\n"))[0]
        blocks += fenced or [Block(line=0, language="python", text=code)]
    edits = values.get("edits")
    if isinstance(edits, str):
        return Parts(
            headers=headers, edits=tuple((0, f.edit) for f in find_edits(edits.split("\n"))), prose=prose,
            blocks=(*blocks, Block(line=0, language="diff", text=edits)),
        )  # fmt: skip
    return Parts(headers=headers, blocks=tuple(blocks), edits=tuple(_edits(edits)), prose=prose)


def _edits(value: object) -> Iterable[tuple[int, Edit]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            old = next((one[key] for key in _OLD if isinstance(one.get(key), str)), None)
            new = next((one[key] for key in _NEW if isinstance(one.get(key), str)), None)
            if old is not None and new is not None:
                yield 0, Edit(search=old, replace=new)


def _in_words(value: object) -> str:
    if isinstance(value, list):
        quoted = (str(item).replace("\\", "\\\\").replace('"', '\\"') for item in value)
        return "[" + ", ".join(f'"{item}"' for item in quoted) + "]"
    return str(value)[:2000]
