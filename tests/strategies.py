"""Hypothesis strategies for every record, built from the types of their fields, and for whole journals."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from octopus.journal import FORMAT, Journal
from octopus.records import (
    AnyEvent,
    Budget,
    Decision,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    FamilyVerdict,
    Fitted,
    HoldoutOpened,
    HoldoutReport,
    Member,
    ModelCall,
    ModelCalled,
    ModelFile,
    Outcome,
    Plan,
    Profiled,
    Record,
    ReplayCheck,
    RunFinished,
    RunStarted,
    SandboxReport,
    Score,
    Script,
    SearchStopped,
    ValidationPlan,
)
from octopus.testing.examples import example_profile, example_task

_RecordT = TypeVar("_RecordT", bound=Record)
#: msgspec reads JSON integers of 64 bits.
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_SIMPLE: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    int: _INTEGERS,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
}


def records(kind: type[_RecordT]) -> st.SearchStrategy[_RecordT]:
    """Return a strategy for a record of this type, with every field drawn."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: _of(hints[name]) for name in kind.__struct_fields__})


def _of(hint: Any) -> st.SearchStrategy[Any]:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([_of(argument) for argument in arguments])
    if origin is tuple:
        return st.lists(_of(arguments[0]), max_size=3).map(tuple)
    if origin in (dict, Mapping, typing.Mapping):
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Record):
        return st.deferred(lambda: records(hint))
    raise TypeError(f"no strategy for {hint!r}")


def events() -> st.SearchStrategy[AnyEvent]:
    """Return a strategy for an event of any kind."""
    return st.one_of([records(kind) for kind in get_args(AnyEvent)])


def valid(number: int, family: str, folds: Sequence[float], wall_s: float = 1.0) -> Experiment:
    """Return an experiment that was scored by ROC AUC."""
    mean = sum(folds) / len(folds)
    score = Score(scoring="roc_auc", mean=mean, standard_error=0.01, folds=tuple(folds))
    return _experiment(number, family, Outcome(status="ok", stage="done", wall_s=wall_s), score, ())


def raced(number: int, family: str, folds: Sequence[float]) -> Experiment:
    """Return an experiment that was stopped after these folds, out of reach of the best."""
    score = Score(scoring="roc_auc", mean=sum(folds) / len(folds), standard_error=None, folds=tuple(folds))
    experiment = _experiment(number, family, Outcome(status="ok", stage="done", wall_s=1.0), None, ())
    return msgspec.structs.replace(experiment, raced=score, decision=Decision(action="improve", reason="r"))


def blend_of(number: int, members: Mapping[int, float], folds: Sequence[float]) -> Experiment:
    """Return a blend of experiments by number and weight."""
    shares = tuple(Member(number=one, weight=weight) for one, weight in members.items())
    decision = Decision(action="blend", reason="the search is over", parent=shares[0].number)
    return msgspec.structs.replace(valid(number, "blend", folds, wall_s=0.1), decision=decision, members=shares)


def failed(number: int, family: str, fingerprint: str, repairable: bool, wall_s: float = 1.0) -> Experiment:
    """Return an experiment whose script raised, with the diagnosis."""
    diagnosis = Diagnosis(
        code="OCT301", title="t", kind="crash", cause="c", evidence="e", remedy="r",
        repairable=repairable, fingerprint=fingerprint,
    )  # fmt: skip
    return _experiment(number, family, Outcome(status="error", stage="fit", wall_s=wall_s), None, (diagnosis,))


def _experiment(
    number: int, family: str, outcome: Outcome, score: Score | None, diagnoses: tuple[Diagnosis, ...]
) -> Experiment:
    return Experiment(
        number=number,
        decision=Decision(action="draft", reason="r"),
        plan=Plan(family=family, idea=f"idea {number}", hypothesis="h", expected="e"),
        script=Script(source=f"script {number}", author="playbook"),
        outcome=outcome,
        score=score,
        diagnoses=diagnoses,
    )


@st.composite
def experiments(draw: st.DrawFn, number: int) -> Experiment:
    """Return a finished experiment: valid, or failed with a diagnosis."""
    family = draw(st.sampled_from(["linear", "gbm", "forest"]))
    wall_s = draw(st.floats(0.01, 20.0))
    if draw(st.booleans()):
        return valid(number, family, draw(st.lists(st.floats(-1.0, 1.0), min_size=5, max_size=5)), wall_s)
    return failed(number, family, draw(st.sampled_from(["a", "b"])), draw(st.booleans()), wall_s)


def started(budget: Budget | None = None) -> RunStarted:
    """Return the first line of a journal."""
    sandbox = SandboxReport(level="process", by="itself", platform="Linux")
    return RunStarted(
        at="t", elapsed_s=0.0, format=FORMAT, run="r", task=example_task("binary"),
        budget=budget or Budget(),
        scientist="playbook", sandbox=sandbox, data_sha256="0", versions={}, n_jobs=2,
    )  # fmt: skip


def profiled(families: Sequence[str] = ("linear", "gbm", "forest")) -> Profiled:
    """Return the second line: these families apply, five folds."""
    verdicts = tuple(FamilyVerdict(family=family, applies=True, reason="") for family in families)
    profile = msgspec.structs.replace(example_profile("binary"), families=verdicts)
    plan = ValidationPlan(kind="stratified", n_splits=5, reason="r")
    return Profiled(at="t", elapsed_s=0.1, profile=profile, validation=plan)


def journal_of(tried: Sequence[Experiment], families: Sequence[str] = ("linear", "gbm", "forest")) -> Journal:
    """Return the journal of a run that tried these, one after another."""
    lines: list[AnyEvent] = [started(), profiled(families)]
    for experiment in tried:
        elapsed_s = lines[-1].elapsed_s + experiment.outcome.wall_s
        lines.append(ExperimentFinished(at="t", elapsed_s=elapsed_s, experiment=experiment))
    return Journal(events=tuple(lines))


def asked(journal: Journal) -> Journal:
    """Return a journal in which a language model was asked once, before anything was tried."""
    call = ModelCall(kind="step", backend="b", model="m", messages=(), reply="r", status="ok")
    at = next((i for i, e in enumerate(journal.events) if isinstance(e, ExperimentFinished)), len(journal.events))
    event = ModelCalled(at="t", elapsed_s=0.1, call=call)
    return Journal(events=(*journal.events[:at], event, *journal.events[at:]))


@st.composite
def journals(draw: st.DrawFn, max_experiments: int = 8, ended: bool = False) -> Journal:
    """Return a journal as a run writes it: started, profiled, experiments; to the end of the run where asked for."""
    n_experiments = draw(st.integers(0, max_experiments))
    journal = journal_of([draw(experiments(number)) for number in range(1, n_experiments + 1)])
    if not ended:
        return journal
    winner = journal.best.number if journal.best else None
    at = {"at": "t", "elapsed_s": journal.elapsed_s + 1.0}
    end: list[AnyEvent] = [SearchStopped(**at, decision=Decision(action="stop", reason="r"), winner=winner)]
    if winner is not None:
        model, report = draw(records(ModelFile)), draw(records(HoldoutReport))
        fit = Fitted(**at, experiment=winner, model=model, checks=(ReplayCheck(name="c", passed=True),))
        end += [fit, HoldoutOpened(**at, report=report), fit, RunFinished(**at, shipped="all", reason="r")]
    return Journal(events=(*journal.events, *end))
