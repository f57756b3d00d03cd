"""The playbook: which recipe comes next, and what its script says."""

from __future__ import annotations

import ast

import msgspec
import numpy as np
import pandas as pd
import pytest

from octopus.families.gbm import GradientBoosting
from octopus.families.linear import Linear
from octopus.journal import Journal
from octopus.protocols import Scientist
from octopus.records import (
    ColumnProfile,
    Decision,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    ExperimentProposal,
    FamilyVerdict,
    Finding,
    Level,
    Outcome,
    Profile,
    Score,
    StopProposal,
    TargetProfile,
    Task,
)
from octopus.scientists.playbook.moves import CAREFUL
from octopus.scientists.playbook.scientist import Playbook

DRAFT = Decision(action="draft", reason="first")
TASK = Task(
    goal="",
    type="binary",
    type_reason="",
    target="t",
    scoring="roc_auc",
    classes=("no", "yes"),
    features=("size", "amount"),
    random_state=0,
)


def column(name: str, kind: str = "numeric", dtype: str = "float64", used: bool = True) -> ColumnProfile:
    return ColumnProfile(name=name, kind=kind, dtype=dtype, missing_fraction=0.0, n_unique=5, used=used)


def profile(*columns: ColumnProfile, gbm: bool = True, findings: tuple[Finding, ...] = ()) -> Profile:
    return Profile(
        n_rows=500,
        n_columns=len(columns),
        n_sealed=0,
        sealed_reason="",
        memory_bytes=1,
        columns=columns or (column("size"), column("amount", "number_as_text", "str")),
        target=TargetProfile(n_missing=0, levels=(Level(value="no", count=400), Level(value="yes", count=100))),
        findings=findings,
        families=(
            FamilyVerdict(family="gbm", applies=gbm, reason="" if gbm else "too few rows"),
            FamilyVerdict(family="linear", applies=True, reason=""),
        ),
    )


PROFILE = profile()


def playbook() -> Playbook:
    return Playbook(families=[Linear(), GradientBoosting()])


def step(journal: Journal, decision: Decision, *, score=None, code="", status="error") -> Journal:
    """Return the journal with what the playbook proposes, and what came of it."""
    proposal = playbook().propose(decision, TASK, PROFILE, journal)
    assert isinstance(proposal, ExperimentProposal)
    diagnoses = ()
    if code:
        kind = "symptom" if score is not None else "crash"
        diagnoses = (
            Diagnosis(
                code=code, title="t", kind=kind, cause="", evidence="", remedy="", repairable=True, fingerprint=code
            ),
        )
    ok = score is not None
    experiment = Experiment(
        number=len(journal.experiments) + 1,
        decision=decision,
        plan=proposal.plan,
        script=proposal.script,
        outcome=Outcome(status="ok" if ok else status, stage="done" if ok else "fit"),
        score=Score(scoring="roc_auc", mean=score, standard_error=0.004, folds=(score,)) if ok else None,
        diagnoses=diagnoses,
    )
    return journal.with_event(ExperimentFinished(at="2024-01-01T00:00:00Z", elapsed_s=1.0, experiment=experiment))


def improve(code: str | None, parent: int) -> Decision:
    return Decision(action="improve", reason="r", parent=parent, code=code)


def repair(code: str, parent: int) -> Decision:
    return Decision(action="repair", reason="broke", parent=parent, code=code)


def plans(journal: Journal) -> list[tuple[str, str]]:
    return [(e.plan.family, e.plan.idea) for e in journal.experiments]


def test_is_a_scientist():
    assert isinstance(playbook(), Scientist)
    assert playbook().name == "playbook"


def test_drafts_families_in_the_order_given():
    journal = step(Journal(events=()), DRAFT, score=0.8)
    journal = step(journal, DRAFT, score=0.82)
    assert [family for family, _ in plans(journal)] == ["linear", "gbm"]


def test_a_family_that_does_not_apply_is_left_out():
    journal = step(Journal(events=()), DRAFT, score=0.8)
    narrow = profile(gbm=False)
    for _ in range(20):
        proposal = playbook().propose(improve(None, 1), TASK, narrow, journal)
        if isinstance(proposal, StopProposal):
            break
        assert proposal.plan.family == "linear"
        journal = journal.with_event(
            ExperimentFinished(
                at="",
                elapsed_s=1.0,
                experiment=Experiment(
                    number=len(journal.experiments) + 1,
                    decision=DRAFT,
                    plan=proposal.plan,
                    script=proposal.script,
                    outcome=Outcome(status="ok", stage="done"),
                ),
            )
        )
    assert isinstance(proposal, StopProposal)
    assert "no idea left" in proposal.reason


def test_no_family_at_all_stops_with_the_reasons():
    none = Playbook(families=[GradientBoosting()]).propose(DRAFT, TASK, profile(gbm=False), Journal(events=()))
    assert isinstance(none, StopProposal)
    assert "gbm: too few rows" in none.reason


@pytest.mark.parametrize(
    ("code", "idea"), [("OCT612", "slower learning, fewer leaves"), ("OCT606", "balanced class weights")]
)
def test_improves_by_what_answers_the_symptom(code, idea):
    journal = step(step(Journal(events=()), DRAFT, score=0.8), DRAFT, score=0.85)
    proposal = playbook().propose(improve(code, 2), TASK, PROFILE, journal)
    assert (proposal.plan.family, proposal.plan.idea, proposal.plan.parent) == ("gbm", idea, 2)
    assert code in proposal.plan.hypothesis


def test_a_symptom_answered_before_is_answered_otherwise_then_by_the_next_variation():
    journal = step(step(Journal(events=()), DRAFT, score=0.8), DRAFT, score=0.85)
    for _ in range(5):
        journal = step(journal, improve("OCT612", 2), score=0.84)
    assert len(set(plans(journal))) == 7
    assert plans(journal)[2:5] == [
        ("gbm", "slower learning, fewer leaves"),
        ("gbm", "effects that add up"),
        ("linear", "stronger regularisation"),
    ]
    assert plans(journal)[5][0] == "gbm"


def test_variations_come_from_the_best_family_and_run_out():
    journal = step(step(Journal(events=()), DRAFT, score=0.9), DRAFT, score=0.85)
    assert playbook().propose(improve(None, 1), TASK, PROFILE, journal).plan.family == "linear"
    for _ in range(40):
        proposal = playbook().propose(improve(None, 1), TASK, PROFILE, journal)
        if isinstance(proposal, StopProposal):
            break
        journal = step(journal, improve(None, 1), score=0.8)
    assert isinstance(proposal, StopProposal)
    assert len(set(plans(journal))) == len(plans(journal))
    assert not any("sample" in idea for _, idea in plans(journal)), "remedies for crashes are no improvements"


@pytest.mark.parametrize("code", ["OCT201", "OCT202", "OCT203"])
def test_a_limit_is_answered_by_a_smaller_model(code):
    journal = step(step(Journal(events=()), DRAFT, score=0.8), DRAFT, code=code, status="timeout")
    proposal = playbook().propose(repair(code, 2), TASK, PROFILE, journal)
    assert (proposal.plan.family, proposal.plan.idea) == ("gbm", "fewer trees on a sample")


def test_data_that_are_not_numbers_are_read_as_text_and_so_ever_after():
    journal = step(Journal(events=()), DRAFT, code="OCT301")
    journal = step(journal, repair("OCT301", 1), score=0.8)
    assert plans(journal)[1] == ("linear", plans(journal)[0][1] + CAREFUL)
    assert 'TEXT_NUMBERS = ["size", "amount"]' in journal.experiments[1].script.source
    journal = step(journal, improve("OCT612", 2), score=0.8)
    assert plans(journal)[2] == ("linear", "stronger regularisation" + CAREFUL)
    assert 'TEXT_NUMBERS = ["size", "amount"]' in journal.experiments[2].script.source


def test_the_same_failure_twice_goes_another_way():
    journal = step(step(Journal(events=()), DRAFT, score=0.8), DRAFT, code="OCT199")
    first = playbook().propose(repair("OCT199", 2), TASK, PROFILE, journal)
    assert first.plan.family == "gbm"
    journal = step(journal, repair("OCT199", 2), code="OCT199")
    second = playbook().propose(repair("OCT199", 3), TASK, PROFILE, journal)
    assert second.plan.family == "linear"


def test_same_journal_same_script():
    journal = step(step(Journal(events=()), DRAFT, score=0.8), DRAFT, score=0.85)
    first, second = (playbook().propose(improve(None, 2), TASK, PROFILE, journal) for _ in range(2))
    assert first == second
    assert first.script.author == "playbook"


def test_the_docstring_tells_the_story():
    leak = Finding(
        code="OCT701", columns=("later",), message="", evidence="", confidence="certain", action="quarantined"
    )
    told = profile(
        column("size"),
        column("amount", "number_as_text", "str"),
        column("when", "datetime", "datetime64[ns]"),
        column("id", "identifier", "str", used=False),
        column("c1", "constant", "str", used=False),
        column("c2", "constant", "str", used=False),
        column("later", used=False),
        findings=(leak,),
    )
    journal = step(Journal(events=()), DRAFT, score=0.842)
    source = playbook().propose(DRAFT, TASK, told, journal).script.source
    story = ast.get_docstring(ast.parse(source))
    for words in (
        "Hypothesis: ",
        "amount holds numbers as text: read as numbers.",
        "when is a date: split into parts.",
        "id names every row: unused.",
        "c1 and c2 never change: unused.",
        "later set aside (OCT701): unused.",
        "Best so far 0.842 ± 0.004 roc_auc (linear).",
    ):
        assert words in story


@pytest.mark.parametrize(
    "name",
    [
        '"""',
        '"""+__import__("os").abort()+"""',
        "'''",
        "\\",
        'ends with "',
        "a\nb\rc",
        "{x}",
        "🐙",
        "\u202egnp",
        "\ud800",
        "",
    ],
)
def test_no_name_becomes_code(name):
    nasty = profile(column(name), column(name + "2", "identifier", "str", used=False), column("w" + name, "datetime"))
    for decision in (DRAFT, improve(None, 1)):
        proposal = playbook().propose(decision, TASK, nasty, Journal(events=()))
        source = proposal.script.source
        source.encode()
        tree = ast.parse(source)
        assert "__import__" not in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        space: dict[str, object] = {"__name__": "script"}
        exec(compile(tree, "script.py", "exec"), space)
        assert space["NUMERIC"] == [name]
        assert [type(node) for node in tree.body][:2] in ([ast.Expr, ast.Import], [ast.Expr, ast.ImportFrom])


def test_only_what_is_needed_is_in_the_script():
    source = Playbook([Linear()]).propose(DRAFT, TASK, profile(column("size")), Journal(events=())).script.source
    assert "date" not in source
    assert "parsed_number" not in source
    assert "as_levels" not in source


@pytest.mark.parametrize("task_type", ["binary", "regression"])
def test_without_columns_a_constant_is_predicted(task_type):
    task = msgspec.structs.replace(TASK, type=task_type, classes=("no", "yes") if task_type == "binary" else ())
    bare = profile(column("id", "identifier", "str", used=False))
    space: dict[str, object] = {"__name__": "script"}
    proposal = Playbook([Linear()]).propose(DRAFT, task, bare, Journal(events=()))
    exec(compile(proposal.script.source, "script.py", "exec"), space)
    pipeline = space["build_pipeline"]().fit(pd.DataFrame({"id": list("abcd")}), [0, 1, 1, 1])
    rows = pd.DataFrame({"id": ["z"]})
    constant = pipeline.predict(rows) if task_type == "regression" else pipeline.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(constant, [0.75])


def test_a_class_that_is_not_rare_gets_no_weights():
    even = msgspec.structs.replace(
        PROFILE, target=TargetProfile(n_missing=0, levels=(Level(value="no", count=260), Level(value="yes", count=240)))
    )
    ideas = {r.idea for family in (Linear(), GradientBoosting()) for r in family.recipes(TASK, even)}
    assert "balanced class weights" not in ideas
    rare = {r.idea for family in (Linear(), GradientBoosting()) for r in family.recipes(TASK, PROFILE)}
    assert "balanced class weights" in rare


def test_left_alone_it_knows_every_registered_family_and_begins_with_the_cheap_one():
    proposal = Playbook().propose(DRAFT, TASK, PROFILE, Journal(events=()))
    assert proposal.plan.family == "linear"
