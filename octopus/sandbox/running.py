"""What is alive on behalf of one sandbox in one process: zygotes, supervisors, and the order in which they end."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from octopus.errors import SandboxError
from octopus.sandbox.jobdir import JobDirectory
from octopus.sandbox.launcher import Channel, Zygote, ZygoteGone, ZygoteHangs, ZygoteUnsafe

#: Seconds that ``close`` waits for running jobs to be over.
_CLOSE_WITHIN_S = 15.0
CLOSED = "the sandbox was closed while it ran"


class Guest(Protocol):
    """A process that stays until its owner, or the sandbox, ends it."""

    def close(self) -> None:
        """End it."""

    def forget(self) -> None:
        """Let go of what a forked copy of the owner inherited."""


@dataclass(eq=False)
class Running:
    """What is alive between two calls of a sandbox's ``close``.

    Parameters
    ----------
    start_zygote : callable
        Makes a zygote for a place that it must be able to see.
    """

    start_zygote: Callable[[str], Zygote]
    owner: int = field(default_factory=os.getpid)
    is_closed: bool = False
    #: Zygotes in use, by the place that they were made for.
    zygotes: dict[str, Zygote] = field(default_factory=dict)
    _retired: list[Zygote] = field(default_factory=list)
    _channels: set[Channel] = field(default_factory=set)
    _guests: set[Guest] = field(default_factory=set)
    _n_jobs: int = 0
    #: Why no zygote may be started any more.
    _unsafe: str = ""
    #: Guards the fields; never held while something is awaited, for ``close`` needs it.
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def fork(self, place: str, directory: JobDirectory, requests: socket.socket | None) -> tuple[Channel | None, str]:
        """Have a zygote fork a job.

        Parameters
        ----------
        place : str
            What the zygote must be able to see.
        directory : JobDirectory
            Of the job.
        requests : socket or None
            Handed on to a job that serves.

        Returns
        -------
        Channel or None
            To the job's supervisor; None where it has to be started cold.
        str
            Why.
        """
        note = self._unsafe
        for _ in range(0 if note else 2):  # one that has ended since the last job is replaced once
            zygote = self._zygote(place)
            try:
                zygote.wait_until_ready()
                return zygote.start(directory, requests), ""
            except ZygoteUnsafe as error:
                self._unsafe = note = f"cold start: {error}"
            except ZygoteHangs as error:
                note = f"cold start: {error}"
            except ZygoteGone as error:
                note = f"cold start: {error}"
                self._retire(place, zygote)
                continue
            self._retire(place, zygote)
            break
        if self.is_closed:
            raise SandboxError(CLOSED)
        return None, note

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a job, so that ``close`` waits until its directory is gone."""
        with self._changed:
            self._n_jobs += 1
        try:
            yield
        finally:
            with self._changed:
                self._n_jobs -= 1
                self._changed.notify_all()

    def add(self, channel: Channel) -> None:
        """Let ``close`` hang up this channel."""
        with self._changed:
            self._channels.add(channel)
            if self.is_closed:
                channel.hang_up()

    def drop(self, channel: Channel) -> None:
        """Let go of a channel; its supervisor ends its tree before this returns."""
        channel.close()
        with self._changed:
            self._channels.discard(channel)
            self._changed.notify_all()

    def host(self, guest: Guest) -> None:
        """Let ``close`` end a process that stays."""
        with self._changed:
            self._guests.add(guest)

    def leave(self, guest: Guest) -> None:
        """Let go of a process that has been ended, or is about to be."""
        if os.getpid() == self.owner:
            with self._changed:
                self._guests.discard(guest)

    def close(self) -> None:
        """End every process; a forked copy of the owner only lets go of what it inherited."""
        if os.getpid() != self.owner:
            self._forget()
            return
        with self._changed:
            self.is_closed = True
            for channel in self._channels:
                channel.hang_up()
            guests = list(self._guests)
            zygotes = [*self.zygotes.values(), *self._retired]
        for guest in guests:
            guest.close()
        with self._changed:
            if self._channels:
                self._changed.wait_for(lambda: not self._channels, timeout=_CLOSE_WITHIN_S)
        for zygote in zygotes:
            zygote.stop()
        with self._changed:
            self._changed.wait_for(lambda: not self._n_jobs, timeout=_CLOSE_WITHIN_S)

    def _forget(self) -> None:
        """Close descriptors without the lock, which another thread may have held at the fork."""
        for channel in list(self._channels):
            channel.forget()
        for guest in list(self._guests):
            guest.forget()
        self._guests = set()
        for zygote in (*self.zygotes.values(), *self._retired):
            zygote.stop()
        self.zygotes, self._retired, self._channels = {}, [], set()

    def _zygote(self, place: str) -> Zygote:
        with self._changed:
            if self.is_closed:
                raise SandboxError(CLOSED)
            for other in [there for there in self.zygotes if there and not Path(there).exists()]:
                self._retired.append(self.zygotes.pop(other))  # its run is over
            if place not in self.zygotes:
                self.zygotes[place] = self.start_zygote(place)
            return self.zygotes[place]

    def _retire(self, place: str, zygote: Zygote) -> None:
        """Use a zygote no more; it stays until the end, for other jobs may still run on it."""
        with self._changed:
            if self.zygotes.get(place) is zygote:
                del self.zygotes[place]
                self._retired.append(zygote)
