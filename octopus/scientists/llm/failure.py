"""The card of a failure: what broke, where, why, and what was tried."""

from __future__ import annotations

import ast
import re

from octopus.families.signatures import signature
from octopus.records import ColumnProfile, Experiment
from octopus.scientists.llm.excerpts import failing_part, known_source
from octopus.scientists.llm.fence import fenced, plain
from octopus.scientists.llm.python import parse
from octopus.scientists.llm.view import View

#: A library does not take what the script gives it: its installed signature is told.
_INTERFACE = "OCT105"
#: Characters: of the exception's line, of cause and remedy, of a signature, of an attempt.
_EXCEPTION, _WORDS, _SIGNATURE, _TRIED = 220, 260, 330, 120
#: Columns that are told with their types.
_COLUMNS = 4
_CALLED = re.compile(r"([A-Za-z_][\w.]*)\(\)")


def failure_card(view: View, failed: Experiment, attempt: int) -> str:
    """Return what a model needs to mend a script.

    Parameters
    ----------
    view : View
        Of the run.
    failed : Experiment
        The one that failed.
    attempt : int
        Which attempt at mending it this is, from one.

    Returns
    -------
    str
        The failure and the part of the script that failed.
    """
    outcome, source = failed.outcome, known_source(failed.script, view.task, view.profile)
    part, line = failing_part(failed.script, outcome.failure, view.task, view.profile)
    facts = [f"Idea, which stays: {plain(failed.plan.family, 20)}: {plain(view.hide(failed.plan.idea, source), 90)}"]
    stage = f"Stage {outcome.stage}"
    if outcome.failure is not None:
        message = plain(view.hide(outcome.failure.message, source), _EXCEPTION)
        wrapped = (
            f" (as {outcome.failure.wrapped_in})"
            if outcome.failure.wrapped_in not in (None, outcome.failure.type)
            else ""
        )
        kind = plain(view.hide(outcome.failure.type, source), 60)  # a script names its own exceptions
        facts.append(f"{stage}: {kind}{wrapped}: {message}")
    else:
        reason = plain(view.hide(outcome.reason, source), _EXCEPTION)
        facts.append(f"{stage}: {outcome.status}{f': {reason}' if reason else ''}")
    if line:
        facts.append(f"Line: {plain(line, 160)}")
    for diagnosis in [d for d in failed.diagnoses if d.kind == "crash"][:1]:
        title, cause, remedy = (
            plain(view.hide(t, source), _WORDS) for t in (diagnosis.title, diagnosis.cause, diagnosis.remedy)
        )
        facts.append(f"{diagnosis.code} {title}: {cause}. Remedy: {remedy}")
        if diagnosis.code == _INTERFACE:
            facts += _signatures(failed.script.source, line, outcome.failure.message if outcome.failure else "", remedy)
    facts += _columns(view, failed)
    facts += _tried(view, failed)
    ask = "Mend it." if attempt == 1 else f"Attempt {attempt} of 3: mend it in another way than before."
    return f"FAILURE\n{fenced(chr(10).join(facts))}\nSCRIPT, the part that matters:\n```python\n{part}\n```\n{ask}"


def _signatures(source: str, line: str, message: str, told: str) -> list[str]:
    """Return the installed signature of what was called wrongly, as far as it can be told and was not told yet."""
    imported: dict[str, str] = {}
    for node in ast.walk(parse(source) or ast.Module(body=[], type_ignores=[])):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported.update({alias.asname or alias.name: node.module for alias in node.names})
    named = [name.removesuffix(".__init__") for name in _CALLED.findall(message)] or re.findall(r"\w+(?=\()", line)
    for name in dict.fromkeys(named):
        owner = name.partition(".")[0]
        if owner in imported and f"{owner}(" not in told and (text := signature(imported[owner], name)):
            return [f"Installed: {text[:_SIGNATURE]}"]
    return []


def _columns(view: View, failed: Experiment) -> list[str]:
    """Return the columns that the failure names, with their types."""
    failure = failed.outcome.failure
    code = " ".join(frame.code for frame in failure.frames) if failure else ""
    told = " ".join(
        [failure.message if failure else "", code, *(f"{d.cause} {d.remedy}" for d in failed.diagnoses[:1])]
    )
    named = [
        c for c in view.profile.columns if re.search(rf"(?<!\w){re.escape(c.name)}(?!\w)", told) and c.name.strip()
    ]
    return [f"Columns: {'; '.join(_column(c) for c in named[:_COLUMNS])}"] if named else []


def _column(column: ColumnProfile) -> str:
    gaps = f", gaps {column.missing_fraction:.0%}" if column.missing_fraction else ""
    parts = (
        f', after Features() only its parts, as "{plain(column.name, 40)} year"' if column.kind == "datetime" else ""
    )
    return f"{plain(column.name, 40)} is {column.kind} ({column.dtype}{gaps}){parts}"


def _tried(view: View, failed: Experiment) -> list[str]:
    """Return what was changed before in this chain of mends, and what came of it."""
    by_number = {e.number: e for e in view.journal.experiments}
    found: list[str] = []
    current = failed
    while current.decision.action == "repair" and current.decision.parent in by_number and len(found) < 3:
        before = by_number[current.decision.parent]
        why = before.outcome.failure.type if before.outcome.failure else before.outcome.status
        source = known_source(current.script, view.task, view.profile)
        change = plain(view.hide(current.decision.reason, source), _TRIED)
        found.insert(0, f"#{before.number} failed ({plain(view.hide(why, source), 40)}), then: {change}")
        current = before
    return [f"Tried: {one}" for one in found]
