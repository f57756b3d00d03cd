"""What a language model would be asked first and about what a run would take, before anything leaves."""

from __future__ import annotations

from dataclasses import dataclass

from octopus.assembly import Assembly
from octopus.errors import InvalidParameter
from octopus.journal import Journal
from octopus.protocols import ChatRequest, Rehearses
from octopus.records import Budget, Profiled, Usage
from octopus.search import brief, survey_data
from octopus.tokens import estimate_prompt

#: Steps that a model is asked for in a run that ends as soon as its patience does, and in one that goes on gaining.
_FEW_STEPS, _MANY_STEPS = 3, 12
#: Scripts that have to be mended, likewise.
_MANY_FIXES = 6
#: Tokens of a reply that is neither short nor long; measured, ``benchmarks/tokens.py``.
_USUAL_REPLY = 450
#: … and of the reading of a goal; tokens of the ledger and the script of the best, which a first prompt has not.
_SHORT_REPLY, _LATER = 60, 700


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What would be asked.

    Parameters
    ----------
    backend : str
        Who would be asked.
    requests : tuple of ChatRequest
        The first questions, as they would be sent.
    at_least, at_most : Usage
        What a run would take that ends soon, and one that goes on; limits are kept to in either.
    is_priced : bool
        Whether the price of the model is known; else the cost is 0.
    """

    backend: str
    requests: tuple[ChatRequest, ...]
    at_least: Usage
    at_most: Usage
    is_priced: bool


def rehearse(assembly: Assembly) -> Rehearsal:
    """Prepare a run as far as its first questions to a language model.

    Parameters
    ----------
    assembly : Assembly
        What was given.

    Returns
    -------
    Rehearsal
        Nothing was asked, run or written.

    Raises
    ------
    InvalidParameter
        No language model leads.
    """
    scientist = assembly.scientist
    if not isinstance(scientist, Rehearses):
        remedy = "Give backend='openai:MODEL' or another backend to see what it would be asked."
        raise InvalidParameter("backend", assembly.parameters["backend"], "no language model leads", remedy)
    question, settings = assembly.plain_question(), assembly.settings
    survey = survey_data(question, question.task, assembly.families, settings)
    scientist.begin(brief(question, survey, settings))
    profiled = Profiled(at="", elapsed_s=0.0, profile=survey.profile, validation=survey.plan)
    requests = scientist.first_requests(
        assembly.goal_question, survey.task, survey.profile, Journal(events=(profiled,))
    )
    step, read = requests[-1], requests[:-1]
    once = Usage(requests=1, input_tokens=estimate_prompt(step.messages) + _LATER, output_tokens=_USUAL_REPLY)
    dearest = Usage(requests=1, input_tokens=once.input_tokens, output_tokens=step.max_tokens)
    goal = sum(
        (Usage(requests=1, input_tokens=estimate_prompt(r.messages), output_tokens=_SHORT_REPLY) for r in read), Usage()
    )
    at_least, at_most = goal + _times(once, _FEW_STEPS), goal + _times(dearest, _MANY_STEPS + _MANY_FIXES)
    priced = [_priced(usage, scientist) for usage in (at_least, at_most)]
    low, high = (_within(usage, settings.budget) for usage in priced)
    return Rehearsal(
        backend=scientist.name,
        requests=requests,
        at_least=low,
        at_most=high,
        is_priced=scientist.cost_usd(at_least) is not None,
    )


def _times(usage: Usage, n: int) -> Usage:
    return sum((usage for _ in range(n)), Usage())


def _priced(usage: Usage, scientist: Rehearses) -> Usage:
    return usage + Usage(cost_usd=scientist.cost_usd(usage) or 0.0)


def _within(usage: Usage, budget: Budget) -> Usage:
    """Return so much of it as the limits allow."""
    share = 1.0
    if budget.max_tokens is not None:
        share = min(share, budget.max_tokens / usage.tokens)
    if budget.max_cost_usd is not None and usage.cost_usd:
        share = min(share, budget.max_cost_usd / usage.cost_usd)
    return Usage(
        requests=max(1, int(usage.requests * share)),
        input_tokens=int(usage.input_tokens * share),
        output_tokens=int(usage.output_tokens * share),
        cost_usd=usage.cost_usd * share,
    )
