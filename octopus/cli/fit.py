"""The command line: arguments and printing.

Exit codes: 0 done, 1 the run ended without a model, 2 the input or a parameter cannot be used, 3 interrupted with the
best model so far kept, 130 interrupted before there was one.
"""

from __future__ import annotations

import pickle
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from octopus import __version__
from octopus.errors import (
    InvalidData,
    InvalidParameter,
    OctopusError,
    OctopusWarning,
    PluginError,
    RunDirectoryError,
)

_NO_MODEL, _BAD_INPUT, _INTERRUPTED, _KILLED = 1, 2, 3, 130

app = typer.Typer(
    name="octopus",
    help="An autonomous data scientist: reads a table, runs experiments, proves the best model and ships it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        app(standalone_mode=True)
    except OctopusError as error:
        _say_error(str(error))
        bad_input = isinstance(error, InvalidData | InvalidParameter | RunDirectoryError | PluginError)
        sys.exit(_BAD_INPUT if bad_input else _NO_MODEL)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"octopus {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    from octopus.clash import clash_message

    del version
    if message := clash_message():
        _say_error(message)


@app.command()
def fit(
    data: Annotated[Path, typer.Argument(help="CSV or Parquet file with the target among its columns.")],
    target: Annotated[
        str | None, typer.Option(help="Column to predict; where not given, the one that the goal names.")
    ] = None,
    goal: Annotated[str, typer.Option(help="What the model is for, in plain words.")] = "",
    task: Annotated[str, typer.Option(help="auto, binary, multiclass, classification or regression.")] = "auto",
    scoring: Annotated[str | None, typer.Option(help="Name of a scikit-learn scorer; wins over the goal.")] = None,
    holdout: Annotated[float, typer.Option(help="Share of the rows sealed until the end; 0 for none.")] = 0.2,
    cv: Annotated[int | None, typer.Option(help="Number of folds; chosen from the data where not given.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="Family of models that may take part (repeat).")] = None,
    use: Annotated[list[str] | None, typer.Option(help="Column to use whatever the findings say (repeat).")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Column not to use (repeat).")] = None,
    group: Annotated[str | None, typer.Option(help="Column whose rows are never split.")] = None,
    time: Annotated[str | None, typer.Option(help="Column by which rows are ordered: the latest are sealed.")] = None,
    time_limit: Annotated[float, typer.Option(help="Seconds for the whole run; 0 for no limit.")] = 300.0,
    max_experiments: Annotated[int | None, typer.Option(help="Most experiments.")] = None,
    memory_limit: Annotated[str | None, typer.Option(help="Memory for the scripts, such as 4GB.")] = None,
    backend: Annotated[str, typer.Option(help="Who leads: auto, or the name of a scientist.")] = "auto",
    sandbox: Annotated[str, typer.Option(help="How scripts are confined: auto, or the name of a level.")] = "auto",
    run_dir: Annotated[Path | None, typer.Option(help="Where the run is written; ./runs/NAME by default.")] = None,
    jobs: Annotated[int, typer.Option(help="Cores to use; -1 for all.")] = -1,
    seed: Annotated[int, typer.Option(help="Seed of everything that is drawn.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run's directory only.")] = False,
) -> None:
    """Find, prove and save a model for a column of a table."""
    from octopus.estimator import AutonomousEstimator
    from octopus.rundir import run_name
    from octopus.tables import read_file

    table = read_file(data)
    target = _named_target(target, goal, [str(name) for name in table.columns])
    roles = {
        **dict.fromkeys(use or (), "use"),
        **dict.fromkeys(ignore or (), "ignore"),
        **({group: "group"} if group else {}),
        **({time: "time"} if time else {}),
    }
    estimator = AutonomousEstimator(
        goal or None,
        task=task,
        scoring=scoring,
        cv="auto" if cv is None else cv,
        families=family or "auto",
        columns=roles,
        backend=backend,
        sandbox=sandbox,
        max_experiments=max_experiments,
        time_limit=None if time_limit == 0 else time_limit,
        memory_limit=memory_limit,
        holdout=holdout,
        run_dir=run_dir or Path("runs") / run_name(target),
        n_jobs=jobs,
        random_state=seed,
        verbose=0 if quiet else 1,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OctopusWarning)
        try:
            estimator.fit(table.drop(columns=target), table[target])
        except KeyboardInterrupt:
            _say_error(
                f"interrupted before a model was fitted. {estimator.run_dir} keeps what was done: "
                "AutonomousEstimator(warm_start=True, run_dir=…) with the same data carries it on"
            )
            raise typer.Exit(_KILLED) from None
    for warning in caught:
        _show_warning(warning, quiet)
    if quiet:
        typer.echo(str(estimator.run_dir_))
    else:
        _say("Model", f"{estimator.run_dir_ / 'model'}  ·  octopus predict {estimator.run_dir_} DATA  ·  "
                      f"octopus show {estimator.run_dir_}")  # fmt: skip
    if estimator.journal_.interrupted:
        raise typer.Exit(_INTERRUPTED)


@app.command()
def show(
    run: Annotated[Path, typer.Argument(help="Directory of a run, finished or not.")],
    script: Annotated[int | None, typer.Option(help="Print the script of this experiment instead.")] = None,
    standalone: Annotated[
        bool, typer.Option("--standalone", help="With --script: add the lines with which it runs by itself.")
    ] = False,
) -> None:
    """Show a run: what was found, tried, proved. Runs that were killed show what was finished."""
    from octopus.journal import read_journal
    from octopus.reporting.console import ConsoleView

    journal = read_journal(run)
    if script is None and standalone:
        raise InvalidParameter("--standalone", True, "there is no script to add lines to", "Give --script NUMBER too.")
    if script is None:
        ConsoleView().replay(journal)
        return
    chosen = [experiment for experiment in journal.experiments if experiment.number == script]
    if not chosen:
        raise InvalidParameter(
            "--script", script, f"the run has {len(journal.experiments)} experiments", "Use one of their numbers."
        )
    typer.echo(_standalone(run, chosen[0].script, journal.task) if standalone else chosen[0].script.source)


def _standalone(run: Path, script: Any, task: Any) -> str:
    from octopus.frame import Schema
    from octopus.reporting.script import standalone_script

    path = run / "model" / "schema.json"
    if not path.is_file():
        remedy = "Name the directory of a finished run, or leave --standalone out."
        raise RunDirectoryError(run, "it holds no model/schema.json, which says what the columns hold", remedy)
    return standalone_script(script, Schema.from_json(path.read_text(encoding="utf-8")), task)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Directory of a finished run.")],
    data: Annotated[Path, typer.Argument(help="CSV or Parquet file with the same columns, target not needed.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV or Parquet file to write.")] = Path(
        "predictions.csv"
    ),
) -> None:
    """Predict the rows of a table with the model of a run."""
    from octopus.tables import check_output, read_file, write_file

    check_output(output)
    estimator = _load_estimator(run)
    table = read_file(data)
    expected = list(estimator.feature_names_in_)
    missing = [name for name in expected if name not in table.columns]
    if missing:
        raise InvalidData(
            f"{str(data)!r} lacks {len(missing)} of the {len(expected)} columns that the model was fitted on: "
            f"{', '.join(map(repr, missing[:5]))}. Give every one of them."
        )
    predictions = _predictions(estimator, table[expected])
    write_file(predictions, output)
    _say("Predicted", f"{len(predictions):,} rows → {output}")


def _predictions(estimator: Any, table: Any) -> Any:
    import pandas as pd

    target = estimator.task_.target
    if not estimator.task_.is_classification:
        return pd.DataFrame({target: estimator.predict(table)})
    probabilities = estimator.predict_proba(table)
    columns = {f"probability_{label}": probabilities[:, i] for i, label in enumerate(estimator.classes_)}
    return pd.DataFrame({target: estimator.predict(table), **columns})


def _load_estimator(run: Path) -> Any:
    path = run / "model" / "estimator.pkl"
    if not path.is_file():
        raise RunDirectoryError(run, "it holds no model/estimator.pkl", "Name the directory of a finished run.")
    try:
        return pickle.loads(path.read_bytes())  # noqa: S301  the user's own run, named by the user
    except (pickle.UnpicklingError, EOFError, ImportError, AttributeError) as error:
        raise RunDirectoryError(
            run, f"its model cannot be loaded ({error})", "Use the versions that its journal names, or fit again."
        ) from error


def _named_target(target: str | None, goal: str, columns: list[str]) -> str:
    """Return the column to predict: the option's, else the one that the goal names."""
    import difflib

    from octopus.goal.target import read_target_words

    listed = f"The columns are {', '.join(columns[:10])}{', …' if len(columns) > 10 else ''}."
    if target is not None:
        if target not in columns:
            near = difflib.get_close_matches(target, columns, n=1)
            guess = f"Did you mean {near[0]!r}?" if near else listed
            raise InvalidParameter("--target", target, "the table has no such column", guess)
        return target
    if not goal.strip():
        raise InvalidData(f"neither --target nor --goal says what to predict. {listed} Name one with --target.")
    said = read_target_words(goal, columns)
    if said.understood is not None:
        return said.understood.value
    meant = f"It may mean {' or '.join(map(repr, said.candidates))}." if said.candidates else listed
    raise InvalidParameter("--goal", goal, "it does not say clearly which column to predict", f"{meant} Use --target.")


def _say(label: str, text: str) -> None:
    from octopus.reporting.console import ConsoleView

    ConsoleView().line(label, text)


def _show_warning(warning: warnings.WarningMessage, quiet: bool) -> None:
    if not issubclass(warning.category, OctopusWarning):
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    elif not quiet:
        _say("Note", str(warning.message))


def _say_error(message: str) -> None:
    from octopus.reporting.console import printable

    Console(stderr=True, highlight=False).print(Text(f"octopus: {printable(message)}", style="red"), soft_wrap=True)
