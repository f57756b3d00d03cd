"""What of a run is in MLflow, as its directory remembers it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from octopus.errors import RunDirectoryError
from octopus.trackers.ledger import LEDGER, Sent, open_ledger, pending, read_sent
from tests.strategies import journal_of, valid


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Return a run of three events."""
    path = tmp_path / "run"
    path.mkdir()
    lines = [msgspec.json.encode(event) for event in journal_of([valid(1, "linear", [0.7])]).events]
    (path / "journal.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def test_what_was_written_is_read(run_dir: Path) -> None:
    with open_ledger(run_dir, create=True) as ledger:
        assert ledger is not None
        ledger.write(Sent(uri="a", run_id="1" * 32, events=2, why="a long reason"))
        ledger.write(sent := Sent(uri="a", events=3))
        assert ledger.read("a") == sent
        assert ledger.read("another store") == Sent(uri="another store")
    assert read_sent(run_dir) == sent


def test_a_second_sender_stays_away(run_dir: Path) -> None:
    with open_ledger(run_dir, create=True), open_ledger(run_dir, create=True) as second:
        assert second is None


def test_a_directory_that_is_being_deleted_gets_no_new_file(run_dir: Path) -> None:
    with pytest.raises(FileNotFoundError), open_ledger(run_dir, create=False):
        pass
    with open_ledger(run_dir, create=True) as ledger:
        shutil.rmtree(run_dir)
        assert ledger is not None
        ledger.write(Sent(uri="a"))
    assert not run_dir.exists()


def test_a_damaged_ledger_counts_as_none(run_dir: Path) -> None:
    (run_dir / LEDGER).write_text('{"uri": "a", "eve')
    assert read_sent(run_dir) is None
    assert pending(run_dir) == 4


@pytest.mark.parametrize(("events", "closed_after", "left"), [(0, None, 4), (2, None, 2), (3, None, 1), (3, 3, 0)])
def test_pending_counts_what_is_not_there(run_dir: Path, events: int, closed_after: int | None, left: int) -> None:
    with open_ledger(run_dir, create=True) as ledger:
        assert ledger is not None
        ledger.write(Sent(uri="a", events=events, closed_after=closed_after))
    assert pending(run_dir) == left


def test_pending_of_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError):
        pending(tmp_path)
