"""What has no business in a script: other processes, the network, files, the interpreter, code made at run time."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from octopus.screening.reading import Offence, Reading

#: Packages that a script that only models has no use for, and what each is for.
_PACKAGES = {
    "subprocess": "other programs", "multiprocessing": "other processes", "ctypes": "machine code",
    "cffi": "machine code", "pty": "other programs", "signal": "signals", "socket": "the network", "ssl": "the network",
    "requests": "the network", "urllib": "the network", "urllib3": "the network", "http": "the network",
    "httpx": "the network", "aiohttp": "the network", "ftplib": "the network", "smtplib": "the network",
    "telnetlib": "the network", "webbrowser": "the network", "openai": "the network", "huggingface_hub": "the network",
    "xmlrpc": "the network", "runpy": "code made at run time",
}  # fmt: skip
#: The same, where an import that nothing uses is a habit.
_IF_USED = {
    "os": "the system", "shutil": "files", "pathlib": "files", "glob": "files", "tempfile": "files", "pickle": "files",
    "dill": "files", "cloudpickle": "files", "shelve": "files", "sqlite3": "files", "mmap": "files", "zipfile": "files",
    "marshal": "code made at run time", "importlib": "code made at run time", "builtins": "code made at run time",
    "code": "code made at run time", "octopus": "this program",
}  # fmt: skip
_CALLS = {
    "eval": "code made at run time", "exec": "code made at run time", "compile": "code made at run time",
    "__import__": "code made at run time", "open": "files", "input": "a person", "breakpoint": "a person",
    "exit": "ending the process", "quit": "ending the process",
}  # fmt: skip
#: What is refused of packages that are welcome.
_PARTS = {
    "sys.exit": "ending the process", "sys.path": "the interpreter", "sys.modules": "the interpreter",
    "sys.settrace": "the interpreter", "sys.setprofile": "the interpreter", "sys._getframe": "the interpreter",
    "sys._current_frames": "the interpreter", "sys.stdin": "a person", "sys.argv": "the interpreter",
    "joblib.load": "files", "joblib.dump": "files", "io.open": "files", "io.FileIO": "files", "numpy.load": "files",
    "numpy.save": "files", "numpy.savez": "files", "numpy.savetxt": "files", "numpy.loadtxt": "files",
    "numpy.genfromtxt": "files", "numpy.fromfile": "files", "numpy.memmap": "files",
    "gc.get_objects": "the interpreter", "gc.get_referrers": "the interpreter",
}  # fmt: skip
_READS = frozenset({
    "read_csv", "read_parquet", "read_pickle", "read_excel", "read_json", "read_sql", "read_html", "read_feather",
    "read_table", "read_hdf", "read_orc", "read_stata", "read_sas", "read_spss", "read_xml", "read_clipboard",
    "read_fwf", "read_sql_query", "read_sql_table", "ExcelFile", "HDFStore", "ExcelWriter",
})  # fmt: skip
_WRITES = frozenset({
    "to_csv", "to_parquet", "to_pickle", "to_excel", "to_feather", "to_hdf", "to_sql", "to_stata", "to_orc",
    "save_model", "tofile", "savefig",
})  # fmt: skip
#: Names by which code climbs out of an object into the interpreter.
_INSIDES = frozenset({
    "__subclasses__", "__globals__", "__builtins__", "__code__", "__loader__", "__closure__", "f_globals", "f_locals",
    "f_back", "gi_frame", "__mro__", "__bases__",
})  # fmt: skip
_INSTEAD = {
    "files": "work on the table that fit, transform and predict are given",
    "the system": "use pandas, numpy and scikit-learn alone",
    "this program": "define what you need in the script",
}


def violations(reading: Reading) -> Iterator[Offence]:
    """Find what has no business in a script.

    Parameters
    ----------
    reading : Reading
        The script.

    Yields
    ------
    Offence
        In no order.
    """
    for node in reading.nodes:
        found = _of_import(node, reading) or _of_reference(node, reading) or _of_call(node, reading)
        if found:
            what, touches = found
            instead = _INSTEAD.get(touches, "leave it out: the script defines a pipeline and nothing else")
            message = f"{what} has no business in a script, for it touches {touches}: {instead}"
            yield Offence(kind="PolicyViolation", line=getattr(node, "lineno", 1), message=message)


def _of_import(node: ast.AST, reading: Reading) -> tuple[str, str] | None:
    if isinstance(node, ast.Import):
        names = [(alias.name, alias.asname or alias.name.partition(".")[0]) for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [(f"{node.module}.{alias.name}", alias.asname or alias.name) for alias in node.names]
    else:
        return None
    for name, bound in names:
        root = name.partition(".")[0]
        if root in _PACKAGES:
            return f"the import of {root}", _PACKAGES[root]
        if root in _IF_USED and (bound in reading.used or bound == "*"):
            return f"the use of {root}", _IF_USED[root]
        if name in _PARTS:
            return name, _PARTS[name]
        if root == "sklearn" and "datasets.fetch_" in name:
            return name, "the network"
    return None


def _of_reference(node: ast.AST, reading: Reading) -> tuple[str, str] | None:
    if isinstance(node, ast.Name) and node.id == "__builtins__":
        return node.id, "the interpreter"
    if not isinstance(node, ast.Attribute):
        return None
    if node.attr in _INSIDES:
        return node.attr, "the interpreter"
    name = reading.qualified(node)
    if name in _PARTS:
        return name, _PARTS[name]
    if name.startswith("sklearn.datasets.fetch_"):
        return name, "the network"
    return None


def _of_call(node: ast.AST, reading: Reading) -> tuple[str, str] | None:
    if not isinstance(node, ast.Call):
        return None
    called = node.func
    if isinstance(called, ast.Name):
        if called.id in _CALLS and called.id not in reading.defined and called.id not in reading.imported:
            return f"{called.id}()", _CALLS[called.id]
        name = reading.imported.get(called.id, "")
        return (name, "files") if name.startswith("pandas.") and name.rpartition(".")[2] in _READS else None
    if not isinstance(called, ast.Attribute):
        return None
    if called.attr in _READS and reading.qualified(called).startswith("pandas."):
        return f"{called.attr}()", "files"
    if called.attr in _WRITES and (node.args or node.keywords) and called.attr not in reading.defined:
        return f"{called.attr}()", "files"
    return None
