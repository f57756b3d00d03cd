"""Running what should not run: dropped programs, setuid ones, other people's libraries."""

import stat
from pathlib import Path

from .attack import Attack
from .signs import told

_RUN = """
def ran(start):
    \"\"\"Return what a program prints that is started in a child.\"\"\"
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        try:
            start()
        finally:
            os._exit(1)
    os.close(write)
    os.waitpid(pid, 0)
    return os.read(read, 1000).decode()

def program():
    \"\"\"Return the bytes of a program that can be read here, what it is told, and its variables.\"\"\"
    with suppress(OSError):
        return open("/bin/echo", "rb").read(), ["echo", C["nonce"]], {}
    told = ["python", "-s", "-S", "-c", "print('" + C["nonce"] + "')"]
    home = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": sys.base_prefix + "/lib"}
    return open(os.path.realpath(sys.executable), "rb").read(), told, home

def claim(printed):
    if C["nonce"] in printed:
        tell(printed.strip())
"""


def _is_setuid(path):
    return path.exists() and bool(path.stat().st_mode & stat.S_ISUID)


ATTACKS = [
    Attack(
        "exec_dropped_binary",
        "Run a program that was written a moment ago.",
        _RUN
        + """
with open("dropped", "wb") as file:
    content, told, variables = program()
    file.write(content)
libc.chmod(b"dropped", 0o755)
claim(ran(lambda: os.execve("./dropped", told, variables)))
""",
        told,
    ),
    Attack(
        "exec_dropped_in_tmp",
        "The same from the directory for temporary files.",
        _RUN
        + """
import tempfile
path = os.path.join(tempfile.gettempdir(), "dropped")
with open(path, "wb") as file:
    content, told, variables = program()
    file.write(content)
libc.chmod(path.encode(), 0o755)
claim(ran(lambda: os.execve(path, told, variables)))
""",
        told,
    ),
    Attack(
        "exec_from_memory",
        "Run a program that lies in memory only (memfd_create, fexecve).",
        _RUN
        + """
fd = os.memfd_create("dropped", 0)
content, told, variables = program()
os.write(fd, content)
claim(ran(lambda: os.execve(fd, told, variables)))
""",
        told,
    ),
    Attack(
        "exec_from_memory_by_path",
        "Run it by its name below /proc.",
        _RUN
        + """
fd = os.memfd_create("dropped", 0)
content, told, variables = program()
os.write(fd, content)
claim(ran(lambda: os.execve(f"/proc/self/fd/{fd}", told, variables)))
""",
        told,
    ),
    Attack(
        "exec_by_loader",
        "Have the loader of programs, which may run, load a dropped one that reads a secret.",
        """
        import shutil
        shutil.copyfile(os.path.realpath(sys.executable), "dropped")
        loader = next(p for p in glob.glob("/lib64/ld-linux*") + glob.glob("/lib/ld-linux*"))
        code = "print(open(" + repr(C["home"] + "/.ssh/id_rsa") + ").read())"
        variables = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": sys.base_prefix + "/lib"}
        ended = subprocess.run([loader, "./dropped", "-S", "-c", code], env=variables, capture_output=True, text=True)
        say(ended.stdout)
        """,
        lambda after: after.scene.secret in after.text,
    ),
    Attack(
        "exec_shell",
        "Run the system's shell.",
        _RUN + "claim(ran(lambda: os.execv('/bin/sh', ['sh', '-c', 'echo ' + C['nonce']])))",
        told,
    ),
    Attack(
        "setuid_suid_su",
        "Run a program that gives the rights of root.",
        """
        for name in ("su", "mount", "passwd", "newgrp", "sudo"):
            path = "/usr/bin/" + name
            if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID:
                subprocess.run([path, "--version"], capture_output=True)
                tell(path)
                break
        """,
        told,
        control=any(_is_setuid(Path("/usr/bin", name)) for name in ("su", "mount", "passwd", "newgrp", "sudo")),
        without="this machine has none of them",
    ),
    Attack(
        "make_setuid",
        "Leave a program that gives the user's rights to whoever runs it.",
        """
        with open("dropped", "wb") as file:
            file.write(b"x")
        libc.chmod(b"dropped", 0o4755)
        if os.stat("dropped").st_mode & stat.S_ISUID:
            tell()
        """,
        told,
    ),
    Attack(
        "ld_preload_exec",
        "Read a secret from another program that was started with a library of one's own.",
        """
        code = "print(open(" + repr(C["home"] + "/.ssh/id_rsa") + ").read())"
        given = {"LD_PRELOAD": os.getcwd() + "/x.so"}
        say(subprocess.run([sys.executable, "-I", "-S", "-c", code], env=given, capture_output=True, text=True).stdout)
        """,
        lambda after: after.scene.secret in after.text,
    ),
    Attack(
        "read_by_program",
        "Have a program of the system read a secret.",
        "say(subprocess.run(['cat', C['home'] + '/.ssh/id_rsa'], capture_output=True, text=True).stdout)",
        lambda after: after.scene.secret in after.text,
    ),
]
