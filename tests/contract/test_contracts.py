"""The public contract suites over every registered plug-in; and that the suites can fail."""

from __future__ import annotations

import pytest

from octopus import registry
from octopus.backends.scripted import ScriptedBackend
from octopus.errors import SandboxUnavailable
from octopus.plugins import choose_families
from octopus.protocols import Recipe
from octopus.sandbox import container
from octopus.testing import (
    OneRecipe,
    check_crash_rule,
    check_family,
    check_sandbox,
    check_scientist,
    check_symptom_rule,
)


@pytest.mark.parametrize("name", registry.names(registry.FAMILIES))
def test_family(name: str) -> None:
    family = registry.load(registry.FAMILIES, name)()
    assert family.name == name
    check_family(family)


@pytest.mark.parametrize("name", registry.names(registry.SCIENTISTS))
def test_scientist(name: str) -> None:
    make = registry.load(registry.SCIENTISTS, name)
    if name == "model":  # it is named for whom it asks; its first experiments are the playbook's
        backend = ScriptedBackend([])
        scientist = make(backend=backend, fix_backend=None, families=choose_families("auto"))
        assert scientist.name == backend.name
    else:
        scientist = make()
        assert scientist.name == name
    check_scientist(scientist)


@pytest.mark.parametrize("name", registry.names(registry.CRASH_RULES))
def test_crash_rule(name: str) -> None:
    rule = registry.load(registry.CRASH_RULES, name)()
    assert rule.code == name
    check_crash_rule(rule)


@pytest.mark.parametrize("name", registry.names(registry.SYMPTOM_RULES))
def test_symptom_rule(name: str) -> None:
    rule = registry.load(registry.SYMPTOM_RULES, name)()
    assert rule.code == name
    check_symptom_rule(rule)


@pytest.mark.parametrize("name", registry.names(registry.SANDBOXES))
def test_sandbox(name: str) -> None:
    factory = registry.load(registry.SANDBOXES, name)
    if name == "container" and container.engine() is None:
        with pytest.raises(SandboxUnavailable, match=r"'container' is not available: neither .* answers\. Install one"):
            check_sandbox(factory)
    else:
        check_sandbox(factory)


_SOUND = {"idea": "i", "hypothesis": "h", "expected": "e", "encoding": "native", "model": "Model()"}


def test_a_sound_family_passes() -> None:
    check_family(OneRecipe(Recipe(**_SOUND)))


@pytest.mark.parametrize(
    ("flaw", "message"),
    [
        ({"hypothesis": ""}, "hypothesis and expected effect in words"),
        ({"imports": ("os.system('x')",)}, "is no import"),
        ({"answers": ("soon",)}, "are not codes"),
    ],
)
def test_a_flawed_family_is_told_what_is_wrong(flaw: dict[str, object], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_family(OneRecipe(Recipe(**{**_SOUND, **flaw})))
