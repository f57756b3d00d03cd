"""The journal: append-only, synced, and readable whatever happened to the process that wrote it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.errors import JournalError, RunDirectoryError
from octopus.journal import FILENAME, FORMAT, Journal, JournalFile, read_journal
from octopus.records import (
    AnyEvent,
    Decision,
    HoldoutOpened,
    HoldoutReport,
    ModelCall,
    ModelCalled,
    ModelRetired,
    Outcome,
    Quarantined,
    Released,
    Rescored,
    Retirement,
    Revalidated,
    RunFinished,
    Score,
    SearchStopped,
    Usage,
    ValidationPlan,
)
from tests.strategies import journal_of, journals, started, valid


def _finished(number: int) -> RunFinished:
    return RunFinished(at="t", elapsed_s=float(number), shipped="all", reason=f"event {number}")


def _write(path: Path, journal: Journal) -> JournalFile:
    file = JournalFile(path)
    for event in journal.events:
        file.append(event)
    return file


@given(journal=journals(max_experiments=3, ended=True))
def test_what_is_appended_is_read(journal: Journal, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("journal")
    file = _write(directory / FILENAME, journal)
    assert file.journal == journal == read_journal(directory)


@given(journal=journals(max_experiments=3, ended=True), data=st.data())
def test_a_file_cut_anywhere_gives_every_whole_event_and_can_be_carried_on(
    journal: Journal, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / FILENAME
    _write(path, journal)
    content = path.read_bytes()
    length = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:length])
    n_whole = content[:length].count(b"\n")
    assert read_journal(path).events == journal.events[:n_whole]
    if n_whole:
        file = JournalFile(path)
        file.append(_finished(1))
        assert read_journal(path).events == (*journal.events[:n_whole], _finished(1))


def test_an_event_is_on_disk_before_anybody_hears_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("synced"), fsync(fd))[1])
    path = tmp_path / FILENAME

    def observe(event: AnyEvent) -> None:
        order.append("heard")
        assert path.read_bytes().count(b"\n") == 1

    JournalFile(path, [observe]).append(started())
    assert order == ["synced", "synced", "heard"], "the file and its directory, then the observers"


def test_an_interrupt_between_disk_and_memory_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JournalFile(tmp_path / FILENAME)
    file.append(started())
    fsync = os.fsync

    def interrupted(fd: int) -> None:
        fsync(fd)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        file.append(_finished(2))
    monkeypatch.undo()
    assert file.journal.events == (started(), _finished(2))
    file.append(_finished(3))
    assert read_journal(tmp_path).events == (started(), _finished(2), _finished(3))


def test_after_kill_9_every_acknowledged_event_is_there(tmp_path: Path) -> None:
    code = (
        "import sys, msgspec; from pathlib import Path\n"
        "from octopus.journal import JournalFile; from octopus.records import AnyEvent, RunFinished\n"
        "file = JournalFile(Path(sys.argv[1]))\n"
        "file.append(msgspec.json.decode(sys.argv[2].encode(), type=AnyEvent))\n"
        "number = 0\n"
        "while True:\n"
        "    file.append(RunFinished(at='t', elapsed_s=float(number), shipped='all', reason='x' * 5000))\n"
        "    print(number, flush=True)\n"
        "    number += 1\n"
    )
    path = tmp_path / FILENAME
    first = msgspec.json.encode(started()).decode()
    process = subprocess.Popen([sys.executable, "-c", code, str(path), first], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split()]
    process.wait()
    finished = [e.elapsed_s for e in read_journal(path).events if isinstance(e, RunFinished)]
    assert finished[: len(acknowledged)] == [float(n) for n in acknowledged]


@pytest.mark.parametrize("damaged", [b'{"event": "nonsense"}', b'{"event": "run_finished", "at"', b"\xff\xfe", b""])
def test_a_damaged_line_in_the_middle_is_named(damaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / FILENAME
    lines = [msgspec.json.encode(event) for event in (started(), _finished(1), _finished(2))]
    path.write_bytes(b"\n".join([*lines[:2], damaged, lines[2], b""]))
    before = path.read_bytes()
    for read in (read_journal, JournalFile):
        with pytest.raises(JournalError, match="line 3: not an event of this format") as caught:
            read(path)
        assert caught.value.line == 3
    assert path.read_bytes() == before, "what may be worth saving is left as it is"


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    newer = msgspec.json.encode(started()).replace(f'"format":{FORMAT}'.encode(), b'"format":99')
    (tmp_path / FILENAME).write_bytes(newer + b"\n")
    with pytest.raises(JournalError, match=f"format 99, and this version of octopus reads {FORMAT}"):
        read_journal(tmp_path)


@pytest.mark.parametrize("content", [b"hello\n", b"[1]\n", b'{"a": 1}\n'])
def test_a_file_that_is_no_journal_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILENAME).write_bytes(content)
    with pytest.raises(JournalError, match="line 1: the first line is not the start of a run"):
        JournalFile(tmp_path / FILENAME)
    assert (tmp_path / FILENAME).read_bytes() == content, "what is not ours is left as it is"


def test_a_directory_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"it holds no journal\.jsonl"):
        read_journal(tmp_path)


@given(journal=journals())
def test_the_best_is_the_first_of_the_highest_scores(journal: Journal) -> None:
    valid = journal.valid_experiments
    if not valid:
        assert journal.best is None
        return
    best = journal.best
    assert best is not None
    assert best.score is not None
    scores = [e.score.mean for e in valid if e.score]
    assert best.score.mean == max(scores)
    assert best.number == valid[scores.index(max(scores))].number


def test_after_a_revalidation_scores_are_those_on_the_new_folds() -> None:
    journal = journal_of([valid(1, "linear", (0.9,) * 5), valid(2, "gbm", (0.8,) * 5), valid(3, "gbm", (0.7,) * 5)])
    plan = ValidationPlan(kind="group", n_splits=5, column="a", reason="r")
    score = Score(scoring="roc_auc", mean=0.6, standard_error=0.1, folds=(0.6,) * 5)
    ok = Outcome(status="ok", stage="done")
    crash = Outcome(status="timeout", stage="fit")
    again = (Rescored(number=2, outcome=ok, score=score), Rescored(number=3, outcome=crash))
    journal = journal.with_event(
        Revalidated(at="t", elapsed_s=9.0, validation=plan, reason="r", rescored=again)
    ).with_event(journal_of([valid(4, "gbm", (0.5,) * 5)]).events[-1])
    assert journal.validation == plan
    assert [e.is_valid for e in journal.experiments] == [False, True, False, True]
    assert journal.best is not None
    assert (journal.best.number, journal.best.score) == (2, score)


def test_what_read_a_quarantined_column_counts_no_more() -> None:
    journal = journal_of([valid(1, "linear", (0.9,) * 5), valid(2, "gbm", (0.8,) * 5)])
    assert journal.profile is not None
    name = next(column.name for column in journal.profile.columns if column.used)
    journal = journal.with_event(Quarantined(at="t", elapsed_s=9.0, columns=(name,), reason="late", set_aside=(1,)))
    assert [e.number for e in journal.valid_experiments] == [2]
    assert [e.number for e in journal.standing.experiments] == [2]
    assert [e.number for e in journal.experiments] == [1, 2]
    assert journal.profile is not None
    assert not next(column for column in journal.profile.columns if column.name == name).used
    assert journal.profile.findings[-1].code == "OCT730"
    journal = journal.with_event(Released(at="t", elapsed_s=9.5, columns=(name,), reason="known after all"))
    assert journal.profile is not None
    assert next(column for column in journal.profile.columns if column.name == name).used


def test_what_calls_took_is_added_up() -> None:
    usage = Usage(requests=2, input_tokens=100, cached_tokens=60, output_tokens=40, cost_usd=0.01)
    call = ModelCall(kind="step", backend="b", model="m", messages=(), reply="r", status="ok", usage=usage)
    called = ModelCalled(at="t", elapsed_s=1.0, call=call)
    journal = journal_of([]).with_event(called).with_event(called)
    assert journal.usage == Usage(
        requests=4, input_tokens=200, cached_tokens=120, output_tokens=80, cost_usd=pytest.approx(0.02)
    )
    assert journal.usage.tokens == 280
    assert journal.retirement == ""
    retired = ModelRetired(at="t", elapsed_s=2.0, retirement=Retirement(reason="down"))
    assert journal.with_event(retired).retirement == "down"


def test_where_everything_was_set_aside_and_nothing_else_works_it_may_still_win() -> None:
    journal = journal_of([valid(1, "linear", (0.9,) * 5), valid(2, "gbm", (0.8,) * 5)])
    journal = journal.with_event(Quarantined(at="t", elapsed_s=9.0, columns=("a",), reason="r", set_aside=(1, 2)))
    assert not journal.valid_experiments
    assert journal.best is not None
    assert journal.best.number == 1
    again = journal.with_event(journal_of([valid(3, "gbm", (0.5,) * 5)]).events[-1])
    assert again.best is not None
    assert again.best.number == 3


def test_what_was_set_aside_for_columns_that_are_all_used_again_counts_again() -> None:
    journal = journal_of([valid(1, "linear", (0.9,) * 5)])
    aside = Quarantined(at="t", elapsed_s=9.0, columns=("a", "b"), reason="r", set_aside=(1,))
    one, two = (Released(at="t", elapsed_s=9.5, columns=(name,), reason="r") for name in "ab")
    assert journal.with_event(aside).with_event(one).set_aside == {1}
    assert journal.with_event(aside).with_event(one).with_event(two).set_aside == frozenset()


def test_what_is_tried_once_the_holdout_is_open_never_wins_and_reopens_nothing() -> None:
    journal = journal_of([valid(1, "linear", (0.8,) * 5)])
    stop = SearchStopped(at="t", elapsed_s=3.0, decision=Decision(action="stop", reason="r"), winner=1)
    report = HoldoutReport(
        scoring="roc_auc", n_rows=9, score=0.8, ci_low=0.7, ci_high=0.9, validation_score=0.8, n_experiments=1,
        winner=1, beats_baseline="no",
    )  # fmt: skip
    opened = journal.with_event(stop).with_event(HoldoutOpened(at="t", elapsed_s=4.0, report=report))
    later = opened.with_event(journal_of([valid(2, "gbm", (0.99,) * 5)]).events[-1])
    assert later.is_searched
    assert later.best is not None
    assert later.best.number == 1
    assert [e.number for e in later.experiments] == [1, 2]
