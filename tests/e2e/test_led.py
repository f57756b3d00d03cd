"""Runs that a model leads, from ``fit`` to the fitted estimator: replies are written here, all else is real."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest

from octopus import AutonomousClassifier, read_journal
from octopus.backends.scripted import Scripted, ScriptedBackend
from octopus.errors import BackendRefused, ModelGaveOut
from octopus.journal import Journal
from octopus.protocols import ChatRequest
from octopus.records import (
    Analysed,
    ExperimentFinished,
    ModelCalled,
    ModelRetired,
    ProposalRefused,
    Quarantined,
    Revalidated,
)
from tests.frames import binary_frame

HEADER = "ACTION: experiment\nFAMILY: linear\nIDEA: {idea}\nHYPOTHESIS: {idea} helps here\nEXPECTED: a gain\n"
BODY = """```python
from blocks import Features, OneHotLevels, ScaledNumbers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union


class More(Features):
    def transform(self, X):
        out = super().transform(X)
        {line}
        return out


def build_pipeline():
    return make_pipeline(More(), make_union(ScaledNumbers(), OneHotLevels()), LogisticRegression(C={c}, max_iter=500))
```"""
ANALYSIS = """ACTION: analysis
QUESTION: do children keep women from work?
```python
def analyse(X, y):
    print(y.groupby(X["child6"]).mean().round(3).to_string())
```"""
STOP = "ACTION: stop\nREASON: nothing else is worth its cost"


def experiment(idea: str, line: str, c: float = 1.0) -> str:
    return HEADER.format(idea=idea) + BODY.format(line=line, c=c)


WORKS = experiment("children per adult", 'out["small children"] = out["child6"] > 0')


def small_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return every third woman: runs take a third of the time."""
    X, y = binary_frame()
    return X.iloc[::3], y.iloc[::3]


def by_kind(steps: list[str], fixes: list[str]) -> list[Scripted]:
    """Answer questions of both kinds in order: the next step is asked for while a script runs that may need a fix."""
    left = {"step": list(steps), "fix": list(fixes)}

    def answer(request: ChatRequest) -> str:
        return left[request.kind].pop(0)

    return [answer] * (len(steps) + len(fixes))


def lead(replies: list[Scripted], tmp_path: Path, **parameters: object) -> tuple[AutonomousClassifier, ScriptedBackend]:
    X, y = small_frame()
    backend = ScriptedBackend(replies)
    model = AutonomousClassifier(
        backend=backend, families=["linear"], run_dir=tmp_path / "run", random_state=0, n_jobs=2, **parameters
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelGaveOut)
        model.fit(X, y)
    return model, model.backend


def kinds(journal: Journal) -> list[str]:
    """Return what happened in the search, in order."""
    names = {Analysed: "analysis", ProposalRefused: "refused", Quarantined: "quarantine", Revalidated: "revalidation"}
    found = []
    for event in journal.events:
        if isinstance(event, ExperimentFinished):
            author = event.experiment.script.author
            found.append(f"{author} {event.experiment.decision.action}")
        elif type(event) in names:
            found.append(names[type(event)])
    return found


def test_the_playbook_begins_the_model_looks_tries_and_mends(tmp_path: Path) -> None:
    crash = experiment("income beside children", 'out["per child"] = out["income"] / (out["child6"] + nothing)')
    mended = (
        "CHANGE: count children plus one\n<<<<<<< SEARCH\n"
        '        out["per child"] = out["income"] / (out["child6"] + nothing)\n=======\n'
        '        out["per child"] = out["income"] / (out["child6"] + 1)\n>>>>>>> REPLACE'
    )
    model, _ = lead(by_kind([ANALYSIS, crash, WORKS, STOP], [mended]), tmp_path, max_experiments=4)
    journal = model.journal_
    assert kinds(journal) == ["playbook draft", "analysis", "model improve", "model repair", "model improve"]
    look = next(event for event in journal.events if isinstance(event, Analysed))
    assert look.outcome.status == "ok"
    assert "child6" in look.output
    failed, fixed = journal.experiments[1:3]
    assert (failed.outcome.status, failed.diagnoses[0].code) == ("error", "OCT107")
    assert fixed.is_valid
    assert (fixed.plan.hypothesis, fixed.plan.idea, fixed.plan.parent) == (failed.plan.hypothesis, failed.plan.idea, 2)
    assert fixed.decision.reason == "count children plus one"
    assert [call.kind for call in journal.calls] == ["step", "step", "step", "fix"]
    assert journal.usage.tokens == sum(call.usage.tokens for call in journal.calls) > 0
    assert sum(e.usage.tokens for e in journal.experiments) <= journal.usage.tokens
    assert read_journal(model.run_dir_) == journal


def test_what_a_model_wrote_predicts_outside_this_process_and_travels(tmp_path: Path) -> None:
    X, _ = small_frame()
    model, _ = lead([WORKS], tmp_path, max_experiments=2)
    assert model.journal_.experiments[1].script.author == "model"
    assert model.predict_proba(X).shape == (len(X), 2)


def test_a_known_slip_is_mended_without_asking(tmp_path: Path) -> None:
    old = WORKS.replace("LogisticRegression(C=1.0, max_iter=500)", 'LogisticRegression(C=1.0, multi_class="ovr")')
    model, _ = lead([old], tmp_path, max_experiments=3)
    first, second = model.journal_.experiments[1:3]
    assert first.diagnoses[0].code == "OCT105"
    assert second.is_valid
    assert "no model asked" in second.decision.reason
    assert "fix" not in [call.kind for call in model.journal_.calls]


def test_an_idea_that_fails_the_same_way_three_times_is_dropped(tmp_path: Path) -> None:
    def broken(n: int) -> str:
        return f'out["x"] = missing_{n}'

    def fix(n: int) -> str:
        return f"<<<<<<< SEARCH\n        {broken(n)}\n=======\n        {broken(n + 1)}\n>>>>>>> REPLACE"

    replies = by_kind([experiment("hopeless", broken(0)), WORKS, STOP, STOP, STOP], [fix(n) for n in range(5)])
    model, _ = lead(replies, tmp_path, max_experiments=5)
    assert kinds(model.journal_) == ["playbook draft", "model improve", "model repair", "model repair", "model improve"]


def test_columns_are_quarantined_on_evidence_alone(tmp_path: Path) -> None:
    wish = "ACTION: quarantine\nCOLUMNS: {name}\nREASON: it is written down afterwards"
    model, _ = lead([wish.format(name="income")], tmp_path, max_experiments=2)
    refused = next(e for e in model.journal_.events if isinstance(e, ProposalRefused))
    assert "income" in refused.reason
    assert kinds(model.journal_)[:3] == ["playbook draft", "refused", "playbook improve"]


@pytest.mark.slow
def test_folds_of_whole_groups_score_the_candidates_again(tmp_path: Path) -> None:
    wish = "ACTION: revalidate\nSPLIT: group\nCOLUMN: city\nREASON: women of one town are alike"
    model, _ = lead([wish], tmp_path, max_experiments=2)
    event = next((e for e in model.journal_.events if isinstance(e, Revalidated)), None)
    refused = [e for e in model.journal_.events if isinstance(e, ProposalRefused)]
    assert event is not None or "cannot be had" in refused[0].reason
    wish = "ACTION: revalidate\nSPLIT: group\nCOLUMN: educw\nREASON: years at school go together"
    model, _ = lead([wish], tmp_path / "other", max_experiments=2)
    event = next(e for e in model.journal_.events if isinstance(e, Revalidated))
    assert (event.validation.kind, event.validation.column) == ("group", "educw")
    assert [one.number for one in event.rescored] == [1]
    assert model.journal_.best is not None
    assert model.journal_.validation == event.validation


@pytest.mark.slow
def test_a_stop_before_its_time_is_the_playbooks_turn_and_later_it_counts(tmp_path: Path) -> None:
    model, backend = lead([STOP] * 8, tmp_path)
    journal = model.journal_
    assert "refused" in kinds(journal)
    assert any(e.script.author == "playbook" and e.decision.action == "improve" for e in journal.experiments)
    assert journal.stopped is not None
    assert len(backend.requests) <= 2 + sum("playbook improve" in one for one in kinds(journal))


@pytest.mark.slow
def test_a_model_that_says_nothing_usable_costs_six_calls_and_no_quality(tmp_path: Path) -> None:
    rambling: Scripted = lambda request: "Great question! " * 50  # noqa: E731
    model, backend = lead([rambling] * 20, tmp_path)
    assert len(backend.requests) == 6
    alone = AutonomousClassifier(
        families=["linear"], run_dir=tmp_path / "alone", random_state=0, n_jobs=2, backend=None
    ).fit(*small_frame())
    assert model.best_score_ == alone.best_score_
    assert [e.plan for e in model.journal_.experiments] == [e.plan for e in alone.journal_.experiments]


def test_a_model_that_is_not_there_is_said_once_and_the_run_ends_offline(tmp_path: Path) -> None:
    X, y = small_frame()
    gone = ScriptedBackend([BackendRefused("openai:x", "there is no such model", "Name another.")])
    model = AutonomousClassifier(backend=gone, families=["linear"], run_dir=tmp_path / "run", random_state=0)
    with pytest.warns(ModelGaveOut, match="no such model") as warned:
        model.fit(X, y)
    assert len([one for one in warned if one.category is ModelGaveOut]) == 1
    assert any(isinstance(event, ModelRetired) for event in model.journal_.events)
    assert all(e.script.author == "playbook" for e in model.journal_.experiments)


def test_the_next_question_is_asked_while_a_script_trains_and_knows_that_it_does(tmp_path: Path) -> None:
    other = experiment("older women", 'out["old"] = out["agew"] > 45')
    model, backend = lead([WORKS, other, STOP, STOP, STOP], tmp_path, max_experiments=3)
    ahead = backend.requests[1].messages[-1].text
    assert "children per adult" in ahead
    called = [i for i, e in enumerate(model.journal_.events) if isinstance(e, ModelCalled)]
    finished = [i for i, e in enumerate(model.journal_.events) if isinstance(e, ExperimentFinished)]
    assert called[0] < finished[1] < called[1] < finished[2]


@pytest.mark.slow
def test_the_same_replies_give_the_same_run(tmp_path: Path) -> None:
    replies: list[Scripted] = [ANALYSIS, WORKS, experiment("older", 'out["old"] = out["agew"] > 45'), STOP, STOP]
    journals = [lead(replies, tmp_path / str(i), max_experiments=6)[0].journal_ for i in range(2)]
    first, second = ([(e.plan, e.script, e.score and e.score.folds) for e in j.experiments] for j in journals)
    assert first == second
    assert [c.messages for c in journals[0].calls] == [c.messages for c in journals[1].calls]


@pytest.mark.slow
def test_tokens_are_never_more_than_their_cap(tmp_path: Path) -> None:
    model, _ = lead([WORKS] * 9, tmp_path, max_tokens=16000)
    assert 0 < model.journal_.usage.tokens <= 16000
    assert "16,000 tokens are spent" in model.journal_.retirement
    assert model.journal_.best is not None


def test_a_script_that_prints_a_score_gains_nothing_by_it(tmp_path: Path) -> None:
    lie = WORKS.replace("def build_pipeline():", 'print("score: 1.0")\n\n\ndef build_pipeline():')
    model, _ = lead([lie], tmp_path, max_experiments=2)
    score = model.journal_.experiments[1].score
    assert score is None or score.mean < 0.95


def test_the_goal_is_read_by_the_model_and_checked_by_code(tmp_path: Path) -> None:
    def read(request: ChatRequest) -> str:
        assert request.kind == "goal"
        return (
            'METRIC: average_precision · "the women at the top of the list"\n'
            'UNKNOWN: income · "we learn the household\'s income only afterwards"\n'
            'UNKNOWN: agew · "her age is secret"\n'
        )

    goal = (
        "find the women who work: what counts are the women at the top of the list; "
        "we learn the household's income only afterwards"
    )
    model, _ = lead([read, STOP], tmp_path, goal=goal, max_experiments=1)
    assert model.task_.scoring == "average_precision"
    event = next(e for e in model.journal_.events if isinstance(e, Quarantined))
    assert event.columns == ("income",)
    assert "income" in event.reason
    assert not any("agew" in e.columns for e in model.journal_.events if isinstance(e, Quarantined))
    assert all('"income"' not in e.script.source for e in model.journal_.experiments)
