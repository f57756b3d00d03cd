"""The command line as a user meets it: real CSVs, typos, foreign directories."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pandas as pd
import psutil
import pytest
from sklearn.datasets import load_diabetes, load_wine

from octopus import read_journal
from octopus.records import ModelCall
from tests.frames import binary_frame
from tests.led import led

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins_raw.csv"


def octopus(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a directory of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    return subprocess.run(
        [sys.executable, "-m", "octopus", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=240, check=False, env={**environment, "COLUMNS": "140"},
    )  # fmt: skip


def _binary() -> tuple[pd.DataFrame, str]:
    X, y = binary_frame()
    return X.assign(**{str(y.name): y}), str(y.name)


def _multiclass() -> tuple[pd.DataFrame, str]:
    wine = load_wine(as_frame=True)
    return wine.frame.assign(target=wine.target.map(lambda i: f"cultivar {i}")), "target"


def _regression() -> tuple[pd.DataFrame, str]:
    return load_diabetes(as_frame=True, scaled=False).frame, "target"


@pytest.mark.parametrize("table_of", [_binary, _multiclass, _regression])
def test_fit_show_predict_on_a_real_csv(table_of: Callable[[], tuple[pd.DataFrame, str]], tmp_path: Path) -> None:
    table, target = table_of()
    table.to_csv(tmp_path / "data.csv", index=False)
    fitted = octopus(
        "fit", "data.csv", "--target", target, "--sandbox", "process", "--run-dir", "run", "--time-limit", 60,
        "--max-experiments", 3, cwd=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stdout + fitted.stderr
    journal = read_journal(tmp_path / "run")
    assert journal.finished is not None
    assert journal.elapsed_s < 60
    assert {e.plan.family for e in journal.valid_experiments} >= {"linear", "gbm"}
    report = journal.holdout
    if report is not None:
        assert report.ci_low <= report.score <= report.ci_high
        assert f"{report.n_rows:,} rows" in fitted.stdout
    else:
        assert journal.profile is not None
        assert journal.profile.n_sealed == 0
    assert "Findings" in fitted.stdout or not journal.profile.findings
    shown = octopus("show", "run", cwd=tmp_path)
    assert shown.returncode == 0
    assert shown.stdout.strip() in fitted.stdout
    script = octopus("show", "run", "--script", 1, cwd=tmp_path)
    assert script.stdout.strip() == journal.experiments[0].script.source.strip()
    predicted = octopus("predict", "run", "data.csv", "-o", "out.csv", cwd=tmp_path)
    assert predicted.returncode == 0, predicted.stderr
    out = pd.read_csv(tmp_path / "out.csv")
    assert len(out) == len(table)
    assert out.columns[-1] == f"predicted_{target}"
    assert not out.isna().any().any()
    assert not list((tmp_path / "run").glob("work-*"))
    assert json.loads((tmp_path / "run" / "schema.json").read_text())["format"] == 1


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["fit", "nowhere.csv", "--target", "Sex"], "there is no file 'nowhere.csv'"),
        (["fit", PENGUINS, "--target", "Sxe"], "Did you mean 'Sex'?"),
        (["fit", PENGUINS, "--target", "sxe"], "Did you mean 'Sex'?"),
        (["fit", PENGUINS, "--target", "Sex", "--scoring", "rmse"], "scoring='rmse'"),
        (["fit", PENGUINS, "--target", "Sex", "--scoring", "r2"], "regression metric and the task is binary"),
        (["fit", PENGUINS, "--target", "Sex", "--time-limit", "-5"], "time_limit=-5.0"),
        (["fit", PENGUINS, "--target", "Sex", "--max-experiments", "0"], "max_experiments=0"),
        (["fit", PENGUINS, "--target", "Sex", "--holdout", "1.5"], "holdout=1.5"),
        (["fit", PENGUINS, "--target", "Sex", "--ignore", "islnd"], "X has no column 'islnd'"),
        (["fit", PENGUINS, "--target", "Sex", "--family", "gmb"], "Did you mean 'gbm'?"),
        (["fit", PENGUINS, "--target", "Sex", "--sandbox", "iron"], "no plug-in named 'iron'"),
        (["fit", PENGUINS, "--target", "Region", "--sandbox", "process"], "the target is constant"),
        (["fit", PENGUINS], "neither --target nor --goal says what to predict. The columns are studyName,"),
        (["fit", PENGUINS, "--goal", "be good"], "it does not say clearly which column to predict"),
        (
            ["fit", PENGUINS, "--goal", "predict culmen"],
            "It may mean 'Culmen Length (mm)' or 'Culmen Depth (mm)'. Use --target.",
        ),
        (["show", "."], "it holds no journal.jsonl"),
        (["show", "runs/nope"], "run directory 'runs/nope': there is no such directory"),
        (["predict", ".", PENGUINS], "it holds no estimator.pkl"),
        (["predict", ".", PENGUINS, "-o", "nowhere/p.csv"], "there is no folder 'nowhere'"),
        (["predict", ".", PENGUINS, "-o", "p.xlsx"], "it names no table"),
        (["predict", ".", PENGUINS, "-o", "."], "it names no table"),
        (["fit", PENGUINS, "--target", "Sex", "--sandbox", "process", "--seed", "-1"], "random_state=-1"),
    ],
)
def test_bad_input_says_what_is_wrong_and_exits_with_2(arguments: list[object], what: str, tmp_path: Path) -> None:
    finished = octopus(*arguments, cwd=tmp_path)
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert what in " ".join(finished.stderr.split())
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


def test_a_run_directory_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.tex").write_text("precious")
    finished = octopus("fit", PENGUINS, "--target", "Sex", "--sandbox", "process", "--run-dir", foreign, cwd=tmp_path)
    assert finished.returncode == 2
    assert "it holds files but no journal.jsonl" in finished.stderr
    assert [p.name for p in foreign.iterdir()] == ["chapter1.tex"]


def test_predict_names_the_columns_that_are_missing(tmp_path: Path) -> None:
    fitted = octopus(
        "fit", PENGUINS, "--target", "Sex", "--sandbox", "process", "--run-dir", "run", "--max-experiments", 1, "-q",
        cwd=tmp_path,
    )  # fmt: skip
    assert fitted.stdout.strip() == "run"
    pd.read_csv(PENGUINS).drop(columns=["Island", "Species"]).to_csv(tmp_path / "less.csv", index=False)
    finished = octopus("predict", "run", "less.csv", cwd=tmp_path)
    assert finished.returncode == 2
    assert "lacks 2 of the 16 columns" in finished.stderr
    assert "'Species', 'Island'" in finished.stderr


def test_the_goal_names_the_target_says_what_errors_cost_and_the_words_are_shown(tmp_path: Path) -> None:
    goal = "tell the sex of a penguin; missing a female costs 20 times a false alarm"
    fitted = octopus(
        "fit", PENGUINS, "--goal", goal, "--sandbox", "process", "--run-dir", "run", "--max-experiments", 1,
        "--family", "linear", cwd=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    shown = " ".join(fitted.stdout.split())
    assert 'target Sex ("the sex of a penguin")' in shown
    assert '("missing a female costs 20 times a false alarm")' in shown
    assert "says FEMALE from a probability of" in shown
    threshold = read_journal(tmp_path / "run").experiments[0].threshold
    assert threshold is not None
    octopus("predict", "run", PENGUINS, "--proba", cwd=tmp_path)
    predicted = pd.read_csv(tmp_path / "predictions.csv")
    assert predicted["predicted_Sex"].tolist() == [
        "FEMALE" if p >= threshold else "MALE" for p in predicted["probability_FEMALE"]
    ]


def test_the_option_wins_over_the_goal(tmp_path: Path) -> None:
    fitted = octopus(
        "fit", PENGUINS, "--goal", "predict the sex", "--target", "Species", "--sandbox", "process", "--run-dir", "run",
        "--max-experiments", 1, "--family", "linear", cwd=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    assert "target Species ·" in " ".join(fitted.stdout.split())


def test_a_script_with_its_own_lines_refits_and_saves_without_octopus(tmp_path: Path) -> None:
    """The file beside the model and what ``show --standalone`` prints are the same, and run from the command line."""
    table, target = _binary()
    table.to_csv(tmp_path / "data.csv", index=False)
    octopus(
        "fit", "data.csv", "--target", target, "--sandbox", "process", "--run-dir", "run", "--max-experiments", 3, "-q",
        cwd=tmp_path,
    )  # fmt: skip
    winner = read_journal(tmp_path / "run").best
    assert winner is not None
    source = (tmp_path / "run" / "model" / "script.py").read_text(encoding="utf-8")
    shown = octopus("show", "run", "--script", winner.number, "--standalone", cwd=tmp_path)
    assert shown.stdout.strip() == source.strip()
    assert source.startswith(winner.script.source.rstrip())
    (tmp_path / "script.py").write_text(source, encoding="utf-8")
    # without the directory of octopus on the path, and refusing it by name
    code = (
        "import sys, runpy; sys.modules['octopus'] = None; "
        f"sys.argv = ['script.py', 'data.csv', '--target', {target!r}, '--output', 'saved.pkl']; "
        "runpy.run_path('script.py', run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "saved in saved.pkl" in ran.stdout
    plain = subprocess.run(
        [sys.executable, "script.py", "data.csv", "--target", target],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert plain.returncode == 0, plain.stderr
    predicting = (
        "import runpy, pickle, sys, pandas as pd; module = runpy.run_path('script.py'); "
        "sys.modules['__main__'].__dict__.update(module); saved = pickle.load(open('pipeline.pkl', 'rb')); "
        f"rows = pd.read_csv('data.csv').drop(columns={target!r}); numbers = saved['pipeline'].predict(rows); "
        "print(','.join(saved['classes'][int(n)] for n in numbers))"
    )
    predicted = subprocess.run(
        [sys.executable, "-c", predicting], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert predicted.returncode == 0, predicted.stderr
    right = [a == b for a, b in zip(predicted.stdout.strip().split(","), table[target], strict=True)]
    assert sum(right) / len(right) > 0.65, "the classes come back, and mostly the right ones"


def test_only_a_finished_run_knows_the_columns_that_a_standalone_script_reads(tmp_path: Path) -> None:
    fitted = octopus(
        "fit", PENGUINS, "--target", "Sex", "--sandbox", "process", "--run-dir", "run", "--max-experiments", 1, "-q",
        "--family", "linear", cwd=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0
    alone = octopus("show", "run", "--standalone", cwd=tmp_path)
    assert alone.returncode == 2
    assert "Give --script NUMBER too" in " ".join(alone.stderr.split())
    (tmp_path / "run" / "schema.json").unlink()
    unfinished = octopus("show", "run", "--script", 1, "--standalone", cwd=tmp_path)
    assert unfinished.returncode == 2
    assert "it holds no schema.json" in " ".join(unfinished.stderr.split())


def test_help_and_version(tmp_path: Path) -> None:
    assert octopus("--version", cwd=tmp_path).stdout.startswith("octopus ")
    for command in ("fit", "show", "prompts", "predict"):
        shown = octopus(command, "--help", cwd=tmp_path)
        assert shown.returncode == 0
        assert "Usage" in shown.stdout


def test_predictions_keep_what_names_the_rows_and_bundles_predict_too(tmp_path: Path) -> None:
    table = pd.read_csv(PENGUINS).assign(ring=[f"R{i:04d}" for i in range(344)])
    table.to_csv(tmp_path / "data.csv", index=False)
    fitted = octopus(
        "fit", "data.csv", "--target", "Sex", "--sandbox", "process", "--run-dir", "run", "--max-experiments", 1, "-q",
        "--family", "linear", cwd=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    octopus("predict", "run", "data.csv", "-o", "one.csv", cwd=tmp_path)
    one = pd.read_csv(tmp_path / "one.csv")
    assert list(one) == ["ring", "predicted_Sex"]
    assert one["ring"].tolist() == table["ring"].tolist()
    exported = octopus("export", "run", "bundle", cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    assert "5 checks passed in a clean process" in " ".join(exported.stdout.split())
    kept = octopus("predict", "bundle", "data.csv", "--keep", "Island", "--proba", "-o", "two.csv", cwd=tmp_path)
    assert kept.returncode == 0, kept.stderr
    two = pd.read_csv(tmp_path / "two.csv")
    assert list(two) == ["Island", "predicted_Sex", "probability_FEMALE", "probability_MALE"]
    assert two["predicted_Sex"].tolist() == one["predicted_Sex"].tolist()
    (tmp_path / "bundle" / "pipeline.pkl").write_bytes(b"altered")
    refused = octopus("predict", "bundle", "data.csv", cwd=tmp_path)
    assert refused.returncode == 2
    assert "pipeline.pkl" in refused.stderr


def test_json_lines_are_the_journal(tmp_path: Path) -> None:
    fitted = octopus(
        "fit", PENGUINS, "--target", "Sex", "--sandbox", "process", "--run-dir", "run", "--max-experiments", 1,
        "--family", "linear", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    events = [json.loads(line)["event"] for line in fitted.stdout.splitlines()]
    assert (events[0], events[-1]) == ("run_started", "run_finished")
    shown = octopus("show", "run", "--json", cwd=tmp_path)
    assert shown.stdout == fitted.stdout


def _led_by_a_model(run_dir: Path) -> None:
    run_dir.mkdir()
    lines = [msgspec.json.encode(event) + b"\n" for event in led().events]
    (run_dir / "journal.jsonl").write_bytes(b"".join(lines))


def test_prompts_shows_what_was_sent_and_what_came_back(tmp_path: Path) -> None:
    _led_by_a_model(tmp_path / "run")
    shown = octopus("prompts", "run", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.count("=== call ") == len(led().calls)
    assert shown.stdout.count("You lead a search for a model.") == 1
    assert "(the same 147 words as in call 1)" in shown.stdout
    whole = octopus("prompts", "run", "--full", cwd=tmp_path)
    assert whole.stdout.count("You lead a search for a model.") == len(led().calls)
    one = octopus("prompts", "run", "--call", 5, cwd=tmp_path)
    assert one.stdout.startswith("=== call 5 of 8 · fix · ok · openai:gpt-5 (gpt-5-2026-01)")
    assert one.stdout.count("=== call ") == 1
    assert "division by zero" in one.stdout
    assert "CHANGE: guards against zero" in one.stdout


def test_prompts_as_json_are_the_calls_of_the_journal(tmp_path: Path) -> None:
    _led_by_a_model(tmp_path / "run")
    lines = [json.loads(line) for line in octopus("prompts", "run", "--json", cwd=tmp_path).stdout.splitlines()]
    assert [line.pop("call") for line in lines] == list(range(1, 9))
    assert tuple(msgspec.convert(line, ModelCall) for line in lines) == led().calls
    (third,) = octopus("prompts", "run", "--json", "--call", 3, cwd=tmp_path).stdout.splitlines()
    assert json.loads(third)["status"] == "unusable"


def test_prompts_of_a_run_without_a_model_are_a_clear_error(tmp_path: Path) -> None:
    _led_by_a_model(tmp_path / "run")
    beyond = octopus("prompts", "run", "--call", 9, cwd=tmp_path)
    assert (beyond.returncode, beyond.stdout) == (2, "")
    assert "the run asked 8 times" in beyond.stderr
    journal = tmp_path / "run" / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    alone = octopus("prompts", "run", cwd=tmp_path)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "no language model was asked in this run" in " ".join(alone.stderr.split())
    assert "Traceback" not in alone.stderr


def test_show_tells_the_story_of_a_run_that_a_model_led(tmp_path: Path) -> None:
    _led_by_a_model(tmp_path / "run")
    shown = octopus("show", "run", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    words = " ".join(shown.stdout.split())
    assert "analysis How many rows has a customer?" in words
    assert "8 calls (step 6, fix 1, reask 1)" in words


def test_a_semicolon_file_with_decimal_commas_is_a_regression(tmp_path: Path) -> None:
    load_diabetes(as_frame=True, scaled=False).frame.to_csv(tmp_path / "data.csv", index=False, sep=";", decimal=",")
    fitted = octopus(
        "fit", "data.csv", "--target", "target", "--sandbox", "process", "--run-dir", "run", "--max-experiments", 1,
        "--family", "linear", "-q", cwd=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    journal = read_journal(tmp_path / "run")
    assert journal.task is not None
    assert journal.task.type == "regression"
    assert {c.kind for c in journal.profile.columns} <= {"numeric", "categorical", "boolean"}


def test_doctor_and_plugins_say_what_is_here(tmp_path: Path) -> None:
    doctor, plugins = octopus("doctor", cwd=tmp_path), octopus("plugins", cwd=tmp_path)
    assert (doctor.returncode, plugins.returncode) == (0, 0), doctor.stderr + plugins.stderr
    assert "scikit-learn" in doctor.stdout
    assert "pip install 'octopus-estimator[" in doctor.stdout or "is installed" in doctor.stdout
    for name in ("gbm", "playbook", "OCT301", "process", "mlflow", "symptom rules", "crash rules", "scientists"):
        assert name in plugins.stdout
    assert "OCT601, OCT602, " in plugins.stdout, "rules by their codes, on one line"


@pytest.mark.skipif(os.name != "posix", reason="a process cannot be replaced")
def test_the_signal_that_ends_ui_ends_the_server(tmp_path: Path) -> None:
    tracked = octopus(
        "fit", PENGUINS, "--target", "Sex", "--sandbox", "process", "--run-dir", "runs/one", "--max-experiments", 1,
        "--family", "linear", "--tracker", "none", "-q", cwd=tmp_path,
    )  # fmt: skip
    assert tracked.returncode == 0, tracked.stderr
    environment = {k: v for k, v in os.environ.items() if k not in ("OCTOPUS_TRACKER", "MLFLOW_TRACKING_URI")}
    run = [sys.executable, "-m", "octopus"]
    subprocess.run([*run, "track", "runs/one"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    server = subprocess.Popen(
        [*run, "ui", "runs"], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        assert "/#/experiments" in url
        address = ("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        deadline = time.monotonic() + 120
        while not _listens(address):
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert "mlflow" in " ".join(psutil.Process(server.pid).cmdline())
        server.terminate()
        server.wait(timeout=60)
        while _listens(address):
            assert time.monotonic() < deadline, "the server outlived its signal"
            time.sleep(0.2)
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["serve", "."], "it holds no manifest.json"),
        (["export", ".", "bundle"], "it holds no estimator.pkl"),
        (["track", "."], "it holds no journal.jsonl"),
        (["ui", "."], "there is no MLflow store"),
        (["fit", PENGUINS, "--target", "Sex", "--sep", "::"], "no single character"),
        (["fit", PENGUINS, "--target", "Sex", "--tracker", "mlfow"], "Did you mean 'mlflow'?"),
        (["fit", PENGUINS, "--target", "Sex", "--serve", "--port", "70000"], "a port is a number"),
    ],
)
def test_outlets_say_what_they_cannot_use(arguments: list[object], what: str, tmp_path: Path) -> None:
    finished = octopus(*arguments, cwd=tmp_path)
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert what in " ".join(finished.stderr.split())
    assert "Traceback" not in finished.stderr
