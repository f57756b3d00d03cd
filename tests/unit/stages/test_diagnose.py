"""Every rule is asked; the general one speaks only where no other does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from octopus.protocols import CrashRule, Evidence, SymptomRule
from octopus.records import Diagnosis, Outcome, Profile, Script, TaskType
from octopus.registry import CRASH_RULES, SYMPTOM_RULES, load_all
from octopus.stages.diagnose import diagnose_failure, diagnose_symptoms
from octopus.testing.examples import TASK_TYPES, example_evidence, example_failures, example_profile

OUTCOME = Outcome(status="error", stage="fit")
SCRIPT = Script(source="s", author="playbook")
PROFILE = example_profile("binary")


def _diagnosis(code: str) -> Diagnosis:
    return Diagnosis(code=code, title="t", kind="crash", cause="c", evidence="e", remedy="r")


@dataclass
class _Crash:
    code: str
    matches: bool = True

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        assert (outcome, script, profile) == (OUTCOME, SCRIPT, PROFILE)
        return _diagnosis(self.code) if self.matches else None


@dataclass
class _Symptom:
    code: str
    matches: bool = True

    def match(self, evidence: Evidence) -> Diagnosis | None:
        assert evidence.task.type == "regression"
        return _diagnosis(self.code) if self.matches else None


def _codes(*rules: _Crash) -> list[str]:
    return [d.code for d in diagnose_failure(OUTCOME, SCRIPT, PROFILE, rules)]


def test_diagnoses_come_by_code_whatever_the_order_of_the_rules() -> None:
    rules = [_Crash("OCT303"), _Crash("OCT101"), _Crash("OCT202", matches=False), _Crash("OCT301")]
    assert _codes(*rules) == _codes(*reversed(rules)) == ["OCT101", "OCT301", "OCT303"]


def test_the_general_rule_speaks_only_alone() -> None:
    assert _codes(_Crash("OCT199"), _Crash("OCT301")) == ["OCT301"]
    assert _codes(_Crash("OCT199"), _Crash("OCT301", matches=False)) == ["OCT199"]
    assert _codes() == []


def test_symptoms_come_by_what_is_most_worth_acting_upon_whatever_the_order_of_the_rules() -> None:
    codes = ["OCT610", "OCT615", "OCT605", "OCT606", "OCT601", "OCT602", "OCT609", "OCT603", "OCT612", "OCT604"]
    rules = [*(_Symptom(code) for code in sorted(codes)), _Symptom("OCT611", matches=False)]
    for ordered in (rules, list(reversed(rules))):
        assert [d.code for d in diagnose_symptoms(example_evidence("regression"), ordered)] == codes


def test_every_symptom_rule_of_ours_has_a_place_and_those_of_others_come_after_them() -> None:
    codes = [rule.code for rule in cast("list[type[SymptomRule]]", load_all(SYMPTOM_RULES))]
    rules = [_Symptom(code) for code in ("ABC101", "XYZ101", *codes)]
    found = [d.code for d in diagnose_symptoms(example_evidence("regression"), rules)]
    assert found[-2:] == ["ABC101", "XYZ101"]
    assert found[:-2] != sorted(codes)
    assert sorted(found[:-2]) == sorted(codes)
    assert found[-3] == "OCT614", "a ceiling leaves nothing to do"


def test_a_symptom_rule_that_failed_comes_last_and_guides_nothing() -> None:
    @dataclass
    class Faulty(_Symptom):
        def match(self, evidence: Evidence) -> Diagnosis | None:
            raise ZeroDivisionError

    found = diagnose_symptoms(
        example_evidence("regression"), [Faulty("OCT610"), _Symptom("OCT604"), _Symptom("XYZ101")]
    )
    assert [d.code for d in found] == ["OCT604", "XYZ101", "OCT610"]


@pytest.mark.parametrize(("outcome", "script"), example_failures())
def test_no_failure_is_left_without_a_diagnosis(outcome: Outcome, script: Script) -> None:
    rules = cast("list[type[CrashRule]]", load_all(CRASH_RULES))
    found = diagnose_failure(outcome, script, PROFILE, [rule() for rule in rules])
    assert found
    assert all(d.kind == "crash" and d.remedy for d in found)


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_a_model_no_better_than_a_constant_is_told_so(task_type: TaskType) -> None:
    rules = cast("list[type[SymptomRule]]", load_all(SYMPTOM_RULES))
    found = diagnose_symptoms(example_evidence(task_type), [rule() for rule in rules])
    assert "OCT601" in [d.code for d in found]


def test_a_rule_that_fails_says_so_in_its_own_name():
    class Faulty:
        code = "XYZ101"

        def match(self, *_):
            raise ZeroDivisionError("by zero")

    crash = diagnose_failure(OUTCOME, SCRIPT, PROFILE, [Faulty()])
    symptom = diagnose_symptoms(example_evidence("binary"), [Faulty()])
    assert [(d.code, d.kind, d.cause) for d in (*crash, *symptom)] == [
        ("XYZ101", "crash", "ZeroDivisionError: by zero"),
        ("XYZ101", "symptom", "ZeroDivisionError: by zero"),
    ]
