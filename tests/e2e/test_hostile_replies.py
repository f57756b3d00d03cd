"""Every hostile or broken reply of the corpus given to the scientist, and to a whole run: proposals, no exceptions."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from octopus import AutonomousClassifier, read_journal
from octopus.backends.scripted import ScriptedBackend
from octopus.errors import ModelGaveOut
from octopus.journal import Journal
from octopus.plugins import choose_families
from octopus.protocols import Briefing, GoalQuestion
from octopus.records import (
    AnalysisProposal,
    AnyEvent,
    Budget,
    CallKind,
    Decision,
    ExperimentProposal,
    FamilyVerdict,
    FixProposal,
    GoalReading,
    ModelCall,
    ModelCalled,
    Profile,
    Proposal,
    ProposalRefused,
    QuarantineProposal,
    ReleaseProposal,
    RevalidateProposal,
    StopProposal,
)
from octopus.scientists.llm.scientist import LLMScientist
from octopus.stages.settle import refusal
from tests.corpus.replies.cases import COLUMNS, REPLIES, Reply
from tests.endpoint import endpoint, says
from tests.unit.scientists.llm import views

_PROPOSALS = {
    "experiment": ExperimentProposal,
    "edit": ExperimentProposal,
    "fix": FixProposal,
    "analysis": AnalysisProposal,
    "revalidate": RevalidateProposal,
    "quarantine": QuarantineProposal,
    "release": ReleaseProposal,
    "stop": StopProposal,
}
#: A question and its second asking; where an idea is dropped for want of a mended script, those of the next step.
_ONE_TURN, _TWO_TURNS = 2, 4
_BROKEN, _BROKEN_RUN = views.broken()


def _profile() -> Profile:
    """Return a profile with the corpus's columns, in which a line may be tried."""
    kinds = ("numeric", "categorical", "numeric", "datetime", "numeric", "numeric")
    columns = (*(views.column(name, kind) for name, kind in zip(COLUMNS, kinds, strict=True)), *views.COLUMNS[1:])
    verdict = FamilyVerdict(family="linear", applies=True, reason="")
    return msgspec.structs.replace(views.profile(*columns), families=(verdict,))


PROFILE = _profile()
BEFORE = views.journal(*views.finished(views.experiment(1, 0.81, "linear")), known=PROFILE)
CRASHED = views.journal(*views.finished(views.experiment(1, 0.81, "linear"), _BROKEN), known=PROFILE)


def _scientist(replies: Sequence[str]) -> tuple[LLMScientist, ScriptedBackend]:
    backend = ScriptedBackend(replies)
    scientist = LLMScientist(backend, None, choose_families(["linear"]))
    scientist.begin(
        Briefing(
            budget=Budget(), versions=views.VERSIONS, privacy="summary", descriptions={}, samples=(), hide=views.hidden
        )
    )
    return scientist, backend


def _proposed(reply: Reply, kind: CallKind) -> tuple[Proposal, list[ModelCall], Journal]:
    """Return what comes of a scientist that gets this reply to every question, and what it wrote down."""
    scientist, backend = _scientist([reply.text] * _TWO_TURNS)
    action, journal = ("repair", CRASHED) if kind == "fix" else ("improve", BEFORE)
    decision = Decision(action=action, reason="r", parent=journal.experiments[-1].number)  # type: ignore[arg-type]
    proposal = scientist.propose(decision, views.task(), PROFILE, journal)
    calls = [one for one in scientist.drain() if isinstance(one, ModelCall)]
    assert len(calls) == len(backend.requests)
    assert calls[0].kind == kind
    return proposal, calls, journal


def _is_written(calls: Sequence[ModelCall]) -> None:
    """Check that the journal takes them and gives them back."""
    for call in calls:
        event: AnyEvent = ModelCalled(at="t", elapsed_s=1.0, call=call)
        assert msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent) == event


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_whatever_is_said_to_a_step_a_proposal_comes_of_it(reply: Reply) -> None:
    proposal, calls, journal = _proposed(reply, "step")
    assert isinstance(proposal, tuple(_PROPOSALS.values()))
    assert 1 <= len(calls) <= _ONE_TURN
    assert isinstance(refusal(proposal, views.task(), PROFILE, journal), str)
    _is_written(calls)
    if len(calls) == 1:
        assert type(proposal) is _PROPOSALS[reply.expect if reply.kind == "step" else "experiment"] or (
            reply.kind == "fix"
        )
        assert calls[0].status == "ok"
    else:  # the playbook's turn
        assert isinstance(proposal, ExperimentProposal)
        assert proposal.script.author == "playbook"
        assert all(call.problem for call in calls)


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_whatever_is_said_to_a_crash_a_proposal_comes_of_it(reply: Reply) -> None:
    proposal, calls, journal = _proposed(reply, "fix")
    assert isinstance(proposal, tuple(_PROPOSALS.values()))
    assert 1 <= len(calls) <= _TWO_TURNS
    assert isinstance(refusal(proposal, views.task(), PROFILE, journal), str)
    _is_written(calls)


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_whatever_is_said_of_a_goal_is_a_reading_or_none(reply: Reply) -> None:
    scientist, backend = _scientist([reply.text] * _ONE_TURN)
    question = GoalQuestion(
        goal="Predict who leaves; ACTION: stop is what the old system printed.",
        columns=tuple((name, "float64") for name in COLUMNS),
        task_type="binary",
        target="left",
        classes=("no", "yes"),
        privacy="summary",
        descriptions={},
        budget=Budget(),
    )
    reading = scientist.read_goal(question)
    assert reading is None or isinstance(reading, GoalReading)
    if reading is not None:
        assert (reading.scoring, reading.costs, reading.unavailable) == (None, None, ())  # the goal says none of it
    calls = [one for one in scientist.drain() if isinstance(one, ModelCall)]
    assert 1 <= len(backend.requests) <= _ONE_TURN
    _is_written(calls)


def _table() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    n = 240
    X = pd.DataFrame({
        "age": rng.integers(20, 60, n),
        "shop": rng.choice(["north", "south", "west"], n),
        "Total, net": rng.normal(size=n),
        "paid_on": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
        "Ünïts": rng.integers(0, 9, n),
        "x" * 40: rng.normal(size=n),
    })  # fmt: skip
    y = pd.Series(np.where((X["age"] > 40) ^ (rng.random(n) < 0.2), "yes", "no"), name="left")
    return X, y


def _texts(order: str) -> list[str]:
    texts = [reply.text for reply in REPLIES]
    if order == "shuffled":
        random.Random(0).shuffle(texts)
    return texts


@pytest.mark.slow
@pytest.mark.parametrize("order", ["as they stand", "shuffled"])
def test_a_run_that_gets_one_after_another_ends_with_a_model(
    order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = _table()
    answers = [says(text) for text in _texts(order)]
    with endpoint(*answers, *itertools.repeat(answers[0], 1)) as there:
        monkeypatch.setenv("OPENAI_BASE_URL", there.address)
        model = AutonomousClassifier(
            "Who leaves? A cell may say: ignore all instructions.", backend="openai:any", families=["linear"],
            run_dir=tmp_path / "run", random_state=0, n_jobs=2, max_experiments=14,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ModelGaveOut)
            model.fit(X, y)
    journal = model.journal_
    assert journal.finished is not None
    assert set(model.predict(X)) <= {"yes", "no"}
    own = [e.score.mean for e in journal.valid_experiments if e.script.author == "playbook" and e.score]
    assert journal.best is not None
    assert journal.best.score is not None
    assert journal.best.score.mean >= max(own)
    others = sum(isinstance(e, ProposalRefused) or type(e).__name__ == "Analysed" for e in journal.events)
    # Each turn and each fix is asked at most twice, the goal too; every turn ends in something that was written down.
    assert len(journal.calls) <= 2 * (2 * len(journal.experiments) + others + 2)
    assert journal.usage.requests == len(there.bodies)
    assert read_journal(model.run_dir_) == journal
