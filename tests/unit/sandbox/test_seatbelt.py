import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.sandbox.places import Places, installed, programs
from octopus.sandbox.seatbelt import SANDBOX_EXEC, available, command, is_confined, profile

PYTHON = Path("/opt/python/bin/python3.11")
PACKAGES = Path("/opt/python/lib")
JOB = Path("/private/tmp/job-1/work")
PLACES = Places(readable=(PACKAGES,), executable=(PYTHON,), writable=(JOB,), devices=(Path("/dev/gpu0"),))

TOKEN = re.compile(r'\s+|;[^\n]*|(?P<bracket>[()])|"(?P<string>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()";]+)', re.DOTALL)


class Text(str):
    """A string of the profile, as opposed to a word."""

    __slots__ = ()


def read(source):
    """Read a profile as its language does: lists of words and strings."""
    stack, at = [[]], 0
    while at < len(source):
        token = TOKEN.match(source, at)
        assert token is not None, source[at : at + 40]
        at = token.end()
        if token["bracket"] == "(":
            stack.append([])
        elif token["bracket"] == ")":
            done = stack.pop()
            stack[-1].append(done)
        elif token["string"] is not None:
            stack[-1].append(Text(re.sub(r"\\(.)", r"\1", token["string"], flags=re.DOTALL)))
        elif token["word"] is not None:
            stack[-1].append(token["word"])
    (rules,) = stack
    return rules


def verdict(rules, operation, path):
    """Decide as Seatbelt does: the last rule that matches."""
    decided = "deny"
    for kind, *rest in rules:
        operations = [word for word in rest if isinstance(word, str)]
        filters = [word for word in rest if isinstance(word, list)]
        covered = any(re.fullmatch(re.escape(one).replace(r"\*", ".*"), operation) for one in operations)
        if kind in ("allow", "deny") and covered and (not filters or any(matches(one, path) for one in filters)):
            decided = kind
    return decided


def matches(condition, path):
    how, value = condition
    if how == "subpath":
        return Path(path).is_relative_to(value)
    return how == "literal" and path == value


@pytest.fixture(scope="module")
def rules():
    return read(profile(PLACES))


def test_everything_is_denied_first(rules):
    assert rules[:2] == [["version", "1"], ["deny", "default"]]


def test_every_rule_about_files_names_files(rules):
    for kind, *rest in rules:
        if kind == "allow" and any(str(word).startswith(("file", "process-exec", "sysctl")) for word in rest):
            assert any(isinstance(word, list) for word in rest), rest


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("file-read-data", f"{PACKAGES}/numpy/__init__.py"),
        ("file-map-executable", f"{PACKAGES}/numpy/core.so"),
        ("file-read-data", str(PYTHON)),
        ("process-exec", str(PYTHON)),
        ("file-read-data", f"{JOB}/result"),
        ("file-write-create", f"{JOB}/result"),
        ("file-read-metadata", "/private/tmp/job-1"),
        ("file-read-metadata", "/tmp"),
        ("file-read-data", "/usr/lib/libSystem.B.dylib"),
        ("file-map-executable", "/System/Library/Frameworks/Accelerate.framework/Accelerate"),
        ("file-read-data", "/dev/urandom"),
        ("file-write-data", "/dev/null"),
        ("file-write-data", "/dev/gpu0"),
        ("file-ioctl", "/dev/gpu0"),
    ],
)
def test_allowed(rules, operation, path):
    assert verdict(rules, operation, path) == "allow"


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("file-read-data", "/Users/somebody/.ssh/id_ed25519"),
        ("file-read-data", "/private/tmp/job-1"),
        ("file-read-data", "/private/tmp/job-2/work/result"),
        ("file-read-data", "/Library/Keychains/System.keychain"),
        ("file-read-data", "/private/etc/passwd"),
        ("file-write-data", f"{PACKAGES}/numpy/__init__.py"),
        ("file-write-create", "/private/tmp/x"),
        ("file-write-create", f"{JOB}-2/x"),
        ("file-map-executable", f"{JOB}/planted.dylib"),
        ("process-exec", f"{JOB}/planted"),
        ("process-exec", "/bin/sh"),
        ("file-ioctl", "/dev/null"),
        ("network-outbound", "/private/var/run/mDNSResponder"),
        ("network-bind", f"{JOB}/socket"),
        ("mach-register", "any"),
        ("sysctl-write", "any"),
    ],
)
def test_denied(rules, operation, path):
    assert verdict(rules, operation, path) == "deny"


def test_a_library_planted_inside_a_readable_directory_is_not_loaded():
    nested = read(profile(Places(readable=(JOB.parent,), executable=(PYTHON,), writable=(JOB,))))
    assert verdict(nested, "file-map-executable", f"{JOB.parent}/given.so") == "allow"
    assert verdict(nested, "file-map-executable", f"{JOB}/planted.so") == "deny"


def test_only_its_own_processes_get_its_signals(rules):
    assert [rest for kind, what, *rest in rules if kind == "allow" and what == "signal"] == [
        [["target", "self"]],
        [["target", "children"]],
    ]


def test_the_environment_of_other_processes_is_not_told(rules):
    facts = [Text(value) for _, *rest in rules if rest[0] == "sysctl-read" for _, value in rest[1:]]
    assert "hw.ncpu" in facts
    assert not any("kern.procargs2".startswith(fact) or fact.startswith("kern.proc") for fact in facts)


def test_without_programs_or_devices_no_rule_is_left_open():
    bare = read(profile(Places(readable=(), executable=(), writable=())))
    assert verdict(bare, "process-exec", "/bin/sh") == "deny"
    assert verdict(bare, "file-ioctl", "/dev/null") == "deny"
    assert verdict(bare, "file-write-create", "/private/tmp/x") == "deny"


HOSTILE = [
    '/x") (allow default) (allow file-read* (subpath "/',
    '/x\\") (allow default) ("',
    "/x\n(allow default)\n",
    "/x)) (allow default)",
    "/x; comment",
    "/x\\",
    "/x\\\\",
    '/x#"(allow default)"',
    "/ünï/x\r\ty",
    '/"',
]


def only(path):
    return Places(readable=(Path(path),), executable=(PYTHON,), writable=(Path(path),))


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_does_not_break_out(path):
    assert_stays_a_path(path)


@given(st.text(alphabet=st.sampled_from("\\\"();#'|[]{}\n\r\t %$~`ax/") | st.characters(exclude_characters="\0")))
def test_no_path_breaks_out(name):
    assert_stays_a_path("/" + name)


def assert_stays_a_path(path):
    path = str(Path(path))
    held, plain = read(profile(only(path))), read(profile(only("/plain")))
    assert [rule[:2] for rule in held if rule[1] != "default"] == [rule[:2] for rule in plain if rule[1] != "default"]
    assert held.count(["deny", "default"]) == 1
    assert sum(rule[1] == "default" for rule in held) == 1
    (written,) = [rule for rule in held if rule[:2] == ["allow", "file-write*"]]
    assert written[2:] == [["subpath", path]]
    assert isinstance(written[2][1], Text)


@pytest.mark.parametrize("path", ["relative/path", "/x\0y", ""])
def test_a_path_that_would_mean_something_else_is_refused(path):
    with pytest.raises(ValueError, match="absolute"):
        profile(only(path))


def test_the_places_of_this_interpreter_make_a_profile(tmp_path):
    rules = read(profile(Places(readable=installed(), executable=programs(), writable=(tmp_path,))))
    assert verdict(rules, "file-write-create", f"{tmp_path}/x") == "allow"


def test_the_program_is_named_in_full_and_what_follows_is_its_own():
    words = command(PLACES, [str(PYTHON), "-p", "x"])
    assert words == ["/usr/bin/sandbox-exec", "-p", profile(PLACES), "--", str(PYTHON), "-p", "x"]


def test_this_process_is_not_confined():
    assert available() == (sys.platform == "darwin" and SANDBOX_EXEC.is_file())
    assert not is_confined()


class TestOnMac:
    """Where there is a Seatbelt, it is asked; elsewhere this is not collected."""

    __test__ = available()

    def run(self, job, source):
        real = Places(
            readable=tuple(path.resolve() for path in installed(["numpy"])),
            executable=tuple({*programs(), *(path.resolve() for path in programs())}),
            writable=(job.resolve(),),
        )
        words = command(real, [sys.executable, "-s", "-P", "-c", source])
        home = str(job.resolve())
        done = subprocess.run(
            words, cwd=home, env={"HOME": home}, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def test_it_is_in_force_and_numpy_works(self, tmp_path):
        source = "import numpy; print(numpy.ones(3).sum())"
        assert self.run(tmp_path, source) == "3.0"

    def test_files_and_network_are_closed(self, tmp_path):
        source = """if True:
            import socket
            for attempt in (
                lambda: open("/private/etc/passwd"),
                lambda: open("/private/tmp/planted", "w"),
                lambda: socket.create_connection(("127.0.0.1", 9)),
            ):
                try:
                    attempt()
                except PermissionError:
                    continue
                print("open")
        """
        assert self.run(tmp_path, source) == ""
