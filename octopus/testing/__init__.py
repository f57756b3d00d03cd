"""Contract suites for plug-in authors, and for our own plug-ins.

Each suite takes a plug-in and raises AssertionError with a sentence where it breaks its contract::

    from octopus.testing import check_family

    def test_contract():
        check_family(MyFamily())
"""

from octopus.backends.scripted import ScriptedBackend
from octopus.testing.backends import check_backend
from octopus.testing.contracts import (
    check_crash_rule,
    check_family,
    check_sandbox,
    check_scientist,
    check_symptom_rule,
)
from octopus.testing.doubles import OneRecipe

__all__ = [
    "OneRecipe",
    "ScriptedBackend",
    "check_backend",
    "check_crash_rule",
    "check_family",
    "check_sandbox",
    "check_scientist",
    "check_symptom_rule",
]
