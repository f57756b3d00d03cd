"""What a pipeline needs to load, predict and be served: exact versions of that, and nothing else."""

from __future__ import annotations

import ast
import pickletools
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from octopus import syntax

#: Modules that the code in every bundle imports.
_ALWAYS = ("cloudpickle", "fastapi", "numpy", "pandas", "sklearn", "uvicorn")
#: From this major version on, pandas keeps text in Arrow's memory where it can, and Arrow's own functions work on it:
#: a pipeline is proved with them, so it is served with them.
_ARROW_PANDAS = 3
#: A forest of 1,000 trees has 60,000; a million take a second.
_MAX_OPCODES = 3_000_000


def find_requirements(pipeline: bytes, source: str) -> dict[str, str]:
    """Return what an environment for a pipeline needs.

    Parameters
    ----------
    pipeline : bytes
        The pickle: modules that loading it imports are named in it.
    source : str
        The script that made it: modules that its functions import when they are called are named there.

    Returns
    -------
    dict of str to str
        Version by distribution, with everything that those depend on, in order of their names.
    """
    modules = {*_ALWAYS, *_named_in_pickle(pipeline), *_imported_by(source)}
    if int(version("pandas").partition(".")[0]) >= _ARROW_PANDAS:
        modules.add("pyarrow")
    by_module = _distributions_by_module()
    named = [name for module in modules - sys.stdlib_module_names for name in by_module.get(module, ())]
    return dict(sorted(_with_dependencies(named).items()))


def requirements_text(requirements: Mapping[str, str], python: str) -> str:
    """Return the text of a requirements file.

    Parameters
    ----------
    requirements : mapping of str to str
        Version by distribution.
    python : str
        Version of Python that they were found in.

    Returns
    -------
    str
        One line each; a local label (``2.13.0+cpu``), which no index serves, is left out.
    """
    lines = [f"{name}=={exact.partition('+')[0]}" for name, exact in requirements.items()]
    return "\n".join([f"# Python {python}: the pipeline's own code does not run on another minor version", *lines, ""])


@cache
def _distributions_by_module() -> Mapping[str, list[str]]:
    """Return what is installed; asked once, for it takes half a second and each fit writes a bundle."""
    return packages_distributions()


def _named_in_pickle(pipeline: bytes) -> set[str]:
    """Return the top-level modules of the classes and functions that a pickle looks up while it is loaded."""
    modules: set[str] = set()
    pushed: list[object] = [None, None]
    memo: dict[int, object] = {}
    for opcode, argument in _opcodes(pipeline):
        if opcode.name == "GLOBAL":  # protocols before 4: "module name"
            modules.add(str(argument).partition(" ")[0])
        elif opcode.name == "STACK_GLOBAL":  # the module and the name were pushed just before
            modules.add(str(pushed[-2]))
        if opcode.name == "MEMOIZE":
            memo[len(memo)] = pushed[-1]
        elif opcode.name in ("BINPUT", "LONG_BINPUT"):
            memo[_index(argument)] = pushed[-1]
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            pushed = [pushed[-1], memo.get(_index(argument))]
        elif opcode.name != "FRAME":
            pushed = [pushed[-1], argument if isinstance(argument, str) else None]
    return {module.partition(".")[0] for module in modules}


def _index(argument: object) -> int:
    return argument if isinstance(argument, int) else 0


def _opcodes(pipeline: bytes) -> Iterator[tuple[pickletools.OpcodeInfo, object]]:
    """Yield the operations of a pickle; no more than any real one has, and none beyond what cannot be read.

    A model may have written it, and what is found here is a list for people, not a check.
    """
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(pipeline)):
            if number > _MAX_OPCODES:
                return
            yield opcode, argument
    except ValueError:  # no pickle from here on; of these is UnicodeDecodeError
        return


def _imported_by(source: str) -> set[str]:
    """Return the top-level modules that a script imports anywhere; nothing where it is no Python."""
    try:
        tree = syntax.parse(source)
    except (SyntaxError, ValueError):
        return set()
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.partition(".")[0])
    return modules


def _with_dependencies(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of distributions and of all that they need in this environment."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # needed elsewhere only, or by an extra that is not installed
            continue
        needed = [Requirement(line) for line in requires(name) or ()]
        waiting += [need.name for need in needed if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found
