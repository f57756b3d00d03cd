"""Leaving something that runs later: in packages, in start-up files, in the product itself."""

import os
from pathlib import Path

from .attack import After, Attack
from .host import INSTALLED, IS_ROOT, NEEDS_ROOT, OTHERS_SITE, OWNS_SITE
from .signs import appeared, changed, exists

#: Writes the byte that is there: nothing breaks, and yet the time of the last change moves.
_TOUCH = """
with open(path, "r+b") as file:
    byte = file.read(1)
    file.seek(0)
    file.write(byte)
"""


def _rewritten(path):
    """Return a sign that a file of the installation was written to; its time is set back."""

    def look(after: After) -> bool:
        found = path()
        now, then = found.stat(), after.scene.installed[found]
        if now.st_mtime_ns == then:
            return False
        os.utime(found, ns=(now.st_atime_ns, then))
        return True

    INSTALLED.append(path())
    return look


def _joblib() -> Path:
    import joblib

    return Path(joblib.__file__)


def _numpy_library() -> Path:
    import numpy as np

    return next(Path(np.__file__).parent.glob("_core/_multiarray_umath*.so"))


def _own_code() -> Path:
    import octopus.sandbox.confine

    return Path(octopus.sandbox.confine.__file__)


def _own_bytecode() -> Path:
    import importlib.util

    path = Path(importlib.util.cache_from_source(str(_own_code())))
    return path if path.exists() else _own_code()


OWNS_OCTOPUS = os.access(_own_code(), os.W_OK)
OTHERS_OCTOPUS = "octopus belongs to somebody else"

ATTACKS = [
    Attack(
        "drop_pth",
        "Leave a .pth file, which every later interpreter reads.",
        "open(C['site'] + '/zz_octopus_' + C['tag'] + '.pth', 'w').write('# x')",
        appeared(lambda after: f"{after.scene.site}/zz_octopus_{after.scene.secret[:8]}.pth"),
        control=OWNS_SITE,
        without=OTHERS_SITE,
    ),
    Attack(
        "sitecustomize",
        "Leave a module among the packages.",
        "open(C['site'] + '/octopus_evil_' + C['tag'] + '.py', 'w').write('# x')",
        appeared(lambda after: f"{after.scene.site}/octopus_evil_{after.scene.secret[:8]}.py"),
        control=OWNS_SITE,
        without=OTHERS_SITE,
    ),
    Attack(
        "overwrite_package",
        "Write into a package.",
        f"path = {str(_joblib())!r}\n{_TOUCH}",
        _rewritten(_joblib),
        control=OWNS_SITE,
        without=OTHERS_SITE,
    ),
    Attack(
        "overwrite_library",
        "Write into a shared library that every process maps.",
        f"path = {str(_numpy_library())!r}\n{_TOUCH}",
        _rewritten(_numpy_library),
        control=os.access(_numpy_library(), os.W_OK),
        without=OTHERS_SITE,
    ),
    Attack(
        "overwrite_runner_code",
        "Write into the code that confines.",
        f"path = {str(_own_code())!r}\n{_TOUCH}",
        _rewritten(_own_code),
        control=OWNS_OCTOPUS,
        without=OTHERS_OCTOPUS,
    ),
    Attack(
        "poison_bytecode",
        "Write into the compiled form of the code that confines.",
        f"path = {str(_own_bytecode())!r}\n{_TOUCH}",
        _rewritten(_own_bytecode),
        control=os.access(_own_bytecode(), os.W_OK),
        without=OTHERS_OCTOPUS,
    ),
    Attack(
        "add_bytecode",
        "Leave a compiled module beside the code of octopus.",
        "open(C['package'] + '/sandbox/evil_' + C['tag'] + '.pyc', 'wb').write(b'x')",
        appeared(lambda after: f"{after.scene.package}/sandbox/evil_{after.scene.secret[:8]}.pyc"),
        control=os.access(_own_code().parent, os.W_OK),
        without=OTHERS_OCTOPUS,
    ),
    Attack(
        "shell_profile",
        "Add a line to what the user's shell reads.",
        "open(C['home'] + '/.bashrc', 'a').write('evil')",
        changed("home/.bashrc", "# as it was\n"),
    ),
    Attack(
        "authorized_keys",
        "Let oneself in later.",
        "open(C['home'] + '/.ssh/authorized_keys', 'w').write('evil')",
        exists("home/.ssh/authorized_keys"),
    ),
    Attack(
        "autostart",
        "Change what the desktop starts.",
        "open(C['home'] + '/.config/autostart/a.desktop', 'a').write('evil')",
        changed("home/.config/autostart/a.desktop", "# as it was\n"),
    ),
    Attack(
        "crontab",
        "Leave a job for the clock, under a name that cron does not read.",
        "open('/etc/octopus-evil-' + C['tag'], 'w').write('# x')",
        appeared(lambda after: f"/etc/octopus-evil-{after.scene.secret[:8]}"),
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "poison_project_bytecode",
        "Write into the compiled form of the user's own code.",
        "open(C['home'] + '/project/__pycache__/model.pyc', 'wb').write(b'evil')",
        changed("home/project/__pycache__/model.pyc", "# as it was\n"),
    ),
    Attack(
        "change_project_code",
        "Write into the user's own code.",
        "open(C['home'] + '/project/model.py', 'a').write('evil')",
        changed("home/project/model.py", "# as it was\n"),
    ),
    Attack(
        "git_hook",
        "Leave a hook in the user's repository.",
        "os.makedirs(C['home'] + '/project/.git/hooks'); open(C['home'] + '/project/.git/hooks/pre-commit', 'w')",
        exists("home/project/.git/hooks/pre-commit"),
    ),
    Attack(
        "clobber_parent_tmp",
        "Write into a file that the user's process works with.",
        "open(C['state'], 'w').write('evil')",
        changed("parent/state.json", "{}"),
    ),
    Attack(
        "open_core_pattern",
        "Choose the program that the kernel starts for a crash; only opened.",
        "os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY); print('TOLD', C['nonce'], flush=True)",
        lambda after: after.told is not None,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "open_cgroup_control",
        "Leave one's control group, or make one with a program that runs at its end; only opened.",
        """
        found = glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True)[:3] + ["/sys/fs/cgroup/cgroup.procs"]
        for path in found:
            with suppress(OSError):
                os.open(path, os.O_WRONLY)
                tell(path)
        """,
        lambda after: after.told is not None,
        control=IS_ROOT and bool(list(Path("/sys/fs/cgroup").glob("*/cgroup.procs"))),
        without="only root may do it anyway, and some machines show no control groups",
    ),
]
