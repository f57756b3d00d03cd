"""Scripts of several experiments → one script whose pipeline averages theirs, as readable as they are.

What is the same in several stands there once; what differs under one name gets a name for each.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from functools import cache

from octopus.blending.imports import Import
from octopus.blending.renaming import check_texts, renamed
from octopus.blending.scripts import ENTRY, MemberScript, Unit, read_script
from octopus.blending.sharing import Naming, find_names
from octopus.blocks.rendering import WIDTH, docstring, import_block
from octopus.blocks.source import pieces

#: Names of members, in their order; a blend has no more.
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
#: Who the class that averages belongs to.
_FRAME = "blend"
#: Characters of what a member says of itself that the script says again.
_SAID = 240
#: Definitions with an empty line more around them.
_LONG = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def compose(members: Sequence[tuple[str, float]], *, is_classification: bool) -> str:
    """Return one script of several, whose pipeline averages what theirs predict.

    Parameters
    ----------
    members : sequence of (str, float)
        Source and weight of each, two to six; each source defines ``build_pipeline``.
    is_classification : bool
        Whether the target holds classes.

    Returns
    -------
    str
        A script whose ``build_pipeline`` gives a ``BlendedClassifier`` or a ``BlendedRegressor`` with members named
        first, second and so on. Functions, classes and data without state that mean the same in several members are
        shared; the first one's comments stay.

    Raises
    ------
    ValueError
        They cannot stand in one module: one finds names by their text, imports everything of a module, changes the
        process when it is imported, or holds what cannot be renamed where it must be. The message says which and why.
    """
    if not 2 <= len(members) <= len(ORDINALS):
        raise ValueError(f"a blend has 2 to {len(ORDINALS)} members, not {len(members)}")
    if not all(math.isfinite(weight) and weight > 0 for _, weight in members):
        raise ValueError(f"weights are positive numbers, not {[weight for _, weight in members]}")
    blended = "BlendedClassifier" if is_classification else "BlendedRegressor"
    scripts = [read_script(source, which) for (source, _), which in zip(members, ORDINALS, strict=False)]
    weights = [float(weight) for _, weight in members]
    parts = [*scripts, _frame(blended)]
    naming = find_names(parts)
    for script, names in zip(scripts, naming.names, strict=False):
        check_texts(script, names)
    opening = docstring(_facts(scripts, weights))
    sections = [_shared(parts, naming)]
    for number, script in enumerate(parts):
        sections.append(_headed(_own(number, script, naming), script.which))
    sections.append(_entry(naming, scripts, weights, naming.names[-1][blended]))
    future = "from __future__ import annotations" if any(s.has_text_annotations for s in scripts) else ""
    imports = import_block(_imports(parts, naming))
    head = "\n\n".join(text for text in (opening, future, imports) if text)
    body = "\n\n\n".join(section for section in sections if section)
    gap = "\n\n\n" if body.startswith(("def ", "async ", "class ", "@", "#")) else "\n\n"
    source = f"{head}{gap}{body}\n"
    meant = frozenset().union(*(part.free for part in parts))
    if lost := sorted(read_script(source, "composed").free - meant):
        raise ValueError(f"{lost[0]} would have no meaning in one module of all")
    return source


def _frame(blended: str) -> MemberScript:
    """Return the source of what averages, as one more script."""
    return read_script(_frame_source(blended), _FRAME, has_entry=False)


@cache
def _frame_source(blended: str) -> str:
    taken = pieces([blended])
    return "\n\n".join([*taken.imports, *taken.definitions])


def _facts(scripts: Sequence[MemberScript], weights: Sequence[float]) -> list[str]:
    """Return the paragraphs of the docstring."""
    facts = [f"Blend of {len(scripts)} pipelines: the weighted average of what they predict."]
    for script, weight in zip(scripts, weights, strict=True):
        said = " ".join(script.docstring.partition("\n\n")[0].split())
        cut = said if len(said) <= _SAID else f"{said[:_SAID].rsplit(' ', 1)[0]} …"
        facts.append(f"The {script.which}, {weight / sum(weights):.3g} of it" + (f": {cut}" if cut else "."))
    return facts


def _imports(parts: Sequence[MemberScript], naming: Naming) -> list[str]:
    """Return the import statements of all parts, under the names that they have now."""
    found: dict[str, Import] = {}
    for script, names in zip(parts, naming.names, strict=True):
        for bound, one in script.imports.items():
            found.setdefault(names[bound], one)
    loaded = sorted({module for script in parts for module in script.loaded})
    brought = {module.partition(".")[0] for module in loaded}  # by the import of a part of it
    plain = [one.statement(name) for name, one in found.items() if one.name or name not in brought]
    return [*plain, *(f"import {module}" for module in loaded)]


def _shared(parts: Sequence[MemberScript], naming: Naming) -> str:
    """Return what several parts have in common, as the first of them has it."""
    units = [
        (unit, naming.names[number], script.which)
        for number, script in enumerate(parts)
        for unit, is_repeated, is_first in zip(script.units, naming.shared[number], naming.several[number], strict=True)
        if is_first and not is_repeated
    ]
    return _laid_out(units)


def _own(number: int, script: MemberScript, naming: Naming) -> str:
    """Return what a part has alone."""
    marks = zip(script.units, naming.shared[number], naming.several[number], strict=True)
    alone = [unit for unit, is_repeated, is_first in marks if not (is_repeated or is_first)]
    return _laid_out([(unit, naming.names[number], script.which) for unit in alone])


def _headed(text: str, which: str) -> str:
    if not text:
        return ""
    title = "What averages them." if which == _FRAME else f"The {which} of them."
    return f"# {title}\n\n\n{text}"


def _laid_out(units: Sequence[tuple[Unit, Mapping[str, str], str]]) -> str:
    """Return statements under their new names, with empty lines as a formatter would have them."""
    text = ""
    last: Unit | None = None
    for unit, names, which in units:
        try:
            source = renamed(unit, names)
        except ValueError as error:
            raise ValueError(f"the {which} script: {error}") from None
        if last is not None:
            is_long = isinstance(last.node, _LONG) or isinstance(unit.node, _LONG)
            is_next = 0 <= unit.lines[0] - last.lines[1] <= 1 and not source.startswith("#")
            text += "\n\n\n" if is_long else "\n" if is_next else "\n\n"
        text += source
        last = unit
    return text


def _entry(naming: Naming, scripts: Sequence[MemberScript], weights: Sequence[float], blended: str) -> str:
    """Return the function that the runner calls."""
    pairs = [f'("{script.which}", {names[ENTRY]}())' for script, names in zip(scripts, naming.names, strict=False)]
    members = f"        members=[{', '.join(pairs)}],"
    if len(members) > WIDTH:
        members = "\n".join(["        members=[", *(f"            {pair}," for pair in pairs), "        ],"])
    return f"def {ENTRY}():\n    return {blended}(\n{members}\n        weights={weights},\n    )"
