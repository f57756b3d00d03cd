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

    from octopus.bundle.load import LoadedModel
    from octopus.estimator import AutonomousEstimator


def predict(
    run: Annotated[Path, typer.Argument(help="Directory of a finished run, or a bundle.")],
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
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Load a bundle's pipeline whose script a language model wrote.")
    ] = False,
) -> None:
    """Predict the rows of a table with the model of a run."""
    import pandas as pd

    import octopus
    from octopus.tables import Dialect, check_output, read_file, write_file

    check_output(output)
    model = octopus.load(run, allow_pickle=allow_pickle) if (run / "manifest.json").is_file() else load_estimator(run)
    table = read_file(data, Dialect(separator=sep, decimal=decimal, encoding=encoding))
    expected = list(model.feature_names_in_)
    missing = [name for name in expected if name not in table.columns]
    if missing:
        raise InvalidData(
            f"{str(data)!r} lacks {len(missing)} of the {len(expected)} columns that the model was fitted on: "
            f"{', '.join(map(repr, missing[:5]))}. Give every one of them."
        )
    kept = table[_kept(keep, model, table)]
    predictions = _predictions(model, table[expected], probabilities)
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


def _kept(asked: list[str] | None, model: AutonomousEstimator | LoadedModel, table: pd.DataFrame) -> list[str]:
    """Return the columns to keep: those that were asked for, else those that name the rows."""
    from octopus.bundle.load import LoadedModel

    if asked is None:
        known = [] if isinstance(model, LoadedModel) else model.profile_.columns
        return [column.name for column in known if column.kind == "identifier" and column.name in table.columns]
    for name in asked:
        if name not in table.columns:
            raise InvalidParameter("--keep", name, "the table has no such column", "Name one of its columns.")
    return asked


def _predictions(model: AutonomousEstimator | LoadedModel, table: pd.DataFrame, probabilities: bool) -> pd.DataFrame:
    import pandas as pd

    from octopus.bundle.load import LoadedModel

    task = model.manifest.task if isinstance(model, LoadedModel) else model.task_
    predicted = pd.DataFrame({f"predicted_{task.target}": model.predict(table)})
    if not probabilities:
        return predicted
    if not task.is_classification:
        raise InvalidParameter("--proba", True, "the model predicts numbers, not classes", "Leave it out.")
    columns = [f"probability_{label}" for label in model.classes_]
    return pd.concat([predicted, pd.DataFrame(model.predict_proba(table), columns=columns)], axis=1)
