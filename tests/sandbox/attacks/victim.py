"""Another process of the user: it holds a secret in memory, environment and a descriptor, and counts signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

_PROGRAM = """
import ctypes, os, signal, sys, tempfile
secret = os.environ["OPENAI_API_KEY"].encode()
held = ctypes.create_string_buffer(b"memory-" + secret)
file = tempfile.TemporaryFile(dir=sys.argv[1]); file.write(secret); file.flush()
os.chdir(sys.argv[1])
told = os.open("signals", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
caught = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGIO, signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, caught)
print(ctypes.addressof(held), len(held), file.fileno(), flush=True)
while True:
    os.write(told, b"%d\\n" % signal.sigwait(caught))
"""


class Victim:
    """Starts again by itself when an attack has harmed it."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._folder, self._secret = folder, secret
        self.folder = folder / "victim"
        self.folder.mkdir()
        self.start()

    def start(self) -> None:
        (self.folder / "signals").unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(self.folder)],
            env={"OPENAI_API_KEY": self._secret, "PATH": os.environ.get("PATH", "")},
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.address, self.length, self.fd = (int(word) for word in self._process.stdout.readline().split())
        self._affinity, self._nice = os.sched_getaffinity(self.pid), os.getpriority(os.PRIO_PROCESS, self.pid)
        self._limits, self._ionice = self._files(), psutil.Process(self.pid).ionice()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> str:
        """``sleeping`` when all is well, ``gone`` when it was killed."""
        if self._process.poll() is not None:
            return "gone"
        return str(psutil.Process(self.pid).status())

    @property
    def n_signals(self) -> int:
        path = self.folder / "signals"
        return len(path.read_text().split()) if path.exists() else 0

    def was_harmed(self) -> bool:
        """Return whether a process that came from elsewhere changed anything about this one."""
        if self.status != "sleeping" or self.n_signals:
            return True
        return (
            os.sched_getaffinity(self.pid) != self._affinity
            or os.getpriority(os.PRIO_PROCESS, self.pid) != self._nice
            or self._files() != self._limits
            or psutil.Process(self.pid).ionice() != self._ionice
        )

    def heal(self) -> None:
        if self.was_harmed():
            self.stop()
            self.start()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _files(self) -> tuple[int, int]:
        import resource

        return resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
