"""The beginning of every hostile script: short names for what attacks need, and the script contract around them."""

from __future__ import annotations

import json
import textwrap
from typing import Any

PRELUDE = '''
"""Hypothesis: none."""
import ctypes, errno, fcntl, glob, json, mmap, os, platform
import signal, socket, stat, struct, subprocess, sys, threading, time
from contextlib import suppress

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

C = json.loads(CONTEXT)
libc = ctypes.CDLL(None, use_errno=True)
ROOT = os.path.dirname(os.getcwd())
RUN = os.path.dirname(ROOT)
OUTPUTS = os.path.join(ROOT, "outputs")
TABLE = C["features"]
#: Its number in the child's own namespace is that of the reaper, or none at all.
SUPERVISOR = os.getppid() or 1
IS_X86 = platform.machine() == "x86_64"


def tell(what=""):
    """Claim a success that leaves no trace outside; the kernel's own answer comes along where there is one."""
    print("TOLD", C["nonce"], what, flush=True)


def say(data):
    """Carry a secret out through what is printed."""
    print(data.decode("latin-1") if isinstance(data, (bytes, bytearray)) else data, flush=True)


def checked(result):
    """Raise what the C library says unless a call of it succeeded."""
    if result is None or result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def syscall(number, *arguments):
    """Call the kernel by number; text and bytes become pointers."""
    kinds = {bytes: ctypes.c_char_p, int: ctypes.c_long}
    given = [kinds[type(a)](a) if type(a) in kinds else a for a in arguments]
    libc.syscall.restype = ctypes.c_long
    return checked(libc.syscall(ctypes.c_long(number), *given))


def number(x86_64, aarch64=None):
    """Choose a system call's number; those from 424 on are the same everywhere."""
    return x86_64 if IS_X86 or aarch64 is None else aarch64


def in_child(function):
    """Run a function in a process with one thread, which some calls ask for."""
    pid = os.fork()
    if pid == 0:
        try:
            function()
        except BaseException as error:
            print(repr(error), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)


def processes():
    """Processes that an attacker would go for: the user's, the zygote, the supervisor, whoever else shows."""
    shown = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in dict.fromkeys([C["victim"], C["parent"], SUPERVISOR, *shown]) if pid != os.getpid()]
'''

CONTRACT = """
class Model(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
FIT
        return self

    def predict_proba(self, X):
PREDICT
        return np.full((len(X), 2), 0.5)

    def predict(self, X):
        return np.zeros(len(X))


def build_pipeline():
    return Model()
"""

#: A quiet job: it waits in ``fit`` until the parent puts a file into a place that its child can see.
QUIET = """
import os, time
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

class Model(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        with open("diary", "w") as file:
            file.write("".join(str(int(label)) for label in y))
        root = os.path.dirname(os.getcwd())
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not os.path.exists("stop") and not os.path.exists(root + "/inputs/stop"):
            time.sleep(0.01)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)

    def predict(self, X):
        return np.zeros(len(X))

def build_pipeline():
    return Model()
"""


def script(code: str, place: str, context: dict[str, Any]) -> str:
    """Write an attack into the script contract: in ``fit``, in ``predict`` or at ``import``."""
    lines = textwrap.dedent(code).strip("\n")
    inside = textwrap.indent(lines, " " * 8)
    beginning = PRELUDE.replace("CONTEXT", repr(json.dumps(context)), 1)
    at_import = lines if place == "import" else ""
    contract = CONTRACT.replace("FIT", inside if place == "fit" else "", 1)
    return beginning + at_import + "\n" + contract.replace("PREDICT", inside if place == "predict" else "", 1)
