"""Exception → Failure: the root cause first, and of its traceback what lies in the script."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from pathlib import Path

from octopus.records import Failure, Frame

#: Enough for every message that names its cause; some print a whole table.
MAX_MESSAGE = 500
MAX_FRAMES = 5
MAX_CODE = 200
#: Carriers of a worker's traceback as text, which joblib and concurrent.futures set as a cause: not a cause itself.
_CARRIERS = frozenset({"_RemoteTraceback", "RemoteTraceback"})


def describe(error: BaseException, script: Path) -> Failure:
    """Describe the exception that ended a script.

    Parameters
    ----------
    error : BaseException
        As it was caught at the outermost level.
    script : Path
        File of the script: only its lines are shown.

    Returns
    -------
    Failure
        Type and message of the innermost exception in the chain; ``wrapped_in`` is the type of the outermost.
        Frames of the innermost exception that touched the script.
    """
    chain = list(_chain(error))
    root = chain[-1]
    frames = next((found for link in reversed(chain) if (found := _frames(link, script))), ())
    return Failure(
        type=_type_name(root),
        message=_message(root),
        frames=frames,
        wrapped_in=_type_name(error) if len(chain) > 1 else None,
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen and type(link).__name__ not in _CARRIERS:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _frames(error: BaseException, script: Path) -> tuple[Frame, ...]:
    linecache.checkcache(str(script))
    frames = [
        Frame(line=line, function=frame.f_code.co_name, code=linecache.getline(str(script), line).strip()[:MAX_CODE])
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(script)
    ]
    if isinstance(error, SyntaxError) and error.filename == str(script):
        frames.append(Frame(line=error.lineno or 1, function="", code=(error.text or "").strip()[:MAX_CODE]))
    return tuple(frames[-MAX_FRAMES:])


def _type_name(error: BaseException) -> str:
    return type(error).__name__[:MAX_CODE]


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001  # a script's exception may fail at its own message
        return f"(its message cannot be read: {type(broken).__name__})"
    return text.encode("utf-8", "replace").decode()[:MAX_MESSAGE]
