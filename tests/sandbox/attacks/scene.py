"""The scene of every attack: a user's home with secrets, servers, another run and another process, all planted."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from octopus.frame import write_table

from .host import INSTALLED
from .ipc import Queue, Segment, add_key, remove_key
from .victim import Victim

#: Files of the user that hold a secret, below the planted home.
PRIVATE = (
    ".ssh/id_rsa",
    ".netrc",
    ".aws/credentials",
    ".kube/config",
    ".docker/config.json",
    ".mozilla/firefox/a.default/logins.json",
    ".config/google-chrome/Default/Login Data",
    ".local/share/keyrings/login.keyring",
    ".cache/octopus/answers.json",
    ".bash_history",
    "project/.env",
)
#: Files of the user that others read and run.
SHARED = (".bashrc", ".profile", ".config/autostart/a.desktop", "project/model.py", "project/__pycache__/model.pyc")
#: Another run of the user's, beside the one under attack.
OTHER_RUN = ("journal.jsonl", "model/pipeline.pkl", "data/train.arrow", "report.md")
LISTENERS = ("tcp", "metadata", "tracker", "udp", "unix", "docker", "unix_datagrams", "abstract", "abstract_datagrams")


def zygotes() -> list[psutil.Process]:
    """Return the zygotes of this process."""
    return [p for p in psutil.Process().children() if "octopus.sandbox.zygote" in _command(p)]


class Scene:
    """What attacks go for; every attack finds it fresh.

    Parameters
    ----------
    place : str, default="/var/tmp"
        Where to plant it.
    """

    def __init__(self, place: str = "/var/tmp") -> None:
        self.secret = secrets.token_hex(12)
        self.root = Path(tempfile.mkdtemp(prefix="octopus-scene-", dir=place)).resolve()
        self.home, self.other_run = self.root / "home", self.root / "runs" / "other"
        self.holdout, self.open_place = self.root / "holdout" / "labels.npy", self.root / "open"
        self.state = self.root / "parent" / "state.json"
        self.sockets = self.root / "s"
        self.sockets.mkdir()
        self._stack = contextlib.ExitStack()
        self._parents_secret = ctypes.create_string_buffer(b"parent-" + self.secret.encode())
        self._listeners = dict(self._listen())
        self.victim = Victim(self.root, self.secret)
        self._stack.callback(self._stop_victim)
        held = self._stack.enter_context(tempfile.TemporaryFile(dir=self.root))  # noqa: SIM115  # the stack closes it
        held.write(self.secret.encode())
        held.flush()
        self._inherited = held.fileno()
        os.set_inheritable(self._inherited, True)
        self.fifo = self.root / "fifo"
        os.mkfifo(self.fifo)
        self._fifo = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        self._stack.callback(os.close, self._fifo)
        self.segment, self.queue = Segment(), Queue(f"/octopus-{self.secret}")
        add_key(f"key-{self.secret}")
        self.terminal, self._master, self._slave = "", -1, -1
        self._open_terminal()
        self.table = b""
        self.installed: dict[Path, int] = {}
        self.n_signals = 0
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGURG):
            before = signal.signal(number, self._count)
            self._stack.callback(signal.signal, number, before)

    # ------------------------------------------------------------- before an attack

    def plant(self) -> Path:
        """Make everything as new and return the table of a new run, whose directory is mode 0700."""
        for folder in ("home", "runs", "holdout", "open", "parent"):
            _remove(self.root / folder)
            (self.root / folder).mkdir()
        for name in PRIVATE:
            _write(self.home / name, f"key = {self.secret}\n", 0o600)
        for name in SHARED:
            _write(self.home / name, "# as it was\n", 0o644)
        for name in OTHER_RUN:
            _write(self.other_run / name, f"{name} {self.secret}\n", 0o644)
        _write(self.holdout, self.secret, 0o600)
        _write(self.state, "{}", 0o600)
        self.n_signals = 0
        self.installed = {path: path.stat().st_mtime_ns for path in INSTALLED}
        self.victim.heal()
        self.segment.heal(self.secret)
        self.queue.heal(self.secret)
        for name in LISTENERS:
            self.arrived(name)
        self.read_fifo()
        self.read_terminal()
        run = self.root / "runs" / "this"
        run.mkdir(mode=0o700)
        rows = np.arange(120)
        features = run / "features.arrow"
        write_table(pd.DataFrame({"a": rows * 0.5, "b": rows % 7.0, "c": ["x", "y", "z"] * 40}), features)
        self.table = features.read_bytes()
        return features

    def context(self, features: Path, nonce: str) -> dict[str, Any]:
        """Return what a script is told: where things are, never what they hold."""
        return {
            "nonce": nonce,
            "features": str(features),
            "home": str(self.home),
            "private": [str(self.home / name) for name in PRIVATE],
            "shared": [str(self.home / name) for name in SHARED],
            "holdout": str(self.holdout),
            "open": str(self.open_place),
            "other_run": str(self.other_run),
            "state": str(self.state),
            "scene": str(self.root),
            "site": self.site,
            "package": self.package,
            "parent": os.getpid(),
            "parents_address": ctypes.addressof(self._parents_secret),
            "parents_length": len(self._parents_secret),
            "parents_fd": self._inherited,
            "victim": self.victim.pid,
            "victims_address": self.victim.address,
            "victims_length": self.victim.length,
            "victims_fd": self.victim.fd,
            "zygotes": [process.pid for process in zygotes()],
            "mount_namespace": str(Path("/proc/self/ns/mnt").readlink()),
            "pid_namespace": str(Path("/proc/self/ns/pid").readlink()),
            "fifo": str(self.fifo),
            "terminal": self.terminal,
            "segment": self.segment.number,
            "queue": self.queue.name,
            "ports": {n: s.getsockname()[1] for n, s in self._listeners.items() if s.family == socket.AF_INET},
            "paths": {n: str(self.sockets / n) for n in ("unix", "docker", "unix_datagrams")},
            "abstract": self._listeners["abstract"].getsockname()[1:].decode(),
            "free_port": self.free_port,
            "tag": self.secret[:8],
        }

    # ------------------------------------------------------------- after it

    def arrived(self, name: str) -> bool:
        """Return whether anything came to a server since the last look; a connection without a byte counts."""
        listener, came = self._listeners[name], False
        with contextlib.suppress(BlockingIOError):
            while True:
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(1 << 16)
                else:
                    listener.accept()[0].close()
                came = True
        return came

    def read_fifo(self) -> bytes:
        """Return what was written into the user's pipe."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._fifo, 1 << 16)
        return b""

    def read_terminal(self) -> bytes:
        """Return what was shown on the user's terminal or pushed into its input."""
        seen = b""
        for fd in (self._master, self._slave):
            with contextlib.suppress(BlockingIOError, OSError):
                seen += os.read(fd, 1 << 16) if fd >= 0 else b""
        return seen

    def content(self, name: str) -> str | None:
        """Return what a file of the scene holds now; None if it is gone."""
        try:
            return (self.root / name).read_text()
        except OSError:
            return None

    def close(self) -> None:
        """End and delete all of it."""
        self._stack.close()
        self.segment.close()
        self.queue.close()
        remove_key(f"key-{self.secret}")
        _remove(self.root)

    # ------------------------------------------------------------- setting up

    def _listen(self) -> Iterator[tuple[str, socket.socket]]:
        for name in LISTENERS:
            is_packets = name == "udp" or name.endswith("datagrams")
            family = socket.AF_INET if name in ("tcp", "metadata", "tracker", "udp") else socket.AF_UNIX
            opened = self._stack.enter_context(
                socket.socket(family, socket.SOCK_DGRAM if is_packets else socket.SOCK_STREAM)
            )
            if family == socket.AF_INET:
                opened.bind(("127.0.0.1", 0))
            else:
                abstract = f"\0octopus-{self.secret[:8]}" + "d" * is_packets
                opened.bind(abstract if name.startswith("abstract") else str(self.sockets / name))
            if not is_packets:
                opened.listen(16)
            opened.setblocking(False)
            yield name, opened
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.free_port = probe.getsockname()[1]

    def _open_terminal(self) -> None:
        import tty

        try:
            self._master, self._slave = os.openpty()
        except OSError:
            return
        self.terminal = os.ttyname(self._slave)
        tty.setraw(self._slave)
        for fd in (self._master, self._slave):
            os.set_blocking(fd, False)
            self._stack.callback(os.close, fd)

    def _count(self, *_: object) -> None:
        self.n_signals += 1

    def _stop_victim(self) -> None:
        self.victim.stop()

    @property
    def site(self) -> str:
        """Where packages are installed."""
        from .host import SITE

        return str(SITE)

    @property
    def package(self) -> str:
        """Where octopus itself is."""
        import octopus

        return str(Path(octopus.__file__).parent)


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _remove(path: Path) -> None:
    """Delete what the script of a control may have made of a directory: links, mounts, missing rights."""
    if path.is_symlink():
        path.unlink()
    libc = ctypes.CDLL(None)
    for folder in (path, path / "place"):
        while os.path.ismount(folder) and libc.umount2(os.fsencode(folder), 2) == 0:
            pass
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(path)
    for command in (["rm", "-rf"], ["chmod", "-R", "u+rwX"], ["rm", "-rf"]):  # Python's own way has a depth
        if path.exists():
            subprocess.run([*command, path], stderr=subprocess.DEVNULL, check=False)
