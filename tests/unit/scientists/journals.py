"""Runs of the playbook as a journal has them, with scores, failures and diagnoses made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from octopus.families.forest import Forest
from octopus.families.gbm import GradientBoosting
from octopus.families.linear import Linear
from octopus.journal import Journal
from octopus.records import (
    ColumnProfile,
    Decision,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    ExperimentProposal,
    Finding,
    Level,
    NumericSummary,
    Outcome,
    Plan,
    Profile,
    Score,
    Script,
    StopProposal,
    TargetProfile,
    Task,
)
from octopus.scientists.playbook.scientist import Playbook

FAMILIES = (Linear(), Forest(), GradientBoosting())
DRAFT = Decision(action="draft", reason="first")
#: What came of an experiment: its score, or the code of its failure.
Result = float | str


def task(scoring: str = "roc_auc", kind: str = "binary", time: str | None = None) -> Task:
    """Return what is asked."""
    classes = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}[kind]
    return Task(
        goal="",
        type=kind,
        type_reason="",
        target="t",
        scoring=scoring,
        classes=classes,
        features=("x",),
        time=time,
        random_state=0,
    )


def column(name: str, kind: str = "numeric", *, levels: int = 5, signal: float = 0.2, skew: float = 0.0):
    """Return a column in use."""
    dtype = {"numeric": "float64", "datetime": "datetime64[ns]"}.get(kind, "str")
    numbers = NumericSummary(mean=1, std=1, minimum=0, median=1, maximum=9, skew=skew) if kind == "numeric" else None
    return ColumnProfile(
        name=name, kind=kind, dtype=dtype, missing_fraction=0.0, used=True, signal=signal,
        n_unique=40 * levels if kind == "numeric" else levels,  # measured, not counted
        numeric=numbers,
    )  # fmt: skip


def profile(
    *columns: ColumnProfile,
    n_rows: int = 1000,
    shares: Sequence[int] = (50, 50),
    skew: float | None = None,
    findings: tuple[Finding, ...] = (),
) -> Profile:
    """Return what is known: classes of these shares, or a target of this skewness."""
    numeric = NumericSummary(mean=50, std=50, minimum=1, median=30, maximum=900, skew=skew)
    levels = tuple(Level(value=f"c{i}", count=n_rows * share // 100) for i, share in enumerate(shares))
    target = TargetProfile(n_missing=0, levels=levels) if skew is None else TargetProfile(n_missing=0, numeric=numeric)
    return Profile(
        n_rows=n_rows,
        n_columns=len(columns) or 3,
        n_sealed=0,
        sealed_reason="",
        memory_bytes=1,
        columns=columns or (column("size", signal=0.3), column("width"), column("depth", signal=0.1)),
        target=target,
        findings=findings,
    )


def weak(code: str, name: str) -> Finding:
    """Return a finding that was noted and not acted upon."""
    return Finding(code=code, columns=(name,), message=f"{name} knows.", evidence="", confidence="weak", action="noted")


def draft() -> Decision:
    return DRAFT


def improve(code: str | None = None, parent: int | None = None) -> Decision:
    return Decision(action="improve", reason="r", parent=parent, code=code)


def repair(code: str, parent: int) -> Decision:
    return Decision(action="repair", reason="broke", parent=parent, code=code)


def diagnosis(code: str, cause: str = "", fingerprint: str | None = None) -> Diagnosis:
    kind = "symptom" if code >= "OCT600" else "crash"
    return Diagnosis(
        code=code, title="t", kind=kind, cause=cause, evidence="", remedy="", repairable=True,
        fingerprint=code if fingerprint is None else fingerprint,
    )  # fmt: skip


class Run:
    """A run of the playbook that is told what comes of each experiment."""

    def __init__(self, asked: Task | None = None, known: Profile | None = None, families=FAMILIES) -> None:
        self.task = asked or task()
        self.profile = known or profile()
        self.playbook = Playbook(families)
        self.journal = Journal(events=())

    def propose(self, decision: Decision = DRAFT):
        """Return what the playbook would do."""
        return self.playbook.propose(decision, self.task, self.profile, self.journal)

    def step(self, decision: Decision, result: Result, *symptoms: Diagnosis, fingerprint: str | None = None) -> Run:
        """Do what the playbook proposes, with this result: a score, or the code of a failure."""
        proposal = self.propose(decision)
        assert isinstance(proposal, ExperimentProposal), proposal
        self.add(decision, proposal, result, *symptoms, fingerprint=fingerprint)
        return self

    def add(
        self,
        decision: Decision,
        proposal: ExperimentProposal,
        result: Result,
        *symptoms: Diagnosis,
        fingerprint: str | None = None,
    ) -> None:
        """Write an experiment into the journal."""
        score, diagnoses, outcome = None, symptoms, Outcome(status="ok", stage="done")
        if isinstance(result, str):
            diagnoses = (diagnosis(result, fingerprint=fingerprint), *symptoms)
            outcome = Outcome(status="error", stage="fit")
        else:
            folds = tuple(result + 0.001 * i for i in (-1, 0, 1, 0, 0))
            score = Score(scoring=self.task.scoring, mean=result, standard_error=0.001, folds=folds)
        experiment = Experiment(
            number=len(self.journal.experiments) + 1,
            decision=decision,
            plan=proposal.plan,
            script=proposal.script,
            outcome=outcome,
            score=score,
            diagnoses=diagnoses,
        )
        self.journal = self.journal.with_event(ExperimentFinished(at="", elapsed_s=1.0, experiment=experiment))

    def attempt(
        self, family: str, idea: str, result: Result, parent: int | None = None, fingerprint: str | None = None
    ):
        """Do what the playbook was not asked for, by a script of its own."""
        plan = Plan(family=family, idea=idea, hypothesis="h", expected="e", parent=parent)
        script = Script(source=f"# {family}: {idea} {len(self.journal)}", author="playbook")
        self.add(improve(None, parent), ExperimentProposal(plan=plan, script=script), result, fingerprint=fingerprint)

    def drafted(self, *scores: float) -> Run:
        """Draft as many families as there are scores."""
        for score in scores:
            self.step(DRAFT, score)
        return self

    def until_stopped(self, decide: Callable[[Run], Decision], result: Callable[[Run], Result], at_most: int = 400):
        """Go on until the playbook stops; return why."""
        for _ in range(at_most):
            proposal = self.propose(decision := decide(self))
            if isinstance(proposal, StopProposal):
                return proposal.reason
            self.add(decision, proposal, result(self))
        raise AssertionError("it never stops")

    @property
    def plans(self) -> list[Plan]:
        return [e.plan for e in self.journal.experiments]

    @property
    def ideas(self) -> list[str]:
        return [f"{plan.family}: {plan.idea}" for plan in self.plans]
