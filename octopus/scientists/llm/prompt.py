"""Records → messages for a language model: the same records give the same bytes, what is stable comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from octopus.records import Experiment, Message, TaskType
from octopus.scientists.llm.briefs import opening, text
from octopus.scientists.llm.cards import profile_card
from octopus.scientists.llm.failure import failure_card
from octopus.scientists.llm.fence import fenced, plain, visible
from octopus.scientists.llm.ledger import ledger
from octopus.scientists.llm.tail import tail
from octopus.scientists.llm.view import Privacy, View

__all__ = ["Privacy", "View", "fix_prompt", "goal_prompt", "reask_prompt", "step_prompt"]

#: Characters of a goal, of the words on a column, of a reply that could not be read, of what is wrong with it.
_GOAL, _DESCRIBED, _REPLY, _PROBLEM = 2000, 120, 3200, 1500
#: Columns that a question about the goal names.
_COLUMNS = 200


def step_prompt(view: View) -> tuple[Message, ...]:
    """Return the question what to do next.

    Parameters
    ----------
    view : View
        Of the run.

    Returns
    -------
    tuple of Message
        The contract; then the data set, what was tried, and what is new: each but the last begins as the next prompt's.
    """
    profile, _ = view.first
    stable = opening(view.task, profile, view.families, view.versions, view.privacy, view.hide)
    tried = ledger(view.journal, view.hide)
    parts = [
        f"DATA\n{fenced(profile_card(view))}",
        f"LEDGER ({view.task.scoring}; gain and loss by the paired difference)\n{fenced(tried)}",
        tail(view),
    ]
    return (Message(role="system", text=stable.strip()), Message(role="user", text="\n\n".join(parts)))


def fix_prompt(view: View, failed: Experiment, attempt: int) -> tuple[Message, ...]:
    """Return the question how to mend a script that failed.

    Parameters
    ----------
    view : View
        Of the run.
    failed : Experiment
        The one that failed.
    attempt : int
        Which attempt this is, from one.

    Returns
    -------
    tuple of Message
        The contract of an edit; then the failure and the part of the script.
    """
    return (
        Message(role="system", text=text("fix").strip()),
        Message(role="user", text=failure_card(view, failed, attempt)),
    )


def goal_prompt(
    goal: str,
    columns: Sequence[tuple[str, str]],
    task_type: TaskType,
    target: str,
    classes: Sequence[str],
    privacy: Privacy,
    descriptions: Mapping[str, str],
) -> tuple[Message, ...]:
    """Return the question what a goal says.

    Parameters
    ----------
    goal : str
        The user's words.
    columns : sequence of tuple of str and str
        Names and types.
    task_type : {"binary", "multiclass", "regression"}
        What kind of problem it is.
    target : str
        What is predicted.
    classes : sequence of str
        Labels of the target; they are cells, and stay here at privacy ``schema``.
    privacy : {"summary", "schema", "samples"}
        What of the data may leave this process.
    descriptions : mapping of str to str
        The user's words on columns.

    Returns
    -------
    tuple of Message
        The forms of an answer; then goal and columns.
    """
    words = {name: f": {plain(told, _DESCRIBED)}" for name, told in descriptions.items() if told.strip()}
    named = [f"- {plain(name)} ({plain(dtype, 30)}){words.get(name, '')}" for name, dtype in columns[:_COLUMNS]]
    more = [f"- and {len(columns) - _COLUMNS} more"] if len(columns) > _COLUMNS else []
    labels = "" if privacy == "schema" or not classes else f": {', '.join(plain(c, 40) for c in classes[:20])}"
    n_classes = f", {len(classes)} classes{labels}" if classes else ""
    told = [f"Goal: {plain(goal, _GOAL)}", f"Task: {task_type}, target {plain(target)}{n_classes}", "Columns:"]
    return (
        Message(role="system", text=_goal_forms(is_binary=task_type == "binary")),
        Message(role="user", text=fenced("\n".join([*told, *named, *more]))),
    )


def _goal_forms(*, is_binary: bool) -> str:
    """Return the forms of an answer; costs are those of the two errors of a decision between two classes."""
    forms = text("goal").strip().splitlines()
    kept = [line for line in forms if is_binary or not line.startswith("COST")]
    return "\n".join(kept)


def reask_prompt(messages: Sequence[Message], reply: str, problem: str) -> tuple[Message, ...]:
    """Return a question anew whose reply could not be used.

    Parameters
    ----------
    messages : sequence of Message
        The question.
    reply : str
        What came; long ones are cut.
    problem : str
        What is wrong with it and what to send instead.

    Returns
    -------
    tuple of Message
        The question, the reply and the problem.
    """
    cut = reply if len(reply) <= _REPLY else f"{reply[:_REPLY]}\n[cut]"
    problem = visible(problem[:_PROBLEM])  # it may name columns
    return (
        *messages,
        Message(role="assistant", text=cut.strip() or "(empty)"),
        Message(
            role="user", text=f"That cannot be used. {problem} Reply again, in full, in the form that was asked for."
        ),
    )
