"""Tokens of a model-led run and of AIDE's prompts over the same scripts: counted as it is said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from benchmarks import record, tokens
from benchmarks.aide_anchor import question, rows, steps
from benchmarks.aide_script import stand_alone
from benchmarks.aide_style import (
    PREVIEW_CHARACTERS,
    Request,
    Step,
    output_of,
    preview_of,
    question_of,
    requests,
    sections,
)
from benchmarks.aide_texts import FINDING, PLAN, SECTIONS
from benchmarks.token_count import CACHED, CACHED_FROM, INPUT, OUTPUT, Count, Meter, prompt_tokens
from benchmarks.token_count import tokens as tokens_of
from benchmarks.token_growth import extended
from docs import generate_numbers
from octopus.journal import FILENAME, Journal, JournalFile
from octopus.records import (
    AnyEvent,
    CallKind,
    ColumnProfile,
    Decision,
    Experiment,
    ExperimentFinished,
    Failure,
    Frame,
    Message,
    ModelCall,
    ModelCalled,
    Outcome,
    Script,
    TaskType,
)
from octopus.testing.examples import example_profile, example_task
from tests.strategies import failed, profiled, started, valid

_AT: dict[str, Any] = {"at": "t", "elapsed_s": 1.0}
_PREFIX = "One action at a time, and a script that stands alone. " * 120
_SCRIPT = "import numpy as np\n\n\ndef build_pipeline():\n    return make_it({number})\n"
_EXPERIMENT = "ACTION: experiment\nFAMILY: gbm\nIDEA: ratios\nHYPOTHESIS: they matter\n```python\n" + _SCRIPT + "```\n"
_ANALYSIS = "ACTION: analysis\nQUESTION: how many?\n```python\ndef analyse(X, y):\n    print(len(X))\n```\n"
_FIX = "CHANGE: a name\n<<<<<<< SEARCH\nmake_it\n=======\nmade_it\n>>>>>>> REPLACE\n"


def _journal() -> Journal:
    """Return a short run: two of the playbook, then of the model an analysis, a failure, its fix and one more."""
    broken = _by_model(failed(3, "gbm", "f", repairable=False), None)
    mended = _by_model(valid(4, "gbm", (0.8, 0.9)), None)
    mended = msgspec.structs.replace(mended, decision=Decision(action="repair", reason="a name", parent=3))
    lines: list[AnyEvent] = [
        started(),
        profiled(),
        _finished(valid(1, "linear", (0.6, 0.7))),
        _finished(valid(2, "gbm", (0.7, 0.8))),
        _called("step", "2 gbm 0.75", _ANALYSIS),
        _called("step", "2 gbm 0.75, analysed", "Let me think about the columns."),
        _called("reask", "2 gbm 0.75, analysed, again", _EXPERIMENT),
        _finished(broken),
        _called("fix", "NameError", _FIX),
        _finished(mended),
        _called("step", "4 gbm 0.85", _EXPERIMENT),
        _finished(_by_model(valid(5, "gbm", (0.8, 0.92)), 4)),
        _called("step", "5 gbm 0.86", "ACTION: stop\nREASON: nothing is left"),
    ]
    return Journal(events=tuple(lines))


def _by_model(experiment: Experiment, parent: int | None) -> Experiment:
    return msgspec.structs.replace(
        experiment,
        script=Script(source=_SCRIPT.format(number=experiment.number), author="model"),
        plan=msgspec.structs.replace(experiment.plan, parent=parent),
    )


def _finished(experiment: Experiment) -> ExperimentFinished:
    return ExperimentFinished(**_AT, experiment=experiment)


def _called(kind: CallKind, told: str, reply: str) -> ModelCalled:
    messages = (Message(role="system", text=_PREFIX), Message(role="user", text=told))
    return ModelCalled(
        **_AT, call=ModelCall(kind=kind, backend="openai:any", model="any", messages=messages, reply=reply, status="ok")
    )


def _asked(of: Sequence[Step]) -> list[Request]:
    return list(requests(question(14), of, seed=0))


# --------------------------------------------------------------------------- counting


def test_a_call_weighs_what_it_costs() -> None:
    assert Count(kind="step", prompt=100, cached=60, completion=10).weighted == INPUT * 40 + CACHED * 60 + OUTPUT * 10


def test_of_a_prompt_that_prefix_is_cached_that_any_earlier_one_began_with() -> None:
    meter = Meter()
    first = meter.count("step", (("system", _PREFIX), ("user", "first")), "")
    other = meter.count("fix", (("system", "something else"),), "")
    third = meter.count("step", (("system", _PREFIX), ("user", "third")), "")
    assert first.cached == other.cached == 0
    assert third.cached == len(prompt_tokens((("system", _PREFIX), ("user", "")))) > CACHED_FROM


def test_a_prefix_that_is_too_short_is_not_cached() -> None:
    meter, short = Meter(), "word " * 500
    counts = [meter.count("step", (("system", short), ("user", end)), "") for end in ("first", "second")]
    assert [count.cached for count in counts] == [0, 0]


def test_a_message_of_another_role_is_another_prefix() -> None:
    meter = Meter()
    meter.count("step", (("system", _PREFIX),), "")
    assert meter.count("step", (("user", _PREFIX),), "").cached == 0


def test_what_looks_like_a_special_token_is_text() -> None:
    assert len(tokens_of("<|endoftext|>")) > 1


# --------------------------------------------------------------------------- AIDE's prompts


def test_every_section_is_as_long_as_aides() -> None:
    lengths = {name: len(tokens_of(text)) for name, text in sections().items()}
    assert lengths.keys() == SECTIONS.keys()
    assert {name: n for name, n in lengths.items() if abs(n - SECTIONS[name]) > 3} == {}
    assert sum(lengths.values()) == pytest.approx(sum(SECTIONS.values()), rel=0.01)


def test_the_imitation_comes_near_what_aide_was_measured_to_take() -> None:
    near = {str(row["number"]): row["here_over_aide"] for row in rows()}
    for number in ("prompt_tokens", "completion_tokens", "weighted_uncached", "review_share"):
        assert near[number] == pytest.approx(1, abs=0.1), number


def test_what_aide_remembers_grows_with_each_scored_step_and_with_no_failed_one() -> None:
    drafts = [one.prompt for one in _asked(steps()) if one.kind == "draft"]
    remembered = [prompt.count(f"Results: {FINDING}") for prompt in drafts]
    assert remembered == [0, 1, 2, 2, 3]  # the third draft fails


def test_an_improvement_is_shown_its_parents_script_and_no_preview() -> None:
    step = Step(stage="improve", code="new()", output="0.9", score=0.9, parent_code="old()")
    asked, review = _asked([step])
    assert "```python\nold()\n```" in asked.prompt
    assert "Data Overview" not in asked.prompt
    assert asked.completion == f"{PLAN}\n\n```python\nnew()\n```"
    assert "new()" in review.prompt
    assert json.loads(review.completion)["metric"] == 0.9


def test_a_fix_is_shown_the_script_that_failed_and_what_it_printed() -> None:
    step = Step(stage="debug", code="new()", output="", score=None, parent_code="old()", parent_output="NameError: x")
    asked, review = _asked([step])
    assert "```python\nold()\n```" in asked.prompt
    assert "NameError: x" in asked.prompt
    assert json.loads(review.completion)["is_bug"] is True


def test_only_drafts_name_the_packages_each_in_an_order_of_its_own() -> None:
    named = [one.prompt.split("# Installed Packages")[1][:300] for one in _asked(steps()) if one.kind == "draft"]
    assert len(set(named)) == len(named)
    assert all("Installed Packages" not in one.prompt for one in _asked(steps()) if one.kind != "draft")


def test_a_wide_table_is_previewed_by_the_names_of_fifteen_columns() -> None:
    task, profile = example_task("binary"), example_profile("binary")
    columns = tuple(msgspec.structs.replace(profile.columns[0], name=f"measured_amount_{i}") for i in range(200))
    wide = preview_of(task, msgspec.structs.replace(profile, columns=columns))
    assert len(wide) < PREVIEW_CHARACTERS
    assert "measured_amount_14... and 186 more columns" in wide
    assert "has range" in preview_of(task, profile)


def test_a_column_is_previewed_by_what_the_profile_holds_of_it() -> None:
    task, profile = example_task("regression"), example_profile("regression", n_rows=100)
    text = ColumnProfile(name="note", kind="text", dtype="str", missing_fraction=0.0, n_unique=90, used=True)
    preview = preview_of(task, msgspec.structs.replace(profile, columns=(*profile.columns, text)))
    assert "amount (float64) has range: 0.00 - 90.00, 10 nan values" in preview
    assert "colour (object) has 9 unique values: ['red']" in preview
    assert "note (object) has 90 unique values. Some example values: []" in preview
    assert "y (float64) has range: 0.00 - 90.00" in preview


def test_the_question_names_the_target_where_no_goal_was_given() -> None:
    assert "column y" in question_of(example_task("binary"), example_profile("binary")).goal


def test_an_output_holds_the_scripts_lines_of_the_traceback() -> None:
    frames = (Frame(line=7, function="build_pipeline", code="return nowhere"),)
    failure = Failure(type="NameError", message="name 'nowhere' is not defined", frames=frames)
    printed = output_of(Outcome(status="error", stage="build", failure=failure), "roc_auc", None)
    assert "line 7, in build_pipeline\n    return nowhere\nNameError: name 'nowhere' is not defined" in printed


def test_of_a_long_output_both_ends_are_kept() -> None:
    printed = output_of(Outcome(status="ok", stage="done", stdout_tail="x" * 9000), "roc_auc", 0.8)
    assert "characters truncated" in printed
    assert printed.endswith("(time limit is an hour).")
    assert len(printed) < 5_100


@pytest.mark.parametrize("task_type", ["binary", "regression"])
def test_a_script_that_stands_alone_needs_no_block_and_runs(task_type: TaskType) -> None:
    task = example_task(task_type)
    model = "LogisticRegression" if task.is_classification else "Ridge"
    compact = (
        f"from blocks import Features\nfrom sklearn.linear_model import {model}\n\n\n"
        f"def build_pipeline():\n    return make_pipeline(make_features(), {model}())\n"
    )
    source = stand_alone(compact, task)
    assert "blocks" not in source
    assert len(tokens_of(source)) < len(tokens_of(compact)) + 400
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60) if task.is_classification else rng.normal(size=60)
    table = pd.DataFrame({"amount": rng.normal(size=60), "colour": ["red", "blue"] * 30, "y": y})
    printed: list[str] = []
    read = SimpleNamespace(**{**vars(pd), "read_csv": lambda _: table})
    code = compile(source.replace("import pandas as pd\n", ""), "script", "exec")
    exec(code, {"pd": read, "print": printed.append})
    assert len(printed) == 1
    assert printed[0].startswith(f"Validation {task.scoring}: ")


# --------------------------------------------------------------------------- a run


def test_calls_are_named_by_what_they_came_to() -> None:
    assert tokens.kinds_of(_journal()) == [
        "analysis", "unread", "reask of experiment", "fix", "experiment", "stop",
    ]  # fmt: skip


def test_an_experiment_pays_for_what_asked_for_it_and_a_run_for_everything() -> None:
    run = tokens.counted("short", _journal())
    paid = [count.kind for count in run.calls if tokens.is_experimental(count)]
    assert paid == ["unread", "reask of experiment", "fix", "experiment"]
    summary = tokens.summarise([run])
    of_model = sum(count.weighted for count in run.aide_written[tokens.AGAINST])
    of_all = sum(count.weighted for count in run.aide_all[tokens.AGAINST])
    experimental = sum(count.weighted for count in run.calls if tokens.is_experimental(count))
    assert summary["weighted_experiment_over_aide_style"] == pytest.approx(experimental / of_model, abs=1e-3)
    everything = sum(count.weighted for count in run.calls)
    assert summary["weighted_run_over_aide_style"] == pytest.approx(everything / of_all, abs=1e-3)


def test_aide_pays_twice_for_each_script_for_a_fix_as_a_debug_step_and_for_the_playbooks_in_a_run() -> None:
    run = tokens.counted("short", _journal())
    assert [count.kind for count in run.aide_written["lower"]] == [
        "draft", "review", "debug", "review", "improve", "review",
    ]  # fmt: skip
    assert len(run.aide_all["lower"]) == 2 * 5


def test_a_script_counts_as_it_was_written_for_the_lower_bound_and_as_it_ran_for_the_upper() -> None:
    from octopus.scientists.llm.source import expand

    journal = _journal()
    assert journal.task is not None
    assert journal.profile is not None
    text = "from blocks import LevelCodes\n\n\ndef build_pipeline():\n    return LevelCodes()\n"
    whole = expand(text, journal.task, journal.profile, journal)
    experiment = _by_model(valid(6, "gbm", (0.8, 0.9)), None)
    experiment = msgspec.structs.replace(experiment, script=Script(source=whole, author="model"))
    run = tokens.counted("short", journal.with_event(_finished(experiment)))
    lower, alone, upper = (run.aide_written[bound][-2].completion for bound in ("lower", "alone", "upper"))
    assert min(alone - lower, upper - lower) > 100


def test_a_number_without_a_call_to_count_is_unknown_and_not_nought() -> None:
    events = tuple(e for e in _journal().events if not (isinstance(e, ModelCalled) and e.call.kind == "fix"))
    assert tokens.summarise([tokens.counted("short", Journal(events=events))])["fix_prompt_tokens_p95"] is None


# --------------------------------------------------------------------------- growth


@pytest.mark.parametrize("n_experiments", [2, 5, 10, 50])
def test_a_journal_is_cut_or_carried_on_to_any_number_of_experiments(n_experiments: int) -> None:
    experiments = extended(_journal(), n_experiments).experiments
    assert [e.number for e in experiments] == list(range(1, n_experiments + 1))
    assert len({e.plan.idea for e in experiments}) == n_experiments
    assert len({e.script.sha256 for e in experiments}) == n_experiments
    assert all(e.plan.parent is None or e.plan.parent < e.number for e in experiments)


# --------------------------------------------------------------------------- the result


def test_nothing_is_written_without_a_recorded_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "RECORDED", tmp_path / "recorded")
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    with pytest.raises(SystemExit, match="no recorded run"):
        tokens.main()
    assert not (tmp_path / "results").exists()


def test_a_result_holds_every_number_and_its_page_shows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "recorded" / "short"
    directory.mkdir(parents=True)
    file = JournalFile(directory / FILENAME)
    for event in _journal().events:
        file.append(event)
    monkeypatch.setattr(tokens, "RECORDED", tmp_path / "recorded")
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(generate_numbers, "RESULTS", tmp_path / "results")
    tokens.main()
    result = json.loads((tmp_path / "results" / "tokens.json").read_text())
    assert result["versions"]["tiktoken"]
    assert list(result["summary"]) == [name for name, _, _ in generate_numbers._TOKENS] + ["kinds"]
    assert {row["what"] for row in result["rows"]} == {
        "octopus", "ratio", "aide_style lower", "aide_style alone", "aide_style upper", "growth", "anchor",
        "tokenizer",
    }  # fmt: skip
    shown = generate_numbers.page()
    assert "`make bench-tokens`" in shown
    assert all(words in shown for _, words, _ in generate_numbers._TOKENS)
