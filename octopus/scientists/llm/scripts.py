"""Blocks of a reply → the script: of several the one that defines what is called, also where no fence was put."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from octopus.scientists.llm.fenced import Block
from octopus.scientists.llm.headers import HYPOTHESIS, cut
from octopus.scientists.llm.parts import Parts
from octopus.scientists.llm.python import defines, parse, recovered, syntax_problem
from octopus.scientists.llm.unreadable import Unreadable

_LANGUAGES = frozenset(
    ("r", "sql", "julia", "jl", "javascript", "js", "typescript", "ts", "java", "scala", "cpp", "c++", "c", "c#", "go",
     "rust", "matlab", "stata", "sas", "bash", "sh", "shell", "html", "yaml", "xml", "ruby", "kotlin", "php", "perl")
)  # fmt: skip
_FOREIGN = re.compile(
    r"^\s{0,8}(?:library\(\w|\w+ <- |SELECT\s|CREATE TABLE|#include|const \w+ =|let \w+ =|function \w+\(|using \w+;)",
    re.MULTILINE,
)
_REFUSAL = re.compile(
    r"\b(?:I['’]?m (?:really |very |so )?sorry|I apologi[sz]e|I (?:can(?:['’]?t|not)|could not|won['’]?t|will not)"
    r"|I (?:am unable to|am not able to|must decline)"
    r"|I['’]m (?:unable|not able|not going) to|as an AI(?: language)? model|against my (?:guidelines|policy))\b",
    re.IGNORECASE,
)
_BARE_START = re.compile(r'^(?:import |from \w|"""|\'\'\'|#|def |class |[A-Z_]{2,30} = )')
_MAX_STARTS = 5
SAY_SCRIPT = "Send the headers and then one ```python block with the whole script"
SAY_SHORTER = "The reply ends before its end. Send it again, complete and shorter: no explanations, a shorter script."


def find_script(parts: Parts, entry: str) -> str:
    """Return the script of a reply: of several the last that defines what is called."""
    candidates = [b for b in parts.blocks if b.language not in _LANGUAGES and not b.text.lstrip().startswith("{")]
    sources = [(block, _with_entry(source, entry)) for block in candidates if (source := recovered(block.text))]
    whole = [source for _, source in sources if defines(source, entry)]
    if whole:
        return whole[-1]
    if entry in parts.prose or (entry == "analyse" and "def analyze" in parts.prose):
        bare = _unfenced(parts.prose, entry)
        if bare:
            return bare
    renamed = [source for _, source in sources if _has_other_entry(source)]
    if len(renamed) == 1 and entry != "analyse":
        return renamed[0]  # the check refuses it with words, and its repair is known
    raise _no_script(parts, candidates, entry)


def _with_entry(source: str, entry: str) -> str:
    """Return the source with ``analyse`` in the spelling that is called."""
    if entry == "analyse" and not defines(source, entry) and defines(source, "analyze"):
        return re.sub(r"\banalyze\b(?=\()", "analyse", source)
    return source


def _has_other_entry(source: str) -> bool:
    """Tell whether a script has a function without arguments that may be meant as the entry point."""
    tree = parse(source)
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)] if tree else []
    return any(re.search("pipe|model|estimator", f.name) and not f.args.args for f in functions)


def _unfenced(prose: str, entry: str) -> str | None:
    """Return code that stands in the text without a fence, up to the first line that is none."""
    lines = prose.split("\n")
    starts = [number for number, line in enumerate(lines) if _BARE_START.match(line)]
    for start in starts[:_MAX_STARTS]:
        rest = lines[start:]
        for _ in range(3):
            source = recovered("\n".join(rest))
            if source is not None:
                source = _with_entry(source, entry)
                if defines(source, entry):
                    return source
                break
            found = re.match(r"line (\d+)", syntax_problem("\n".join(rest)))
            if found is None or int(found[1]) < 2:
                break
            rest = rest[: int(found[1]) - 1]
    return None


def _no_script(parts: Parts, candidates: Sequence[Block], entry: str) -> Unreadable:
    signature = "analyse(X, y)" if entry == "analyse" else "build_pipeline()"
    if is_foreign(parts):
        return Unreadable(f"The script is not Python. {SAY_SCRIPT} in Python that defines {signature}.")
    if not candidates:
        if declines(parts.prose):
            return Unreadable(f"The reply declines. {SAY_SCRIPT} that defines {signature}.", refused=True)
        if re.search(rf"\bdef {entry}\b", parts.prose):
            return Unreadable(f"The code is no Python that parses. {SAY_SCRIPT} that defines {signature}.")
        return Unreadable(f"The reply holds no code. {SAY_SCRIPT} that defines {signature}.")
    named = [block for block in candidates if entry in block.text] or list(candidates)
    block = named[-1]
    problem = "" if recovered(block.text) is not None else syntax_problem(block.text)
    if not block.is_closed:
        return Unreadable(SAY_SHORTER, truncated=True)
    if problem:
        return Unreadable(f"The code does not parse: {problem}. {SAY_SCRIPT}, corrected.")
    return Unreadable(f"No block defines {signature} at module level. {SAY_SCRIPT} that defines it, in one piece.")


def declines(prose: str) -> bool:
    """Tell whether a text begins as a refusal does."""
    return _REFUSAL.search(prose[:600]) is not None


def is_foreign(parts: Parts) -> bool:
    """Tell whether the code of a reply is in another language."""
    if any(block.language in _LANGUAGES for block in parts.blocks):
        return not any(block.language in ("python", "py") for block in parts.blocks)
    texts = [block.text for block in parts.blocks if block.language not in ("python", "py")] or [parts.prose]
    return any(_FOREIGN.search(text[:20_000]) and recovered(text) is None for text in texts)


def told_by(code: str) -> str:
    """Return the hypothesis that a script's docstring begins with; empty where it has none."""
    tree = parse(code)
    paragraph = (ast.get_docstring(tree) or "").partition("\n\n")[0] if tree else ""
    return cut(re.sub(r"^\s*hypothesis\s*:\s*", "", paragraph, flags=re.IGNORECASE), HYPOTHESIS)
