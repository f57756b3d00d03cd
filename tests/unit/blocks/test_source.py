"""The source of blocks and the text of scripts."""

from __future__ import annotations

import ast

import pytest

from octopus.blocks.rendering import docstring, expression, import_block, list_constant, literal
from octopus.blocks.source import pieces
from octopus.errors import PluginError


def test_source_takes_in_what_it_needs_and_nothing_else():
    found = pieces(["date_parts"])
    assert found.imports == ("import pandas as pd",)
    assert [d.partition("(")[0] for d in found.definitions] == ["def moments", "def timestamps", "def date_parts"]
    boosting = pieces(["EarlyStoppedRegressor"])
    assert any(d.startswith("# ") and "STEADY = " in d for d in boosting.definitions)
    assert not any("EarlyStoppedClassifier" in d or "noqa" in d or "->" in d for d in boosting.definitions)
    with pytest.raises(PluginError, match="no block named 'nothing'"):
        pieces(["nothing"])


@pytest.mark.parametrize("text", ["a", 'say "x"', "it's", "both ' and \"", "\\", "\n", "\u202e", '"""'])
def test_literals_evaluate_to_their_text(text):
    assert eval(literal(text)) == text
    space: dict[str, object] = {}
    exec(list_constant("NAMES", [text] * 40), space)
    assert space["NAMES"] == [text] * 40
    assert ast.get_docstring(ast.parse(docstring([f"a {text} b"])), clean=False).startswith("a ")
    exec(f"{docstring([f'It ends with {text}', text])}\nx = 1", space)
    assert space["x"] == 1


def test_long_expressions_are_broken_without_a_change_of_meaning():
    source = f"outer(inner({', '.join(f'setting_{i}={i}' for i in range(20))}), patience=3)"
    broken = expression(source, "return ", 4)
    assert max(map(len, broken.splitlines())) <= 120
    assert ast.unparse(ast.parse(broken.strip().removeprefix("return "))) == ast.unparse(ast.parse(source))


def test_imports_are_merged_with_the_standard_library_first():
    block = import_block(
        ["import numpy as np", "from b import B", "from b import a, Z", "import math", "import numpy as np"]
    )
    assert block == "import math\n\nimport numpy as np\nfrom b import B, Z, a"
