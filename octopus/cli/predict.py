"""``octopus predict``: rows of a table → predictions."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from octopus.cli.words import say
from octopus.errors import InvalidData, InvalidParameter, RunDirectoryError

if TYPE_CHECKING:
    import pandas as pd

    from octopus.estimator import AutonomousEstimator


def predict(
    run: Annotated[Path, typer.Argument(help="Directory of a finished run.")],
    data: Annotated[Path, typer.Argument(help="CSV or Parquet file with the same columns; further ones do no harm.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV or Parquet file to write.")] = Path(
        "predictions.csv"
    ),
    probabilities: Annotated[
        bool, typer.Option("--proba", help="Add a column with the probability of each class.")
    ] = False,
    keep: Annotated[
        list[str] | None, typer.Option(help="Column to keep beside the predictions (repeat); else the identifiers.")
    ] = None,
    sep: Annotated[str | None, typer.Option(help="What separates the columns of a CSV file.")] = None,
    decimal: Annotated[str | None, typer.Option(help="The mark before decimals in a CSV file.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a CSV file.")] = None,
) -> None:
    """Predict the rows of a table with the model of a run."""
    import pandas as pd

    from octopus.tables import Dialect, check_output, read_file, write_file

    check_output(output)
    estimator = load_estimator(run)
    table = read_file(data, Dialect(separator=sep, decimal=decimal, encoding=encoding))
    expected = list(estimator.feature_names_in_)
    missing = [name for name in expected if name not in table.columns]
    if missing:
        raise InvalidData(
            f"{str(data)!r} lacks {len(missing)} of the {len(expected)} columns that the model was fitted on: "
            f"{', '.join(map(repr, missing[:5]))}. Give every one of them."
        )
    kept = table[_kept(keep, estimator, table)]
    predictions = _predictions(estimator, table[expected], probabilities)
    write_file(pd.concat([kept, predictions], axis=1), output)
    say("Predicted", f"{len(predictions):,} rows → {output}")


def load_estimator(run: Path) -> AutonomousEstimator:
    """Return the fitted estimator of a run; raise RunDirectoryError where there is none that can be loaded."""
    path = run / "estimator.pkl"
    if not path.is_file():
        raise RunDirectoryError(run, "it holds no estimator.pkl", "Name the directory of a finished run.")
    try:
        estimator: AutonomousEstimator = pickle.loads(path.read_bytes())  # noqa: S301  the user's own run
    except (pickle.UnpicklingError, EOFError, ImportError, AttributeError) as error:
        raise RunDirectoryError(
            run, f"its model cannot be loaded ({error})", "Use the versions that its journal names, or fit again."
        ) from error
    return estimator


def _kept(asked: list[str] | None, estimator: AutonomousEstimator, table: pd.DataFrame) -> list[str]:
    """Return the columns to keep: those that were asked for, else those that name the rows."""
    if asked is None:
        return [c.name for c in estimator.profile_.columns if c.kind == "identifier" and c.name in table.columns]
    for name in asked:
        if name not in table.columns:
            raise InvalidParameter("--keep", name, "the table has no such column", "Name one of its columns.")
    return asked


def _predictions(estimator: AutonomousEstimator, table: pd.DataFrame, probabilities: bool) -> pd.DataFrame:
    import pandas as pd

    predicted = pd.DataFrame({f"predicted_{estimator.task_.target}": estimator.predict(table)})
    if not probabilities:
        return predicted
    if not estimator.task_.is_classification:
        raise InvalidParameter("--proba", True, "the model predicts numbers, not classes", "Leave it out.")
    columns = [f"probability_{label}" for label in estimator.classes_]
    return pd.concat([predicted, pd.DataFrame(estimator.predict_proba(table), columns=columns)], axis=1)
