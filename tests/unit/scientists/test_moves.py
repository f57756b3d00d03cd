"""Which idea comes next: what answers the diagnosis, what gained before, what the data ask for."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus.journal import Journal
from octopus.protocols import Recipe
from octopus.records import Budget, ExperimentProposal, Outcome, Plan, Script, StopProposal
from octopus.scientists.playbook.memory import recall
from octopus.scientists.playbook.moves import CAREFUL, next_moves
from octopus.scientists.playbook.ways import Way, stock_shelf
from tests.strategies import started
from tests.unit.scientists.journals import (
    DRAFT,
    FAMILIES,
    Run,
    column,
    diagnosis,
    improve,
    profile,
    repair,
    task,
    weak,
)

UNEVEN = {"asked": task("f1"), "known": profile(shares=(95, 5))}
SKEWED = {"asked": task("neg_mean_absolute_error", "regression"), "known": profile(skew=4.0)}
PROBABLE = {"asked": task("neg_log_loss", "multiclass"), "known": profile(shares=(40, 30, 30))}
LEVELS = {"asked": task(), "known": profile(column("shop", "categorical", levels=500), column("size"))}
TIMED = {"asked": task(time="sent"), "known": profile(column("sent", "datetime"), column("size"))}
#: The first draft of boosting.
FIRST_BOOSTED = "native categories, early stopping"
#: Scores of the first drafts of linear, forest and gbm, by the family that is best.
BEST = {"linear": (0.9, 0.8, 0.85), "forest": (0.8, 0.9, 0.85), "gbm": (0.8, 0.85, 0.9)}


@pytest.mark.parametrize(
    ("question", "family", "code", "expected"),
    [
        (UNEVEN, "gbm", "OCT606", "a decision that fits the metric"),
        (UNEVEN, "linear", "OCT605", "a decision that fits the metric"),
        (SKEWED, "gbm", "OCT605", "the metric as the loss"),
        (SKEWED, "linear", "OCT607", "log target"),
        (SKEWED, "forest", "OCT607", "log target"),
        (PROBABLE, "forest", "OCT605", "calibrated probabilities"),
        (LEVELS, "gbm", "OCT602", "target means of many levels"),
        (LEVELS, "linear", "OCT603", "target means of many levels"),
        (TIMED, "gbm", "OCT611", "recent rows weigh more"),
        ({}, "gbm", "OCT612", "slower learning, fewer leaves"),
        ({}, "gbm", "OCT603", "more leaves"),
        ({}, "linear", "OCT601", "bends at the quartiles"),
        ({}, "linear", "OCT612", "stronger regularisation"),
        ({}, "forest", "OCT612", "more rows in a leaf"),
    ],
)
def test_a_symptom_is_answered_in_the_best_family(question, family, code, expected):
    run = Run(**question).drafted(*BEST[family])
    plan = run.propose(improve(code, run.journal.best.number)).plan
    assert (plan.family, plan.idea.split(" + ")[-1]) == (family, expected)
    assert plan.parent == run.journal.best.number
    assert code in plan.hypothesis


@pytest.mark.parametrize("code", ["OCT201", "OCT202", "OCT204"])
@pytest.mark.parametrize(("number", "idea"), [(1, "a sample of the rows"), (2, "fewer trees on a sample")])
def test_a_limit_is_answered_by_less(code, number, idea):
    run = Run()
    for _ in range(number - 1):
        run.step(DRAFT, 0.8)
    run.step(DRAFT, code)
    plan = run.propose(repair(code, number)).plan
    assert (plan.family, plan.idea) == (run.plans[-1].family, idea)


def test_what_lost_before_comes_last_wherever():
    run = Run().drafted(0.8, 0.85, 0.9)
    run.step(improve("OCT612", 3), 0.7)  # slower learning
    lost = run.plans[-1].idea
    run.until_stopped(lambda r: improve(None, 3), lambda r: 0.9)
    again = [n for n, plan in enumerate(run.plans) if lost in plan.idea.split(" + ")]
    others = [n for n, plan in enumerate(run.plans) if n > 3 and n not in again]
    assert min(again[1:], default=len(run.plans)) > max(others)


def test_what_gained_comes_first_in_the_other_family():
    run = Run(**LEVELS).drafted(0.8, 0.7, 0.75)
    run.step(improve(None, 1), 0.85)  # target means for the line
    assert run.plans[-1].idea.endswith("+ target means of many levels")
    run.step(improve("OCT608", 4), 0.7)  # the line is saturated: the next family
    assert (run.plans[-1].family, run.plans[-1].idea.split(" + ")[-1]) == ("gbm", "target means of many levels")
    assert "a gain in experiment 4" in run.plans[-1].hypothesis


def test_a_gain_stays_and_the_next_idea_is_added():
    run = Run(**LEVELS).drafted(0.8, 0.7, 0.75)
    run.step(improve(None, 1), 0.85).step(improve(None, 4), 0.84)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    assert "target means of many levels" in shelf.way_of(run.plans[-1]).turns
    assert run.plans[-1].parent == 4


def test_a_saturated_family_makes_room_for_another():
    run = Run().drafted(0.8, 0.85, 0.9)
    assert run.propose(improve("OCT609", 3)).plan.family == "gbm"
    run.step(improve("OCT608", 3), 0.9)
    assert run.plans[-1].idea.endswith(" + averaged over five"), "what is left to gain by more of the same"
    assert run.propose(improve("OCT608", 3)).plan.family == "forest"


@pytest.mark.parametrize(("apart", "first"), [(("linear", "forest"), "linear"), (("forest", "linear"), "forest")])
def test_after_a_saturated_family_comes_the_one_whose_errors_differ_most(apart, first):
    run = Run().drafted(0.8, 0.85, 0.9)
    for _ in range(3):  # the other libraries of the family come first
        decision = msgspec.structs.replace(improve("OCT608", 3), apart=apart)
        run.step(decision, 0.85)
    assert run.propose(msgspec.structs.replace(improve("OCT608", 3), apart=apart)).plan.family == first


def test_the_same_failure_twice_takes_another_way():
    run = Run().drafted(0.8, 0.7).step(DRAFT, "OCT199")
    assert run.propose(repair("OCT199", 3)).plan.family == "gbm"
    run.step(repair("OCT199", 3), "OCT199")
    assert run.propose(repair("OCT199", 4)).plan.family == "linear"


@pytest.mark.parametrize(("prints", "dropped"), [("aaa", {"gbm"}), ("aab", set())])
def test_three_times_the_same_failure_ends_a_family_that_never_worked(prints, dropped):
    run = Run().drafted(0.8, 0.7)
    for idea, fingerprint in zip(
        ("native categories, early stopping", "more leaves", "random cuts"), prints, strict=True
    ):
        run.attempt("gbm", idea, "OCT199", fingerprint=fingerprint)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    assert recall(shelf).dropped_families == dropped
    run.until_stopped(lambda r: improve(None, 1), lambda r: 0.7)
    assert ("gbm" in {plan.family for plan in run.plans[5:]}) is not bool(dropped)


@pytest.mark.parametrize(("prints", "dropped"), [("aaa", {"target means of many levels"}), ("aab", set())])
def test_an_idea_that_fails_alike_three_times_is_dropped_everywhere(prints, dropped):
    run = Run(**LEVELS).drafted(0.8, 0.75, 0.7)
    means = "target means of many levels"
    for number, fingerprint in enumerate(prints, start=1):
        start = run.plans[number - 1]
        run.attempt(start.family, f"{start.idea} + {means}", "OCT199", parent=number, fingerprint=fingerprint)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    assert recall(shelf).dropped_ideas == dropped
    assert recall(shelf).dropped_families == set(), "the families have worked"
    run.until_stopped(lambda r: improve(None, 1), lambda r: 0.8 - len(r.plans) / 1000)
    assert any(means in plan.idea for plan in run.plans[6:]) is not bool(dropped)


@pytest.mark.parametrize("code", ["OCT501", "OCT502"])
def test_a_family_that_cannot_be_had_is_dropped_at_once(code):
    run = Run().drafted(0.8, 0.7).step(DRAFT, code)
    assert run.propose(repair(code, 3)).plan.family != "gbm"
    run.until_stopped(lambda r: improve(None, 1), lambda r: 0.7)
    assert [plan.family for plan in run.plans].count("gbm") == 1


@pytest.mark.parametrize(("code", "symptom"), [("OCT720", "OCT615"), ("OCT721", "OCT615"), ("OCT726", "OCT611")])
def test_a_suspect_is_left_out_once(code, symptom):
    known = profile(column("size", signal=0.9), column("later"), column("width"), findings=(weak(code, "later"),))
    run = Run(known=known).drafted(0.8, 0.85, 0.9)
    for decision in (improve(None, 3), improve(symptom, 3)):
        proposal = run.propose(decision)
        assert proposal.plan.idea == "native categories, early stopping + without later"
        assert '"later"' not in proposal.script.source


def test_a_suspiciously_good_score_is_tried_without_its_strongest_column():
    run = Run().drafted(0.8, 0.85).step(DRAFT, 0.9, diagnosis("OCT615"))
    assert run.propose(improve("OCT615", 3)).plan.idea.endswith("+ without size")
    calm = Run().drafted(0.8, 0.85, 0.9)
    calm.until_stopped(lambda r: improve(None, 3), lambda r: 0.8)
    assert not any("without" in idea for idea in calm.ideas), "without a reason a strong column stays"


def test_words_of_a_way_without_a_column_do_not_speak_of_it():
    run = Run().drafted(0.8, 0.85).step(DRAFT, 0.9, diagnosis("OCT615"))
    run.step(improve("OCT615", 3), 0.95)
    plan = run.propose(improve("OCT603", 4)).plan
    assert "without size" in plan.idea
    assert "size (" not in plan.hypothesis


def test_errors_that_depend_on_a_column_put_it_beside_others():
    told = diagnosis("OCT609", cause="the errors depend on width: they grow with it")
    run = Run().drafted(0.8, 0.85).step(DRAFT, 0.9, told)
    proposal = run.propose(improve("OCT609", 3))
    assert proposal.plan.idea == "native categories, early stopping + width beside others"
    assert 'at_most=3, about="width")' in proposal.script.source
    other = diagnosis("OCT609", cause="the errors depend on sidewidths")
    run = Run().drafted(0.8, 0.85).step(DRAFT, 0.9, other)
    assert "beside others" not in run.propose(improve("OCT609", 3)).plan.idea


@pytest.mark.parametrize(
    "known", [profile(), LEVELS["known"], profile(column("a + b"), column("a", signal=0.4), column("b"))]
)
@pytest.mark.parametrize("careful", [False, True])
def test_every_idea_is_read_back(known, careful):
    findings = tuple(weak("OCT721", c.name) for c in known.columns)
    run = Run(known=msgspec.structs.replace(known, findings=findings))
    if careful:
        run.step(DRAFT, "OCT301").step(repair("OCT301", 1), 0.5)
    run.drafted(0.8, 0.81)
    run.until_stopped(lambda r: improve(None, r.journal.best.number), lambda r: 0.8 + len(r.plans) / 10_000, 100)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    for plan in run.plans:
        way = shelf.way_of(plan)
        assert way.idea == plan.idea.removesuffix(CAREFUL)
        assert shelf.composed(way) is not None
        assert way.base in {recipe.idea for recipe in shelf.recipes[plan.family]}
    assert max(len(shelf.way_of(plan).turns) for plan in run.plans) >= 2


@pytest.mark.parametrize("idea", ["a neural network", "", "more leaves + and something new", " + ", "x" + CAREFUL])
@pytest.mark.parametrize("family", ["gbm", "unheard of"])
def test_the_idea_of_someone_else_is_a_way_by_itself(idea, family):
    run = Run()
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    way = shelf.way_of(Plan(family=family, idea=idea, hypothesis="h", expected="e"))
    assert way == Way(family=family, base=idea.removesuffix(CAREFUL))


def test_after_an_experiment_of_someone_else_the_playbook_goes_on():
    run = Run().drafted(0.8, 0.85, 0.86)
    plan = Plan(family="gbm", idea="stacked by hand", hypothesis="h", expected="e", parent=3)
    run.add(improve(None, 3), ExperimentProposal(plan=plan, script=Script(source="x = 1", author="model")), 0.95)
    plan = run.propose(improve(None, 4)).plan
    assert (plan.family, plan.parent) == ("gbm", 4)


COLUMNS = st.lists(
    st.builds(
        column,
        st.sampled_from(["a", "b", "a + b", "without a", "we'ird\"", "sent", "x" * 50, "x" * 51, "size (1)", "ö\n"]),
        st.sampled_from(["numeric", "categorical", "datetime", "text", "number_as_text", "boolean"]),
        levels=st.sampled_from([2, 5, 20, 700]),
        signal=st.sampled_from([0.0, 0.2, 0.9]),
        skew=st.sampled_from([0.0, 5.0]),
    ),
    max_size=5,
    unique_by=lambda c: c.name,
)
QUESTIONS = st.sampled_from(
    [
        (task("f1"), {"shares": (95, 5)}),
        (task("roc_auc", time="sent"), {"n_rows": 100_000}),
        (task("neg_log_loss", "multiclass"), {"shares": (80, 15, 5)}),
        (task("neg_mean_absolute_error", "regression"), {"skew": 4.0}),
        (task("r2", "regression"), {"skew": 0.0, "n_rows": 60}),
    ]
)
CRASHES = ("OCT199", "OCT201", "OCT301", "OCT303", "OCT402", "OCT501")
SYMPTOMS = (None, "OCT601", "OCT602", "OCT603", "OCT605", "OCT606", "OCT607", "OCT608", "OCT609", "OCT611", "OCT612",
            "OCT615")  # fmt: skip


def next_decision(draw: st.DrawFn, run: Run):
    """Draw a decision as a run makes them, or one that no run would make."""
    experiments = run.journal.experiments
    if not experiments:
        return DRAFT
    last = experiments[-1]
    action = draw(st.sampled_from(["draft", "improve", "improve", "improve", "repair"]))
    if action == "repair":
        return repair(last.diagnoses[0].code if last.diagnoses else "OCT199", last.number)
    parent = draw(st.sampled_from([None, run.journal.best.number if run.journal.best else None, 1, 99]))
    return DRAFT if action == "draft" else improve(draw(st.sampled_from(SYMPTOMS)), parent)


@settings(max_examples=25)
@given(data=st.data(), question=QUESTIONS, columns=COLUMNS)
def test_whatever_comes_of_it_nothing_is_tried_twice_and_it_ends(data, question, columns):
    asked, known = question
    findings = tuple(weak("OCT721", c.name) for c in columns[:1])
    known = msgspec.structs.replace(profile(**known), columns=tuple(columns), findings=findings)
    run = Run(asked, known)
    results = st.one_of(st.floats(-1, 1).map(lambda x: round(x, 3)), st.sampled_from(CRASHES))
    scripts, tried = set(), set()
    for _ in range(12):
        decision = next_decision(data.draw, run)
        proposal = run.propose(decision)
        assert proposal == run.propose(decision), "the same journal, the same proposal"
        if isinstance(proposal, StopProposal):
            break
        assert proposal.script.sha256 not in scripts
        scripts.add(proposal.script.sha256)
        way = stock_shelf(FAMILIES, asked, known, run.journal).way_of(proposal.plan)
        key = (way.family, way.parts, proposal.plan.idea.endswith(CAREFUL))
        assert key not in tried
        tried.add(key)
        told = data.draw(st.sampled_from(SYMPTOMS))
        cause = f"on {columns[0].name} and more" if columns else ""
        run.add(decision, proposal, data.draw(results), *([diagnosis(told, cause)] if told else []))


@pytest.mark.parametrize("question", [UNEVEN, SKEWED, PROBABLE, LEVELS, TIMED], ids=lambda q: q["asked"].scoring)
def test_it_stops_where_no_idea_is_left(question):
    run = Run(**question)
    reason = run.until_stopped(lambda r: improve(None, 1) if r.plans else DRAFT, lambda r: 0.5)
    assert "no idea left" in reason
    assert {plan.family for plan in run.plans} == {"linear", "forest", "gbm"}
    assert len(run.plans) < 80


def test_an_idea_is_a_recipe():
    run = Run()
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    found = shelf.composed(Way(family="gbm", base="more leaves"))
    assert found is not None
    assert isinstance(found[0], Recipe)
    assert shelf.composed(Way(family="gbm", base="unheard of")) is None
    assert shelf.composed(Way(family="unheard of", base="more leaves")) is None


def _after(elapsed_s, *walls_s, run=None):
    """Return a run of 60 s whose experiments took so long; of three drafts, the last the best, without one."""
    run = run or Run().drafted(0.8, 0.84, 0.86)
    events = []
    for event, wall_s in zip(run.journal.events, walls_s, strict=True):
        outcome = Outcome(status="ok", stage="done", wall_s=wall_s)
        experiment = msgspec.structs.replace(event.experiment, outcome=outcome)
        events.append(msgspec.structs.replace(event, elapsed_s=elapsed_s, experiment=experiment))
    run.journal = Journal(events=(started(Budget(time_limit_s=60.0)), *events))
    return run


@pytest.mark.parametrize(("elapsed_s", "is_best"), [(5.0, True), (40.0, False)])
def test_near_the_end_what_takes_longer_than_is_left_is_passed_over(elapsed_s, is_best):
    proposal = _after(elapsed_s, 1.5, 2.0, 30.0).propose(improve(None, 3))
    assert (proposal.plan.family == "gbm") is is_best


def test_where_nothing_fits_any_more_the_playbook_stops_and_says_so():
    proposal = _after(53.0, 1.5, 2.0, 30.0).propose(improve(None, 3))
    assert proposal == StopProposal(reason="no idea left in linear and forest and gbm for what is left of 60 s")


@pytest.mark.parametrize(("took_s", "fits"), [(1.0, {"tuned", "averaged over five"}), (5.0, {"tuned"}), (30.0, set())])
def test_what_is_added_takes_as_long_as_what_it_is_added_to(took_s, fits):
    run = Run(known=profile(n_rows=400)).drafted(0.8, 0.84, 0.86)
    run.attempt("gbm", f"{FIRST_BOOSTED} + ratios and differences", 0.9, parent=3)
    run = _after(40.0, 0.1, 0.1, 0.1, took_s, run=run)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    ideas = [move.plan.idea for move in next_moves(improve(None, 4), shelf)]
    added = [idea for idea in ideas if idea.startswith(f"{FIRST_BOOSTED} + ratios and differences + ")]
    assert {idea.rpartition(" + ")[2].partition(" to ")[0] for idea in added} == fits


@pytest.mark.parametrize(("took_s", "fits"), [(1.5, True), (5.0, False)])
def test_what_is_learned_on_rows_not_fitted_takes_as_long_as_fitting_the_best_again_and_again(took_s, fits):
    run = Run(task("f1"), profile(n_rows=400, shares=(95, 5))).drafted(0.3, 0.34, 0.36)
    run.attempt("gbm", f"{FIRST_BOOSTED} + averaged over five", 0.5, parent=3)
    run = _after(40.0, 0.1, 0.1, 0.1, took_s, run=run)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    ideas = [move.plan.idea for move in next_moves(improve(None, 4), shelf)]
    assert (f"{FIRST_BOOSTED} + averaged over five + a decision that fits the metric" in ideas) is fits


@pytest.mark.parametrize(("wall_s", "idea"), [(0.1, "more leaves + averaged over five"), (4.0, "more leaves")])
def test_where_there_is_time_for_one_and_not_for_five_a_variation_is_not_averaged(wall_s, idea):
    run = Run(known=profile(n_rows=400)).drafted(0.8, 0.84, 0.86)
    run.attempt("gbm", f"{FIRST_BOOSTED} + averaged over five", 0.9, parent=3)
    run = _after(40.0, 0.1, 0.1, wall_s, 5.0, run=run)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    assert idea in [move.plan.idea for move in next_moves(improve(None, 4), shelf)]


def test_the_best_is_averaged_inside_what_stands_around_it():
    asked = task("f1")
    run = Run(asked)
    shelf = stock_shelf(FAMILIES, asked, run.profile, run.journal)
    turns = ("a decision that fits the metric", "averaged over five")
    found = shelf.composed(Way(family="gbm", base="more leaves", turns=turns))
    assert found is not None
    assert found[0].model.startswith("TunedDecision(CommitteeClassifier(EarlyStoppedClassifier(LGBMClassifier(")
    assert found[0].n_fits == 5


def test_what_saves_time_is_not_averaged_even_where_the_best_is():
    run = Run().drafted(0.8, 0.84, 0.86)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    assert shelf.composed(Way(family="gbm", base="fewer trees on a sample", turns=("averaged over five",))) is None
    run.attempt("gbm", f"{FIRST_BOOSTED} + averaged over five", 0.9, parent=3)
    run.attempt("gbm", f"{FIRST_BOOSTED} + averaged over five + ratios and differences", "OCT201", parent=4)
    assert run.propose(repair("OCT201", 5)).plan.idea.startswith("fewer trees on a sample")
