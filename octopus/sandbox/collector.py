"""Takes a child's files into the parent as one takes post from a stranger: fixed names, known sizes, no pickle.

A script may leave links, pipes, sparse files, objects or nonsense under the names that the parent opens. Each file is
opened below one directory descriptor without following links, must be regular, have one name and not more bytes than
expected, and is parsed only for what the parent knows beforehand that it must hold.
"""

from __future__ import annotations

import io
import math
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec
import numpy as np
from numpy.lib import format as npy

from octopus.dataset import Float
from octopus.records import Failure, Frame, Record, Stage
from octopus.sandbox.failure import MAX_CODE, MAX_FRAMES, MAX_MESSAGE
from octopus.sandbox.jobdir import FAILURE, MODEL, PREDICTIONS, RESULT, SEEN, STAGE

#: Records of a child are some hundred bytes; five frames of 200 characters in JSON escapes stay below this.
_MAX_JSON_BYTES = 64 << 10
_MAX_HEADER_BYTES = 4096
#: A fitted pipeline larger than this could not be shipped.
MAX_MODEL_BYTES = 2 << 30
#: How far outside [0, 1] a probability may lie by rounding, and how far from 1 a row may sum (float32 models).
_RANGE_TOLERANCE = 1e-6
_SUM_TOLERANCE = 1e-3
#: Bytes kept of each stream.
_TAIL_BYTES = 4096
_STAGES: Final[tuple[Stage, ...]] = ("check", "start", "load", "build", "fit", "predict", "save", "done")
#: Of a header, for the message that refuses it.
_DESCR = re.compile(r"'descr': '([^']{1,20})'")
_SHAPE = re.compile(r"'shape': (\([0-9, ]{0,60}\))")
_AnyRecord = TypeVar("_AnyRecord", bound=Record)


class BadResult(Exception):
    """What a child left cannot be accepted; the message says why."""


class NoResult(Exception):
    """A child left no such file."""


class _Result(Record, frozen=True, kw_only=True):
    """The child's note that it came to its end; everything in it is checked elsewhere."""

    kind: str
    shape: tuple[int, ...]
    estimator: str


class Collector:
    """Opens files of one directory, which it holds open itself.

    Parameters
    ----------
    folder : Path
        Directory that the child wrote into. Its tree must be dead.
    """

    def __init__(self, folder: Path) -> None:
        # Without directory descriptors (Windows) names are joined; O_NOFOLLOW is missing there as well.
        self._folder = folder
        self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW) if os.name == "posix" else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def predictions(self, n_rows: int, n_classes: int) -> Float:
        """Read the predictions.

        Parameters
        ----------
        n_rows : int
            Rows that were to be predicted.
        n_classes : int
            Number of classes, 0 for regression.

        Returns
        -------
        ndarray of shape (n_rows, n_classes) or (n_rows,), float64
            Finite; probabilities that sum to 1.

        Raises
        ------
        NoResult
            If there are none.
        BadResult
            If they are not what was asked for.
        """
        values = self._array(PREDICTIONS, n_rows, n_classes)
        _decode(self._read(RESULT, _MAX_JSON_BYTES), _Result, RESULT)
        return checked(values, n_classes)

    def seen(self, n_rows: int, n_classes: int) -> Float:
        """Read the predictions of rows that were fitted on.

        Parameters
        ----------
        n_rows : int
            Rows that were to be predicted.
        n_classes : int
            Number of classes, 0 for regression.

        Returns
        -------
        ndarray of shape (n_rows, n_classes) or (n_rows,), float64
            As of :meth:`predictions`.

        Raises
        ------
        NoResult
            If there are none.
        BadResult
            If they are not what was asked for.
        """
        return checked(self._array(SEEN, n_rows, n_classes), n_classes)

    def model(self, max_bytes: int) -> bytes:
        """Read the fitted pipeline as bytes, which nobody here unpickles.

        Raises
        ------
        NoResult
            If there is none.
        BadResult
            If the file is not a plain one of at most ``max_bytes`` bytes.
        """
        return self._read(MODEL, min(max_bytes, MAX_MODEL_BYTES), is_dense=True)

    def file(self, name: str, max_bytes: int) -> bytes:
        """Read a file of which only its name and its largest size are known.

        Raises
        ------
        NoResult
            If there is none.
        BadResult
            If the file is not a plain one of at most ``max_bytes`` bytes.
        """
        return self._read(name, max_bytes)

    def stage(self) -> Stage:
        """Return how far the child came; ``start`` where that cannot be read."""
        with suppress(NoResult, BadResult):
            written = self._read(STAGE, 32).decode("ascii", "replace")
            for stage in _STAGES:
                if stage == written:
                    return stage
        return "start"

    def failure(self) -> Failure | None:
        """Return the child's record of the exception that ended it; None if it left none that can be read."""
        with suppress(NoResult, BadResult):
            return read_failure(self._read(FAILURE, _MAX_JSON_BYTES))
        return None

    def tail(self, name: str) -> str:
        """Return the end of a text file without control characters; empty if it is not a plain file."""
        with suppress(NoResult, BadResult):
            fd = self._open(name)
            with os.fdopen(fd, "rb") as file:
                file.seek(max(0, os.fstat(fd).st_size - _TAIL_BYTES))
                return _plain(file.read(_TAIL_BYTES).decode("utf-8", "replace"), _TAIL_BYTES)
        return ""

    def _array(self, name: str, n_rows: int, n_classes: int) -> Float:
        shape = (n_rows, n_classes) if n_classes else (n_rows,)
        return _parse_npy(self._read(name, _MAX_HEADER_BYTES + 8 * math.prod(shape)), shape, name)

    def _read(self, name: str, max_bytes: int, *, is_dense: bool = False) -> bytes:
        fd = self._open(name)
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            size = found.st_size
            if size > max_bytes:
                raise BadResult(f"{name} has {size} bytes, at most {max_bytes} are expected")
            if is_dense and _is_sparse(found):
                raise BadResult(f"{name} has {size} bytes, of which hardly any are on disk")
            data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise BadResult(f"{name} grew while it was read")
        return data

    def _open(self, name: str) -> int:
        wanted = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
        flags = os.O_RDONLY
        for flag in wanted:  # each where the system has it
            flags |= getattr(os, flag, 0)
        try:
            fd = os.open(name, flags, dir_fd=self._fd) if self._fd is not None else os.open(self._folder / name, flags)
        except FileNotFoundError as error:
            raise NoResult(f"it left no {name}") from error
        except OSError as error:
            raise BadResult(f"{name} cannot be opened: {error.strerror} (links are not followed)") from error
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            os.close(fd)
            raise BadResult(f"{name} is not a plain file with one name")
        return fd


def checked(values: Float, n_classes: int) -> Float:
    """Return predictions if they can be true.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_classes) or (n_rows,)
        As a child gave them.
    n_classes : int
        Number of classes, 0 for regression.

    Returns
    -------
    ndarray of the same shape
        Finite; probabilities that sum to 1.

    Raises
    ------
    BadResult
        If some are missing or infinite, or are no probabilities.
    """
    if not np.isfinite(values).all():
        n_bad = int((~np.isfinite(values)).sum())
        raise BadResult(f"{n_bad} of {values.size} predictions are missing or infinite")
    return _probabilities(values) if n_classes else values


def read_failure(raw: bytes) -> Failure:
    """Read a child's record of an exception, each text cut to what it may hold.

    Parameters
    ----------
    raw : bytes
        JSON; its length was bounded where it was read.

    Returns
    -------
    Failure
        Without control characters.

    Raises
    ------
    BadResult
        If it is no such record.
    """
    failure = _decode(raw, Failure, FAILURE)
    frames = [
        Frame(line=f.line, function=_plain(f.function, MAX_CODE), code=_plain(f.code, MAX_CODE))
        for f in failure.frames[-MAX_FRAMES:]
    ]
    return Failure(
        type=_plain(failure.type, MAX_CODE),
        message=_plain(failure.message, MAX_MESSAGE),
        frames=tuple(frames),
        wrapped_in=None if failure.wrapped_in is None else _plain(failure.wrapped_in, MAX_CODE),
    )


def _parse_npy(raw: bytes, shape: tuple[int, ...], name: str) -> Float:
    """Return the array; its header must be, byte for byte, the one that numpy writes for such an array.

    The parser of numpy's headers is not asked: what evaluates types has ended processes.
    """
    header = _header(shape)
    if not raw.startswith(header):
        raise BadResult(_what_it_says(raw, shape, name))
    body = raw[len(header) :]
    if len(body) != 8 * math.prod(shape):
        raise BadResult(f"{name} does not hold what its header says")
    values: Float = np.frombuffer(body, dtype=np.float64).reshape(shape).copy()
    return values


def _is_sparse(found: os.stat_result) -> bool:
    """Return whether a large file is mostly holes, which cost its writer nothing and its reader memory."""
    return hasattr(found, "st_blocks") and found.st_size > 1 << 20 and found.st_blocks * 512 < found.st_size // 32


def _header(shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def _what_it_says(raw: bytes, shape: tuple[int, ...], name: str) -> str:
    """Return in words how another header differs, as far as its plain text tells."""
    text = _plain(raw[:_MAX_HEADER_BYTES].decode("latin-1"), _MAX_HEADER_BYTES)
    descr, said = _DESCR.search(text), _SHAPE.search(text)
    if not raw.startswith(npy.MAGIC_PREFIX) or descr is None or said is None:
        return f"{name} is not an array that can be read"
    if descr[1] != "<f8":
        return f"predictions are of type {descr[1]}, float64 is expected"
    if said[1] != str(shape):
        return f"predictions have shape {said[1]}, {shape} is expected"
    return f"{name} has a header that numpy does not write"


def _probabilities(values: Float) -> Float:
    low, high = float(values.min(initial=0.0)), float(values.max(initial=1.0))
    if low < -_RANGE_TOLERANCE or high > 1 + _RANGE_TOLERANCE:
        raise BadResult(f"probabilities lie between {low:.6g} and {high:.6g}, not between 0 and 1")
    clipped = np.clip(values, 0.0, 1.0)
    sums = clipped.sum(axis=1, keepdims=True)
    if len(sums) and float(np.abs(sums - 1).max()) > _SUM_TOLERANCE:
        raise BadResult(f"probabilities of a row sum to {float(sums[np.abs(sums - 1).argmax(), 0]):.6g}, not to 1")
    normalised: Float = clipped / sums
    return normalised


def _decode(raw: bytes, kind: type[_AnyRecord], name: str) -> _AnyRecord:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadResult(f"{name} cannot be read: {_plain(str(error), 200)}") from error


def _plain(text: str, length: int) -> str:
    """Return the beginning of a text without its control characters."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")[:length]
