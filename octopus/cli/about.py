"""``octopus plugins`` and ``octopus doctor``: what is installed here, what works, and what to do about the rest."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from octopus.cli.words import say
from octopus.errors import OctopusError, SandboxUnavailable

_PROMISES_NOTHING = "limits time, memory, processes and disk; it does not keep a script from your files or the network"
_CORE = ("octopus-estimator", "numpy", "pandas", "scikit-learn", "lightgbm", "pyarrow", "mlflow", "fastapi", "uvicorn")
#: What an extra brings, by the module that shows it.
_EXTRAS = {"tabpfn": "tabpfn", "forecast": "neuralforecast", "boost": "catboost", "dask": "dask", "ray": "ray"}


def plugins() -> None:
    """List the plug-ins of octopus and of other packages, and those that cannot be loaded."""
    from octopus import registry

    labels = {group: group.removeprefix("octopus.").replace("_", " ") for group in registry.GROUPS}
    room = max(map(len, labels.values())) + 2
    for group, label in labels.items():
        states = {name: _state(group, name) for name in registry.names(group)}
        for number, line in enumerate(_compact(group, states) or ["none"]):
            say("" if number else label, line, room)


def doctor() -> None:
    """Say what is installed here and what works: versions, cores and memory, sandbox levels, tracking, extras."""
    import joblib
    import psutil

    memory = psutil.virtual_memory()
    say("Python", f"{platform.python_version()} on {platform.system()} {platform.release()}, {platform.machine()}")
    say("Machine", f"{joblib.cpu_count()} cores · {memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free")
    say("Packages", " · ".join(f"{name} {_version(name)}" for name in _CORE))
    for number, line in enumerate(_sandboxes()):
        say("" if number else "Sandbox", line)
    say("Scientist", os.environ.get("OCTOPUS_BACKEND") or "playbook (OCTOPUS_BACKEND names no other)")
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    off = os.environ.get("OCTOPUS_TRACKER") == "none"
    say("Tracking", "off (OCTOPUS_TRACKER=none)" if off else uri or "mlflow.db beside the runs")
    for number, (extra, module) in enumerate(_EXTRAS.items()):
        there = find_spec(module) is not None
        say("" if number else "Extras", f"{extra}: " + (
            f"{module} is installed" if there else f"not installed: pip install 'octopus-estimator[{extra}]'"
        ))  # fmt: skip


def _compact(group: str, states: Mapping[str, str]) -> list[str]:
    """Return a line for each plug-in; our own rules, known by their codes, together on one."""
    from octopus import registry

    ours = []
    if group in (registry.CRASH_RULES, registry.SYMPTOM_RULES):
        ours = [name for name, state in states.items() if state.startswith(f"{name} ({_CORE[0]} ")]
    together = [f"{', '.join(ours)}; docs/rules.md says what each is"] if ours else []
    return together + [state for name, state in states.items() if name not in ours]


def _state(group: str, name: str) -> str:
    from octopus import registry

    try:
        registry.load(group, name)
    except OctopusError as error:
        return f"{name}: cannot be loaded ({error})"
    return f"{name} ({registry.provider(group, name)})"


def _sandboxes() -> Iterator[str]:
    """Yield what each sandbox level is made of here, or lacks; every canary is run."""
    from octopus.plugins import try_sandboxes

    best = ""
    told = set()
    for name, found in try_sandboxes().items():
        if isinstance(found, SandboxUnavailable):
            yield f"{name}: cannot be had, {found.why}. {found.remedy}"
            continue
        best = best or (name if found.canaries else "")
        yield f"{name}: {', '.join(found.layers) if found.canaries else _PROMISES_NOTHING}"
        if found.canaries:
            yield f"    tried and refused: {', '.join(canary.name for canary in found.canaries)}"
        for missing in found.missing:
            if missing not in told:
                told.add(missing)
                yield f"    lacks {missing.layer}: {missing.why}. {missing.remedy}"
    yield (
        f"sandbox='auto' takes {best}"
        if best
        else (
            "sandbox='auto' takes process for the playbook's own scripts, with a warning, and refuses those of a model"
        )
    )
    if sys.platform != "linux":
        yield "on this system the sandbox is written after its documentation and has not been tried by its authors"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
