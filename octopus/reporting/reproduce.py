"""Journal → the lines of Python that ask the same again."""

from __future__ import annotations

from octopus.journal import Journal

#: Longest goal that is written out.
_GOAL = 2000


def reproducing_code(journal: Journal) -> str:
    """Return code that starts the same run.

    Parameters
    ----------
    journal : Journal
        Of a run that started.

    Returns
    -------
    str
        Python; what the journal does not hold (roles of columns, folds, size of the holdout) is left to the reader.
    """
    started = journal.started
    assert started is not None
    task, budget = started.task, started.budget
    leads = next((call.backend for call in journal.calls if call.kind != "fix"), None)
    mends = next((call.backend for call in journal.calls if call.kind == "fix"), leads)
    parameters = {
        "goal": task.goal[:_GOAL] or None,
        "task": task.type,
        "scoring": task.scoring,
        "backend": leads,
        "fix_backend": mends if mends != leads else None,
        "max_experiments": budget.max_experiments,
        "time_limit": budget.time_limit_s,
        "max_tokens": budget.max_tokens,
        "max_cost": budget.max_cost_usd,
        # "auto" finds the best again, wherever that is.
        "sandbox": "process" if started.sandbox.level == "process" else None,
        "n_jobs": started.n_jobs,
        "random_state": task.random_state,
    }
    # time_limit has a default of its own, so that None must be said.
    said = {name: value for name, value in parameters.items() if value is not None or name == "time_limit"}
    lines = [f"    {name}={value!r}," for name, value in said.items()]
    return "\n".join(["from octopus import AutonomousEstimator", "", "AutonomousEstimator(", *lines, ").fit(X, y)"])
