"""Where the scripts of the corpus run, and what the rules make of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from octopus import registry
from octopus.frame import write_table
from octopus.protocols import CrashRule, Job
from octopus.records import Diagnosis, Limits, Outcome, Script
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox
from octopus.stages.check import check_model_script, check_source
from octopus.stages.diagnose import diagnose_failure
from tests.corpus import assorted, calls, data, layout, limits, refused, results, values
from tests.corpus.scripts import Case
from tests.corpus.table import (
    classes,
    fitted_rows,
    numbers,
    penguin_profile,
    penguin_table,
    predicted_rows,
    quarantined,
)

_KINDS = (calls, data, layout, values, results, refused, limits, assorted)
_PANDAS = int(pd.__version__.partition(".")[0])
#: What breaks with the installed versions.
CASES = tuple(case for kind in _KINDS for case in kind.CASES if case.since_pandas <= _PANDAS)
CODES = tuple(registry.names(registry.CRASH_RULES))
_RULES: list[CrashRule] = [registry.load(registry.CRASH_RULES, name)() for name in CODES]
_IMPORTS = ("lightgbm", "sklearn.compose", "sklearn.ensemble", "sklearn.impute", "sklearn.linear_model")
_PROFILE = penguin_profile()
_QUARANTINED = quarantined(_PROFILE, "ring")


@dataclass(frozen=True)
class Bench:
    """One sandbox for all scripts, the folder with their table, and what was run already."""

    sandbox: LocalSandbox
    folder: Path
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)

    def run(self, case: Case, source: str = "") -> Outcome:
        """Run a script once, as an experiment does: the check first, then one fold."""
        key = case.id, source or case.source
        if key not in self.outcomes:
            self.outcomes[key] = self._run(case, source or case.source)
        return self.outcomes[key]

    def _run(self, case: Case, source: str) -> Outcome:
        if refused := check_model_script(source, _QUARANTINED) if case.of_model else check_source(source):
            return refused
        rows = fitted_rows()
        job = Job(
            kind="fit" if case.kind == "fit" else "fold",
            features=self._features(case),
            source=source,
            train_rows=rows,
            y=(numbers() if case.regression else classes())[rows],
            predict_rows=predicted_rows(),
            n_classes=0 if case.regression else 3,
            random_state=0,
            limits=Limits(
                wall_s=case.wall_s,
                memory_bytes=case.memory_mib << 20,
                disk_bytes=50 << 20,
                n_processes=32,
                output_bytes=2 << 20,
            ),
        )
        return self.sandbox.run(job).outcome

    def _features(self, case: Case) -> Path:
        """Return the table; a script that changes it gets one of its own."""
        name = "spoilt.arrow" if case.code == "OCT109" else "features.arrow"
        if case.code == "OCT109" or not (self.folder / name).exists():
            (self.folder / name).unlink(missing_ok=True)
            write_table(penguin_table(), self.folder / name)
        return self.folder / name


def open_bench(folder: Path) -> Bench:
    """Return a bench with a sandbox that has not started yet."""
    bench = Bench(LocalSandbox(Walls(level="process"), imports=_IMPORTS), folder)
    write_table(penguin_table(), folder / "features.arrow")
    return bench


def diagnose(outcome: Outcome, source: str = "") -> tuple[Diagnosis, ...]:
    """Return what all registered rules say."""
    return diagnose_failure(outcome, Script(source=source, author="model"), _PROFILE, _RULES)
