"""Docstrings of the registered rules → ``docs/rules.md``: ``python docs/generate_rules.py``, or ``make docs``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import textwrap
from pathlib import Path

import octopus.findings
from octopus import registry
from octopus.protocols import CrashRule
from octopus.testing.examples import example_failures, example_profile

PAGE = Path(__file__).with_name("rules.md")
_WIDTH = 120
_INTRODUCTION = """\
# Rules and findings

Every failure and every weakness of an experiment is named by a code, and so is everything that is noticed in the data
before the first one. All of it is deterministic: no model is asked. Rules are plug-ins of the groups
`octopus.crash_rules` and `octopus.symptom_rules`; those that are installed with other packages appear on the console
like these, and `octopus.testing` has the checks that they must pass.

This page is made from the docstrings by `make docs`.
"""
_CRASHES = """\
## Crash rules: what broke

A failure that is *repairable* gets another try by the playbook in the same family: the table read with more care, or a
smaller model. For any other the playbook goes on with another family, while a scientist with a model is shown cause,
evidence and remedy. The same failure three times ends its line of work. An exception is told by its type and the
beginning of its message; what a script raises in words of its own is `OCT199`, whatever it sounds like.
"""
_SYMPTOMS = """\
## Symptom rules: it ran, but

They look at predictions, folds, times, the profile and the journal of an experiment that worked.
"""
_FINDINGS = """\
## Findings: what is noticed in the data

They come from the profile before the first experiment, and steer split, cleaning and hypotheses.

| code | finding |
|---|---|
"""
_PART = re.compile(r"(?<!\S)(Evidence:|Remedy:|Not repairable(?: without a model| by a variation)?[:.]|Repairable[:.])")
_NAMES = {"Evidence:": "Fires on", "Remedy:": "What to do"}
_FINDING = re.compile(r"^(OCT\d{3})\s{2,}(\S.*(?:\n\s{9,}\S.*)*)", re.MULTILINE)


def page() -> str:
    """Return the page as it should be."""
    crashes = (_entry(plugin, repairable=_is_repairable(plugin())) for plugin in _rules(registry.CRASH_RULES))
    symptoms = (_entry(plugin) for plugin in _rules(registry.SYMPTOM_RULES))
    findings = "\n".join(f"| {code} | {text} |" for code, text in sorted(_findings().items()))
    return "\n".join([_INTRODUCTION, _CRASHES, *crashes, _SYMPTOMS, *symptoms, _FINDINGS + findings, ""])


def _rules(group: str) -> list[type]:
    return [plugin for name in sorted(registry.names(group)) if isinstance(plugin := registry.load(group, name), type)]


def _entry(rule: type, *, repairable: bool | None = None) -> str:
    """Return heading, summary and the parts of a rule's docstring."""
    summary, _, rest = inspect.cleandoc(rule.__doc__ or "").partition("\n\n")
    code = getattr(rule, "code", "")
    lines = [f"### {code} {_in_words(rule.__name__)}", "", _flow(summary), ""]
    before, *parts = _PART.split(" ".join(rest.split()))
    if before.strip():
        lines += [_flow(before), ""]
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        if name in _NAMES:
            lines.append(_item(_NAMES[name], text))
        else:
            answer = "no" if name.startswith("Not") else "yes"
            lines.append(_item("Repairable without a model", f"{answer}{name[-1]}{text}"))
    if repairable is not None and not any("repairable" in name.lower() for name in parts[::2]):
        lines.append(_item("Repairable without a model", "yes." if repairable else "no."))
    return "\n".join([*lines, ""])


def _is_repairable(rule: CrashRule) -> bool:
    """Return what the rule itself says of the examples that it knows."""
    profile = example_profile("binary")
    said = [d for outcome, script in example_failures() if (d := rule.match(outcome, script, profile)) is not None]
    return bool(said) and said[0].repairable


def _findings() -> dict[str, str]:
    """Return the codes of the tables that open the modules about findings, and of the one that a scientist makes."""
    modules = pkgutil.iter_modules(octopus.findings.__path__, "octopus.findings.")
    names = [*(module.name for module in modules), "octopus.screening.quarantine"]
    docstrings = (importlib.import_module(name).__doc__ or "" for name in names)
    found = (match for text in docstrings for match in _FINDING.findall(text))
    return {code: " ".join(text.split()) for code, text in found}


def _in_words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().replace("gpu", "GPU")


def _item(name: str, text: str) -> str:
    return _flow(f"* **{name}**: {text.strip()}", "  ")


def _flow(text: str, indent: str = "") -> str:
    """Return text in Markdown, in lines of one width."""
    plain = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text.replace("``", "`"))
    return textwrap.fill(" ".join(plain.split()), _WIDTH, subsequent_indent=indent, break_on_hyphens=False)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
