"""Hypothesis strategies for every record, built from the types of their fields, and for whole journals."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

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
    Outcome,
    Plan,
    Profiled,
    Record,
    RunStarted,
    Score,
    Script,
)

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
    if origin in (Mapping, typing.Mapping):
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Record):
        return st.deferred(lambda: records(hint))
    raise TypeError(f"no strategy for {hint!r}")


def events() -> st.SearchStrategy[AnyEvent]:
    """Return a strategy for an event of any kind."""
    return st.one_of([records(kind) for kind in get_args(AnyEvent)])


@st.composite
def experiments(draw: st.DrawFn, number: int) -> Experiment:
    """Return a finished experiment: valid, or failed with a diagnosis."""
    plan = Plan(
        family=draw(st.sampled_from(["linear", "gbm", "forest"])), idea=f"idea {number}", hypothesis="h", expected="e"
    )
    script = Script(source=f"script {number}", author="playbook")
    wall_s = draw(st.floats(0.01, 20.0))
    decision = Decision(action="draft", reason="r")
    if draw(st.booleans()):
        folds = tuple(draw(st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3)))
        score = Score(scoring="roc_auc", mean=sum(folds) / 3, standard_error=0.01, folds=folds)
        return Experiment(
            number=number, decision=decision, plan=plan, script=script, score=score,
            outcome=Outcome(status="ok", stage="done", wall_s=wall_s),
        )  # fmt: skip
    print_ = draw(st.sampled_from(["a", "b"]))
    diagnosis = Diagnosis(
        code="OCT301", title="t", kind="crash", cause="c", evidence="e", remedy="r",
        repairable=draw(st.booleans()), fingerprint=print_,
    )  # fmt: skip
    return Experiment(
        number=number, decision=decision, plan=plan, script=script, diagnoses=(diagnosis,),
        outcome=Outcome(status="error", stage="fit", wall_s=wall_s),
    )  # fmt: skip


@st.composite
def journals(draw: st.DrawFn, max_experiments: int = 8) -> Journal:
    """Return a journal as a run writes it: started, profiled, then experiments one after another."""
    from octopus.records import ValidationPlan
    from octopus.testing.examples import example_profile, example_task

    profile = example_profile("binary")
    verdicts = tuple(FamilyVerdict(family=f, applies=True, reason="") for f in ("linear", "gbm", "forest"))
    profile = type(profile)(**{**{n: getattr(profile, n) for n in profile.__struct_fields__}, "families": verdicts})
    elapsed_s = 0.0
    written: list[AnyEvent] = [
        RunStarted(
            at="t", elapsed_s=0.0, format=FORMAT, run="r", task=example_task("binary"), budget=Budget(),
            scientist="playbook", sandbox="process", data_sha256="0", versions={}, n_jobs=2,
        ),
        Profiled(
            at="t", elapsed_s=0.1, profile=profile,
            validation=ValidationPlan(kind="stratified", n_splits=3, reason="r"),
        ),
    ]  # fmt: skip
    for number in range(1, draw(st.integers(0, max_experiments)) + 1):
        experiment = draw(experiments(number))
        elapsed_s += experiment.outcome.wall_s
        written.append(ExperimentFinished(at="t", elapsed_s=elapsed_s, experiment=experiment))
    return Journal(events=tuple(written))
