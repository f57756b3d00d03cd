"""What the command line keeps beside a run: which table it read and how, so that a later command can read it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from octopus.errors import RunDirectoryError
from octopus.tables import Dialect, read_file

if TYPE_CHECKING:
    import pandas as pd

    from octopus.estimator import AutonomousEstimator

FILENAME = "table.json"
#: Parameters that say how a run is looked at or spent, not what it is about.
_NOT_OF_THE_RUN = {"callbacks", "verbose", "warm_start", "run_dir", "tracker"}


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """A table and the parameters of the estimator that was fitted on it."""

    data: str
    dialect: Mapping[str, str | None]
    target: str
    parameters: Mapping[str, Any]

    def read(self, elsewhere: Path | None) -> pd.DataFrame:
        """Return the table, from where it was or from where it is now."""
        return read_file(elsewhere or Path(self.data), Dialect(**self.dialect))


class Remember:
    """A callback that writes down the table once the run has begun."""

    def __init__(self, run_dir: Path, data: Path, dialect: Dialect, target: str) -> None:
        self.run_dir, self.data, self.dialect, self.target = run_dir, data, dialect, target
        self.parameters: Mapping[str, Any] = {}

    def of(self, estimator: AutonomousEstimator) -> None:
        """Take the parameters of an estimator."""
        parameters = estimator.get_params(deep=False)
        self.parameters = {
            name: str(value.resolve()) if isinstance(value, Path) else value
            for name, value in parameters.items()
            if name not in _NOT_OF_THE_RUN
        }

    def __call__(self, event: object) -> None:
        """Write it down, once."""
        del event
        file = self.run_dir / FILENAME
        if not file.exists():
            remembered = Remembered(
                data=str(self.data.resolve()),
                dialect=asdict(self.dialect),
                target=self.target,
                parameters=self.parameters,
            )
            file.write_bytes(msgspec.json.encode(remembered))


def recall(run: Path) -> Remembered:
    """Return what was kept beside a run.

    Parameters
    ----------
    run : Path
        Its directory.

    Returns
    -------
    Remembered
        The table and the parameters.

    Raises
    ------
    RunDirectoryError
        Nothing was kept: the run was not made by the command line, or the file is damaged.
    """
    file = run / FILENAME
    if not file.is_file():
        why = f"it holds no {FILENAME}, so it is not known which table it is about"
        remedy = "Name a run of 'octopus fit'; from Python, AutonomousEstimator.try_script does the same."
        raise RunDirectoryError(run, why, remedy)
    try:
        return msgspec.json.decode(file.read_bytes(), type=Remembered)
    except msgspec.MsgspecError as error:
        raise RunDirectoryError(run, f"its {FILENAME} is damaged ({error})", "Run 'octopus fit' again.") from error
