"""Where neither user namespaces nor bubblewrap can be had, as in most containers, and where Landlock is missing too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import octopus
from octopus.sandbox.levels import open_process

#: Tries each level, and a job at the one that can be had.
PROGRAM = """
    import json, sys
    from pathlib import Path
    import numpy as np
    from octopus.errors import SandboxUnavailable
    from octopus.protocols import Job
    from octopus.records import Limits
    from octopus.sandbox import levels, probe

    def tried(level):
        try:
            opened = getattr(levels, f"open_{level}")(imports=[], environment={})
        except SandboxUnavailable as error:
            return {"refused": str(error), "why": error.why, "remedy": error.remedy, "level": error.level}
        report = opened.report()
        job = Job(kind="fold", features=Path(sys.argv[1]), source=Path(sys.argv[2]).read_text(),
                  train_rows=np.arange(80), y=np.arange(80) % 2.0, predict_rows=np.arange(80, 120), n_classes=2,
                  random_state=7, limits=Limits(wall_s=120, memory_bytes=4 << 30))
        result = opened.run(job)
        predictions = None if result.predictions is None else result.predictions.tolist()
        return {"layers": report.layers, "canaries": [[c.name, c.held] for c in report.canaries],
                "missing": [m.layer for m in report.missing], "status": result.outcome.status,
                "reason": result.outcome.reason, "predictions": predictions}

    if __name__ == "__main__":
        print(json.dumps({level: tried(level) for level in ("strict", "standard", "process")}))
"""
#: What ``auto`` gives to whom.
AUTO = """
    import json, warnings
    from octopus import plugins
    from octopus.errors import SandboxUnavailable

    def chosen(author):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                level = plugins.open_sandbox("auto", (), 1, author).level
            except SandboxUnavailable as error:
                return {"refused": str(error)}
        return {"level": level, "warnings": [type(w.message).__name__ for w in said]}

    if __name__ == "__main__":
        print(json.dumps({author: chosen(author) for author in ("playbook", "model")}))
"""
#: A run with all defaults.
FIT = """
    import json, sys
    from octopus import AutonomousRegressor
    from tests.frames import regression_frame

    if __name__ == "__main__":
        estimator = AutonomousRegressor(max_experiments=1, random_state=0, run_dir=sys.argv[1])
        estimator.fit(*regression_frame())
        report = estimator.journal_.started.sandbox
        print(json.dumps({"level": report.level, "missing": [m.layer for m in report.missing]}))
"""


@pytest.fixture
def contained(tmp_path, features, logistic):
    """Run a program behind the filter and return what it printed, as JSON."""
    (tmp_path / "source.py").write_text(textwrap.dedent(logistic))

    def run(program, *options, arguments=None):
        file = tmp_path / "program.py"
        file.write_text(textwrap.dedent(program))
        root = str(Path(octopus.__file__).parents[1])
        arguments = (str(features), str(tmp_path / "source.py")) if arguments is None else arguments
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("containerlike.py")), *options, str(file), *arguments],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": root},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    return run


def test_without_namespaces_standard_holds_and_strict_says_how_to_get_it(contained, sandbox_predictions):
    told, _ = contained(PROGRAM)
    assert told["strict"]["level"] == "strict"
    assert "user namespaces are refused: errno 1" in told["strict"]["why"]
    assert "no bubblewrap works here" in told["strict"]["why"]
    assert "allow user namespaces" in told["strict"]["remedy"]
    standard = told["standard"]
    assert (standard["status"], standard["reason"]) == ("ok", "")
    assert {"capabilities", "seccomp"} <= set(standard["layers"])
    assert [layer for layer in standard["layers"] if layer.startswith("landlock")]
    assert len(standard["canaries"]) >= 8
    assert all(held for _, held in standard["canaries"])
    assert "namespaces" in standard["missing"]
    assert standard["predictions"] == sandbox_predictions


def test_without_landlock_nothing_better_than_process_is_to_be_had(contained, sandbox_predictions):
    told, _ = contained(PROGRAM, "--without-landlock")
    for level in ("strict", "standard"):
        assert told[level]["why"] == "the kernel offers no Landlock to this process, 3 is needed"
        assert "landlock_*" in told[level]["remedy"]
        assert told[level]["remedy"] in told[level]["refused"]
    assert told["process"]["status"] == "ok"
    assert "landlock" in told["process"]["missing"]
    assert told["process"]["predictions"] == sandbox_predictions


def test_auto_takes_standard_there_for_every_author(contained):
    told, _ = contained(AUTO)
    assert told == {author: {"level": "standard", "warnings": []} for author in ("playbook", "model")}


def test_auto_refuses_a_models_scripts_without_landlock_and_warns_of_our_own(contained):
    told, _ = contained(AUTO, "--without-landlock")
    assert told["playbook"] == {"level": "process", "warnings": ["WeakSandbox"]}
    assert "only 'process' can be had here" in told["model"]["refused"]
    assert "the kernel offers no Landlock to this process" in told["model"]["refused"]


@pytest.mark.slow
@pytest.mark.parametrize(("options", "level"), [((), "standard"), (("--without-landlock",), "process")])
def test_a_run_with_all_defaults_works_there_and_writes_down_its_level(contained, tmp_path, options, level):
    told, said = contained(FIT, *options, arguments=(str(tmp_path / "run"),))
    assert told["level"] == level
    assert "namespaces" in told["missing"] or level == "process"
    assert ("WeakSandbox" in said) is (level == "process")


@pytest.fixture
def sandbox_predictions(make_job, logistic):
    with open_process(imports=[], environment={}) as plain:
        return plain.run(make_job(logistic)).predictions.tolist()
