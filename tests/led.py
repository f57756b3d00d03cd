"""A run that a language model led: every event that there is then, in an order as it may come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from octopus.journal import Journal
from octopus.records import (
    Analysed,
    AnyEvent,
    CallKind,
    Decision,
    Experiment,
    ExperimentFinished,
    Message,
    ModelCall,
    ModelCalled,
    ModelRetired,
    Outcome,
    ProposalRefused,
    Quarantined,
    Released,
    Rescored,
    Retirement,
    Revalidated,
    RunFinished,
    Script,
    SearchStopped,
    Usage,
    ValidationPlan,
)
from tests.strategies import failed, profiled, started, valid

_RULES = "You lead a search for a model. " + "Answer with one action at a time. " * 20
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def called(kind: CallKind, told: str, reply: str, **changes: Any) -> ModelCall:
    """Return a call with a prompt that begins as all of them do."""
    messages = (Message(role="system", text=_RULES), Message(role="user", text=f"# The data\n\n3 columns\n\n{told}"))
    usage = Usage(requests=1, input_tokens=1000, cached_tokens=800, output_tokens=100, cost_usd=0.002)
    call = ModelCall(
        kind=kind, backend="openai:gpt-5", model="gpt-5-2026-01", messages=messages, reply=reply, status="ok",
        usage=usage, wall_s=2.5,
    )  # fmt: skip
    return msgspec.structs.replace(call, **changes)


def by_model(experiment: Experiment, **plan: Any) -> Experiment:
    """Return an experiment whose script a model wrote."""
    return msgspec.structs.replace(
        experiment,
        plan=msgspec.structs.replace(experiment.plan, **plan),
        script=Script(source=f"# script {experiment.number}\nimport thought\n", author="model"),
        usage=Usage(requests=1, input_tokens=1000, cached_tokens=800, output_tokens=100, cost_usd=0.002),
    )


def led(scientist: str = "openai:gpt-5") -> Journal:
    """Return the journal of a run to its end: six experiments, an analysis, a quarantine, other folds, a retirement."""
    broken = by_model(failed(3, "gbm", "f", repairable=True), idea="ratios", hypothesis="amounts per visit matter")
    mended = by_model(valid(4, "gbm", (0.86, 0.88)), idea="ratios", hypothesis="amounts per visit matter")
    mended = msgspec.structs.replace(mended, decision=Decision(action="repair", reason="guards against zero", parent=3))
    leaking = by_model(valid(2, "gbm", (0.97, 0.99)), idea="the reminder", hypothesis="the reminder tells it")
    last = by_model(valid(5, "linear", (0.70, 0.72)), idea="a line", hypothesis="a line may do")
    plan = ValidationPlan(kind="group", column="customer", n_splits=4, reason="rows of a customer are alike")
    ok = Outcome(status="ok", stage="done", wall_s=1.0)
    scores = {1: (0.60, 0.62, 0.61, 0.63), 4: (0.80, 0.82, 0.81, 0.83)}
    again = [Rescored(number=n, outcome=ok, score=valid(n, "gbm", folds).score) for n, folds in scores.items()]
    said = "customer 17 has 240 rows\nthe rest has three each"
    lines: list[AnyEvent] = [
        msgspec.structs.replace(started(), scientist=scientist),
        profiled(),
        _finished(valid(1, "linear", (0.70, 0.72))),
        _called(called("step", "1 linear 0.71", "ACTION: experiment\nFAMILY: gbm")),
        _finished(leaking),
        _called(called("step", "1 linear 0.71\n2 gbm 0.98", "ACTION: quarantine\nCOLUMNS: day")),
        Quarantined(**_AT, columns=("day",), reason="it is written after the bill is paid", set_aside=(2,)),
        _called(called("step", "1 linear 0.71\n2 set aside", "Let me see …", status="unusable", problem="no ACTION")),
        _called(called("reask", "1 linear 0.71\n2 set aside\nAgain, please", "ACTION: experiment")),
        _finished(broken),
        _called(called("fix", "division by zero", "CHANGE: guards against zero", wall_s=1.5)),
        _finished(mended),
        _called(called("step", "4 gbm 0.87", "ACTION: analysis")),
        Analysed(
            **_AT, question="How many rows has a customer?", output=said,
            script=Script(source="def analyse(X, y):\n    print(len(X))\n", author="model"), outcome=ok,
        ),
        _called(called("step", "4 gbm 0.87\nanalysis", "ACTION: revalidate")),
        Revalidated(**_AT, validation=plan, reason="a customer stands on both sides", rescored=tuple(again)),
        ProposalRefused(**_AT, kind="release", what="day", reason="its values still mirror the target"),
        Released(**_AT, columns=("colour",), reason="it is known on the day of the bill"),
        _finished(last),
        _called(called("step", "5 linear 0.71", "", status="failed", problem="no answer in 60 s", model="")),
        ModelRetired(**_AT, retirement=Retirement(reason="3 calls in a row failed: no answer in 60 s")),
        _finished(valid(6, "forest", (0.75, 0.77, 0.76, 0.78))),
        SearchStopped(**_AT, decision=Decision(action="stop", reason="enough"), winner=4),
        RunFinished(**_AT, shipped="train", reason="asked for"),
    ]  # fmt: skip
    return at_real_times(lines)


def at_real_times(lines: Sequence[AnyEvent]) -> Journal:
    """Return a journal of these events, one every three seconds."""
    return Journal(
        events=tuple(
            msgspec.structs.replace(
                event, at=(_BEGAN + timedelta(seconds=3 * at)).isoformat(), elapsed_s=3.0 * at
            )
            for at, event in enumerate(lines)
        )
    )  # fmt: skip


_AT: dict[str, Any] = {"at": "t", "elapsed_s": 0.0}


def _finished(experiment: Experiment) -> AnyEvent:
    return ExperimentFinished(**_AT, experiment=experiment)


def _called(call: ModelCall) -> AnyEvent:
    return ModelCalled(**_AT, call=call)
