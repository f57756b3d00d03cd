"""Parsing, also from several threads at once."""

from __future__ import annotations

import ast
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import octopus.scoring
from octopus import syntax


def test_threads_that_parse_at_once_all_get_their_trees() -> None:
    source = Path(octopus.scoring.__file__).read_text(encoding="utf-8")
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            trees = list(pool.map(syntax.parse, [source] * 60))
    finally:
        sys.setswitchinterval(before)
    assert len({ast.dump(tree) for tree in trees}) == 1


def test_an_interpreter_that_loses_count_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[str] = []
    parse = ast.parse

    def once_lost(source: str) -> ast.Module:
        attempts.append(source)
        if len(attempts) < 3:
            raise SystemError("AST constructor recursion depth mismatch (before=168, after=28)")
        return parse(source)

    monkeypatch.setattr(ast, "parse", once_lost)
    assert isinstance(syntax.parse("x = 1"), ast.Module)
    assert len(attempts) == 3


def test_what_does_not_parse_is_said_at_once() -> None:
    with pytest.raises(SyntaxError):
        syntax.parse("x = (")
    with pytest.raises(SyntaxError):
        syntax.parse_expression("x = 1")
    assert syntax.read_literal("[1, 'a']") == [1, "a"]
    with pytest.raises(ValueError, match="malformed"):
        syntax.read_literal("f(1)")
