"""Confinement on macOS, by Seatbelt: a profile and ``/usr/bin/sandbox-exec``.

Written from documentation and from what others ship; it was not run on macOS. A probe decides there whether it holds.

Apple calls ``sandbox-exec`` deprecated and documents no grammar. Its rules are taken from profiles in wide use:

* Chromium, ``sandbox/policy/mac/common.sb`` (https://chromium.googlesource.com/chromium/src), for what the loader of
  shared libraries and the C library read;
* Codex CLI, ``seatbelt_base_policy.sbpl`` (https://github.com/openai/codex), for the facts of the system that numeric
  libraries ask for, and for the semaphores of ``multiprocessing``;
* Anthropic's sandbox-runtime, ``macos-sandbox-utils.ts`` (https://github.com/anthropic-experimental/sandbox-runtime).

Unlike the last two it denies reading as well: what is not listed cannot be read, only seen to exist where it lies on
the way to something that can.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from octopus.sandbox.places import Places

#: By its full path: another program of that name, earlier in ``PATH``, would confine nothing.
SANDBOX_EXEC = Path("/usr/bin/sandbox-exec")
_LIBRARY = "/usr/lib/libSystem.B.dylib"

#: Libraries of the system, the loader's cache of them, time zones and Unicode: the same on every Mac, private to none.
_SYSTEM = (
    "/System/Library",
    "/System/Cryptexes/OS",
    "/System/Volumes/Preboot/Cryptexes/OS",
    "/Library/Apple/System/Library",
    "/Library/Apple/usr/lib",
    "/usr/lib",
    "/usr/share/icu",
    "/usr/share/locale",
    "/usr/share/zoneinfo",
    "/usr/share/zoneinfo.default",
    "/private/var/db/dyld",
    "/private/var/db/timezone",
)
#: Symbolic links on the way to files whose names are not canonical.
_LINKS = ("/etc", "/tmp", "/var", "/private/etc/localtime")  # noqa: S108  # not what is in it
_RANDOM = ("/dev/random", "/dev/urandom")
_SINKS = ("/dev/null", "/dev/zero")

#: Facts of the processor and the system. Not ``kern.procargs2``: it tells the environment of the user's processes.
_FACTS = (
    "hw.activecpu",
    "hw.byteorder",
    "hw.cacheconfig",
    "hw.cachelinesize",
    "hw.cachelinesize_compat",
    "hw.cachesize",
    "hw.cpufamily",
    "hw.cpufrequency",
    "hw.cpufrequency_compat",
    "hw.cpusubtype",
    "hw.cputype",
    "hw.l1dcachesize",
    "hw.l1dcachesize_compat",
    "hw.l1icachesize",
    "hw.l1icachesize_compat",
    "hw.l2cachesize",
    "hw.l2cachesize_compat",
    "hw.l3cachesize",
    "hw.l3cachesize_compat",
    "hw.logicalcpu",
    "hw.logicalcpu_max",
    "hw.machine",
    "hw.memsize",
    "hw.model",
    "hw.ncpu",
    "hw.nperflevels",
    "hw.packages",
    "hw.pagesize",
    "hw.pagesize_compat",
    "hw.physicalcpu",
    "hw.physicalcpu_max",
    "hw.tbfrequency",
    "hw.tbfrequency_compat",
    "hw.vectorunit",
    "kern.argmax",
    "kern.hostname",
    "kern.maxfilesperproc",
    "kern.osproductversion",
    "kern.osrelease",
    "kern.ostype",
    "kern.osvariant_status",
    "kern.osversion",
    "kern.secure_kernel",
    "kern.usrstack64",
    "kern.version",
    "machdep.cpu.brand_string",
    "sysctl.proc_cputype",
    "vm.loadavg",
)
_FACT_PREFIXES = ("hw.optional.", "hw.perflevel", "machdep.cpu.")

_BEGINNING = """\
(version 1)
(deny default)
(allow process-fork)
(allow process-info* (target self))
(allow signal (target self))
(allow signal (target children))
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow ipc-posix-sem (ipc-posix-name-prefix "/mp-"))
(allow ipc-posix-sem (ipc-posix-name-prefix "/loky-"))"""
#: The last rule that matches decides: nothing above it opens the network, sockets with a path included.
_END = "(deny network*)"


def available() -> bool:
    """Return whether this is a Mac that has ``sandbox-exec``."""
    return sys.platform == "darwin" and SANDBOX_EXEC.is_file()


def is_confined() -> bool:
    """Ask the kernel whether a profile is in force for this process.

    Returns
    -------
    bool
        False on any other system. That there is a profile does not say what it denies.
    """
    if sys.platform != "darwin":
        return False
    sandbox_check = ctypes.CDLL(_LIBRARY).sandbox_check
    sandbox_check.restype = ctypes.c_int
    sandbox_check.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
    confined: int = sandbox_check(os.getpid(), None, 0)  # no operation, no filter: is there a profile at all
    return confined == 1


def profile(places: Places) -> str:
    """Return the profile that allows some places and nothing else.

    Parameters
    ----------
    places : Places
        Absolute and canonical: Seatbelt compares the names that files have once all links are followed, such as
        ``/private/tmp`` for ``/tmp``. A program that starts another one of its own, as the interpreter of a framework
        build does, needs both among the executables.

    Returns
    -------
    str
        In the language of ``sandbox-exec -p``.

    Raises
    ------
    ValueError
        If a path is not absolute or contains a null character: such a rule would mean something else.
    """
    readable = [*_SYSTEM, *map(str, places.readable), *map(str, places.executable)]
    writable = [*map(str, places.writable)]
    devices = [*_SINKS, *map(str, places.devices)]
    above = {str(parent) for path in (*readable, *writable, *devices) for parent in Path(path).parents}
    rules = [
        _BEGINNING,
        _rule("sysctl-read", "sysctl-name", _FACTS),
        _rule("sysctl-read", "sysctl-name-prefix", _FACT_PREFIXES),
        # getcwd and realpath look at every directory above, and the loader reads the root.
        _rule("file-read-metadata", "literal", sorted({*above, *_LINKS})),
        _rule("file-read*", "literal", ["/", *_RANDOM]),
        _rule("file-read*", "subpath", [*readable, *writable, "/dev/fd"]),
        _rule("file-map-executable", "subpath", readable),
        # What a job wrote is data: a library planted there cannot be loaded.
        _rule("file-map-executable", "subpath", writable, verdict="deny"),
        _rule("process-exec", "literal", map(str, places.executable)),
        _rule("file-write*", "subpath", writable),
        _rule("file-read* file-write-data", "literal", devices),
        _rule("file-ioctl", "literal", map(str, places.devices)),
        _END,
    ]
    return "\n".join(rule for rule in rules if rule) + "\n"


def command(places: Places, inner: Sequence[str]) -> list[str]:
    """Return the command line that runs a program under the profile of some places.

    Parameters
    ----------
    places : Places
        As for :func:`profile`.
    inner : sequence of str
        Program and arguments; the program is one of the executables, by its canonical name.

    Returns
    -------
    list of str
        Program and arguments. The process is replaced, so its identifier, open files and environment stay.
    """
    return [str(SANDBOX_EXEC), "-p", profile(places), "--", *inner]


def _rule(operations: str, what: str, values: Iterable[str], *, verdict: Literal["allow", "deny"] = "allow") -> str:
    """Return one rule; none without values, for a rule without a filter would allow the operation on everything."""
    filters = [f"\n  ({what} {_quoted(value, is_path=not what.startswith('sysctl'))})" for value in values]
    return f"({verdict} {operations}{''.join(filters)})" if filters else ""


def _quoted(value: str, *, is_path: bool) -> str:
    """Return a string of the profile's language, in which only a quotation mark or a backslash could end it."""
    if "\0" in value or (is_path and not value.startswith("/")):
        raise ValueError(f"{value!r} cannot stand in a profile: it must be an absolute path without null characters")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
