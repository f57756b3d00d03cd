"""The policy: pure, within the budget, and it knows when to stop."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.effects import PATIENCE, stale_experiments
from octopus.journal import Journal
from octopus.records import Budget, Decision, Diagnosis, Experiment, Quarantined, Score, Script
from octopus.stages.decide import decide
from tests.strategies import asked, blend_of, experiments, failed, journal_of, journals, raced, valid

UNLIMITED = Budget()
BUDGETS = st.builds(
    Budget,
    max_experiments=st.one_of(st.none(), st.integers(1, 9)),
    time_limit_s=st.one_of(st.none(), st.floats(0.0, 200.0)),
)


def _folds(mean: float) -> tuple[float, ...]:
    return (mean - 0.02, mean - 0.01, mean, mean + 0.01, mean + 0.02)


def _scored(experiment: Experiment, scoring: str, mean: float) -> Experiment:
    score = Score(scoring=scoring, mean=mean, standard_error=0.0, folds=(mean,) * 5)
    return msgspec.structs.replace(experiment, score=score)


@given(journal=journals(), budget=BUDGETS)
def test_the_same_journal_gives_the_same_decision(journal: Journal, budget: Budget) -> None:
    reread = msgspec.json.decode(msgspec.json.encode(journal), type=Journal)
    assert decide(journal, budget) == decide(journal, budget) == decide(reread, budget)


@given(budget=BUDGETS)
def test_an_empty_journal_is_drafted_for_whatever_the_budget(budget: Budget) -> None:
    for journal in (Journal(), journal_of([])):
        assert decide(journal, budget).action == "draft"


@given(data=st.data(), budget=BUDGETS)
def test_a_run_never_exceeds_its_experiments(data: st.DataObject, budget: Budget) -> None:
    tried: list[Experiment] = []
    while len(tried) < 12 and decide(journal_of(tried), budget).action != "stop":
        tried.append(data.draw(experiments(len(tried) + 1)))
    assert len(tried) <= (budget.max_experiments or 12)


@given(journal=journals(), budget=BUDGETS)
def test_what_is_improved_is_the_best_and_what_is_repaired_the_last(journal: Journal, budget: Budget) -> None:
    decision = decide(journal, budget)
    if decision.action == "improve":
        assert journal.best is not None
        assert decision.parent == journal.best.number
    elif decision.action == "repair":
        last = journal.experiments[-1]
        assert not last.is_valid
        assert last.diagnoses[0].repairable
        assert (decision.parent, decision.code) == (last.number, last.diagnoses[0].code)
    else:
        assert decision.parent is None


@given(journal=journals())
def test_no_family_is_improved_before_all_were_drafted(journal: Journal) -> None:
    tried = {e.plan.family for e in journal.experiments}
    if decide(journal, UNLIMITED).action == "improve":
        assert tried == {"linear", "gbm", "forest"}


@pytest.mark.parametrize(
    ("scoring", "mean", "at_ceiling"),
    [
        ("roc_auc", 1.0, True),
        ("roc_auc", 0.999, False),
        ("accuracy", 1.0 - 1e-9, True),
        ("neg_log_loss", -1e-9, True),
        ("neg_log_loss", -0.01, False),
        ("neg_root_mean_squared_error", 0.0, True),
        ("profit", 1.0, False),
    ],
)
def test_the_search_stops_where_nothing_is_left_to_gain(scoring: str, mean: float, at_ceiling: bool) -> None:
    journal = journal_of([_scored(valid(1, "linear", _folds(0.8)), scoring, mean)])
    decision = decide(journal, UNLIMITED)
    assert decision.action == ("stop" if at_ceiling else "draft")
    assert ("best possible value" in decision.reason) == at_ceiling


def test_a_plateau_needs_every_family_to_have_been_tried() -> None:
    flat = [valid(n, "linear", _folds(0.8)) for n in range(1, 7)]
    decision = decide(journal_of(flat, families=("linear", "gbm")), UNLIMITED)
    assert (decision.action, decision.reason) == ("draft", "gbm was not tried yet")
    both = [*flat, valid(7, "gbm", _folds(0.79))]
    assert decide(journal_of(both, families=("linear", "gbm")), UNLIMITED) == Decision(
        action="stop", reason="5 experiments without a gain beyond noise, 2 families tried"
    )


def test_a_plateau_of_two_families_waits_for_the_third() -> None:
    flat = [valid(n, ["linear", "gbm"][n % 2], _folds(0.8)) for n in range(1, 7)]
    decision = decide(journal_of(flat, families=("linear", "gbm", "forest")), UNLIMITED)
    assert (decision.action, decision.reason) == ("draft", "forest was not tried yet")


def test_a_plateau_needs_two_families_that_worked() -> None:
    flat = [valid(n, "linear", _folds(0.8)) for n in range(1, PATIENCE + 2)]
    tried = [*flat, failed(len(flat) + 1, "gbm", "a", False)]
    assert decide(journal_of(tried, families=("linear", "gbm")), UNLIMITED).action == "improve"
    alone = journal_of(flat, families=("linear",))
    assert decide(alone, UNLIMITED).reason == "4 experiments without a gain beyond noise, one family tried"


def test_patience_is_exactly_so_long() -> None:
    tried = [valid(n, ["linear", "gbm"][n % 2], _folds(0.8)) for n in range(1, PATIENCE + 3)]
    assert decide(journal_of(tried[:-1], families=("linear", "gbm")), UNLIMITED).action == "improve"
    assert decide(journal_of(tried, families=("linear", "gbm")), UNLIMITED).action == "stop"


def test_a_gain_counts_where_it_is_larger_than_its_error() -> None:
    first, noise = valid(1, "linear", (0.80, 0.81, 0.82, 0.83, 0.84)), valid(2, "gbm", (0.86, 0.78, 0.88, 0.78, 0.85))
    better = valid(3, "gbm", (0.90, 0.91, 0.92, 0.93, 0.94))
    broken, worse = failed(4, "gbm", "a", False), valid(5, "linear", _folds(0.5))
    assert [stale_experiments(journal_of(([first, noise, better, broken, worse])[:n])) for n in range(6)] == [
        0, 0, 0, 0, 1, 2,
    ]  # fmt: skip


def test_the_first_experiment_of_a_family_is_no_sign_of_a_plateau() -> None:
    others = [valid(n, family, _folds(0.7)) for n, family in enumerate(("gbm", "forest"), start=2)]
    broken = failed(4, "tabpfn", "a", False)
    assert stale_experiments(journal_of([valid(1, "linear", _folds(0.8)), *others, broken])) == 0
    assert stale_experiments(journal_of([valid(1, "linear", _folds(0.8)), *others, valid(4, "gbm", _folds(0.7))])) == 1


def test_failures_before_the_first_model_are_not_stale() -> None:
    assert stale_experiments(journal_of([failed(n, "linear", "a", False) for n in (1, 2)])) == 0


def test_the_same_failure_is_repaired_twice_and_then_given_up() -> None:
    actions = []
    tried: list[Experiment] = []
    for number in range(1, 6):
        tried.append(failed(number, "linear", "same", repairable=True))
        actions.append(decide(journal_of(tried), UNLIMITED).action)
    assert actions == ["repair", "repair", "draft", "draft", "draft"]


def test_another_failure_is_repaired_on_its_own_account() -> None:
    tried = [failed(n, "linear", "one", True) for n in (1, 2, 3)] + [failed(4, "linear", "other", True)]
    assert decide(journal_of(tried), UNLIMITED).action == "repair"


@given(data=st.data())
def test_no_failure_is_ever_repaired_more_than_twice(data: st.DataObject) -> None:
    tried: list[Experiment] = []
    repaired: dict[str, int] = {}
    for number in range(1, 9):
        tried.append(data.draw(experiments(number)))
        if decide(journal_of(tried), UNLIMITED).action == "repair":
            print_ = tried[-1].diagnoses[0].fingerprint
            repaired[print_] = repaired.get(print_, 0) + 1
    assert all(times <= 2 for times in repaired.values())


def test_what_cannot_be_repaired_is_left() -> None:
    undiagnosed = msgspec.structs.replace(failed(1, "linear", "a", True), diagnoses=())
    for last in (failed(1, "linear", "a", repairable=False), undiagnosed):
        assert decide(journal_of([last]), UNLIMITED).action == "draft"
    everything_broke = [failed(n, f, "a", False) for n, f in enumerate(("linear", "gbm", "forest"), start=1)]
    assert decide(journal_of(everything_broke), UNLIMITED).reason == "nothing has worked yet"


def test_ten_failures_in_a_row_are_enough() -> None:
    tried = [failed(n, "linear", f"{n}", True) for n in range(1, 11)]
    assert decide(journal_of(tried[:9]), UNLIMITED).action == "repair"
    assert decide(journal_of(tried), UNLIMITED).reason == "the last 10 experiments failed"
    one_worked = [valid(1, "linear", _folds(0.8)), *tried[1:]]
    assert decide(journal_of(one_worked), UNLIMITED).reason != "the last 10 experiments failed"


def test_the_best_is_improved_by_its_symptom() -> None:
    symptom = Diagnosis(
        code="OCT612", title="folds disagree", kind="symptom", cause="c", evidence="e", remedy="r", repairable=True
    )
    best = msgspec.structs.replace(valid(1, "linear", _folds(0.9)), diagnoses=(symptom,))
    journal = journal_of([best, valid(2, "gbm", _folds(0.7))], families=("linear", "gbm"))
    assert decide(journal, UNLIMITED) == Decision(action="improve", reason="folds disagree", parent=1, code="OCT612")


def _of_a_model(experiment: Experiment, decision: Decision | None = None) -> Experiment:
    script = Script(source=f"script {experiment.number}", author="model")
    return msgspec.structs.replace(experiment, script=script, decision=decision or experiment.decision)


def test_a_models_script_is_mended_three_times_as_long_as_the_failure_changes() -> None:
    tried = [valid(1, "linear", _folds(0.8)), _of_a_model(failed(2, "linear", "a", repairable=False))]
    for number, fingerprint in ((3, "b"), (4, "c"), (5, "d")):
        decision = decide(asked(journal_of(tried, families=("linear",))), UNLIMITED)
        assert (decision.action, decision.parent) == ("repair", number - 1)
        tried.append(_of_a_model(failed(number, "linear", fingerprint, repairable=False), decision))
    assert decide(asked(journal_of(tried, families=("linear",))), UNLIMITED).action == "improve"


def test_a_models_script_that_fails_the_same_way_three_times_is_given_up() -> None:
    tried = [valid(1, "linear", _folds(0.8)), _of_a_model(failed(2, "linear", "a", repairable=False))]
    for number in (3, 4):
        decision = decide(asked(journal_of(tried, families=("linear",))), UNLIMITED)
        assert decision.action == "repair"
        tried.append(_of_a_model(failed(number, "linear", "a", repairable=False), decision))
    assert decide(asked(journal_of(tried, families=("linear",))), UNLIMITED).action == "improve"


def test_an_idea_of_a_models_counts_once_however_often_it_was_mended() -> None:
    best, other = valid(1, "linear", _folds(0.9)), valid(2, "gbm", _folds(0.7))
    chain = [_of_a_model(failed(3, "linear", "a", repairable=False))]
    for number in (4, 5, 6):
        again = _of_a_model(failed(number, "linear", "b", repairable=False))
        chain.append(msgspec.structs.replace(again, decision=Decision(action="repair", reason="r", parent=number - 1)))
    assert stale_experiments(asked(journal_of([best, other, *chain]))) == 1


def test_a_search_that_a_model_leads_has_patience_for_its_turns_beside_the_playbooks() -> None:
    both = ("linear", "gbm")
    first = [valid(1, "linear", _folds(0.9)), valid(2, "gbm", _folds(0.7))]
    stale = [valid(number, "linear", _folds(0.5)) for number in range(3, 3 + PATIENCE)]
    assert decide(journal_of([*first, *stale], families=both), UNLIMITED).action == "stop"
    led = [_of_a_model(stale[0]), *stale[1:]]
    assert decide(asked(journal_of([*first, *led], families=both)), UNLIMITED).action == "improve"
    more = [valid(number, "linear", _folds(0.5)) for number in range(3 + PATIENCE, 5 + PATIENCE)]
    assert decide(asked(journal_of([*first, *led, *more], families=both)), UNLIMITED).action == "stop"


def test_experiments_that_count_no_more_are_drafted_anew() -> None:
    journal = journal_of([valid(1, "linear", _folds(0.9)), valid(2, "gbm", _folds(0.8))], families=("linear", "gbm"))
    aside = Quarantined(at="t", elapsed_s=3.0, columns=("a",), reason="r", set_aside=(1, 2))
    journal = journal.with_event(aside)
    assert journal.standing.best is None
    assert decide(journal, UNLIMITED).action == "draft"
    assert decide(journal, Budget(max_experiments=2)).reason == "all 2 experiments are spent"


def test_what_is_as_good_as_the_columns_allow_ends_the_search_once_every_family_was_tried() -> None:
    bound = Diagnosis(
        code="OCT614", title="as good as these columns allow", kind="symptom", cause="c", evidence="e", remedy="r"
    )
    best = msgspec.structs.replace(valid(1, "linear", _folds(0.9)), diagnoses=(bound,))
    both = ("linear", "gbm")
    assert decide(journal_of([best], families=both), UNLIMITED).action == "draft"
    worse = valid(2, "gbm", _folds(0.7))
    assert decide(journal_of([best, worse], families=both), UNLIMITED) == Decision(
        action="stop", reason="#1 is as good as these columns allow: e"
    )
    better = valid(2, "gbm", _folds(0.95))
    assert decide(journal_of([best, better], families=both), UNLIMITED).action == "improve"


@pytest.mark.parametrize("code", ["OCT201", "OCT202"])
def test_a_limit_is_not_repaired_where_the_family_works_within_it(code: str) -> None:
    too_long = failed(3, "gbm", "slow", repairable=True)
    too_long = msgspec.structs.replace(too_long, diagnoses=(msgspec.structs.replace(too_long.diagnoses[0], code=code),))
    linear, gbm = valid(1, "linear", _folds(0.8)), valid(2, "gbm", _folds(0.9))
    assert decide(journal_of([linear, gbm, too_long], families=("linear", "gbm")), UNLIMITED).action == "improve"
    assert decide(journal_of([linear, msgspec.structs.replace(too_long, number=2)]), UNLIMITED).action == "repair"


def _symptom(code: str) -> Diagnosis:
    return Diagnosis(code=code, title=f"t{code}", kind="symptom", cause="c", evidence="e", remedy="r", repairable=True)


def test_a_symptom_is_answered_twice_and_then_the_next_has_its_turn() -> None:
    best = msgspec.structs.replace(valid(1, "linear", _folds(0.9)), diagnoses=(_symptom("OCT607"), _symptom("OCT609")))
    tried = [best, valid(2, "gbm", _folds(0.7))]
    codes = []
    for number in range(3, 7):
        decision = decide(journal_of(tried, families=("linear", "gbm")), UNLIMITED)
        codes.append(decision.code)
        tried.append(msgspec.structs.replace(valid(number, "linear", _folds(0.4)), decision=decision))
    assert codes == ["OCT607", "OCT607", "OCT609", "OCT609"]


def test_a_family_that_is_saturated_is_left_once_no_symptom_is_open() -> None:
    best = valid(1, "linear", _folds(0.9))
    saturated = msgspec.structs.replace(valid(3, "linear", _folds(0.9)), diagnoses=(_symptom("OCT608"),))
    journal = journal_of([best, valid(2, "gbm", _folds(0.7)), saturated], families=("linear", "gbm"))
    assert decide(journal, UNLIMITED).code == "OCT608"
    skewed = msgspec.structs.replace(best, diagnoses=(_symptom("OCT607"),))
    journal = journal_of([skewed, valid(2, "gbm", _folds(0.7)), saturated], families=("linear", "gbm"))
    assert decide(journal, UNLIMITED).code == "OCT607"


def test_under_a_time_limit_the_search_has_patience_for_voices_of_a_blend() -> None:
    both = ("linear", "gbm")
    first = [valid(1, "linear", _folds(0.8)), valid(2, "gbm", _folds(0.8))]
    stale = [valid(number, "linear", _folds(0.8), wall_s=5.0) for number in range(3, 3 + 12)]
    limited = Budget(time_limit_s=1000.0)
    assert decide(journal_of([*first, *stale[:-1]], families=both), limited).action == "improve"
    assert decide(journal_of([*first, *stale], families=both), limited).action == "stop"
    led = asked(journal_of([*first, *stale[:-1]], families=both))
    assert decide(led, limited).action == "improve", "a model that gives out costs no quality"


@pytest.mark.parametrize(("limit_s", "wall_s"), [(60.0, 1.0), (100.0, 2.0), (300.0, 5.0), (3600.0, 5.0)])
def test_patience_lasts_a_fifth_of_the_limit_and_no_more_than_a_minute(limit_s: float, wall_s: float) -> None:
    both = ("linear", "gbm")
    first = [valid(1, "linear", _folds(0.8)), valid(2, "gbm", _folds(0.8))]
    for took_s, action in ((wall_s, "stop"), (0.8 * wall_s, "improve")):
        stale = [valid(number, "linear", _folds(0.8), wall_s=took_s) for number in range(3, 3 + 12)]
        assert decide(journal_of([*first, *stale], families=both), Budget(time_limit_s=limit_s)).action == action


def test_what_was_stopped_in_a_race_is_one_more_without_a_gain_and_no_failure() -> None:
    best = valid(1, "linear", _folds(0.8))
    behind = [raced(number, "linear", (0.5,)) for number in range(2, 2 + PATIENCE)]
    assert stale_experiments(journal_of([best, *behind])) == PATIENCE
    assert decide(journal_of([best, behind[0]], families=("linear",)), UNLIMITED).action == "improve"
    assert decide(journal_of([best, *behind], families=("linear",)), UNLIMITED).action == "stop"


def test_after_the_blend_the_search_is_over() -> None:
    tried = [valid(1, "linear", _folds(0.8)), valid(2, "gbm", _folds(0.8)), blend_of(3, {1: 0.5, 2: 0.5}, _folds(0.9))]
    decision = decide(journal_of(tried, families=("linear", "gbm", "forest")), UNLIMITED)
    assert (decision.action, "blended" in decision.reason) == ("stop", True)


HURRIED, FAMILIES = Budget(time_limit_s=10.0), ("gbm", "linear", "forest")


def _quick(*tried: Experiment) -> Decision:
    return decide(journal_of(tried, families=FAMILIES), HURRIED)


def test_in_a_hurry_two_families_are_drafted_and_then_the_best_is_improved_once() -> None:
    one, two = valid(1, "gbm", _folds(0.8), wall_s=0.1), valid(2, "linear", _folds(0.7), wall_s=0.1)
    assert _quick(one).reason == "linear was not tried yet"
    assert _quick(one, two).action == "improve"
    stale, better = (valid(3, "gbm", _folds(mean), wall_s=0.1) for mean in (0.79, 0.9))
    assert _quick(one, two, stale).reason == "forest was not tried yet"
    assert _quick(one, two, better).action == "improve", "as long as it brings something"
    assert decide(journal_of((one, two), families=FAMILIES), Budget(time_limit_s=60.0)).action == "draft"


def test_in_a_hurry_a_limit_is_not_repaired_where_anything_works() -> None:
    slow = failed(2, "linear", "a", True, wall_s=0.1)
    slow = msgspec.structs.replace(slow, diagnoses=(msgspec.structs.replace(slow.diagnoses[0], code="OCT201"),))
    assert _quick(valid(1, "gbm", _folds(0.8), wall_s=0.1), slow).action != "repair"
    assert _quick(msgspec.structs.replace(slow, number=1)).action == "repair"
