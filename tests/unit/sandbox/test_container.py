import re
import sys
from pathlib import Path

import numpy as np
import pytest

from octopus.errors import SandboxUnavailable
from octopus.records import Limits
from octopus.sandbox.container import Container, command, dockerfile, engine, image, is_pinned, kill_command
from octopus.sandbox.places import Places

DIGEST = "registry.example/octopus@sha256:" + "0a" * 32
LIMITS = Limits(wall_s=60.0, memory_bytes=4 << 30, disk_bytes=1 << 30, n_processes=16, n_threads=2)
JOB = Path("/data/run/job-1")
TABLE = Path("/data/run/features.arrow")
PLACES = Places(
    readable=(TABLE, JOB), executable=(Path("/opt/python/bin/python3"),), writable=(JOB / "work", JOB / "outputs")
)


def built(places=PLACES, *, program="podman", limits=LIMITS, **given):
    made = {"image": DIGEST, "name": "octopus-1", "user": (1000, 1001), "environment": {}} | given
    container = Container(engine=Path("/usr/bin") / program, **made)
    return command(container, places, ["python", "-s", "-c", "pass"], limits, JOB / "work")


def values(words, option):
    return [words[i + 1] for i in range(len(words)) if words[i] == option]


def with_readable(path):
    return Places(readable=(Path(path),), executable=(), writable=())


@pytest.mark.parametrize("program", ["podman", "docker"])
def test_nothing_is_left_open(program):
    words = built(program=program)
    assert words[:3] == [f"/usr/bin/{program}", "run", "--rm"]
    assert {"--read-only"} <= set(words)
    for option, value in {
        "--network": "none",
        "--cap-drop": "ALL",
        "--security-opt": "no-new-privileges",
        "--ipc": "private",
        "--pull": "never",
        "--log-driver": "none",
        "--user": "1000:1001",
        "--name": "octopus-1",
        "--workdir": str(JOB / "work"),
    }.items():
        assert values(words, option) == [value]
    assert not {"--privileged", "--cap-add", "--pid", "--publish", "-p", "-v"} & set(words)


def test_the_command_is_that_of_the_caller_whatever_the_image_would_start():
    words = built()
    assert values(words, "--entrypoint") == ["python"]
    assert words[words.index(DIGEST) :] == [DIGEST, "-s", "-c", "pass"]


def test_limits_are_those_of_the_job():
    words = built()
    assert values(words, "--memory") == values(words, "--memory-swap") == [str(4 << 30)]
    assert values(words, "--cpus") == ["2"]
    assert int(values(words, "--pids-limit")[0]) >= 16 * 2
    (tmp,) = values(words, "--tmpfs")
    assert tmp.startswith("/tmp:")
    assert f"size={1 << 30}" in tmp
    assert {"nosuid", "nodev", "noexec"} <= set(re.split("[:,]", tmp))


def test_only_job_and_table_are_mounted_and_the_interpreter_is_not():
    assert values(built(), "--volume") == [
        f"{TABLE}:{TABLE}:ro,z",
        f"{JOB}:{JOB}:ro,z",
        f"{JOB}/outputs:{JOB}/outputs:rw,z",
        f"{JOB}/work:{JOB}/work:rw,z",
    ]


def test_a_place_that_is_both_is_writable_once():
    both = Places(readable=(JOB,), executable=(), writable=(JOB,))
    assert values(built(both), "--volume") == [f"{JOB}:{JOB}:rw,z"]


def test_rootless_podman_keeps_the_owner_of_the_files():
    assert values(built(), "--userns") == ["keep-id"]
    assert values(built(program="docker"), "--userns") == []
    assert values(built(user=(0, 0)), "--userns") == []


def test_variables_are_those_given():
    assert values(built(environment={"B": "2", "A": "1 x"}), "--env") == ["A=1 x", "B=2"]


def test_another_runtime_is_used_on_request():
    assert values(built(runtime="runsc"), "--runtime") == ["runsc"]
    assert values(built(), "--runtime") == []


def test_devices_are_handed_over():
    given = Places(readable=(), executable=(), writable=(), devices=(Path("/dev/nvidia0"),))
    assert values(built(given), "--device") == ["/dev/nvidia0"]


@pytest.mark.parametrize(
    "path",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run/podman/podman.sock",
        "/run/containerd/containerd.sock",
        "/somewhere/else/docker.sock",
        "/home/u/.docker/run",
        "/home/u/.docker",
        "/run/user/1000",
        "/var/run/user/1000/podman",
        "/run/user",
        "/run",
        "/var",
        "/var/run",
        "/",
        "/data/../run",
    ],
)
@pytest.mark.parametrize("kind", ["readable", "writable", "devices"])
def test_the_socket_of_an_engine_is_never_mounted(path, kind):
    places = Places(**{"readable": (), "executable": (), "writable": (), kind: (Path(path),)})
    with pytest.raises(SandboxUnavailable, match="socket of a container engine"):
        built(places)


@pytest.mark.parametrize("path", ["/runs/1", "/var/lib/runs", "/run-1", "/home/u/docker", "/run/user/1000/octopus/run"])
def test_a_directory_that_only_looks_like_it_is_mounted(path):
    assert values(built(with_readable(path)), "--volume") == [f"{path}:{path}:ro,z"]


@pytest.mark.parametrize("path", ["relative", "/data/a:b", "/data/a:/etc:rw"])
def test_a_path_that_would_mean_another_mount_is_refused(path):
    with pytest.raises(SandboxUnavailable, match="cannot be mounted"):
        built(with_readable(path))


@pytest.mark.parametrize("named", ["--privileged", "-v/:/host", "", "a b", "a\n"])
def test_a_name_cannot_become_an_option(named):
    with pytest.raises(SandboxUnavailable):
        built(image=named)
    with pytest.raises(SandboxUnavailable):
        built(name=named)


def test_a_container_is_ended_by_its_name():
    assert kill_command(Path("/usr/bin/docker"), "octopus-1") == [
        "/usr/bin/docker", "rm", "--force", "--volumes", "octopus-1",
    ]  # fmt: skip


# --------------------------------------------------------------------------- the image


def test_an_image_has_to_be_named(monkeypatch):
    monkeypatch.delenv("OCTOPUS_SANDBOX_IMAGE", raising=False)
    with pytest.raises(SandboxUnavailable, match="OCTOPUS_SANDBOX_IMAGE") as raised:
        image()
    assert dockerfile() in raised.value.remedy
    assert "podman build" in raised.value.remedy


def test_the_image_is_the_one_that_is_named(monkeypatch):
    monkeypatch.setenv("OCTOPUS_SANDBOX_IMAGE", DIGEST)
    assert image() == DIGEST


def test_an_option_is_no_image(monkeypatch):
    monkeypatch.setenv("OCTOPUS_SANDBOX_IMAGE", "--privileged")
    with pytest.raises(SandboxUnavailable, match="no name of an image"):
        image()


def test_pinned_is_what_has_a_digest():
    assert is_pinned(DIGEST)
    assert not is_pinned("octopus-sandbox:latest")
    assert not is_pinned(DIGEST[:-1])


def test_the_image_has_the_versions_of_this_process():
    made = dockerfile()
    assert made.startswith(f"FROM docker.io/library/python:{'.'.join(map(str, sys.version_info[:3]))}-slim\n")
    assert f"numpy=={np.__version__}" in made
    assert "USER " in made


# --------------------------------------------------------------------------- the engine


@pytest.fixture
def clients(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    def make(name, script):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return make


ANSWERS = '[ "$1" = info ]'


def test_no_client_no_engine(clients):
    assert engine() is None


def test_a_client_without_its_daemon_is_no_engine(clients):
    clients("docker", "echo Cannot connect to the Docker daemon >&2; exit 1")
    assert engine() is None


def test_a_client_that_cannot_be_run_is_no_engine(clients):
    clients("docker", "").write_bytes(b"\x7fELF of another machine")
    assert engine() is None


def test_podman_is_preferred(clients):
    docker = clients("docker", ANSWERS)
    assert engine() == docker
    podman = clients("podman", ANSWERS)
    assert engine() == podman
    clients("podman", "exit 125")
    assert engine() == docker


def test_a_client_that_never_answers_is_no_engine(clients, monkeypatch):
    monkeypatch.setattr("octopus.sandbox.container._ANSWERS_WITHIN_S", 0.05)
    clients("docker", "while :; do :; done")
    assert engine() is None
