"""Out-of-fold predictions of a run's experiments, kept beside its journal."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

import numpy as np
from numpy.lib.format import read_array
from numpy.typing import NDArray

#: Name of a file: the experiment's number, with four digits or more.
_NAME = re.compile(r"(\d{4,})\.npy")


class PredictionStore:
    """One file of numbers for each experiment; what is missing or damaged is simply not there.

    A file is complete or absent: it is written beside its place and moved there. Nothing is ever unpickled.

    Parameters
    ----------
    directory : Path
        Where the files are; made at the first prediction that is saved.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def save(self, number: int, predictions: NDArray[np.float64]) -> None:
        """Keep an experiment's predictions, in place of those that it had.

        Parameters
        ----------
        number : int
            The experiment's number in the journal, from 1.
        predictions : ndarray of shape (n_train,) or (n_train, n_classes)
            Values or probabilities out of fold; NaN for rows that were never scored.

        Raises
        ------
        OSError
            The directory cannot be written; no half of a file is left.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.directory, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, np.asarray(predictions, dtype=np.float64), allow_pickle=False)
            Path(draft).replace(self._path(number))
        except BaseException:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise

    def load(self, number: int) -> NDArray[np.float64] | None:
        """Return an experiment's predictions.

        Parameters
        ----------
        number : int
            The experiment's number in the journal.

        Returns
        -------
        ndarray of shape (n_train,) or (n_train, n_classes), or None
            None where there is no file, or none that can be read.
        """
        try:
            with self._path(number).open("rb") as file:
                loaded = read_array(file, allow_pickle=False)
        except (OSError, ValueError, EOFError, MemoryError):  # no file, no array, or one that claims to be immense
            return None
        return loaded if loaded.dtype == np.float64 and loaded.ndim in (1, 2) else None

    def numbers(self) -> tuple[int, ...]:
        """Return the experiments that have a file, in order.

        Returns
        -------
        tuple of int
            Their numbers; the files may still turn out to be damaged.
        """
        try:
            names = [path.name for path in self.directory.iterdir()]
        except OSError:
            return ()
        return tuple(sorted(int(found[1]) for name in names if (found := _NAME.fullmatch(name))))

    def _path(self, number: int) -> Path:
        return self.directory / f"{number:04d}.npy"
