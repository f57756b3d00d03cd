"""Counting what a script has put on disk follows no link and changes nothing; deleting it reaches all of it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import nullcontext

import pytest

from octopus.sandbox import disk

MEGABYTE = 1 << 20
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="what it is about is Linux's")


@pytest.fixture
def job(tmp_path):
    """A directory of a job that holds a megabyte."""
    folder = tmp_path / "job"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "small").write_bytes(os.urandom(MEGABYTE))
    return folder


@pytest.fixture
def foreign(tmp_path):
    """A directory of the user's that holds eight."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "large").write_bytes(os.urandom(8 * MEGABYTE))
    return folder


def test_what_lies_below_is_counted(job):
    assert MEGABYTE <= disk.bytes_below([job]) < 2 * MEGABYTE


def test_a_linked_directory_below_is_not_counted(job, foreign):
    (job / "inner" / "link").symlink_to(foreign)
    (job / "file").symlink_to(foreign / "large")
    assert disk.bytes_below([job]) < 2 * MEGABYTE


def test_a_link_in_the_place_of_a_job_is_not_counted(tmp_path, foreign):
    (tmp_path / "link").symlink_to(foreign)
    assert disk.bytes_below([tmp_path / "link"]) == 0


def test_what_is_not_there_takes_nothing(tmp_path, job):
    assert disk.bytes_below([tmp_path / "nowhere"]) == 0
    assert disk.bytes_below([tmp_path / "nowhere", job]) >= MEGABYTE


def test_a_file_in_the_place_of_a_directory_takes_nothing(foreign):
    assert disk.bytes_below([foreign / "large"]) == 0


def test_a_sparse_file_takes_little(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert disk.bytes_below([tmp_path]) < MEGABYTE


#: Swaps directories for links, and back, by RENAME_EXCHANGE; the links lead to what stands in its first argument.
SWAP = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
names = [(b"inner%d" % k, b"link%d" % k) for k in range(20)]
for inner, link in names:
    os.mkdir(inner)
    os.symlink(sys.argv[1], link)
print(flush=True)
while True:
    for inner, link in names:
        libc.renameat2(-100, inner, -100, link, 2)
"""


@LINUX
def test_a_link_swapped_in_meanwhile_is_not_followed(job, foreign):
    with subprocess.Popen([sys.executable, "-S", "-c", SWAP, foreign], cwd=job, stdout=subprocess.PIPE) as swapping:
        try:
            swapping.stdout.readline()
            seen = [disk.bytes_below([job]) for _ in range(500)]
        finally:
            swapping.kill()
    assert max(seen) < 2 * MEGABYTE


@LINUX
def test_counting_changes_no_mode(job):
    (job / "hidden").mkdir(mode=0o300)
    (job / "inner").chmod(0o500)
    before = [(path, path.stat().st_mode, path.stat().st_ctime_ns) for path in sorted(job.iterdir())]
    with nullcontext() if os.geteuid() == 0 else pytest.raises(disk.Unwatchable, match="looked at"):
        disk.bytes_below([job])
    assert [(path, path.stat().st_mode, path.stat().st_ctime_ns) for path in sorted(job.iterdir())] == before


def test_more_than_can_be_watched_is_said(tmp_path):
    folder = tmp_path
    for _ in range(70):
        folder = folder / "d"
        folder.mkdir()
    with pytest.raises(disk.Unwatchable, match="deep"):
        disk.bytes_below([tmp_path])


@LINUX
def test_files_without_a_name_are_counted(tmp_path):
    with (tmp_path / "part").open("wb") as file:
        file.write(os.urandom(MEGABYTE))
        file.flush()
        assert sum(disk.without_a_name([os.getpid()]).values()) < MEGABYTE
        before = sum(disk.without_a_name([os.getpid()]).values())
        (tmp_path / "part").unlink()
        assert sum(disk.without_a_name([os.getpid()]).values()) - before >= MEGABYTE


@LINUX
def test_files_without_a_name_count_once(tmp_path):
    with (tmp_path / "part").open("wb") as file, (tmp_path / "part").open("rb"):
        file.write(os.urandom(MEGABYTE))
        file.flush()
        (tmp_path / "part").unlink()
        once = sum(disk.without_a_name([os.getpid()]).values())
        assert sum(disk.without_a_name([os.getpid(), os.getpid()]).values()) == once


@LINUX
def test_what_a_process_held_that_has_ended_is_nothing():
    """To an ordinary user the kernel shows nothing of it, which is no attempt to hide."""
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setresuid(23456, 23456, 23456)
            ended = os.fork()
            if ended == 0:
                os._exit(0)
            os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
            os._exit(sum(disk.without_a_name([ended]).values()))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_what_is_deleted_is_gone_whatever_was_done_to_it(tmp_path):
    folder = tmp_path / "job"
    (folder / "locked" / "within").mkdir(parents=True)
    (folder / "locked" / "within" / "file").write_text("x")
    (folder / "locked" / "within").chmod(0)
    (folder / "locked").chmod(0)
    disk.clear(folder)
    assert not os.path.lexists(folder)


def test_directories_deeper_than_a_path_are_deleted(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    code = "import os\nfor _ in range(1100):\n    os.mkdir('d' * 9)\n    os.chdir('d' * 9)\n"
    subprocess.run([sys.executable, "-S", "-c", code], cwd=folder, check=True)
    try:
        disk.clear(folder)
        assert not os.path.lexists(folder)
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)  # Python's own way has a depth


def test_deleting_follows_no_link(tmp_path, foreign):
    foreign.chmod(0o500)
    (foreign / "large").chmod(0o400)
    folder = tmp_path / "job"
    (folder / "a").mkdir(parents=True)
    for place in (folder / "link", folder / "a" / "link"):
        place.symlink_to(foreign)
    (folder / "a" / "file").symlink_to(foreign / "large")
    (folder / "a").chmod(0)
    disk.clear(folder)
    assert not os.path.lexists(folder)
    (tmp_path / "itself").symlink_to(foreign)
    disk.clear(tmp_path / "itself")
    assert not os.path.lexists(tmp_path / "itself")
    assert (foreign / "large").stat().st_size == 8 * MEGABYTE
    assert [stat.S_IMODE(path.stat().st_mode) for path in (foreign, foreign / "large")] == [0o500, 0o400]
    foreign.chmod(0o700)


def test_deleting_what_is_not_there_is_no_error(tmp_path):
    disk.clear(tmp_path / "nowhere")
