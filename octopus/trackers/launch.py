"""Start a follower that outlives the process that starts it, and is no child of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

#: ``-P`` keeps the current directory out of the path, where a user's ``mlflow.py`` may lie; the fitting process's own
#: path is appended, so that what it finds is found wherever it is.
_PROGRAM = (
    "import json, sys; paths = json.loads(sys.argv.pop(1)); "
    "sys.path.extend(path for path in paths if path not in sys.path); "
    "from octopus.trackers.follow import main; main()"
)
#: A shell forks in milliseconds; on a machine that cannot do it in this time nothing else works either.
_SHELL_WITHIN_S = 10.0


def launch(home: Path, *arguments: str) -> None:
    """Start a follower and return at once.

    On POSIX a shell starts it in the background and ends, so that it belongs to nobody: it is no zombie of the fitting
    process when it ends, and nobody who ends that process's children ends it.

    Parameters
    ----------
    home : Path
        Its working directory, which is not the user's: that one may be deleted.
    *arguments : str
        Its command line.

    Raises
    ------
    OSError, subprocess.SubprocessError
        It cannot be started.
    """
    if not sys.executable:
        raise OSError("this Python does not know its own program")
    command = [sys.executable, "-P", "-c", _PROGRAM, json.dumps([path for path in sys.path if path]), *arguments]
    if os.name == "posix":
        subprocess.run(  # noqa: S603  # our own command line
            ["/bin/sh", "-c", '"$@" </dev/null >/dev/null 2>&1 &', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=home,
            start_new_session=True,
            check=True,
            timeout=_SHELL_WITHIN_S,
        )
        return
    process = subprocess.Popen(  # noqa: S603  # likewise
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        creationflags=_detached(),
    )
    process.returncode = 0  # it is not waited for, and Windows keeps no zombies


def _detached() -> int:
    names = ("DETACHED_PROCESS", "CREATE_NEW_PROCESS_GROUP", "BELOW_NORMAL_PRIORITY_CLASS")
    return sum(getattr(subprocess, name, 0) for name in names)
