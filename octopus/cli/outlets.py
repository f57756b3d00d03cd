"""``octopus export``, ``serve``, ``track`` and ``ui``: what a finished run is good for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from octopus.cli.predict import load_estimator
from octopus.cli.words import say


def export(
    run: Annotated[Path, typer.Argument(help="Directory of a finished run.")],
    bundle: Annotated[Path, typer.Argument(help="Directory to write to: new, empty, or a bundle.")],
) -> None:
    """Write the model of a run as a bundle that needs no octopus, and replay it in a clean process."""
    manifest = load_estimator(run).export(bundle)
    n_passed = sum(check.passed for check in manifest.checks)
    say("Exported", f"{bundle} · {len(manifest.files)} files · {n_passed} checks passed in a clean process")
    say("", f"octopus serve {bundle}  ·  docker build {bundle}  ·  mlflow models serve -m {bundle} --env-manager local")


def serve(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or the directory of a finished run.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Load a pipeline whose script a language model wrote.")
    ] = False,
) -> None:
    """Serve a model over HTTP: /predict, /schema, /healthz, and /docs to try them."""
    from octopus.bundle.serve import serve as serve_bundle

    model = bundle / "model"
    serve_bundle(model if model.is_dir() else bundle, host, port, allow_pickle=allow_pickle)


def track(
    run: Annotated[Path, typer.Argument(help="Directory of a run, finished or not.")],
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the run is over.")] = False,
) -> None:
    """Send what of a run is not in MLflow yet."""
    report = _mlflow().track(run, follow)
    say("Tracked", f"{report.n_sent} entries were sent, {report.n_entries} are in MLflow at {report.uri}")
    if report.n_duplicates:
        say("", f"{report.n_duplicates} duplicates that a slow server had made were removed")
    if report.untraced:
        say("", f"prompts and replies are not among its traces: {report.untraced}")
    if report.model_id:
        say("", f"models:/{report.model_id}  ·  octopus ui {run.parent}")


def ui(
    runs: Annotated[Path, typer.Argument(help="Directory that holds the runs.")] = Path("runs"),
    port: Annotated[int | None, typer.Option(help="Port on this machine; 5000, or a free one.")] = None,
) -> None:
    """Open MLflow's pages on the runs in a directory."""
    pages = _mlflow().ui(runs, port)
    say("MLflow", pages.url)
    if pages.command:
        _become(list(pages.command), {**os.environ, **pages.environment})


def _become(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Run a server in place of this process, so that a signal to this one ends it; as a child where that cannot be."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], command, environment)  # noqa: S606  our own interpreter
    raise typer.Exit(subprocess.call(command, env=environment))  # noqa: S603  our own interpreter


def _mlflow() -> Any:
    """Return the plug-in for MLflow."""
    from octopus import registry

    plugin: Any = registry.load(registry.TRACKERS, "mlflow")
    return plugin()
