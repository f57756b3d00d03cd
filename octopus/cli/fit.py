"""``octopus fit``: a table and a goal → a proved model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from octopus.cli.words import say, say_error, show_warning
from octopus.errors import InvalidData, InvalidParameter, OctopusWarning

if TYPE_CHECKING:
    from octopus.estimator import AutonomousEstimator
    from octopus.records import AnyEvent

INTERRUPTED, KILLED = 3, 130


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
    descriptions: Annotated[
        Path | None, typer.Option(help="File that says what columns mean: CSV, JSON or lines 'name: text'.")
    ] = None,
    backend: Annotated[
        str, typer.Option(help="Who leads: auto, playbook, openai:MODEL at OPENAI_BASE_URL, replay:FILE.")
    ] = "auto",
    fix_backend: Annotated[str | None, typer.Option(help="A cheaper model that mends scripts first.")] = None,
    privacy: Annotated[
        str, typer.Option(help="What a model may be told of the data: summary, schema or samples.")
    ] = "summary",
    max_tokens: Annotated[int | None, typer.Option(help="Most tokens of a model, prompts and replies.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Most US dollars for a model.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the first prompts and what a run may take; ask and run nothing.")
    ] = False,
    sandbox: Annotated[str, typer.Option(help="How scripts are confined: auto, or the name of a level.")] = "auto",
    run_dir: Annotated[Path | None, typer.Option(help="Where the run is written; ./runs/NAME by default.")] = None,
    jobs: Annotated[int, typer.Option(help="Cores to use; -1 for all.")] = -1,
    seed: Annotated[int, typer.Option(help="Seed of everything that is drawn.")] = 0,
    tracker: Annotated[str, typer.Option(help="Where the run is tracked: mlflow, or none.")] = "mlflow",
    sep: Annotated[str | None, typer.Option(help="What separates the columns of a CSV file.")] = None,
    decimal: Annotated[str | None, typer.Option(help="The mark before decimals in a CSV file.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a CSV file.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Carry on the unfinished run in --run-dir.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the model as soon as it is there.")] = False,
    host: Annotated[str, typer.Option(help="With --serve: address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="With --serve: port to listen on.")] = 8000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run's directory only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event of the run as a line of JSON.")] = False,
) -> None:
    """Find, prove and save a model for a column of a table."""
    from octopus.bundle.serve import check_port
    from octopus.bundle.serve import serve as serve_bundle
    from octopus.cli.rehearsing import show_rehearsal
    from octopus.cli.remembered import Remember
    from octopus.estimator import AutonomousEstimator
    from octopus.rundir import run_name
    from octopus.tables import Dialect, read_file

    if serve:
        check_port(host, port)
    dialect = Dialect(separator=sep, decimal=decimal, encoding=encoding)
    table = read_file(data, dialect)
    target = _named_target(target, goal, [str(name) for name in table.columns])
    roles = {
        **dict.fromkeys(use or (), "use"),
        **dict.fromkeys(ignore or (), "ignore"),
        **({group: "group"} if group else {}),
        **({time: "time"} if time else {}),
    }
    run_dir = run_dir or Path("runs") / run_name(target)
    remember = Remember(run_dir, data, dialect, target)
    estimator = AutonomousEstimator(
        goal or None,
        task=task,
        scoring=scoring,
        cv="auto" if cv is None else cv,
        families=family or "auto",
        columns=roles,
        descriptions=descriptions,
        backend=backend,
        fix_backend=fix_backend,
        privacy=privacy,
        sandbox=sandbox,
        max_experiments=max_experiments,
        time_limit=None if time_limit == 0 else time_limit,
        memory_limit=memory_limit,
        max_tokens=max_tokens,
        max_cost=max_cost,
        holdout=holdout,
        tracker=None if tracker == "none" else tracker,
        callbacks=[remember, _print_event] if as_json else [remember],
        warm_start=resume,
        run_dir=run_dir,
        n_jobs=jobs,
        random_state=seed,
        verbose=0 if quiet or as_json else 1,
    )
    if dry_run:
        show_rehearsal(estimator.rehearse(table.drop(columns=target), table[target]))
        return
    remember.of(estimator)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OctopusWarning)
        try:
            estimator.fit(table.drop(columns=target), table[target])
        except KeyboardInterrupt:
            say_error(_how_to_go_on(run_dir))
            raise typer.Exit(KILLED) from None
    if not quiet:
        for warning in caught:
            show_warning(warning)
    model = estimator.run_dir_ / "model"
    if quiet:
        typer.echo(str(estimator.run_dir_))
    elif not as_json:
        say("Model", f"{model}  ·  octopus predict {estimator.run_dir_} DATA  ·  octopus serve {model}")
        say("Report", f"{model / 'report.html'}  ·  octopus show {estimator.run_dir_}{_tracked(estimator)}")
    if serve:
        serve_bundle(model, host, port)
    if estimator.journal_.interrupted:
        raise typer.Exit(INTERRUPTED)


def _how_to_go_on(run_dir: Path) -> str:
    """Return what to do after Ctrl-C before there was a model."""
    from octopus.journal import FILENAME

    if not (run_dir / FILENAME).is_file():
        return "interrupted before the first experiment began. Nothing was written: the same command starts anew"
    return (
        f"interrupted before a model was fitted. {run_dir} keeps what was done: the same command with --resume "
        f"--run-dir {run_dir} carries it on"
    )


def _print_event(event: AnyEvent) -> None:
    """Print an event of the journal as a line of JSON."""
    import msgspec

    typer.echo(msgspec.json.encode(event).decode())


def _tracked(estimator: AutonomousEstimator) -> str:
    """Return how to look at the run in the tracker's own pages; empty where it is not tracked."""
    return "" if estimator.tracker is None else f"  ·  octopus ui {estimator.run_dir_.parent}"


def _named_target(target: str | None, goal: str, columns: list[str]) -> str:
    """Return the column to predict: the option's, else the one that the goal names."""
    import difflib

    from octopus.goal.target import read_target_words

    listed = f"The columns are {', '.join(columns[:10])}{', …' if len(columns) > 10 else ''}."
    if target is not None:
        if target not in columns:
            by_letters = {name.lower(): name for name in columns}
            near = difflib.get_close_matches(target.lower(), by_letters, n=1)
            guess = f"Did you mean {by_letters[near[0]]!r}?" if near else listed
            raise InvalidParameter("--target", target, "the table has no such column", guess)
        return target
    if not goal.strip():
        raise InvalidData(f"neither --target nor --goal says what to predict. {listed} Name one with --target.")
    said = read_target_words(goal, columns)
    if said.understood is not None:
        return said.understood.value
    meant = f"It may mean {' or '.join(map(repr, said.candidates))}." if said.candidates else listed
    raise InvalidParameter("--goal", goal, "it does not say clearly which column to predict", f"{meant} Use --target.")
