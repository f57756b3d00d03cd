"""Recordings outlive versions and noise, and nothing else."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from octopus.backends.cassettes import fingerprint, masked
from octopus.backends.replay import RecordingBackend, ReplayBackend
from octopus.backends.scripted import ScriptedBackend
from octopus.errors import BackendRefused, BackendUnreachable, CassetteMiss, InvalidParameter
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Message, Usage


def question(text: str, system: str = "Be brief.") -> ChatRequest:
    messages = (Message(role="system", text=system), Message(role="user", text=text))
    return ChatRequest(kind="step", messages=messages, max_tokens=9, deadline_s=1.0)


def record(path: Path, *pairs: tuple[str, str]) -> None:
    backend = RecordingBackend(ScriptedBackend([reply for _, reply in pairs]), path)
    for text, _ in pairs:
        backend.complete(question(text))


def test_what_came_comes_again_whole(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    usage = Usage(requests=2, input_tokens=9, cached_tokens=3, output_tokens=4, cost_usd=0.5, is_estimated=True)
    first = RecordingBackend(ScriptedBackend([ChatReply(text="é\n", finish="length", model="m", usage=usage)]), path)
    came = first.complete(question("What next?"))
    assert ReplayBackend(path).complete(question("What next?")) == came
    assert (first.name, ReplayBackend(path).name) == ("scripted", f"replay:{path}")


def test_noise_and_versions_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    record(path, ("scikit-learn 1.9.1: 3 gbm 0.8421 ± 0.0040 in 12.3 s, 340 MB", "one"))
    asked = question("scikit-learn 1.10.0rc1: 3 gbm 0.8399 ± 0.0051 in 9 s, 1,204.5 MB")
    assert ReplayBackend(path).complete(asked).text == "one"


def test_counts_names_and_roles_matter() -> None:
    base = fingerprint(question("experiment 3 read x1").messages)
    assert base != fingerprint(question("experiment 4 read x1").messages)
    assert base != fingerprint(question("experiment 3 read x2").messages)
    assert base != fingerprint((Message(role="user", text="experiment 3 read x1"), Message(role="user", text="")))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("v1.9.1, 1.9.1.post1 and 2.0.0rc1.", "#, # and #."),
        ("0.84.", "#."),
        ("-0.5 +1.5 ±0.1", "# # #"),
        ("1e-05 and 1.5E+3", "# and #"),
        ("12 s, 12s, 3 ms, 1,204 bytes, 7 %, 7%, 2 GiB, 5 h", "# s, #s, # ms, # bytes, # %, #%, # GiB, # h"),
        ("12 sheep, 3 items, 344 rows, 2026", "12 sheep, 3 items, 344 rows, 2026"),
        ("x1 pm2.5 a_0.3 v2 T2 b1.2.3 col.1", "x1 pm2.5 a_0.3 v2 T2 b1.2.3 col.1"),
        ("learning_rate=0.05, [0.1, 2.5)", "learning_rate=#, [#, #)"),
        ("python 3.11", "python #"),
        ("1.2.3.4.5.6 and 10.0%", "# and #%"),
    ],
)
def test_numbers_are_masked_where_they_stand_as_numbers(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_the_same_prompt_gets_what_was_recorded_next_and_then_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    record(path, ("again", "one"), ("other", "two"), ("again", "three"))
    backend = ReplayBackend(path)
    assert [backend.complete(question("again")).text for _ in range(2)] == ["one", "three"]
    with pytest.raises(CassetteMiss, match="was recorded 2 times and is asked for the 3th"):
        backend.complete(question("again"))
    backend.close()
    assert backend.complete(question("again")).text == "one"


def test_a_copy_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    record(path, ("again", "one"), ("again", "two"))
    backend = ReplayBackend(path)
    backend.complete(question("again"))
    assert pickle.loads(pickle.dumps(backend)).complete(question("again")).text == "two"
    assert backend.complete(question("again")).text == "two"


def test_a_miss_shows_the_nearest_prompt_and_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    record(path, ("something else", "one"), ("columns: age, fare\nscore 0.81\nend", "two"))
    with pytest.raises(CassetteMiss) as caught:
        ReplayBackend(path).complete(question("columns: age, cabin\nscore 0.79\nend"))
    message = str(caught.value)
    assert "nearest is recording 2 of 2" in message
    assert "\n-columns: age, fare\n+columns: age, cabin\n" in message
    assert "0.79" not in message  # it is no difference


def test_a_long_difference_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    record(path, ("\n".join(f"line {i}" for i in range(500)), "one"))
    with pytest.raises(CassetteMiss) as caught:
        ReplayBackend(path).complete(question("\n".join(f"other {i}" for i in range(500))))
    assert len(str(caught.value).splitlines()) < 50
    assert "more lines" in str(caught.value)


def test_a_miss_in_an_empty_cassette(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(CassetteMiss, match="there are no recordings"):
        ReplayBackend(tmp_path / "empty.jsonl").complete(question("x"))


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("{}\n", "line 1 of"), ("no\n", "line 1 of")])
def test_a_cassette_that_is_none_is_refused(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "cassette.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BackendRefused, match=words):
        ReplayBackend(path).complete(question("x"))


def test_a_cassette_must_be_named() -> None:
    with pytest.raises(InvalidParameter, match="replay:path"):
        ReplayBackend("")


def test_failures_pass_through_a_recorder_and_leave_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    backend = RecordingBackend(ScriptedBackend([]), path)
    with pytest.raises(BackendUnreachable):
        backend.complete(question("x"))
    assert not path.exists()
    assert backend.cost_usd(Usage()) is None
    backend.close()
