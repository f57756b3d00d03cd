import os
import select
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from octopus.sandbox.bubblewrap import candidates, command, find, links, refusal, supports
from octopus.sandbox.places import Places, installed, programs

BWRAP = Path("/usr/bin/bwrap")
CWD = Path("/jobs/1")


def built(**places):
    given = {"readable": (), "executable": (), "writable": (CWD,)}
    given |= {name: tuple(map(Path, paths)) for name, paths in places.items() if name in Places.__dataclass_fields__}
    other = {name: value for name, value in places.items() if name not in Places.__dataclass_fields__}
    return command(BWRAP, Places(**given), ["python", "-c", "pass"], other.pop("cwd", CWD), **other)


def place_of(words, *wanted):
    (found,) = [i for i in range(len(words)) if tuple(words[i : i + len(wanted)]) == wanted]
    return found


# --------------------------------------------------------------------------- the command line


def test_every_namespace_is_new_and_nothing_is_kept():
    words = built()
    for option in ("user", "pid", "net", "ipc", "uts"):
        assert f"--unshare-{option}" in words
    assert {"--die-with-parent", "--new-session"} < set(words)
    place_of(words, "--cap-drop", "ALL")
    assert words[0] == str(BWRAP)
    assert words[-4:] == ["--", "python", "-c", "pass"]


def test_a_newer_version_is_asked_for_more():
    assert "--disable-userns" not in built()
    words = built(options={"--disable-userns", "--size"}, tmpfs_bytes=4096)
    assert "--disable-userns" in words
    place_of(words, "--size", "4096", "--tmpfs", "/tmp")
    place_of(words, "--size", "4096", "--tmpfs", "/dev/shm")


def test_a_writable_directory_lies_on_top_of_the_readable_one_around_it():
    words = built(readable=["/jobs"], writable=["/jobs/1/work"])
    outer = place_of(words, "--ro-bind-try", "/jobs", "/jobs")
    assert outer < place_of(words, "--bind", "/jobs/1/work", "/jobs/1/work")


def test_a_readable_directory_lies_on_top_of_the_writable_one_around_it():
    words = built(readable=["/jobs/1/inputs"], writable=["/jobs/1"])
    assert place_of(words, "--bind", "/jobs/1", "/jobs/1") < place_of(
        words, "--ro-bind-try", "/jobs/1/inputs", "/jobs/1/inputs"
    )


def test_a_place_that_is_both_is_writable():
    words = built(readable=["/jobs/1"], writable=["/jobs/1"])
    place_of(words, "--bind", "/jobs/1", "/jobs/1")
    assert "--ro-bind-try" not in words


def test_what_lies_inside_another_of_its_kind_is_not_mounted_twice():
    words = built(readable=["/opt/python", "/opt/python/lib"], executable=["/opt/python/bin/python3"])
    assert words.count("--ro-bind-try") == 1


def test_a_path_below_tmp_is_there_although_tmp_is_new():
    words = built(writable=["/tmp/job-1"], cwd=Path("/tmp/job-1"))
    assert place_of(words, "--tmpfs", "/tmp") < place_of(words, "--bind", "/tmp/job-1", "/tmp/job-1")


def test_the_tmp_of_the_host_is_never_mounted():
    words = built(writable=["/tmp", "/dev/shm"], readable=["/proc/self", "/dev/null"])
    assert "--bind" not in words
    assert "--ro-bind-try" not in words


def test_a_directory_whose_name_begins_like_another_is_not_inside_it():
    words = built(readable=["/opt/py", "/opt/python"])
    assert words.count("--ro-bind-try") == 2


def test_devices_are_opened_on_top_of_a_new_dev():
    words = built(devices=["/dev/nvidia0", "/dev/null"])
    assert place_of(words, "--dev", "/dev") < place_of(words, "--dev-bind-try", "/dev/nvidia0", "/dev/nvidia0")
    assert words.count("--dev-bind-try") == 1


def test_links_of_the_host_lead_to_the_same_places_inside():
    host = {Path("/lib64"): "usr/lib64", Path("/home"): "/data/home"}
    words = built(
        readable=["/lib64/ld.so", "/usr/lib64"], writable=["/home/u/job"], cwd=Path("/home/u/job"), links=host
    )
    place_of(words, "--symlink", "usr/lib64", "/lib64")
    place_of(words, "--symlink", "/data/home", "/home")
    place_of(words, "--bind", "/data/home/u/job", "/data/home/u/job")
    place_of(words, "--chdir", "/data/home/u/job")
    assert words.count("--ro-bind-try") == 1  # /lib64/ld.so lies in /usr/lib64


def test_links_that_go_in_a_circle_come_to_an_end():
    built(readable=["/a/x"], links={Path("/a"): "b", Path("/b"): "a"})


def test_links_are_found_along_the_way(tmp_path):
    real = tmp_path.resolve()
    (real / "python-3.11.7").mkdir()
    (real / "python-3.11.7" / "python").touch()
    (real / "python-3.11").symlink_to("python-3.11.7")
    (real / "venv").mkdir()
    (real / "venv" / "python").symlink_to(real / "python-3.11" / "python")
    found = links(Places(readable=(), executable=(real / "venv" / "python",), writable=()))
    assert {link: found[link] for link in found if link.is_relative_to(real)} == {
        real / "venv" / "python": str(real / "python-3.11" / "python"),
        real / "python-3.11": "python-3.11.7",
    }


def test_links_in_a_circle_are_found_and_left(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert links(Places(readable=(tmp_path / "a" / "x",), executable=(), writable=()))[tmp_path.resolve() / "a"] == "b"


# --------------------------------------------------------------------------- which program


def test_a_program_that_refuses_says_why(tmp_path):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    refusing.chmod(0o755)
    assert refusal(refusing) == "setting up uid map: Permission denied"
    assert supports(refusing) == frozenset()


def test_a_program_that_cannot_be_run_is_refused(tmp_path):
    assert refusal(tmp_path / "bwrap") is not None
    assert supports(tmp_path / "bwrap") == frozenset()


def test_options_are_read_from_its_help(tmp_path):
    helpful = tmp_path / "bwrap"
    helpful.write_text("#!/bin/sh\nprintf '    --help          Print\\n    --size BYTES     Set --perms of\\n'\n")
    helpful.chmod(0o755)
    assert supports(helpful) == {"--help", "--size"}


def test_found_on_the_path_unless_it_runs_as_root_by_itself(tmp_path, monkeypatch):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program in candidates()
    program.chmod(0o4755)
    assert program not in candidates()


# --------------------------------------------------------------------------- inside

#: Each ``bwrap`` that may make namespaces on this machine: the system's, the wheel's.
WORKING = [path for path in candidates() if refusal(path) is None]
#: Ordinary users of most systems.
NOBODY = 65534

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def as_nobody(words):
    """Run as an ordinary user, in whose view the home of root can be entered but has only the interpreter in it."""
    home, aside = Path("/root"), "/mnt"
    kept = [path for path in map(Path, (sys.prefix, sys.base_prefix)) if path.is_relative_to(home)]
    lines = ["set -e", f"mount -t tmpfs tmpfs {aside}"]
    for n, path in enumerate(kept):
        lines += [f"mkdir {aside}/{n}", f"mount --bind {shlex.quote(str(path))} {aside}/{n}"]
    lines += ["mount -t tmpfs -o mode=755 tmpfs /root"]
    for n, path in enumerate(kept):
        lines += [f"mkdir -p {shlex.quote(str(path))}", f"mount --bind {aside}/{n} {shlex.quote(str(path))}"]
    lines += [f"exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups " + shlex.join(words)]
    return ["unshare", "--mount", "/bin/sh", "-c", "\n".join(lines)]


def myself(words):
    return words


IDENTITIES = [myself, as_nobody] if hasattr(os, "geteuid") and os.geteuid() == 0 else [myself]


@pytest.fixture(params=IDENTITIES, ids=lambda identity: identity.__name__)
def identity(request):
    return request.param


@pytest.fixture
def job(tmp_path):
    for folder in tmp_path.resolve().parents:  # the ordinary user is to be kept out by the sandbox, not by the test
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    (tmp_path / "secret").write_text("of another job")
    made = tmp_path / "job"
    made.mkdir()
    made.chmod(0o777)
    return made.resolve()


@pytest.fixture
def run(bwrap, identity, job):
    places = Places(readable=installed(["numpy"]), executable=programs(), writable=(job,))

    def start(source, *, pass_fds=(), arguments=()):
        inner = [sys.executable, "-s", "-P", "-c", source, *arguments]
        words = command(bwrap, places, inner, job, options=supports(bwrap), links=links(places))
        return subprocess.Popen(
            identity(words),
            env=ENVIRONMENT | {"HOME": str(job)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=pass_fds,
            start_new_session=True,
        )

    return start


@pytest.fixture
def says(run):
    def answer(source):
        process = run(source)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return out.strip()

    return answer


@pytest.mark.parametrize("bwrap", WORKING or [None], ids=str)
class TestInside:
    """What holds behind every bwrap of this machine; not collected where none may make namespaces."""

    __test__ = bool(WORKING)

    def test_one_is_found(self, bwrap):
        assert find() == WORKING[0]
        assert "--die-with-parent" in supports(bwrap)

    def test_numeric_libraries_are_those_of_the_host(self, says):
        assert says("import sys, numpy; print(numpy.__version__, numpy.ones(3).sum(), sys.version)") == (
            f"{np.__version__} 3.0 {sys.version}"
        )

    def test_only_the_places_exist(self, says):
        root = says("import os; print(*sorted(os.listdir('/')))").split()
        allowed = {"dev", "proc", "tmp", "bin", "sbin", "lib", "lib32", "lib64", "usr", "etc", "sys", "libx32"}
        given = {Path(path).parts[1] for path in (*installed(["numpy"]), *programs())}
        given |= {path.resolve().parts[1] for path in (*installed(["numpy"]), *programs())}
        assert set(root) <= allowed | given

    def test_homes_and_files_of_the_project_are_hidden(self, says):
        project = Path(__file__).resolve().parents[3]
        assert (project / "pyproject.toml").exists()
        hidden = [str(project / "pyproject.toml"), str(project / ".git"), "/etc/passwd", "/etc/shadow", "/root/.ssh"]
        assert says(f"import os; print([p for p in {hidden} if os.path.lexists(p)])") == "[]"

    def test_the_directory_of_the_job_is_all_there_is_in_tmp(self, says, job):
        assert says("import os; print(os.path.exists('../secret'), os.getcwd())") == f"False {job}"

    def test_files_are_written_in_the_job(self, says, job):
        says("open('result', 'w').write('done')")
        assert (job / "result").read_text() == "done"

    def test_nothing_else_can_be_written(self, says):
        tried = [sys.prefix, "/", "/usr", "/etc", "/proc/sys/kernel"]
        source = f"""if True:
            import errno
            for place in {tried}:
                try:
                    open(place + "/planted", "w")
                except OSError as error:
                    assert error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT), error
                else:
                    print(place)
        """
        # Below /tmp there is a new directory, in which the way to what is shown from there has been made.
        assert all(place.startswith("/tmp/") for place in says(source).split())
        assert not [place for place in tried if os.path.lexists(f"{place}/planted")]

    def test_tmp_and_shared_memory_are_new(self, says):
        source = """if True:
            import os
            from multiprocessing.shared_memory import SharedMemory
            print(os.listdir("/dev/shm"))
            open("/tmp/x", "w"), open("/dev/shm/x", "w")
            memory = SharedMemory(create=True, size=9)
            memory.close()
            memory.unlink()
        """
        assert says(source) == "[]"
        assert not Path("/dev/shm/x").exists()

    def test_no_process_of_the_host_is_seen(self, says):
        # bubblewrap's own pid 1, and Python.
        assert says("import os; print(os.getpid(), *sorted(p for p in os.listdir('/proc') if p.isdigit()))") == "2 1 2"

    def test_there_is_no_network(self, says):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
            source = (
                "import socket\n"
                f"try: socket.create_connection({address}, 5)\n"
                "except OSError as error: print(type(error).__name__)\n"
                "print(*(name for _, name in socket.if_nameindex()))"
            )
            refused, interfaces = says(source).splitlines()
        assert refused in ("ConnectionRefusedError", "OSError")
        assert interfaces == "lo"

    def test_no_capability_is_left(self, says):
        read = (
            "print(*(l.split()[1] for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapPrm', 'CapBnd'))))"
        )
        assert says(read) == "0000000000000000 0000000000000000 0000000000000000"

    def test_no_further_user_namespace_where_the_version_can_forbid_it(self, says, bwrap):
        source = "import ctypes; print(ctypes.CDLL(None, use_errno=True).unshare(0x10000000))"  # CLONE_NEWUSER
        assert says(source) == ("-1" if "--disable-userns" in supports(bwrap) else "0")

    def test_an_inherited_socket_gets_through_and_bubblewrap_lets_go_of_it(self, run):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        source = """if True:
            import os, socket, sys
            inherited = socket.socket(fileno=int(sys.argv[1]))
            message, fds, _, _ = socket.recv_fds(inherited, 100, 1)
            os.write(fds[0], b"reached " + message)
            inherited.close()
            os.read(fds[0], 1)  # still alive when the other end sees that the socket is closed
        """
        with ours:
            with theirs:
                process = run(source, pass_fds=(theirs.fileno(),), arguments=(str(theirs.fileno()),))
            ours.settimeout(60)
            near, far = socket.socketpair()
            with near:
                with far:
                    socket.send_fds(ours, [b"the zygote"], [far.fileno()])
                near.settimeout(60)
                assert near.recv(100) == b"reached the zygote"
                assert ours.recv(1) == b""
                assert process.poll() is None
            process.communicate(timeout=60)
        assert process.returncode == 0

    def test_all_inside_die_with_bubblewrap(self, run):
        reading, writing = os.pipe()
        source = """if True:
            import os, signal
            if os.fork() == 0:
                os.setsid()  # a daemon of its own
            else:
                print("up", flush=True)
            signal.pause()
        """
        process = run(source, pass_fds=(writing,))
        os.close(writing)
        assert process.stdout.readline() == "up\n"
        process.kill()
        readable, _, _ = select.select([reading], [], [], 60)
        assert readable, "a process is left that holds the other end"
        assert os.read(reading, 1) == b""
        os.close(reading)
        process.communicate(timeout=60)
