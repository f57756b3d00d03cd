"""Policy: a pure function of journal and budget."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from octopus.journal import Journal
from octopus.records import (
    Budget,
    Decision,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    ExperimentProposal,
    Outcome,
    Plan,
    Score,
    Script,
    StopProposal,
)
from octopus.stages.decide import PATIENCE, decide, settle, stale_experiments
from tests.strategies import journals, records

_BUDGETS = st.builds(
    Budget,
    max_experiments=st.none() | st.integers(1, 12),
    time_limit_s=st.none() | st.floats(0.1, 500.0),
)


def _experiment(number: int, family: str, mean: float | None, *diagnoses: Diagnosis, spread: float = 0.0) -> Experiment:
    folds = () if mean is None else (mean - spread, mean, mean + spread)
    return Experiment(
        number=number,
        decision=Decision(action="draft", reason="r"),
        plan=Plan(family=family, idea=f"idea {number}", hypothesis="h", expected="e"),
        script=Script(source=str(number), author="playbook"),
        outcome=Outcome(status="error" if mean is None else "ok", stage="done", wall_s=0.1),
        score=None if mean is None else Score(scoring="roc_auc", mean=mean, standard_error=0.01, folds=folds),
        diagnoses=diagnoses,
    )


def _crash(repairable: bool = True) -> Diagnosis:
    return Diagnosis(
        code="OCT301", title="text where a number was expected", kind="crash", cause="c", evidence="e", remedy="r",
        repairable=repairable, fingerprint="OCT301:ValueError",
    )  # fmt: skip


def _journal(*experiments: Experiment) -> Journal:
    beginning = _BEGINNING.events
    finished = [ExperimentFinished(at="t", elapsed_s=float(e.number), experiment=e) for e in experiments]
    return Journal(events=(*beginning, *finished))


def _beginning() -> Journal:
    """Return a journal with three applicable families and no experiment."""
    from octopus.journal import FORMAT
    from octopus.records import FamilyVerdict, Profiled, RunStarted, ValidationPlan
    from octopus.testing.examples import example_profile, example_task

    verdicts = tuple(FamilyVerdict(family=f, applies=True, reason="") for f in ("linear", "gbm"))
    profile = msgspec.structs.replace(example_profile("binary"), families=verdicts)
    plan = ValidationPlan(kind="stratified", n_splits=3, reason="r")
    return Journal(events=(
        RunStarted(
            at="t", elapsed_s=0.0, format=FORMAT, run="r", task=example_task("binary"), budget=Budget(),
            scientist="playbook", sandbox="process", data_sha256="0", versions={}, n_jobs=1,
        ),
        Profiled(at="t", elapsed_s=0.1, profile=profile, validation=plan),
    ))  # fmt: skip


_BEGINNING = _beginning()


@given(journal=journals(), budget=_BUDGETS)
def test_the_same_journal_gives_the_same_decision_also_after_a_journey_through_json(
    journal: Journal, budget: Budget
) -> None:
    copy = msgspec.json.decode(msgspec.json.encode(journal), type=Journal)
    assert decide(journal, budget) == decide(journal, budget) == decide(copy, budget)


@given(journal=journals(), budget=_BUDGETS)
def test_limits_are_kept_and_every_decision_has_a_reason(journal: Journal, budget: Budget) -> None:
    decision = decide(journal, budget)
    assert decision.reason
    n_done = len(journal.experiments)
    if n_done == 0:
        assert decision.action == "draft"
    if budget.max_experiments is not None and n_done >= budget.max_experiments:
        assert decision.action == "stop"
    if budget.time_limit_s is not None and n_done and journal.elapsed_s > budget.time_limit_s:
        assert decision.action == "stop"


@given(journal=journals(), budget=_BUDGETS)
def test_what_a_step_builds_on_is_in_the_journal(journal: Journal, budget: Budget) -> None:
    decision = decide(journal, budget)
    if decision.action == "repair":
        last = journal.experiments[-1]
        assert decision.parent == last.number
        assert not last.is_valid
        assert last.diagnoses[0].repairable
    if decision.action == "improve":
        assert journal.best is not None
        assert decision.parent == journal.best.number


def test_every_family_is_drafted_before_anything_is_improved() -> None:
    decision = decide(_journal(_experiment(1, "linear", 0.8)), Budget())
    assert decision.action == "draft"
    assert "gbm" in decision.reason


def test_a_failure_is_repaired_until_it_came_three_times() -> None:
    failures = [_experiment(number, "linear", None, _crash()) for number in (1, 2, 3)]
    assert decide(_journal(*failures[:1]), Budget()).action == "repair"
    assert decide(_journal(*failures[:2]), Budget()).action == "repair"
    assert decide(_journal(*failures), Budget()).action == "draft"
    assert decide(_journal(_experiment(1, "linear", None, _crash(repairable=False))), Budget()).action == "draft"


def test_the_best_is_improved_by_its_first_symptom() -> None:
    symptom = msgspec.structs.replace(_crash(), code="OCT612", kind="symptom", title="folds disagree")
    decision = decide(_journal(_experiment(1, "linear", 0.8), _experiment(2, "gbm", 0.9, symptom)), Budget())
    assert (decision.action, decision.parent, decision.code) == ("improve", 2, "OCT612")
    assert decision.reason == "folds disagree"


def test_a_plateau_ends_the_search_only_when_every_family_was_tried() -> None:
    one_family = [_experiment(n, "linear", 0.8) for n in range(1, 3 + PATIENCE)]
    assert decide(_journal(*one_family), Budget()).action == "draft"
    two = [_experiment(1, "linear", 0.8), *(_experiment(n, "gbm", 0.8) for n in range(2, 2 + PATIENCE))]
    stop = decide(_journal(*two), Budget())
    assert stop.action == "stop"
    assert f"{PATIENCE} experiments without a gain beyond noise, 2 families tried" in stop.reason


def test_a_gain_within_noise_is_no_gain() -> None:
    noisy = [
        _experiment(1, "linear", 0.8, spread=0.1),
        msgspec.structs.replace(
            _experiment(2, "gbm", 0.81),
            score=Score(scoring="roc_auc", mean=0.81, standard_error=0.1, folds=(0.9, 0.83, 0.7)),
        ),
    ]
    assert stale_experiments(_journal(*noisy)) == 1
    clear = [_experiment(1, "linear", 0.8, spread=0.1), _experiment(2, "gbm", 0.9, spread=0.1)]
    assert stale_experiments(_journal(*clear)) == 0


def test_the_best_possible_value_ends_the_search() -> None:
    stop = decide(_journal(_experiment(1, "linear", 1.0)), Budget())
    assert stop.action == "stop"
    assert "best possible value" in stop.reason


def test_ten_failures_in_a_row_end_the_search() -> None:
    failures = [
        _experiment(n, "linear" if n % 2 else "gbm", None, _crash(repairable=False)) for n in range(1, 11)
    ]
    assert decide(_journal(*failures[:9]), Budget()).action != "stop"
    assert decide(_journal(*failures), Budget()).action == "stop"


@given(decision=records(Decision), proposal=records(ExperimentProposal))
def test_a_scientist_without_ideas_ends_the_search_and_others_are_let_go_on(
    decision: Decision, proposal: ExperimentProposal
) -> None:
    assert settle(decision, proposal) == decision
    stopped = settle(decision, StopProposal(reason="no idea left"))
    assert (stopped.action, stopped.reason) == ("stop", "no idea left")
