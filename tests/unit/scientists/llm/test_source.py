"""Compact scripts and whole ones: what a model reads and writes, and what runs."""

from __future__ import annotations

import ast
import warnings

import msgspec
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from octopus.blocks.source import pieces
from octopus.incumbent import incumbent_script
from octopus.journal import Journal
from octopus.scientists.llm.edits import Edit, apply_edits
from octopus.scientists.llm.guard import guarded
from octopus.scientists.llm.library import catalogue, library
from octopus.scientists.llm.source import compact, expand, with_hypothesis
from octopus.scientists.llm.unreadable import Unreadable
from tests.unit.families.test_recipes import NASTY, load, predict, seeded
from tests.unit.scientists.tables import FAMILIES, SCORING, composed, draft, question, rich_table, turns_of, written

NOTHING = Journal(events=())


def scripts() -> list[tuple[str, str, str]]:
    """Return every draft, careful or not, and every turn of it, by type of task and encoding."""
    found = []
    for kind in SCORING:
        task, profile, _ = question(kind)
        for encoding in FAMILIES:
            found += [(kind, encoding, idea) for idea in ("", "careful")]
            found += [
                (kind, encoding, idea)
                for idea in turns_of(task, profile)
                if composed(encoding, [idea], task, profile) is not None
            ]
    return found


def script_of(kind: str, encoding: str, idea: str) -> str:
    task, profile, _ = question(kind)
    if idea in ("", "careful"):
        recipe = draft(encoding, task, profile)
    else:
        found = composed(encoding, [idea], task, profile)
        assert found is not None
        recipe = found
    return written(recipe, encoding, task, profile, careful=idea == "careful")


def code_of(source: str) -> dict[str, str]:
    """Return what a script defines, by name."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = ast.dump(node)
        elif isinstance(node, ast.Assign):
            found[ast.unparse(node.targets[0])] = ast.dump(node.value)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            found.update({f"import {module}.{a.name} as {a.asname}": "" for a in node.names})
    return found


@pytest.mark.parametrize(("kind", "encoding", "idea"), scripts())
def test_script_of_the_playbook_comes_back_whole(kind, encoding, idea):
    task, profile, _ = question(kind)
    source = script_of(kind, encoding, idea)
    short = compact(source, task, profile)
    assert "from blocks import" in short
    assert "class Features" not in short
    assert len(short) < len(source) / 3
    whole = expand(short, task, profile, NOTHING)
    assert code_of(whole) == code_of(source)
    assert compact(whole, task, profile) == short


@pytest.mark.parametrize(
    ("kind", "encoding"), [("binary", "native"), ("regression", "one_hot"), ("multiclass", "ordinal")]
)
def test_expanded_script_predicts_what_the_original_does(kind, encoding):
    task, profile, y = question(kind)
    source = script_of(kind, encoding, "")
    whole = expand(compact(source, task, profile), task, profile, NOTHING)
    table = rich_table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = (predict(seeded(clone(load(s)())).fit(table, y), table, kind) for s in (source, whole))
    np.testing.assert_array_equal(first, second)


def test_without_a_profile_only_blocks_are_left_out():
    task, profile, _ = question("binary")
    source = script_of("binary", "native", "")
    short = compact(source)
    assert "class Features" in short
    assert code_of(expand(short, task, profile, NOTHING)) == code_of(source)


def expanded(text: str, kind: str = "binary") -> str:
    task, profile, _ = question(kind)
    return expand(text, task, profile, NOTHING)


def defined(source: str) -> set[str]:
    return {name for name in code_of(source) if not name.startswith("import ")}


PIPELINE = "from sklearn.pipeline import make_pipeline\n"


@pytest.mark.parametrize(
    "head",
    [
        "from blocks import Features, LevelCodes\n",
        "from octopus.blocks import Features, LevelCodes\n",
        "from octopus.blocks.codes import LevelCodes\nfrom blocks import Features\n",
        "from blocks import *\n",
        "",
    ],
)
def test_blocks_come_in_by_every_door(head):
    body = "def build_pipeline():\n    return make_pipeline(Features(), LevelCodes())\n"
    source = expanded(head + PIPELINE + body)
    assert {"Features", "LevelCodes", "seen_levels"} <= defined(source)
    assert "blocks" not in source
    build = load(source)
    assert [name for name, _ in build().steps] == ["features", "levelcodes"]


def test_module_and_other_names_are_resolved():
    source = expanded(
        "import blocks as b, math\nfrom blocks import Ratios as R\n" + PIPELINE + "class More(b.Features):\n"
        "    size = math.pi\n\ndef build_pipeline():\n    return make_pipeline(More(), R(['size']), b.LevelCodes())\n"
    )
    assert "b." not in source.split("class More")[1].replace("pub.", "")
    assert "R = Ratios" in source
    load(source)()


def test_block_inside_a_function_comes_in_too():
    source = expanded("def build_pipeline():\n    from blocks import LevelCodes\n    return LevelCodes()\n")
    assert "LevelCodes" in defined(source)
    load(source)()


def test_what_is_no_block_is_refused_with_what_is():
    with pytest.raises(Unreadable, match="import LevelCodes"):
        expanded("from blocks import LevelCode\n")
    with pytest.raises(Unreadable, match="define Zorg in the script"):
        expanded("from blocks import Zorg\n")


def test_own_definition_wins_over_a_block():
    source = expanded(
        "from blocks import LevelCodes, Features\n" + PIPELINE + "class LevelCodes(LevelCodes):\n    mine = True\n\n\n"
        "def build_pipeline():\n    return make_pipeline(Features(), LevelCodes())\n"
    )
    assert load(source)().steps[1][1].mine
    task, profile, _ = question("binary")
    assert "class LevelCodes(LevelCodes)" in compact(source, task, profile)


def test_own_name_of_a_part_does_not_break_the_block():
    text = (
        "from blocks import Features, ScaledNumbers\n" + PIPELINE + "NUMERIC = ['size']\n\n\ndef finite(a, b):\n"
        "    return a\n\n\ndef build_pipeline():\n    return make_pipeline(Features(), ScaledNumbers())\n"
    )
    source = expanded(text)
    table = rich_table()
    pipeline = load(source)().fit(table, np.zeros(len(table)))
    task, profile, _ = question("binary")
    whole = load(expanded(text.replace("finite", "other").replace("NUMERIC", "MINE")))().fit(
        table, np.zeros(len(table))
    )
    np.testing.assert_array_equal(pipeline.transform(table), whole.transform(table))
    short = compact(source, task, profile)
    assert "from blocks import Features, ScaledNumbers" in short
    assert expand(short, task, profile, NOTHING) == source


def test_columns_are_left_out_by_a_setting():
    task, profile, _ = question("binary")
    text = (
        f"from blocks import Features\nLEFT_OUT = [{NASTY!r}, 'size']\ndef build_pipeline():\n    return Features()\n"
    )
    source = expanded(text)
    assert "LEFT_OUT" not in source
    read = load(source)().fit(rich_table()).transform(rich_table())
    assert NASTY not in read
    assert "size" not in read
    assert "LEFT_OUT" in compact(source, task, profile)
    with pytest.raises(Unreadable, match="'size' is"):
        expanded(text.replace("'size'", "'sise'"))
    with pytest.raises(Unreadable, match="list of column names"):
        expanded("from blocks import Features\nLEFT_OUT = size\n")


def test_no_column_left_is_refused():
    _, profile, _ = question("binary")
    names = [column.name for column in profile.columns]
    with pytest.raises(Unreadable, match="No column is left"):
        expanded(f"from blocks import Features\nLEFT_OUT = {names!r}\n")


def test_column_set_aside_since_is_read_no_more():
    task, profile, _ = question("binary")
    source = script_of("binary", "native", "")
    columns = tuple(msgspec.structs.replace(c, used=c.used and c.name != "size") for c in profile.columns)
    later = msgspec.structs.replace(profile, columns=columns)
    short = compact(source, task, later)
    assert "class Features" not in short
    assert '"size"' not in expand(short, task, later, NOTHING)


def test_an_edit_of_the_compact_form_runs():
    task, profile, _ = question("binary")
    short = compact(script_of("binary", "native", ""), task, profile)
    edit = Edit(
        search="def build_pipeline():",
        replace="class More(Features):\n    def transform(self, X):\n        out = super().transform(X)\n"
        '        out["twice"] = 2 * out["size"]\n        return out\n\n\ndef build_pipeline():',
    )
    source = expand(apply_edits(short, [edit]).replace("Features(),", "More(),"), task, profile, NOTHING)
    pipeline = load(source)()
    assert "twice" in pipeline.steps[0][1].fit(rich_table()).transform(rich_table())


def test_guard_is_taken_off():
    task, profile, _ = question("binary")
    source = script_of("binary", "native", "")
    assert compact(guarded(source, ["size"]), task, profile) == compact(source, task, profile)


def test_what_needs_no_blocks_or_does_not_parse_stays():
    plain = "from sklearn.dummy import DummyClassifier\n\n\ndef build_pipeline():\n    return DummyClassifier()\n"
    assert expanded(plain) == plain
    assert expanded("from blocks import (") == "from blocks import ("
    assert compact("from blocks import (") == "from blocks import ("


def test_expanded_script_is_laid_out_for_readers():
    source = expanded(
        '"""Why."""\nfrom __future__ import annotations\nfrom blocks import Features\nimport os\nx = os.sep; y = 1\n'
    )
    lines = source.splitlines()
    assert lines[0] == '"""Why."""'
    assert lines[2] == "from __future__ import annotations"
    assert source.index("import os") < source.index("class Features") < source.index("x = os.sep")
    assert "\n\n\n\n" not in source


def test_hypothesis_becomes_the_docstring():
    source = with_hypothesis('"""Old."""\nx = 1\n', f"because of {NASTY}.")
    assert ast.get_docstring(ast.parse(source)).startswith("Hypothesis: because of")
    assert "Old" not in source
    assert "\u202e" not in source


def test_catalogue_names_blocks_of_use_with_their_arguments():
    task, profile, _ = question("regression")
    lines = catalogue(task, profile)
    names = {line.partition("(")[0] for line in lines}
    assert names <= set(library())
    assert "EarlyStoppedRegressor" in names
    assert not any(name.endswith("Classifier") for name in names)
    assert pieces(names).definitions
    assert "TargetMeans(columns, n_classes=3): levels as means of y over other rows" in catalogue(
        *question("multiclass")[:2]
    )


def test_a_users_pickled_model_is_not_shown():
    whole = incumbent_script(Ridge(alpha=12345.0)).source
    pickled = whole.partition('PICKLED = """')[2].partition('"""')[0].split()
    shown = compact(whole)
    assert pickled
    assert not any(line in shown for line in pickled)
    assert "def build_pipeline()" in shown
