"""Endpoints on bad days: whatever one does, a fit over real HTTP ends in time, within its caps and with a good model.

Most questions in a row without a reply before a model is asked no more: two; turns without a usable reply: three, each
asked twice. One question is at most six requests, and two of those that may be charged.
"""

from __future__ import annotations

import itertools
import random
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from octopus import AutonomousClassifier
from octopus.errors import ModelGaveOut, OctopusWarning
from octopus.journal import Journal
from octopus.scientists.llm import asking
from tests.e2e.test_led import ANALYSIS, experiment
from tests.endpoint import (
    Answer,
    Body,
    Endpoint,
    Handler,
    drops,
    endpoint,
    fails,
    hangs_up,
    http_date,
    says,
    sends,
    sleeps,
    trickles,
)

#: Seconds for one question here, and what the rest of a small fit takes at most on a busy machine.
_DEADLINE_S, _REST_S = 4.0, 150.0
_MAX_TOKENS = 60_000
_TRIES, _CHARGED_TRIES = 6, 2
_FAILED, _UNUSABLE, _ASKED_TWICE = 2, 3, 2
#: Requests that only find out what an endpoint does not take.
_DIALECT = 6
_RUN: dict[str, object] = {"families": ["linear"], "random_state": 0, "n_jobs": 1}


@dataclass(frozen=True)
class Fault:
    """What an endpoint does, and how many requests it can cost where it does nothing else."""

    name: str
    answer: Answer
    most: int


def says_the_hour(handler: Handler, body: Body) -> None:
    """Ask to wait until a moment that comes soon."""
    fails(429, "busy", [("Retry-After", http_date(1))])(handler, body)


_FAULTS = (
    Fault("429", fails(429, "rate limit reached"), _FAILED * _TRIES),
    Fault("429 that says when", fails(429, "busy", [("Retry-After", "0.2")]), _FAILED * _TRIES),
    Fault("429 that says the hour", says_the_hour, _FAILED * _TRIES),
    Fault("429 for an hour", fails(429, "busy", [("Retry-After", "3600")]), _FAILED),
    Fault("429 without money", fails(429, "no", code="insufficient_quota"), 1),
    Fault("500", fails(500), _FAILED * _TRIES),
    Fault("an error with status 200", sends(b'{"error": {"message": "upstream", "code": 502}}'), _FAILED * _TRIES),
    Fault("half a body", drops, _FAILED * _CHARGED_TRIES),
    Fault("no body", hangs_up, _FAILED * _CHARGED_TRIES),
    Fault("no JSON", sends(b'{"choices": [{"mess'), _FAILED * _CHARGED_TRIES),
    Fault("JSON of something else", sends(b'{"choices": []}'), _FAILED * _CHARGED_TRIES),
    Fault("an empty body", sends(b""), _FAILED * _CHARGED_TRIES),
    Fault("an empty reply", says(""), _UNUSABLE * _ASKED_TWICE),
    Fault("no reply and no count", says(None, usage=None), _UNUSABLE * _ASKED_TWICE),
    Fault("a reply that is cut off", says(experiment("x", "pass")[:200], "length"), _UNUSABLE * _ASKED_TWICE),
    Fault("a refusal", says(None, refusal="I cannot help with that."), _UNUSABLE * _ASKED_TWICE),
    Fault("silence", sleeps, _FAILED),
    Fault("a trickle", trickles, _FAILED),
    Fault("no such model", fails(404, "the model does not exist"), 1),
    Fault("a wrong key", fails(401, "Incorrect API key provided"), 1),
    Fault("a small context", fails(400, "too long", code="context_length_exceeded"), 1),
)
#: One of them with every request; the others come with ``make check``.
_QUICK = ("no JSON",)
#: What passes: none of them ends the model's part at once.
_PASSING = tuple(fault for fault in _FAULTS if fault.most > 1 and fault.name != "429 for an hour")


def table() -> tuple[pd.DataFrame, pd.Series]:
    """Return a table in which a rule decides, with noise: 240 rows, of which a line sees a part."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"agew": rng.integers(20, 60, 240), "child6": rng.integers(0, 4, 240), "city": rng.choice(
        ["yes", "no"], 240)})  # fmt: skip
    y = pd.Series(np.where((X["agew"] > 40) ^ (rng.random(240) < 0.25), "works", "stays"), name="worked")
    return X, y


def led(there: Endpoint, run_dir: Path, patch: pytest.MonkeyPatch, **more: object) -> tuple[AutonomousClassifier, int]:
    """Fit with a backend at this endpoint; the estimator, and how many warnings said that the model gave out."""
    patch.setattr(asking, "DEADLINE_S", _DEADLINE_S)
    patch.setenv("OPENAI_BASE_URL", there.address)
    asked = {"backend": "openai:any", "max_tokens": _MAX_TOKENS, **_RUN, **more}
    model = AutonomousClassifier(run_dir=run_dir, **asked)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OctopusWarning)
        model.fit(*table())
    said = [one.category for one in caught if issubclass(one.category, OctopusWarning)]
    assert set(said) <= {ModelGaveOut}
    return model, len(said)


def is_sound(model: AutonomousClassifier, there: Endpoint) -> Journal:
    """Check what holds of every run, whatever the endpoint did."""
    X, y = table()
    assert set(model.predict(X)) == set(y.unique())
    journal = model.journal_
    assert journal.finished is not None
    own = [e.score.mean for e in journal.valid_experiments if e.script.author == "playbook" and e.score]
    assert journal.best is not None
    assert journal.best.score is not None
    assert journal.best.score.mean >= max(own)
    assert journal.usage.tokens <= _MAX_TOKENS
    assert journal.usage.requests == len(there.bodies)
    return journal


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> AutonomousClassifier:
    """Return what the playbook makes of the table by itself."""
    return AutonomousClassifier(backend=None, run_dir=tmp_path_factory.mktemp("alone") / "run", **_RUN).fit(*table())


@pytest.mark.parametrize(
    "fault",
    [pytest.param(f, id=f.name, marks=[] if f.name in _QUICK else pytest.mark.slow) for f in _FAULTS],
)
def test_one_fault_for_ever_costs_few_requests_and_no_quality(
    fault: Fault, alone: AutonomousClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    with endpoint(fault.answer) as there:
        model, n_said = led(there, tmp_path / "run", monkeypatch)
        took_s = time.monotonic() - began
        journal = is_sound(model, there)
    assert 1 <= len(there.bodies) <= fault.most
    assert n_said == 1
    assert journal.retirement
    assert [(e.plan, e.script, e.score and e.score.folds) for e in journal.experiments] == [
        (e.plan, e.script, e.score and e.score.folds) for e in alone.journal_.experiments
    ]
    assert sum(call.wall_s for call in journal.calls) <= len(journal.calls) * (_DEADLINE_S + 1.0)
    assert took_s < _REST_S


def good_replies() -> list[str]:
    """Return what a model may well say: ideas of all kinds, one of them with a slip."""
    ideas = [experiment(f"older than {age}", f'out["old {age}"] = out["agew"] > {age}') for age in (35, 40, 45, 50)]
    slip = experiment("children per year", 'out["rate"] = out["child6"] / (out["agew"] - nothing)')
    edit = "ACTION: edit\nPARENT: 1\nIDEA: a stronger line\nHYPOTHESIS: less shrinkage\nEXPECTED: a little\n" + (
        "<<<<<<< SEARCH\ndef build_pipeline():\n=======\ndef build_pipeline():  # as before\n>>>>>>> REPLACE"
    )
    return [ideas[0], ANALYSIS, ideas[1], slip, ideas[2], edit, ideas[3]]


class Weather:
    """An endpoint that fails at random and else gives good replies, in turn."""

    def __init__(self, seed: int, share: float) -> None:
        self._random, self._share = random.Random(seed), share
        self._good = itertools.cycle(good_replies())
        self.n_good = 0
        self.faults: list[str] = []

    def __call__(self, handler: Handler, body: Body) -> None:
        if self._random.random() < self._share:
            fault = self._random.choice(_PASSING)
            self.faults.append(fault.name)
            fault.answer(handler, body)
        else:
            self.n_good += 1
            says(next(self._good), usage={"prompt_tokens": 1500, "completion_tokens": 300})(handler, body)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_faults_between_good_replies_never_end_a_run(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weather, began = Weather(seed, 0.3), time.monotonic()
    with endpoint(weather) as there:
        model, n_said = led(there, tmp_path / "run", monkeypatch, max_experiments=8)
        journal = is_sound(model, there)
    assert n_said == bool(journal.retirement)
    assert weather.faults
    assert any(e.script.author == "model" for e in journal.experiments) or journal.retirement
    assert len(there.bodies) == weather.n_good + len(weather.faults)
    assert len(there.bodies) <= _TRIES * len(journal.calls)  # a good reply ends a question
    looks = [event for event in journal.events if type(event).__name__ in ("Analysed", "ProposalRefused")]
    # A turn is a question, asked twice, and so is a fix; turns that came to nothing are the playbook's.
    assert len(journal.calls) <= _ASKED_TWICE * (2 * len(journal.experiments) + len(looks) + 1)
    assert sum(call.wall_s for call in journal.calls) <= len(journal.calls) * (_DEADLINE_S + 1.0)
    assert time.monotonic() - began < _REST_S + len(journal.calls) * _DEADLINE_S


@pytest.mark.slow
def test_an_endpoint_that_takes_next_to_nothing_leads_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = itertools.cycle(good_replies())

    def picky(handler: Handler, body: Body) -> None:
        roles = {message["role"] for message in body["messages"]}  # type: ignore[attr-defined]
        if "system" in roles or "developer" in roles:
            fails(400, "System role not supported")(handler, body)
        elif "max_completion_tokens" in body:
            fails(400, "Unrecognized request argument supplied: max_completion_tokens")(handler, body)
        else:
            says(next(good), usage=None)(handler, body)

    with endpoint(picky) as there:
        model, n_said = led(there, tmp_path / "run", monkeypatch, max_experiments=3)
        journal = is_sound(model, there)
    assert n_said == 0
    assert any(e.script.author == "model" and e.is_valid for e in journal.experiments)
    assert journal.usage.is_estimated
    assert len(there.bodies) <= len(journal.calls) + _DIALECT


def test_a_cap_of_tokens_counts_what_came_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(drops) as there:
        model, n_said = led(there, tmp_path / "run", monkeypatch, max_experiments=2, max_tokens=9_000)
    journal = model.journal_
    assert n_said == 1
    assert journal.usage.tokens <= 9_000
    assert len(there.bodies) <= _CHARGED_TRIES
    assert journal.usage.requests == len(there.bodies)
