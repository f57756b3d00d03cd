"""How an interpreter of the sandbox is started: isolated from the user's settings, with the user's packages."""

from __future__ import annotations

import json
import sys

#: Imports one function and calls it. The paths of the parent come after its own, so that octopus and what the user has
#: installed are found wherever they are (editable, a zip, a path set by hand) and shadow nothing of the library.
_PROGRAM = (
    "import json, sys; module, paths = sys.argv[1], json.loads(sys.argv[2]); del sys.argv[1:3]; "
    "sys.path.extend(path for path in paths if path not in sys.path); "
    "import importlib; importlib.import_module(module).main()"
)


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs ``main`` of a module.

    No user site, no current directory in the path (``-s -P``). Not ``-I``: it would ignore the fixed hash seed,
    and the environment is an allow-list of ours anyway.

    Parameters
    ----------
    module : str
        Full name of a module with a function ``main``.
    *arguments : str
        Become ``sys.argv[1:]``.

    Returns
    -------
    list of str
        Program and arguments.
    """
    paths = [path for path in sys.path if path]
    return [sys.executable, "-s", "-P", "-c", _PROGRAM, module, json.dumps(paths), *arguments]
