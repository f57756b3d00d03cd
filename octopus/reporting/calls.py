"""What calls of a language model took, in words and numbers: the same on the console, on the page and in the card."""

from __future__ import annotations

from collections.abc import Sequence

from octopus.journal import Journal
from octopus.records import CallKind, ModelCall, Record, Usage
from octopus.reporting.words import count, listed, share

#: What a model is asked for, in words.
KINDS: dict[CallKind, str] = {
    "goal": "reading the goal", "step": "next step", "fix": "mending a script", "reask": "asked again",
}  # fmt: skip


class Tally(Record, frozen=True, kw_only=True):
    """Calls of one kind: how many, how many brought no reply or none that could be used, what they took."""

    kind: CallKind
    n_calls: int
    n_failed: int
    n_unusable: int
    usage: Usage
    wall_s: float

    @property
    def n_retries(self) -> int:
        """Requests beyond one a call."""
        return max(0, self.usage.requests - self.n_calls)


def tallies(calls: Sequence[ModelCall]) -> tuple[Tally, ...]:
    """Return calls by their kind.

    Parameters
    ----------
    calls : sequence of ModelCall
        Of a run.

    Returns
    -------
    tuple of Tally
        In the order of :data:`KINDS`; kinds that do not occur are left out.
    """
    found = []
    for kind in KINDS:
        of_kind = [call for call in calls if call.kind == kind]
        if of_kind:
            n_failed = sum(call.status == "failed" for call in of_kind)
            found.append(
                Tally(
                    kind=kind,
                    n_calls=len(of_kind),
                    n_failed=n_failed,
                    n_unusable=sum(call.status != "ok" for call in of_kind) - n_failed,
                    usage=sum((call.usage for call in of_kind), Usage()),
                    wall_s=sum(call.wall_s for call in of_kind),
                )
            )
    return tuple(found)


def asked_words(journal: Journal) -> str:
    """Return who was asked: the name that the user gave, and the models that answered.

    Parameters
    ----------
    journal : Journal
        Of a run.

    Returns
    -------
    str
        As in "openai:gpt-5 (gpt-5-2026-01)"; empty where nobody was.
    """
    answered: dict[str, list[str]] = {}
    for call in journal.calls:
        models = answered.setdefault(call.backend, [])
        known = ("", call.backend, call.backend.partition(":")[2], *models)
        if call.model not in known:
            models.append(call.model)
    return ", ".join(f"{who} ({listed(models)})" if models else who for who, models in answered.items())


def calls_words(calls: Sequence[ModelCall]) -> str:
    """Return how often a model was asked and what that took.

    Parameters
    ----------
    calls : sequence of ModelCall
        Of a run.

    Returns
    -------
    str
        One line.
    """
    kinds = ", ".join(f"{tally.kind} {tally.n_calls}" for tally in tallies(calls))
    usage = sum((call.usage for call in calls), Usage())
    n_bad = sum(call.status != "ok" for call in calls)
    bad = [f"{n_bad} without a usable reply"] if n_bad else []
    wall_s = sum(call.wall_s for call in calls)
    return " · ".join([f"{count(len(calls), 'call')} ({kinds})", *bad, usage_words(usage), f"{wall_s:,.0f} s"])


def usage_words(usage: Usage) -> str:
    """Return tokens and money.

    Parameters
    ----------
    usage : Usage
        Of one call or of many.

    Returns
    -------
    str
        As in "12,340 tokens in (65.6% cached), 2,010 out · $0.0123".
    """
    cached = f" ({share(usage.cached_tokens / usage.input_tokens)} cached)" if _has_cached(usage) else ""
    estimated = ", estimated" if usage.is_estimated else ""
    tokens = f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out{estimated}"
    return f"{tokens} · {dollars(usage.cost_usd)}" if usage.cost_usd else tokens


def dollars(cost_usd: float) -> str:
    """Return an amount of money.

    Parameters
    ----------
    cost_usd : float
        US dollars.

    Returns
    -------
    str
        Cents in whole from a dollar on, parts of them below.
    """
    return f"${cost_usd:,.2f}" if abs(cost_usd) >= 1 else f"${cost_usd:.4f}"


def _has_cached(usage: Usage) -> bool:
    return usage.cached_tokens > 0 and usage.input_tokens > 0
