"""A run that a real language model leads which is of no use as a scientist: garbage in, a good estimator out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from octopus import AutonomousClassifier, read_journal
from octopus.backends.openai import OpenAIBackend
from octopus.errors import BackendRefused, ModelGaveOut
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import CallKind
from octopus.scientists.llm import asking, scientist
from octopus.scientists.llm.asking import MAX_REPLY_TOKENS
from tests.e2e.test_faults import table
from tests.local_model import local_model, what_lacks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(what_lacks()), reason=what_lacks() or "all is there"),
]

#: What two cores write and read in the time of a test.
_CALLS, _REPLY_TOKENS = 3, 128
#: Seconds for one: on a machine that does other things too, reading the first prompt takes minutes.
_DEADLINE_S = 240.0
_KINDS: tuple[CallKind, ...] = ("goal", "step", "fix", "reask")


class Thrice(OpenAIBackend):
    """The real backend, for three questions."""

    n_asked = 0

    def complete(self, request: ChatRequest) -> ChatReply:
        """Ask, or refuse to."""
        if self.n_asked >= _CALLS:
            raise BackendRefused(self.name, f"{_CALLS} questions are enough for a test", "Ask no more.")
        self.n_asked += 1
        return super().complete(request)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with local_model() as address:
        yield address


def test_a_small_model_leads_and_the_estimator_is_as_good_as_without_it(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in _KINDS:
        monkeypatch.setitem(MAX_REPLY_TOKENS, kind, _REPLY_TOKENS)
    for module in (asking, scientist):
        monkeypatch.setattr(module, "DEADLINE_S", _DEADLINE_S)
    X, y = table()
    run = {"families": ["linear"], "random_state": 0, "n_jobs": 1}
    backend = Thrice("smollm2", base_url=address, temperature=0.0)
    led = AutonomousClassifier(backend=backend, run_dir=tmp_path / "led", **run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelGaveOut)
        led.fit(X, y)
    alone = AutonomousClassifier(backend=None, run_dir=tmp_path / "alone", **run).fit(X, y)
    assert led.best_score_ >= alone.best_score_
    assert set(led.predict(X)) == set(y.unique())
    journal = read_journal(led.run_dir_)
    answered = [call for call in journal.calls if call.status != "failed"]
    assert 1 <= len(answered) <= _CALLS, [call.problem for call in journal.calls]
    assert any(call.reply.strip() for call in answered)
    for call in answered:  # the server counted, and no estimate was needed
        assert not call.usage.is_estimated
        assert call.usage.requests == 1
        assert call.usage.input_tokens > 100
        assert 0 < call.usage.output_tokens <= _REPLY_TOKENS
    own = [e.plan for e in journal.experiments if e.script.author == "playbook"]
    assert own == [e.plan for e in alone.journal_.experiments][: len(own)]
