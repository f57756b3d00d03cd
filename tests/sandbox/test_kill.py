"""``kill -9`` at any stage: of the user's process, the zygote, a supervisor or a reaper. All that was below it ends.

The user is a fork of this process, with a sandbox of its own. Who is who is read from outside, by ``/proc``.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import psutil
import pytest

from octopus.protocols import Job
from octopus.records import Limits
from octopus.sandbox import jobdir, launcher
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox
from octopus.sandbox.tree import children
from tests.sandbox.watching import all_gone, inner_pid, is_gone, living_below, wait_until

WALLS = {
    "process": Walls(level="process"),
    "standard": Walls(level="standard"),
    "strict": Walls(level="strict", by="namespaces"),
    "bubblewrap": Walls(level="strict", by="bubblewrap"),
}
#: Seconds for the end of everything below a victim: two are promised, and other work may keep both cores busy.
WITHIN_S = 5.0
_LIMITS = Limits(wall_s=600.0, memory_bytes=4 << 30)
_ROWS = pd.DataFrame({"a": [1.0]})

#: Descendants that do what they can to be forgotten: sessions and parents of their own, no signal that ends them.
GRANDCHILDREN = """
import ctypes
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
def grandchild():
    os.setsid()
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.fork() == 0:
        os.setsid()
        open(f"ready-{os.getpid()}", "w").close()
        time.sleep(600)
    os._exit(0)
for _ in range(3):
    if os.fork() == 0:
        grandchild()
if os.fork() == 0:
    open(f"ready-{os.getpid()}", "w").close()
    time.sleep(600)
while len([name for name in os.listdir() if name.startswith("ready-")]) < 4:
    time.sleep(0.01)
"""
BEGIN = 'open("begun", "w").close(); time.sleep(600)'


@dataclass(frozen=True)
class Scene:
    """A user's process that has come to some stage."""

    user: int
    folder: Path

    def pids(self, role: str) -> list[int]:
        """Return who plays a role: ``"user"``, ``"zygote"``, ``"supervisor"`` or ``"reaper"``."""
        if role == "user":
            return [self.user]
        zygotes = topmost(self.user, "octopus.sandbox.zygote")
        if role == "zygote":
            return zygotes
        supervisors = [one for pid in zygotes for one in children(pid)]
        supervisors = supervisors or topmost(self.user, "octopus.sandbox.supervisor")  # started cold
        if role == "supervisor":
            return supervisors
        return [one for pid in supervisors for one in children(pid) if inner_pid(one) == 1]


def topmost(pid: int, module: str) -> list[int]:
    """Return the processes below one that run a module; what they fork has their command line, and is left out."""
    found = []
    for child in children(pid):
        words: list[str] = []
        with suppress(psutil.Error):
            words = psutil.Process(child).cmdline()
        runs = module in words and Path(words[0]).name != "bwrap"
        found += [child] if runs else topmost(child, module)
    return found


@pytest.fixture
def stage(tmp_path, features, hostile) -> Iterator[Callable[[str, str], Scene]]:
    users = []

    def reach(level: str, name: str) -> Scene:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        user = os.fork()
        if user == 0:
            try:
                sys.stdout = sys.stderr
                tempfile.tempdir = str(scratch)
                _STAGES[name](level, features, hostile)
            except BaseException:  # noqa: BLE001  # a fork must not go on as the test run
                traceback.print_exc()
            finally:
                os._exit(1)
        users.append(user)
        marks = ("*/begun", "job-*/work/begun", "scratch/octopus-*/begun", "scratch/octopus-*/work/begun")
        wait_until(lambda: any(mark for pattern in marks for mark in tmp_path.glob(pattern)), within_s=120)
        return Scene(user, tmp_path)

    yield reach
    for user in users:
        for pid in (*living_below(user), user):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.waitpid(user, 0)


def _begin(features: Path) -> None:
    (features.parent / "scratch" / "begun").touch()


def _job(features: Path, source: str) -> Job:
    rows = np.arange(80)
    return Job(
        kind="fold", features=features, source=source, train_rows=rows, y=rows % 2.0, predict_rows=np.arange(80, 120),
        n_classes=2, random_state=0, limits=_LIMITS,
    )  # fmt: skip


def _importing(level: str, features: Path, hostile) -> None:
    package = features.parent / "slow_to_import.py"
    package.write_text("import os, time\nopen(os.environ['HOME'] + '/begun', 'w').close()\ntime.sleep(600)\n")
    sys.path.append(str(package.parent))
    LocalSandbox(WALLS[level], imports=["slow_to_import"]).run(_job(features, hostile("pass")))


def _handshake(level: str, features: Path, hostile) -> None:
    """Stop between what a supervisor says first and the answer."""

    class Connection(socket.socket):
        def sendall(self, data: bytes, flags: int = 0) -> None:
            _begin(features)
            time.sleep(600)

    expect_start = launcher.Channel.expect_start

    def stop_there(channel: launcher.Channel, within_s: float) -> None:
        channel._connection = Connection(fileno=channel._connection.detach())
        expect_start(channel, within_s)

    launcher.Channel.expect_start = stop_there
    LocalSandbox(WALLS[level]).run(_job(features, hostile("pass")))


def _unconfined(level: str, features: Path, hostile) -> None:
    """Stop a child where it opens its output, the first thing that it does; nobody reads there."""
    write = jobdir._made

    def make(*arguments: object, **options: object) -> jobdir.JobDirectory:
        directory = write(*arguments, **options)
        os.mkfifo(directory.stdout)
        return directory

    jobdir._made = make
    threading.Thread(
        target=LocalSandbox(WALLS[level]).run, args=(_job(features, hostile("pass")),), daemon=True
    ).start()
    me = Scene(os.getpid(), features.parent)
    wait_until(lambda: [pid for supervisor in me.pids("supervisor") for pid in living_below(supervisor)], within_s=120)
    _begin(features)
    time.sleep(600)


def _fitting(level: str, features: Path, hostile) -> None:
    LocalSandbox(WALLS[level]).run(_job(features, hostile(GRANDCHILDREN + BEGIN)))


def _predicting(level: str, features: Path, hostile) -> None:
    source = hostile("pass").replace("return np.full((len(X), 2), 0.5)", BEGIN)
    LocalSandbox(WALLS[level]).run(_job(features, source))


def _worker(level: str, lines: str) -> None:
    space: dict[str, object] = {"__name__": "script"}
    body = textwrap.indent(textwrap.dedent(lines), " " * 8)
    source = (
        f"import os, signal, time\nimport numpy as np\nclass Model:\n    fit = None\n    def predict(self, X):\n{body}"
    )
    exec(compile(source, "script.py", "exec"), space)
    model = cloudpickle.dumps(space["Model"]())
    worker = LocalSandbox(WALLS[level]).open_worker(model, n_classes=0, limits=_LIMITS)
    worker.predict(_ROWS)
    time.sleep(600)


def _serving(level: str, features: Path, hostile) -> None:
    _worker(level, f"{GRANDCHILDREN}\n{BEGIN}")


def _idle(level: str, features: Path, hostile) -> None:
    _worker(level, 'open("begun", "w").close()\nreturn np.zeros(len(X))')


_STAGES = {
    "importing": _importing,
    "handshake": _handshake,
    "unconfined": _unconfined,
    "fitting": _fitting,
    "predicting": _predicting,
    "idle": _idle,
    "serving": _serving,
}


def _cases() -> Iterator[object]:
    for level in WALLS:
        for name in _STAGES:
            for victim in ("user", "zygote", "supervisor", "reaper"):
                has_no_such_process = (
                    (victim == "reaper" and (level != "strict" or name == "handshake"))
                    or (name == "importing" and victim in ("supervisor", "reaper"))
                    or (name in ("idle", "serving") and level == "bubblewrap" and victim == "zygote")  # started cold
                )
                if not has_no_such_process:
                    is_quick = name == "fitting" and level in ("standard", "strict")
                    marks = () if is_quick else (pytest.mark.slow,)
                    yield pytest.param(level, name, victim, marks=marks, id=f"{level}-{name}-{victim}")


@pytest.mark.parametrize(("level", "name", "victim"), [*_cases()])
def test_all_below_a_victim_ends(stage, record_property, level, name, victim):
    scene = stage(level, name)
    (pid,) = scene.pids(victim)
    below = living_below(pid)
    assert below or name in ("importing", "handshake") or victim == "reaper"
    if victim == "reaper":
        below = living_below(scene.pids("supervisor")[0])
    os.kill(pid, signal.SIGKILL)
    took_s = wait_until(lambda: all_gone(below), WITHIN_S)
    record_property("took_s", f"{took_s:.2f}")
    print(f"TOOK {level} {name} {victim} {took_s:.2f} {len(below)}")
    if victim == "user" and level != "bubblewrap":  # which leaves nobody alive who could clear up
        wait_until(lambda: not list(scene.folder.glob("scratch/octopus-*")), WITHIN_S)
        if name != "importing":  # nobody knows of a job that was not handed over yet
            wait_until(lambda: not list(scene.folder.glob("job-*")), WITHIN_S)


@pytest.mark.parametrize("level", ["strict", "bubblewrap"])
@pytest.mark.parametrize("victims", [("zygote", "supervisor"), ("user", "zygote", "supervisor")])
def test_two_victims_at_once_leave_nothing_where_there_are_namespaces(stage, level, victims):
    scene = stage(level, "fitting")
    killed = [pid for victim in victims for pid in scene.pids(victim)]
    below = living_below(scene.user)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    took_s = wait_until(lambda: all_gone(below), WITHIN_S)
    print(f"TOOK {level} fitting {'+'.join(victims)} {took_s:.2f} {len(below)}")


def test_two_victims_at_once_without_namespaces_may_leave_the_scripts_own_processes_which_stay_confined(stage):
    """The kernel ends the child with its supervisor; nobody is left who knows of what the child has started."""
    scene = stage("standard", "fitting")
    (supervisor,) = scene.pids("supervisor")
    child = min(children(supervisor), key=lambda pid: psutil.Process(pid).create_time())  # the others it has adopted
    zygotes, below = scene.pids("zygote"), living_below(scene.user)
    try:
        for pid in (*zygotes, supervisor):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all_gone([child]), WITHIN_S)
        for pid in below:
            status = ""
            with suppress(OSError):
                status = (Path("/proc") / str(pid) / "status").read_text()
            if status and not is_gone(pid):  # another may have its number by now
                assert "Seccomp:\t2" in status
                assert "NoNewPrivs:\t1" in status
                assert "CapEff:\t0000000000000000" in status
    finally:
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
