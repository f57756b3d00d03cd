"""Every attack at every level: at ``process`` it must succeed, or it proves nothing; above, it must not."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import joblib
import pytest

import octopus
from octopus.bundle.replay import replay
from octopus.bundle.write import write_bundle
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox
from tests.sandbox import as_user
from tests.sandbox.attacks import ATTACKS, LEVELS, fight, open_sandbox, planted
from tests.sandbox.attacks.processes import BY_SIGNAL
from tests.unit.bundle.conftest import make

CONTROLS = [attack for attack in ATTACKS.values() if attack.control]


@pytest.fixture(scope="module")
def scene():
    with planted() as made:
        yield made


@pytest.fixture(scope="module")
def sandboxes(scene):
    """Open each level once; what has a key in the user's environment shows whether children inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", scene.secret)
        opened = {}
        yield lambda level: opened.setdefault(level, open_sandbox(level))
        for sandbox in opened.values():
            sandbox.close()


def assert_it_failed(fought):
    assert not fought.succeeded, fought
    assert fought.outcome.status in fought.attack.ends, fought
    assert not fought.complaints, fought


@pytest.mark.parametrize("attack", CONTROLS, ids=lambda attack: attack.name)
def test_it_is_real(attack, scene, sandboxes):
    fought = fight(sandboxes("process"), scene, attack)
    assert fought.succeeded, fought


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=lambda attack: attack.name)
def test_it_fails(attack, level, scene, sandboxes):
    fought = fight(sandboxes(level), scene, attack)
    if not (level == "standard" and attack.allowed_at_standard):
        assert not fought.succeeded, fought
    assert fought.outcome.status in attack.ends, fought
    assert not fought.complaints, fought


#: Makes a zygote, and all that it forks, believe that they run on Linux 6.11 or older.
OLD_KERNEL = (
    "from octopus.sandbox.linux import landlock\nfound = landlock.abi()\nlandlock.abi = lambda: min(5, found)\n"
)


@pytest.fixture(scope="module")
def standard_on_an_old_kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old")
    (folder / "octopus_on_an_old_kernel.py").write_text(OLD_KERNEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        with LocalSandbox(Walls(level="standard"), imports=["octopus_on_an_old_kernel"]) as sandbox:
            yield sandbox


@pytest.mark.parametrize("name", [*BY_SIGNAL, "kill_another_job"])
def test_it_fails_where_landlock_does_not_confine_signals(name, scene, standard_on_an_old_kernel):
    assert_it_failed(fight(standard_on_an_old_kernel, scene, ATTACKS[name]))
    assert {"landlock 5", "landlock 4", "landlock 3"} & set(standard_on_an_old_kernel.layers)


@pytest.fixture(scope="module")
def scene_below_tmp():
    """Plant a scene where each child of ``strict`` has something of its own."""
    with planted("/tmp") as made:
        yield made


GIVEN = (
    "overwrite_spec", "overwrite_inputs", "overwrite_script", "overwrite_train_data", "unlink_train_data",
    "replace_train_data", "rename_the_job", "delete_the_job", "job_as_link_to_home", "work_as_link_to_home",
    "outputs_as_link", "read_every_private_file", "other_workspace_write", "forge_own_journal", "labels_of_another_job",
)  # fmt: skip


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("name", GIVEN)
def test_it_fails_below_tmp(name, level, scene_below_tmp, sandboxes):
    assert_it_failed(fight(sandboxes(level), scene_below_tmp, ATTACKS[name]))


#: Puts short chains of directories into one another at the last moment, too fast for whoever watches how deep they are.
DEEP = """
import os
for k in range(30):
    os.makedirs(f"chain{k}" + "/d" * 50)
for k in range(29, 0, -1):
    os.rename(f"chain{k}", f"chain{k - 1}" + "/d" * 50 + "/c")
os._exit(0)
"""


@pytest.mark.parametrize("level", LEVELS)
def test_a_program_cannot_leave_what_cannot_be_deleted(level, sandboxes, tmp_path, monkeypatch):
    made = make()
    write_bundle(tmp_path / "bundle", made.contents)
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))

    def run_deep(program):
        return sandboxes(level).run_program(dataclasses.replace(program, arguments=("-I", "-c", DEEP)))

    try:
        checks = replay(tmp_path / "bundle", made.rows, made.expected, run_deep)
        assert [check.passed for check in checks] == [False]
        assert not list(place.iterdir())
    finally:
        subprocess.run(["rm", "-rf", *place.iterdir()], check=True)  # Python's own way has a depth


#: Runs a job that reads files, at each level, in the environment that this is run in.
FROM_AN_ENVIRONMENT = """
    import json, sys
    from pathlib import Path
    import numpy as np
    from octopus.protocols import Job
    from octopus.records import Limits
    from octopus.sandbox import levels

    def said(level):
        with getattr(levels, f"open_{level}")(imports=[], environment={}) as sandbox:
            job = Job(kind="fold", features=Path(sys.argv[1]), source=Path(sys.argv[2]).read_text(),
                      train_rows=np.arange(80), y=np.arange(80) % 2.0, predict_rows=np.arange(80, 120), n_classes=2,
                      random_state=7, limits=Limits(wall_s=120, memory_bytes=4 << 30))
            outcome = sandbox.run(job).outcome
            return [outcome.status, outcome.stdout_tail.split()]

    if __name__ == "__main__":
        print(json.dumps({level: said(level) for level in ("process", "standard", "strict")}))
"""
#: Where the user's files lie in a directory that is an environment too.
THEIRS = (".env", "data/secret", "lib/secret", "lib/mine/secret", "bin/secret", "include/secret")


@pytest.mark.slow
def test_an_environment_in_the_project_does_not_show_the_project(tmp_path, features, hostile):
    project = tmp_path / "project"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project], check=True)
    (site,) = project.glob("lib/python3*/site-packages")
    (site / "rest.pth").write_text(f"{Path(joblib.__file__).parents[1]}\n{Path(octopus.__file__).parents[1]}\n")
    (site / "installed.txt").write_text("installed")
    for name in THEIRS:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(name)
    files = [*(str(project / name) for name in THEIRS), str(site / "installed.txt")]
    body = f"""
        for path in {files!r}:
            try:
                print(open(path).read())
            except OSError:
                pass
    """
    (tmp_path / "source.py").write_text(hostile(body))
    (tmp_path / "program.py").write_text(textwrap.dedent(FROM_AN_ENVIRONMENT))
    done = subprocess.run(
        [project / "bin" / "python", tmp_path / "program.py", features, tmp_path / "source.py"],
        capture_output=True, text=True, timeout=240, check=False, cwd=project,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    came = json.loads(done.stdout.splitlines()[-1])
    assert came == {
        "process": ["ok", [*THEIRS, "installed"]],
        "standard": ["ok", ["installed"]],
        "strict": ["ok", ["installed"]],
    }


@pytest.mark.timeout(1300)
@pytest.mark.skipif(os.geteuid() != 0, reason="the suite already runs as an ordinary user")
def test_as_an_ordinary_user():
    ended = as_user.run_suite()
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
