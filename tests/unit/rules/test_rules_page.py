"""The page about rules says what the rules' docstrings say."""

from __future__ import annotations

import re

import pytest

from docs.generate_rules import PAGE, page
from octopus import registry
from octopus.testing.examples import example_failures, example_profile


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs writes it anew"


def test_the_page_has_every_registered_rule_once() -> None:
    codes = re.findall(r"^### (\w+)", page(), flags=re.MULTILINE)
    assert codes == sorted([*registry.names(registry.CRASH_RULES), *registry.names(registry.SYMPTOM_RULES)])


@pytest.mark.parametrize("name", registry.names(registry.CRASH_RULES))
def test_a_crash_rule_says_when_it_fires_what_to_do_and_whether_the_playbook_can_repair_it(name: str) -> None:
    rule = registry.load(registry.CRASH_RULES, name)
    words = " ".join((rule.__doc__ or "").split())
    profile = example_profile("binary")
    said = [d for outcome, script in example_failures() if (d := rule().match(outcome, script, profile)) is not None]
    assert "Evidence: " in words
    assert "Remedy: " in words
    assert {d.repairable for d in said} == {" Repairable: " in words}
    assert (" Not repairable" in words) != (" Repairable: " in words)
