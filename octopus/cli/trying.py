"""``octopus try``: a script of one's own → an experiment of a run."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Annotated

import typer

from octopus import syntax
from octopus.cli.words import say
from octopus.errors import InvalidParameter


def try_script(
    run: Annotated[Path, typer.Argument(help="Directory of a run of 'octopus fit', finished or not.")],
    script: Annotated[Path, typer.Argument(help="Python file that defines build_pipeline().")],
    data: Annotated[Path | None, typer.Option(help="The run's table, where it is not where it was.")] = None,
    hypothesis: Annotated[str, typer.Option(help="What it is to show; else the first line of its docstring.")] = "",
) -> None:
    """Score a script that you wrote or edited on the folds of a run, beside its other experiments."""
    from octopus.cli.remembered import recall
    from octopus.effects import effect_of
    from octopus.estimator import AutonomousEstimator
    from octopus.journal import read_journal
    from octopus.reporting.sentences import effect_words

    try:
        source = script.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidParameter("SCRIPT", str(script), f"it cannot be read ({error})", "Name a Python file.") from error
    remembered = recall(run)
    table = remembered.read(data)
    if remembered.target not in table.columns:
        why = f"it has no column {remembered.target!r}, which the run predicts"
        raise InvalidParameter("--data", str(data), why, "Give the table that the run was made from.")
    estimator = AutonomousEstimator(**remembered.parameters, run_dir=run, verbose=0)
    experiment = estimator.try_script(
        table.drop(columns=remembered.target),
        table[remembered.target],
        source,
        hypothesis=hypothesis or _first_line(source),
    )
    journal = read_journal(run)
    if experiment.score is None:
        found = experiment.diagnoses[0] if experiment.diagnoses else None
        why = f"{found.title} [{found.code}]: {found.evidence}" if found else experiment.outcome.reason
        say("Failed", f"#{experiment.number}: {why}")
        if found:
            say("", found.remedy)
        raise typer.Exit(1)
    spread = experiment.score.standard_error
    within = f" ± {spread:.4f}" if spread is not None else ""
    effect = effect_of(experiment, journal)
    beside = f" · {effect_words(effect)}" if effect else ""
    say("Scored", f"#{experiment.number}: {experiment.score.scoring} {experiment.score.mean:.4f}{within}{beside}")
    if journal.finished is not None or journal.holdout is not None:
        say("", "the run is finished and its holdout open: this experiment is kept beside it and does not ship")
    else:
        say("", f"octopus fit … --resume --run-dir {run} goes on with it among the others")


def _first_line(source: str) -> str:
    try:
        docstring = ast.get_docstring(syntax.parse(source)) or ""
    except (SyntaxError, ValueError, RecursionError):
        return ""
    return docstring.partition("\n")[0].removeprefix("Hypothesis: ")[:300]
