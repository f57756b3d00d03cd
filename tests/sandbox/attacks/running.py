"""One attack on the scene, at one level: what came of it, and what is left."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from octopus.protocols import Job, JobResult
from octopus.records import Limits, Outcome
from octopus.sandbox import levels

from .attack import After, Attack
from .prelude import QUIET, script
from .scene import Scene, zygotes

LEVELS = ("process", "standard", "strict")
#: Seconds within which the dead must be gone: the kernel needs milliseconds, a loaded machine longer.
_GONE_WITHIN_S = 10.0
#: Seconds beyond its limit by which any job must have ended; the supervisor's own bound on killing is ten.
_BOUND_S = 30.0
_RAISED = "the sandbox raised"


@dataclass(frozen=True, kw_only=True)
class Fight:
    """How an attack went."""

    attack: Attack
    level: str
    succeeded: bool
    outcome: Outcome
    told: str | None
    complaints: tuple[str, ...]  # what should not be so afterwards, whatever the attack was about

    def __str__(self) -> str:
        said = self.outcome.failure or self.outcome.stdout_tail[-300:]
        return (
            f"{self.attack.name} at {self.level}: succeeded={self.succeeded}, told={self.told}, "
            f"{self.outcome.status} in {self.outcome.stage} ({self.outcome.reason}) {said} "
            f"{self.outcome.stderr_tail[-600:]}, complaints={list(self.complaints)}"
        )


def open_sandbox(level: str) -> Any:
    """Open the sandbox of a level."""
    return getattr(levels, f"open_{level}")(imports=[], environment={})


@contextlib.contextmanager
def planted(place: str = "/var/tmp") -> Iterator[Scene]:
    """Plant a scene somewhere and clear it away."""
    scene = Scene(place)
    try:
        yield scene
    finally:
        scene.close()


def fight(sandbox: Any, scene: Scene, attack: Attack) -> Fight:
    """Run an attack once."""
    features = scene.plant()
    nonce = secrets.token_hex(6)
    source = script(attack.code, attack.place, scene.context(features, nonce))
    limits = Limits(**{"wall_s": 20.0, "memory_bytes": 1 << 30, "disk_bytes": 64 << 20, **attack.limits})
    job = _job(features, source, limits, np.arange(80) % 2.0)
    was, fds, zygotes_before = _self(), _descriptors(), [z.pid for z in zygotes()]
    began = time.monotonic()
    with _neighbour(sandbox, features, attack.has_neighbour) as labels:
        result, seen = _watched(sandbox, scene, job, attack)
        if attack.then:
            later = script(attack.then, "fit", scene.context(features, nonce))
            result = sandbox.run(_job(features, later, limits, job.y))
        took_s = time.monotonic() - began
        after = After(
            scene=scene,
            outcome=result.outcome,
            text=_text(result, labels, scene.secret),
            nonce=nonce,
            watched=seen,
            predictions=result.predictions,
        )
        succeeded = attack.seen(after)
    complaints = [result.outcome.reason] if result.outcome.reason.startswith(_RAISED) else []
    complaints += [*_left_behind(scene, features), *_harm(scene, was, attack)]
    if _descriptors() > fds and zygotes_before == [z.pid for z in zygotes()]:
        complaints.append("descriptors of this process were left open")
    if took_s > limits.wall_s + _BOUND_S:
        complaints.append(f"it took {took_s:.0f} s to end")
    return Fight(
        attack=attack,
        level=sandbox.level,
        succeeded=succeeded,
        outcome=result.outcome,
        told=after.told,
        complaints=tuple(complaints),
    )


def _job(features: Path, source: str, limits: Limits, y: Any) -> Job:
    return Job(
        kind="fold",
        features=features,
        source=source,
        train_rows=np.arange(80),
        y=y,
        predict_rows=np.arange(80, 120),
        n_classes=2,
        random_state=0,
        limits=limits,
    )


def _watched(sandbox: Any, scene: Scene, job: Job, attack: Attack) -> tuple[JobResult, Any]:
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(attack.during, scene, over) if attack.during else None
        try:
            result = sandbox.run(job)
        except Exception as error:  # noqa: BLE001  # ``run`` must never raise for what a script did
            raised = f"{_RAISED} {type(error).__name__}: {error}"
            result = JobResult(outcome=Outcome(status="not_run", stage="start", reason=raised))
        finally:
            over.set()
        return result, watching.result() if watching else None


@contextlib.contextmanager
def _neighbour(sandbox: Any, features: Path, is_wanted: bool) -> Iterator[str]:
    """Have a job of the same run in the middle of its fit; yields its labels, which nobody else knows."""
    if not is_wanted:
        yield ""
        return
    y = np.array([float(b) for b in f"{secrets.randbits(78):078b}01"])
    limits = Limits(wall_s=30.0, memory_bytes=1 << 30)
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(sandbox.run, _job(features, QUIET, limits, y))
        root = _root_in_fit(features.parent)
        time.sleep(0.05)  # let it write its diary, which only makes more to steal
        try:
            yield "".join(str(int(label)) for label in y)
        finally:
            for place in ("inputs", "work"):
                with contextlib.suppress(OSError):
                    (root / place / "stop").touch()
            job.result()


def _root_in_fit(run: Path) -> Path:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for stage in run.glob("job-*/outputs/stage"):
            with contextlib.suppress(OSError):
                if stage.read_text() == "fit":
                    return stage.parents[1]
        time.sleep(0.005)
    raise TimeoutError("the neighbour never began to fit")


def _text(result: JobResult, labels: str, secret: str) -> str:
    """Return all text that comes back from a child; labels of the neighbour count as the secret."""
    outcome = result.outcome
    parts = [outcome.stdout_tail, outcome.stderr_tail]
    if outcome.failure is not None:
        failure = outcome.failure
        parts += [failure.type, failure.message, *(f"{f.function} {f.code}" for f in failure.frames)]
    text = "\n".join(parts)
    return f"{text}\n{secret}" if labels and labels in text else text


def _self() -> tuple[object, ...]:
    """Return what a child could change about this process."""
    return str(Path.cwd()), os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0), psutil.Process().ionice()


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _harm(scene: Scene, was: tuple[object, ...], attack: Attack) -> list[str]:
    complaints = []
    if _self() != was:
        complaints.append("this process is not what it was")
    if scene.n_signals:
        complaints.append("this process was signalled")
    if scene.victim.was_harmed():
        complaints.append("another process of the user was harmed")
    return complaints


def _left_behind(scene: Scene, features: Path) -> list[str]:
    complaints = []
    beside = sorted(path.name for path in features.parent.iterdir() if path != features)
    if beside:
        complaints.append(f"left beside the table: {beside[:5]}")
    for shared in ("/dev/shm", "/tmp", "/var/tmp"):
        complaints += [f"left {path}" for path in Path(shared).glob(f"*octopus*{scene.secret[:8]}*")]
    deadline = time.monotonic() + _GONE_WITHIN_S
    while alive := strangers(scene):
        if time.monotonic() > deadline:
            complaints.append(f"still alive: {alive[:5]}")
            for pid in alive:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.005)
    return complaints


def strangers(scene: Scene) -> list[int]:
    """Return the living processes that can only be a script's, wherever they hang in the tree.

    What is directly below this process is a zygote, the user's other process or a tool of the tests. A fork of a
    zygote shows the zygote's command line, also after it was adopted by somebody else.
    """
    own = psutil.Process().children()
    known = {p.pid for p in own} | {os.getpid()}
    lines = {tuple(line) for p in own if (line := _command(p)) and "octopus.sandbox.zygote" in line}
    found = []
    for process in psutil.process_iter():
        if process.pid in known or not _is_living(process):
            continue
        if tuple(_command(process)) in lines or _works_in(process, scene.root):
            found.append(process.pid)
    return found


def _is_living(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    return False


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


def _works_in(process: psutil.Process, folder: Path) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return Path(f"/proc/{process.pid}/cwd").readlink().is_relative_to(folder)
    return False
