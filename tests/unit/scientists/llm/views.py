"""A run to make prompts from: its words, numbers and versions are made up, so that prompts are the same everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import msgspec

from octopus.journal import Journal
from octopus.records import (
    Analysed,
    AnyEvent,
    Budget,
    ColumnProfile,
    Decision,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    Failure,
    Finding,
    Frame,
    Level,
    NumericSummary,
    Outcome,
    Plan,
    Profile,
    Profiled,
    ProposalRefused,
    Quarantined,
    Released,
    Revalidated,
    RunStarted,
    SandboxReport,
    Score,
    Script,
    TargetProfile,
    Task,
    ValidationPlan,
)
from octopus.scientists.llm.source import expand
from octopus.scientists.llm.view import View

VERSIONS = {"python": "3.11.7", "pandas": "3.1.1", "numpy": "2.4.6", "scikit-learn": "1.9.1", "lightgbm": "4.7.0"}
AT = {"at": "", "elapsed_s": 1.0}
FOLDS = ValidationPlan(kind="stratified", n_splits=5, reason="each fold has the classes' shares")
#: Words that stand for one cell or a few: none of them may leave.
SECRETS = ("Zaphod", "4711.25", "-987.5", "Trillian", "1973-02-11")
COMPACT = """from blocks import EarlyStoppedClassifier, Features
from lightgbm import LGBMClassifier
from sklearn.pipeline import make_pipeline

def build_pipeline():
    return make_pipeline(Features(), EarlyStoppedClassifier(LGBMClassifier(n_estimators=2000, num_leaves=15)))
"""


@dataclass(frozen=True)
class Fixed:
    """A family whose words do not depend on what is installed."""

    name: str
    words: str
    imports: tuple[str, ...] = ()

    def reason_against(self, task, profile):
        return None

    def recipes(self, task, profile):
        return ()

    def brief(self, task, profile):
        return self.words


FAMILIES = (
    Fixed(
        "linear", "sklearn.linear_model: LogisticRegression(C=1.0). Needs make_union(ScaledNumbers(), OneHotLevels())."
    ),
    Fixed(
        "gbm", "lightgbm: LGBMClassifier(num_leaves=31, learning_rate=0.1). Takes Features() with gaps and categories."
    ),
)


def task(**changes: object) -> Task:
    asked = Task(
        goal="Which customers leave? Call outcome is only known after the call.",
        type="binary",
        type_reason="",
        target="left",
        scoring="roc_auc",
        classes=("no", "yes"),
        features=("age",),
        random_state=0,
    )
    return msgspec.structs.replace(asked, **changes)


def column(name: str, kind: str = "numeric", **changes: object) -> ColumnProfile:
    usual: dict[str, object] = {
        "numeric": {
            "dtype": "float64",
            "n_unique": 812,
            "signal": 0.2,
            "numeric": NumericSummary(mean=40.123, std=11.37, minimum=-987.5, median=38, maximum=4711.25, skew=0.4),
        },
        "categorical": {
            "dtype": "str",
            "n_unique": 5,
            "signal": 0.11,
            "levels": (
                Level(value="north", count=500), Level(value="south", count=300), Level(value="Zaphod", count=4),
            ),
        },
        "datetime": {
            "dtype": "datetime64[ns]",
            "n_unique": 700,
            "signal": 0.05,
            "earliest": "1973-02-11",
            "latest": "2024-03-01",
        },
        "text": {"dtype": "str", "n_unique": 990, "signal": 0.02, "levels": (Level(value="Trillian", count=1),)},
        "identifier": {"dtype": "str", "n_unique": 1000, "used": False, "levels": (Level(value="Trillian", count=1),)},
        "constant": {"dtype": "str", "n_unique": 1, "used": False},
    }[kind]  # fmt: skip
    return ColumnProfile(**{"name": name, "kind": kind, "missing_fraction": 0.0, "used": True, **usual, **changes})


COLUMNS = (
    column("age", signal=0.31),
    column("balance", missing_fraction=0.031, signal=0.22),
    column("calls", n_unique=9, signal=0.14),
    column("region", "categorical"),
    column("call outcome", "categorical", signal=0.93),
    column("joined", "datetime"),
    column("note", "text"),
    column("customer", "identifier"),
    column("country", "constant"),
)


def profile(*columns: ColumnProfile, findings: tuple[Finding, ...] | None = None) -> Profile:
    if findings is None:
        findings = (
            Finding(
                code="OCT721", columns=("call outcome",), message="call outcome tells it: Zaphod", evidence="Zaphod",
                confidence="weak", action="used: tried with and without",
            ),
            Finding(
                code="OCT713", columns=("customer",), message="names Trillian", evidence="", confidence="certain",
                action="unused",
            ),
        )  # fmt: skip
    return Profile(
        n_rows=1000,
        n_columns=len(columns or COLUMNS),
        n_sealed=250,
        sealed_reason="",
        memory_bytes=1,
        columns=columns or COLUMNS,
        target=TargetProfile(n_missing=0, levels=(Level(value="no", count=800), Level(value="yes", count=200))),
        findings=findings,
    )


def started(max_experiments: int | None = None) -> RunStarted:
    return RunStarted(
        **AT, format=4, run="r", task=task(), budget=Budget(max_experiments=max_experiments), scientist="s",
        sandbox=SandboxReport(level="process", by="", platform=""), data_sha256="", versions=VERSIONS, n_jobs=1,
    )  # fmt: skip


def experiment(number: int, result: float | str, family: str = "gbm", **changes: object) -> Experiment:
    """Return an experiment that scored, or failed with this code."""
    idea = changes.pop("idea", f"idea {number}")
    plan = Plan(
        family=family, idea=str(idea), hypothesis=f"why {number}", expected="more", parent=changes.pop("parent", None)
    )
    score, diagnoses, outcome = None, changes.pop("diagnoses", ()), Outcome(status="ok", stage="done")
    if isinstance(result, str):
        outcome = Outcome(status="error", stage="fit", failure=Failure(type="KeyError", message="'Zaphod'"))
        diagnoses = (
            Diagnosis(
                code=result, title="a column is missing", kind="crash", cause="'Zaphod' is not in the table",
                evidence="Zaphod", remedy="use 'age'",
            ),
        )  # fmt: skip
    else:
        folds = tuple(result + 0.001 * i for i in (-2, -1, 0, 1, 2))
        score = Score(scoring="roc_auc", mean=result, standard_error=0.0021, folds=folds)
    source = _whole(COMPACT.replace("15", str(15 + number)))
    return msgspec.structs.replace(
        Experiment(
            number=number,
            decision=Decision(action="improve", reason="r"),
            plan=plan,
            script=Script(source=source, author="playbook"),
            outcome=outcome,
            score=score,
            diagnoses=diagnoses,
        ),
        **changes,
    )


@cache
def _whole(text: str) -> str:
    return expand(text, task(), profile(), Journal(events=()))


def finished(*experiments: Experiment) -> tuple[AnyEvent, ...]:
    return tuple(ExperimentFinished(**AT, experiment=e) for e in experiments)


def journal(*events: AnyEvent, known: Profile | None = None, max_experiments: int | None = None) -> Journal:
    first = Profiled(**AT, profile=known or profile(), validation=FOLDS)
    return Journal(events=(started(max_experiments), first, *events))


def hidden(text: str, source: str) -> str:
    """Take the secrets out of a text."""
    return re.sub("|".join(map(re.escape, SECRETS)), "…", text)


def view(done: Journal | None = None, **changes: object) -> View:
    done = done or story()
    usual: dict[str, object] = {
        "task": task(),
        "profile": done.profile or profile(),
        "validation": done.validation,
        "journal": done,
        "families": FAMILIES,
        "versions": VERSIONS,
        "privacy": "summary",
        "hide": hidden,
        "descriptions": {},
        "running": None,
    }
    return View(**{**usual, **changes})


def story() -> Journal:
    """Return a run in which everything has happened that a prompt may tell."""
    symptom = Diagnosis(
        code="OCT609", title="the errors depend on a column", kind="symptom", cause="something that age says is missed",
        evidence="share of the residuals' variance by age (9.2%)", remedy="features made of age",
    )  # fmt: skip
    look = Script(source="def analyse(X, y):\n    print(1)\n", author="model")
    return journal(
        *finished(
            experiment(1, 0.81, "linear", idea="one-hot and a regularised line"),
            experiment(2, 0.842, idea="native categories, early stopping", diagnoses=(symptom,)),
        ),
        Analysed(
            **AT, question="does the balance of those who leave differ?", script=look,
            outcome=Outcome(status="ok", stage="done"), output="yes   12.5\nno    40.1\nZaphod 4711.25\n",
        ),
        Quarantined(**AT, columns=("call outcome",), reason="only known after the call", set_aside=(1,)),
        *finished(
            experiment(3, "OCT302", idea="balance beside age", parent=2),
            experiment(
                4, 0.851, idea="balance beside age", parent=2,
                decision=Decision(action="repair", reason="the column is called age", parent=3, code="OCT302"),
                script=Script(source=_whole(COMPACT), author="model"),
            ),
        ),
        ProposalRefused(**AT, kind="experiment", what="gbm: idea 2", reason="experiment 2 has run this script"),
        known=profile(),
        max_experiments=12,
    )  # fmt: skip


def other_events() -> tuple[AnyEvent, ...]:
    return (
        Revalidated(
            **AT, validation=msgspec.structs.replace(FOLDS, kind="group", column="region"), reason="rows of a region",
        ),
        Released(**AT, columns=("call outcome",), reason="known before"),
    )  # fmt: skip


def broken() -> tuple[Experiment, Journal]:
    """Return an experiment whose script asks a library for what it does not have, and the run that it ends."""
    text = COMPACT.replace("num_leaves=15", "leaves=15")
    source = _whole(text)
    number = next(i for i, line in enumerate(source.splitlines(), start=1) if "leaves=15" in line)
    frame = Frame(line=number, function="build_pipeline", code=source.splitlines()[number - 1].strip())
    message = "LGBMClassifier.__init__() got an unexpected keyword argument 'leaves' near Zaphod"
    failed = experiment(
        5, 0.5, idea="fewer leaves", parent=4, score=None, script=Script(source=source, author="model"),
        outcome=Outcome(
            status="error", stage="build", failure=Failure(type="TypeError", message=message, frames=(frame,))
        ),
        diagnoses=(
            Diagnosis(
                code="OCT105", title="a library does not take this", kind="crash", cause=message, evidence="",
                remedy="use what this version offers",
            ),
        ),
    )  # fmt: skip
    done = story()
    return failed, Journal(events=(*done.events, *finished(failed)))
