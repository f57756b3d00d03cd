"""What every plug-in of a kind must do, as functions that raise AssertionError where it does not."""

from __future__ import annotations

import ast
import pickle
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pandas as pd

from octopus.frame import read_table, write_table
from octopus.journal import Journal
from octopus.protocols import (
    CrashRule,
    Encoding,
    Family,
    Job,
    NeedsFiles,
    Program,
    ProgramResult,
    Recipe,
    Sandbox,
    SandboxFactory,
    Scientist,
    SymptomRule,
)
from octopus.records import Decision, Diagnosis, ExperimentProposal, Limits, Outcome, Proposal, Script, StopProposal
from octopus.testing.examples import (
    TASK_TYPES,
    example_evidence,
    example_failures,
    example_profile,
    example_task,
)

_CODE = re.compile(r"[A-Z]{3,}\d{3}")
_ONE_HOT_MEAN = """
from sklearn.dummy import DummyRegressor


def build_pipeline():
    return DummyRegressor()
"""


def check_family(family: Family) -> None:
    """Check names, verdicts and recipes of a family over tasks of every type.

    Parameters
    ----------
    family : Family
        The plug-in.
    """
    _expect(isinstance(family, Family), "it lacks a member of the Family protocol")
    _expect(family.name.isidentifier(), f"its name {family.name!r} is no identifier")
    _expect(all(isinstance(module, str) for module in family.imports), "its imports are not names of modules")
    _survives_pickle(family)
    n_applicable = 0
    for task_type in TASK_TYPES:
        task, profile = example_task(task_type), example_profile(task_type)
        against = family.reason_against(task, profile)
        _expect(against is None or bool(against.strip()), "a reason against must say something")
        if against is not None:
            continue
        n_applicable += 1
        recipes = tuple(family.recipes(task, profile))
        _expect(bool(recipes), f"it applies to {task_type} and has no recipe")
        _expect(recipes == tuple(family.recipes(task, profile)), "the same task and profile gave other recipes")
        ideas = [recipe.idea for recipe in recipes]
        _expect(len(set(ideas)) == len(ideas), f"two recipes have one idea: {ideas}")
        for recipe in recipes:
            _check_recipe(recipe)
    lacks_files = isinstance(family, NeedsFiles) and not family.paths
    _expect(n_applicable > 0 or lacks_files, "it applies to no example of any task")


def check_scientist(scientist: Scientist) -> None:
    """Check that a scientist proposes an experiment for a draft, and the same one again.

    Parameters
    ----------
    scientist : Scientist
        The plug-in.
    """
    _expect(isinstance(scientist, Scientist), "it lacks a member of the Scientist protocol")
    _expect(bool(scientist.name), "it has no name")
    _survives_pickle(scientist)
    decision = Decision(action="draft", reason="the first experiment sets the floor")
    for task_type in TASK_TYPES:
        task, profile = example_task(task_type), example_profile(task_type)
        proposal = scientist.propose(decision, task, profile, Journal())
        _expect(
            msgspec.json.decode(msgspec.json.encode(proposal), type=Proposal) == proposal, "it does not survive JSON"
        )
        if isinstance(proposal, StopProposal):
            _expect(bool(proposal.reason), "it stops without a reason")
            continue
        _expect(isinstance(proposal, ExperimentProposal), "a draft is an experiment, or the wish to stop")
        assert isinstance(proposal, ExperimentProposal)
        _expect(bool(proposal.plan.hypothesis), "an experiment without a hypothesis")
        tree = ast.parse(proposal.script.source)
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        _expect("build_pipeline" in names, "its script defines no build_pipeline")
        _expect(bool(ast.get_docstring(tree)), "its script does not open with a docstring")


def check_crash_rule(rule: CrashRule, *failures: tuple[Outcome, Script]) -> None:
    """Check that a crash rule knows at least one failure, names it by its code, is silent on success and never raises.

    Parameters
    ----------
    rule : CrashRule
        The plug-in.
    *failures : tuple of Outcome and Script
        Failures beside those of :func:`octopus.testing.examples.example_failures`, for a rule about the words of a
        library that those do not have.
    """
    _expect(bool(_CODE.fullmatch(rule.code)), f"its code {rule.code!r} is not three letters and three digits")
    matched = []
    for outcome, script in (*example_failures(), *failures):
        first = rule.match(outcome, script, example_profile("binary"))
        _expect(first == rule.match(outcome, script, example_profile("binary")), "the same failure, another diagnosis")
        if first is not None:
            _check_diagnosis(first, rule.code, "crash")
            _expect(bool(first.fingerprint), "a crash needs a fingerprint, by which repeats are told")
            matched.append(first)
    _expect(bool(matched), "it knows none of the failures of octopus.testing.examples, nor of those given")
    well = Outcome(status="ok", stage="done")
    _expect(rule.match(well, example_failures()[0][1], example_profile("binary")) is None, "nothing was wrong there")
    _expect(bool((type(rule).__doc__ or "").strip()), "its docstring is its page in the documentation")


def check_symptom_rule(rule: SymptomRule) -> None:
    """Check that a symptom rule names what it sees by its code and never raises.

    Parameters
    ----------
    rule : SymptomRule
        The plug-in.
    """
    _expect(bool(_CODE.fullmatch(rule.code)), f"its code {rule.code!r} is not three letters and three digits")
    for task_type in TASK_TYPES:
        diagnosis = rule.match(example_evidence(task_type))
        if diagnosis is not None:
            _check_diagnosis(diagnosis, rule.code, "symptom")
    _expect(bool((type(rule).__doc__ or "").strip()), "its docstring is its page in the documentation")


def check_sandbox(factory: SandboxFactory) -> None:
    """Check that a sandbox runs jobs, several at once, and makes an outcome of whatever a script or a program does.

    Parameters
    ----------
    factory : SandboxFactory
        The plug-in.

    Raises
    ------
    SandboxUnavailable
        It cannot be had on this machine; then it says why, and the way to get it.
    """
    sandbox = factory(imports=("sklearn.dummy",), environment={"OCTOPUS_EXAMPLE": "1"})
    _expect(isinstance(sandbox, Sandbox), "it lacks a member of the Sandbox protocol")
    try:
        with tempfile.TemporaryDirectory() as directory:
            features = Path(directory) / "features.arrow"
            write_table(pd.DataFrame({"a": np.arange(20.0)}), features)
            _check_runs(sandbox, features)
            _check_worker(sandbox, features)
            _check_program(sandbox, Path(directory) / "program")
        report = sandbox.report()
        _expect(report.level == sandbox.level, "its report is of another level")
        _expect(all(canary.held for canary in report.canaries), "a canary got through")
    finally:
        sandbox.close()
        sandbox.close()


def _check_runs(sandbox: Sandbox, features: Path) -> None:
    result = sandbox.run(_job(features, _ONE_HOT_MEAN))
    _expect(result.outcome.status == "ok", f"a plain script gave {result.outcome}")
    _expect(result.predictions is not None, "an ok outcome without predictions")
    assert result.predictions is not None
    _expect(np.allclose(result.predictions, 4.5), "the mean of 0 … 9 is 4.5")
    for source, status in (
        ("raise ValueError('on purpose')", "error"),
        ("import os\nos._exit(0)", "no_result"),
        ("while True:\n    pass", "timeout"),
    ):
        failed = sandbox.run(_job(features, source + _ONE_HOT_MEAN, wall_s=3.0))
        _expect(failed.outcome.status == status, f"{source!r} gave {failed.outcome.status}, not {status}")
        _expect(failed.predictions is None, "a failed job must not carry predictions")
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: sandbox.run(_job(features, _ONE_HOT_MEAN)), range(2)))
    _expect(all(one.outcome.status == "ok" for one in both), "two jobs at once did not both end well")
    sandbox.close()
    _expect(sandbox.run(_job(features, _ONE_HOT_MEAN)).outcome.status == "ok", "after close, run must start anew")


def _check_worker(sandbox: Sandbox, features: Path) -> None:
    fitted = sandbox.run(replace(_job(features, _ONE_HOT_MEAN), kind="fit"))
    _expect(fitted.model is not None, "a fit without its model")
    assert fitted.model is not None
    worker = sandbox.open_worker(fitted.model, n_classes=0, limits=Limits(wall_s=120.0, memory_bytes=4 << 30))
    try:
        for n_rows in (3, 1):
            predicted = worker.predict(read_table(features).head(n_rows))
            _expect(np.allclose(predicted, np.full(n_rows, 4.5)), "a worker predicts what the pipeline does")
    finally:
        worker.close()


def _check_program(sandbox: Sandbox, folder: Path) -> None:
    def run(source: str, wall_s: float = 120.0) -> ProgramResult:
        (folder / "there").mkdir(parents=True, exist_ok=True)
        return sandbox.run_program(
            Program(
                arguments=("-I", "-c", source),
                folder=folder / "there",
                result="result",
                max_bytes=1000,
                environment={},
                limits=Limits(wall_s=wall_s, memory_bytes=4 << 30),
            )
        )

    _expect(run("open('result', 'w').write('well')").result == b"well", "what a program leaves comes back")
    _expect(run("1 / 0").outcome.status != "ok", "a program that fails is no success")
    _expect(run("open('result', 'w').write('much' * 1000)").outcome.status == "bad_result", "nor is one that floods")
    _expect(run("while True: pass", wall_s=2.0).outcome.status == "timeout", "one that does not end is ended")


def _job(features: Path, source: str, wall_s: float = 120.0) -> Job:
    return Job(
        kind="fold",
        source=source,
        features=features,
        train_rows=np.arange(10),
        y=np.arange(10.0),
        predict_rows=np.arange(10, 20),
        n_classes=0,
        random_state=0,
        limits=Limits(wall_s=wall_s, memory_bytes=4 << 30),
    )


def _check_recipe(recipe: Recipe) -> None:
    _expect(
        bool(recipe.hypothesis) and bool(recipe.expected), f"{recipe.idea}: hypothesis and expected effect in words"
    )
    for statement in recipe.imports:
        nodes = ast.parse(statement).body
        _expect(all(isinstance(n, ast.Import | ast.ImportFrom) for n in nodes), f"{statement!r} is no import")
    ast.parse(recipe.model, mode="eval")
    ast.parse(recipe.definitions)
    for step in recipe.steps:
        ast.parse(step, mode="eval")
    _expect(" + " not in recipe.idea, f"{recipe.idea!r}: a plus joins ideas, so none may hold one")
    _expect(recipe.encoding in get_args(Encoding), f"{recipe.idea}: there is no encoding {recipe.encoding!r}")
    _expect(all(_CODE.fullmatch(code) for code in recipe.answers), f"{recipe.answers} are not codes")


def _check_diagnosis(diagnosis: Diagnosis, code: str, kind: str) -> None:
    _expect(diagnosis.code == code, f"it says {diagnosis.code}, its code is {code}")
    _expect(diagnosis.kind == kind, f"it says {diagnosis.kind}, it is a {kind} rule")
    for field in ("title", "cause", "evidence", "remedy"):
        _expect(bool(getattr(diagnosis, field)), f"its {field} is empty")


def _survives_pickle(plugin: object) -> None:
    pickle.loads(pickle.dumps(plugin))  # noqa: S301  of an object that is here already


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)
