"""What the installed libraries really offer: signatures, neighbours of a name, versions.

Only numpy, pandas and scikit-learn are looked at: they are dependencies of octopus itself, and a model library is
never imported for a message. Names of modules come from a script, so only public modules of these three are imported.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from octopus.rules.reading import Raised, quoted, tree

_DISTRIBUTIONS = {"sklearn": "scikit-learn", "pandas": "pandas", "numpy": "numpy", "lightgbm": "lightgbm"}
_INSPECTED = frozenset({"sklearn", "pandas", "numpy"})
#: Parts of modules that are no interface, or change others when they are imported.
_NOT_PUBLIC = frozenset({"tests", "testing", "conftest", "experimental"})
#: Objects that messages name without their module.
_WELL_KNOWN = {
    "DataFrame": "pandas.DataFrame", "NDFrame": "pandas.DataFrame", "Series": "pandas.Series", "Index": "pandas.Index",
    "DataFrameGroupBy": "pandas.api.typing.DataFrameGroupBy", "SeriesGroupBy": "pandas.api.typing.SeriesGroupBy",
    "ndarray": "numpy.ndarray",
}  # fmt: skip
_CALLED = re.compile(r"([\w.]+)\(\)")
_OWNER = re.compile(
    r"(?:This )?'([\w.]+)'(?: object)? has no attribute '(\w+)'|module '([\w.]+)' has no attribute '(\w+)'"
)
_OPTION = re.compile(r"The '(\w+)' parameter of (\w+)")
_MAX_SIGNATURE = 240


def signature_of(error: Raised) -> str:
    """Return the signature of the callable that was called wrongly, such as ``OneHotEncoder(*, categories='auto', …)``.

    Parameters
    ----------
    error : Raised
        A ``TypeError`` of a call, or an option that was refused.

    Returns
    -------
    str
        Empty where it cannot be told which callable it was, or where it is of another library.
    """
    for dotted in _called(error):
        found = resolve(dotted, error.source)
        if callable(found):
            name = dotted.removesuffix(".__init__").rpartition(".")[2]
            return _shortened(name, found)
    return ""


def neighbours(error: Raised) -> list[str]:
    """Return the names that an object or module offers and that look like the one that was asked for.

    Parameters
    ----------
    error : Raised
        An ``AttributeError``, or an ``ImportError`` of a name.

    Returns
    -------
    list of str
        At most three.
    """
    names = quoted(error.message)
    if error.message.startswith("cannot import name") and len(names) > 1:
        found = resolve(names[1], error.source)
        return _close(names[0], found)
    if match := _OWNER.match(error.message):
        owner, attribute = match[1] or match[3], match[2] or match[4]
        return _close(attribute, resolve(owner, error.source))
    return []


def library(error: Raised) -> str:
    """Return the library that refused, with its version, as far as the message or the imports tell; else empty."""
    named = [n for dotted in _called(error) for n in [_full_name(dotted, error.source)]]
    roots = [name.partition(".")[0] for name in [*named, *quoted(error.message)]]
    return next((installed(root) for root in roots if root in _DISTRIBUTIONS), "")


def installed(package: str) -> str:
    """Return a package's name and version as installed.

    Examples
    --------
    >>> installed("sklearn").startswith("scikit-learn 1.")
    True
    """
    distribution = _DISTRIBUTIONS.get(package, package)
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return ""


def resolve(dotted: str, source: str) -> object | None:
    """Return what a name in a script stands for, if it is a public one of numpy, pandas or scikit-learn.

    Parameters
    ----------
    dotted : str
        As the script or a message writes it: ``OneHotEncoder.__init__``, ``np.float``, ``DataFrame.append``.
    source : str
        The script, for what its imports call things.

    Returns
    -------
    object or None
        None where it is another library's, or not there.
    """
    parts = _full_name(dotted, source).split(".")
    if parts[0] not in _INSPECTED or any(p in _NOT_PUBLIC or (p[:1] == "_" and p != "__init__") for p in parts):
        return None
    found: object = None
    for n_parts in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n_parts]))
        except ImportError:
            continue
        for name in parts[n_parts:]:
            found = found if name == "__init__" else getattr(found, name, None)
        return found
    return None


def _called(error: Raised) -> Iterator[str]:
    """Yield the names of callables that a message may mean: those that it says, then those of the line."""
    if match := _CALLED.match(error.message):
        yield match[1]
    if match := _OPTION.match(error.message):
        yield match[2]
    if match := _OWNER.match(error.message):
        yield match[1] or match[3]
    keywords = quoted(error.message)
    for node in ast.walk(tree(error.source)):
        if isinstance(node, ast.Call) and any(k.arg in keywords for k in node.keywords):
            yield ast.unparse(node.func)


def _full_name(dotted: str, source: str) -> str:
    head, _, rest = dotted.partition(".")
    full = _imports(source).get(head) or _WELL_KNOWN.get(head, head)
    return f"{full}.{rest}" if rest else full


@lru_cache(maxsize=16)
def _imports(source: str) -> dict[str, str]:
    """Return what each imported name of a script stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                names[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _shortened(name: str, found: object) -> str:
    try:
        text = str(inspect.signature(found))  # type: ignore[arg-type]  # it is callable
    except (TypeError, ValueError):  # written in C
        return ""
    text = re.sub(r": [^=,()\[\]]*(?:\[[^\]]*\][^=,()]*)*(?= =|,|\)$)", "", text.partition(" -> ")[0])
    return f"{name}{text}"[:_MAX_SIGNATURE]


def _close(name: str, found: object) -> list[str]:
    public = [n for n in dir(found) if not n.startswith("_")] if found is not None else []
    return difflib.get_close_matches(name, public, n=3)
