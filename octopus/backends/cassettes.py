"""Recorded questions and replies: one line of JSON each, found again by the question without its measured numbers."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from octopus.errors import BackendRefused, OctopusError
from octopus.journal import FILENAME, read_journal
from octopus.records import Message, Record, Usage

#: How a reply ended that a journal calls something else than read or unreadable.
_FINISHES: dict[str, Literal["stop", "length", "refused"]] = {"truncated": "length", "refused": "refused"}
#: Lines of the difference to the nearest recording that an error shows.
_SHOWN_LINES = 40
#: What stands for a number that is measured.
_MASK = "#"
_UNITS = r"(?:[nµum]?s|min|h|[kKMGT]i?B|B|bytes|%)"
#: Versions; numbers with a decimal point or an exponent; whole numbers with a unit of time or size, or a per cent sign.
#: They stand as numbers: nothing that a name is made of stands before or after them.
_MEASURED = re.compile(
    r"(?<![\w.])[-+−±]?v?(?:"
    r"\d+(?:\.\d+){2,}(?:[.+-]?(?:a|b|rc|post|dev)\d*)*"
    r"|\d[\d,]*\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+"
    rf"|\d[\d,]*(?=\s?{_UNITS}(?!\w))"
    r")(?=(?:\s?" + _UNITS + r")?(?!\w|\.\d))"
)


class Recording(Record, frozen=True, kw_only=True):
    """A question and what came.

    Parameters
    ----------
    messages : tuple of Message
        The prompt.
    reply, finish, model, usage
        See :class:`octopus.protocols.ChatReply`.
    """

    messages: tuple[Message, ...]
    reply: str
    finish: Literal["stop", "length", "refused"] = "stop"
    model: str
    usage: Usage = Usage()


def masked(text: str) -> str:
    """Return a text in which what changes from machine to machine is masked.

    Parameters
    ----------
    text : str
        Of a prompt.

    Returns
    -------
    str
        With ``#`` for versions (1.9.1), numbers with a decimal point or an exponent (0.8421, 1e-05) and whole numbers
        with a unit (12 s, 340 MB, 7 %), the sign with them. Counts (60 rows, experiment 3) and digits in names (x1,
        pm2.5) stay.

    Examples
    --------
    >>> masked("scikit-learn 1.9.1: 0.8421 ± 0.0040 in 12 s, 344 rows of x1, experiment 3")
    'scikit-learn #: # ± # in # s, 344 rows of x1, experiment 3'
    """
    return _MEASURED.sub(_MASK, text)


def fingerprint(messages: Sequence[Message]) -> str:
    """Return a hash of a prompt that leaves out what :func:`masked` masks."""
    told = msgspec.json.encode([(message.role, masked(message.text)) for message in messages])
    return hashlib.sha256(told).hexdigest()


def read_cassette(path: Path, backend: str) -> tuple[Recording, ...]:
    """Return what a file holds.

    Parameters
    ----------
    path : Path
        The cassette; or a run, or its journal, which holds every question and reply of the run.
    backend : str
        Who reads it, for the errors.

    Raises
    ------
    BackendRefused
        It is not there, or no cassette.
    """
    if path.is_dir() or path.name == FILENAME:
        return _read_run(path, backend)
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BackendRefused(
            backend, f"{path} cannot be read ({error.strerror})", "Record one with RecordingBackend(backend, path)."
        ) from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                found.append(msgspec.json.decode(line, type=Recording))
        except msgspec.DecodeError as error:
            raise BackendRefused(
                backend, f"line {number} of {path} is no recording: {error}", "Take the line out, or record it anew."
            ) from error
    return tuple(found)


def _read_run(path: Path, backend: str) -> tuple[Recording, ...]:
    """Return what a run's model was asked and answered."""
    try:
        calls = read_journal(path).calls
    except OctopusError as error:
        raise BackendRefused(backend, str(error), "Name a cassette, or a run that a model led.") from error
    return tuple(
        Recording(
            messages=call.messages,
            reply=call.reply,
            finish=_FINISHES.get(call.status, "stop"),
            model=call.model,
            usage=call.usage,
        )
        for call in calls
        if call.status != "failed"
    )


def what_differs(messages: Sequence[Message], recordings: Sequence[Recording]) -> str:
    """Return which recorded prompt is nearest to one that was not found, and how they differ."""
    if not recordings:
        return "there are no recordings"
    asked = _lines(messages)
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(asked)
    shares = []
    for recording in recordings:
        matcher.set_seq1(_lines(recording.messages))
        shares.append(matcher.ratio())
    share, number = max((share, -number) for number, share in enumerate(shares))
    nearest = -number
    diff = [*difflib.unified_diff(_lines(recordings[nearest].messages), asked, "recorded", "asked", n=1, lineterm="")]
    more = [f"… and {len(diff) - _SHOWN_LINES} more lines"] if len(diff) > _SHOWN_LINES else []
    shown = "\n".join([*diff[:_SHOWN_LINES], *more])
    return f"the nearest is recording {nearest + 1} of {len(recordings)}, {share:.0%} of its lines alike:\n{shown}\n"


def _lines(messages: Sequence[Message]) -> list[str]:
    return [line for message in messages for line in (f"[{message.role}]", *masked(message.text).splitlines())]
