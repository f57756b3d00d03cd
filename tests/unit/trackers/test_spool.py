"""Runs that wait: none is forgotten, none is sent by two, none stays for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from octopus.trackers.locks import holding, is_held
from octopus.trackers.spool import Registration, Spool

HOLD = "import sys; from pathlib import Path; from octopus.trackers.locks import holding\n" \
       "with holding(Path(sys.argv[1])) as file: print(file is not None, flush=True); sys.stdin.read()"  # fmt: skip


def _registration(run_dir: Path, is_over: bool = False) -> Registration:
    me = psutil.Process()
    return Registration(run_dir=str(run_dir), process_id=me.pid, process_began=me.create_time(), is_over=is_over)


def test_a_run_waits_until_it_is_dropped_and_registered_anew_it_stays(tmp_path: Path) -> None:
    spool, one = Spool(tmp_path / "spool"), _registration(tmp_path / "a")
    spool.put(one)
    assert spool.registrations() == (one,)
    spool.put(over := msgspec.structs.replace(one, is_over=True))
    spool.drop(one)  # what a follower read before the run was registered anew
    assert spool.registrations() == (over,)
    spool.drop(over)
    assert spool.registrations() == ()


def test_a_fit_is_over_when_it_says_so_or_its_process_is_dead(tmp_path: Path) -> None:
    assert not _registration(tmp_path).fit_is_over()
    assert _registration(tmp_path, is_over=True).fit_is_over()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    began = psutil.Process(dead.pid).create_time()
    dead.wait()
    assert Registration(run_dir="r", process_id=dead.pid, process_began=began).fit_is_over()
    same_number = msgspec.structs.replace(_registration(tmp_path), process_began=1.0)
    assert same_number.fit_is_over()


def test_a_run_that_was_given_up_waits_again_unless_it_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    (tmp_path / "here").mkdir()
    here, gone = _registration(tmp_path / "here"), _registration(tmp_path / "gone")
    for one in (here, gone):
        spool.put(one)
        spool.set_aside(one)
    assert spool.registrations() == ()
    spool.take_back()
    assert spool.registrations() == (here,)
    assert len(list(spool.path.iterdir())) == 1


def test_half_a_file_is_no_registration(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "abc.json").write_text('{"run_dir": ')
    assert spool.registrations() == ()


def test_the_lock_belongs_to_one_process_and_ends_with_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not is_held(lock)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "True"
    assert is_held(lock)
    with holding(lock) as file:
        assert file is None
    holder.kill()
    holder.communicate()
    assert not is_held(lock)


def test_a_second_follower_goes_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with spool.served() as first, spool.served() as second:
        assert (first, second) == (True, False)
    with spool.served() as again:
        assert again


@pytest.mark.parametrize("comes", ["before the last look", "while the lock is still held"])
def test_no_run_is_forgotten_when_a_follower_leaves(
    comes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever registers sees the lock held and starts nobody: the one who leaves has to look once more."""
    from octopus.trackers import follow
    from octopus.trackers.patience import Patience
    from octopus.trackers.store import embedded

    spool, served = Spool(tmp_path / "spool"), []
    late = _registration(tmp_path / "late", is_over=True)
    spool.path.mkdir()

    class Leaves:
        def __init__(self, *_: object) -> None:
            pass

        def work(self) -> None:
            served.append(spool.registrations())
            for one in spool.registrations():
                spool.drop(one)
            if len(served) == 1:  # registered after the last look, with the lock held
                spool.put(late)
                assert spool.has_follower()

    if comes == "before the last look":
        spool.put(late)
    monkeypatch.setattr(follow, "_Follower", Leaves)
    follow.follow(spool, embedded(tmp_path), Patience())
    assert (late,) in served
    assert spool.registrations() == ()
    assert not spool.has_follower()
