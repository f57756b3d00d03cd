"""Everything octopus raises and warns about.

::

    OctopusError
    ├── InvalidParameter (ValueError)        parameter, value, why, remedy
    ├── InvalidData (ValueError)             what is wrong with X, y or a table
    │   └── UnsupportedTask                  multi-output, survival, ranking, sparse …
    ├── RunDirectoryError (ValueError)       path: not ours, in use, already finished
    ├── JournalError                         path, line: the journal cannot be read
    ├── PluginError
    │   ├── PluginNotFound (LookupError)     group, name, near names
    │   ├── PluginConflict                   group, name, both distributions
    │   └── PluginBroken (ImportError)       group, name, entry point
    ├── SandboxError                         the sandbox itself failed, never the script
    │   └── SandboxUnavailable               level, why, remedy
    ├── PredictionFailed                     failure: a pipeline that a model wrote raised in its worker
    ├── HoldoutError                         opened twice
    ├── BundleError (ValueError)             path, why, remedy: no bundle, of another format, does not replay
    │   ├── DamagedBundle                    path, file, why: missing, cut short, altered, or not of the bundle
    │   └── UntrustedPickle                  path: a model wrote the script that its pickle comes from
    ├── TrackingError                        uri, why: entries of a run cannot be sent to MLflow
    │   ├── StoreUnreachable                 it does not answer, or not now
    │   └── StoreRefused                     it answers and refuses
    ├── ServiceError (OSError)               host, port: the service cannot listen there
    ├── BackendError                         backend, why, remedy, usage: a language model gave no reply
    │   ├── BackendUnreachable               it does not answer, or not now
    │   ├── BackendRefused                   it answers and refuses for good: key, model, address
    │   ├── PromptTooLong                    the prompt does not fit the model's context
    │   └── CassetteMiss                     nothing like this prompt was recorded
    └── NoValidExperiment                    no script ever worked; carries the journal

    OctopusWarning (UserWarning)
    ├── WeakSandbox                          the level in use and what it does not stop
    ├── InterruptedSearch                    Ctrl-C: the best model so far is returned
    ├── ReplayWarning                        the refitted model did not replay; the scored one ships
    ├── LatencyWarning                       no model kept the goal's latency limit; the fastest ships
    ├── CallbackFailed                       a callback raised and was dropped
    ├── TrackingIncomplete                   part of a run is not in MLflow
    └── ModelGaveOut                         the language model took no further part: the playbook finished the run

A crash of a generated script is data (an :class:`octopus.records.Outcome`) and raises nothing.
Every message says what happened with the offending value, why, and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from octopus.journal import Journal
    from octopus.records import Failure, Usage


class OctopusError(Exception):
    """Base of every error that octopus raises."""


class InvalidParameter(OctopusError, ValueError):
    """A constructor or ``fit`` parameter has a value that cannot be used."""

    def __init__(self, parameter: str, value: object, why: str, remedy: str) -> None:
        self.parameter, self.value, self.why, self.remedy = parameter, value, why, remedy
        super().__init__(f"{parameter}={value!r}: {why}. {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.parameter, self.value, self.why, self.remedy)


class InvalidData(OctopusError, ValueError):
    """The table, the target or an array beside them cannot be learned from or predicted on."""


class UnsupportedTask(InvalidData):
    """A kind of problem that octopus does not solve; the message says what to do instead."""


class RunDirectoryError(OctopusError, ValueError):
    """The run directory cannot be used."""

    def __init__(self, path: Path, why: str, remedy: str) -> None:
        self.path, self.why, self.remedy = path, why, remedy
        super().__init__(f"run directory {str(path)!r}: {why}. {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.why, self.remedy)


class JournalError(OctopusError):
    """A journal cannot be read or is of a format that this version does not know."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        self.path, self.line, self.why = path, line, why
        super().__init__(f"journal {str(path)!r}, line {line}: {why}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.line, self.why)


class PluginError(OctopusError):
    """A plug-in cannot be found or loaded."""


class PluginNotFound(PluginError, LookupError):
    """No plug-in of that name is registered."""

    def __init__(self, group: str, name: str, known: Sequence[str], near: Sequence[str]) -> None:
        self.group, self.name, self.known, self.near = group, name, tuple(known), tuple(near)
        guess = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        names = ", ".join(known) if known else "none"
        super().__init__(
            f"no plug-in named {name!r} in {group} (registered: {names}).{guess} "
            "Install the package that provides it or name one of the registered ones."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.group, self.name, self.known, self.near)


class PluginConflict(PluginError):
    """Two distributions register the same name."""

    def __init__(self, group: str, name: str, distributions: Sequence[str]) -> None:
        self.group, self.name, self.distributions = group, name, tuple(distributions)
        super().__init__(
            f"{name!r} in {group} is registered by {' and '.join(self.distributions)}: "
            "which one is meant is not clear. Uninstall one of them."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.group, self.name, self.distributions)


class PluginBroken(PluginError, ImportError):
    """A registered plug-in cannot be imported."""

    def __init__(self, group: str, plugin: str, target: str, why: str) -> None:
        self.group, self.plugin, self.target, self.why = group, plugin, target, why
        super().__init__(
            f"{plugin!r} in {group} is registered as {target} but cannot be loaded: {why}. "
            "Reinstall the package that provides it, with its extra."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.group, self.plugin, self.target, self.why)


class SandboxError(OctopusError):
    """The sandbox itself failed. What a script does in it is an outcome, never this error."""


class SandboxUnavailable(SandboxError):
    """The sandbox level asked for cannot be had on this machine."""

    def __init__(self, level: str, why: str, remedy: str) -> None:
        self.level, self.why, self.remedy = level, why, remedy
        super().__init__(f"sandbox level {level!r} is not available: {why}. {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.level, self.why, self.remedy)


class PredictionFailed(OctopusError):
    """A pipeline that a model wrote raised when it was loaded or asked to predict.

    Parameters
    ----------
    failure : Failure
        What it raised.
    """

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        where = f" (line {failure.frames[-1].line} of its script)" if failure.frames else ""
        super().__init__(
            f"the pipeline did not predict: {failure.type}: {failure.message}{where}. A model wrote it; its script is "
            "best_experiment_.script.source. Give it rows such as those it was fitted on, or fit again."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.failure,)


class HoldoutError(OctopusError):
    """The holdout was asked for twice, or by something that must not see it."""


class BundleError(OctopusError, ValueError):
    """An exported model cannot be written, read or used."""

    def __init__(self, path: Path, why: str, remedy: str) -> None:
        self.path, self.why, self.remedy = path, why, remedy
        super().__init__(f"bundle {str(path)!r}: {why}. {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.why, self.remedy)


class DamagedBundle(BundleError):
    """A file of an exported model is not what was exported."""

    def __init__(self, path: Path, file: str, why: str) -> None:
        self.file, self.what = file, why
        remedy = "Nothing of it was loaded. Copy the bundle again from where it was made, or export the model anew."
        super().__init__(path, f"{file} {why}", remedy)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.file, self.what)


class UntrustedPickle(BundleError):
    """A language model wrote the script of this pipeline, and loading its pickle runs that code."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            "a language model wrote its script, and loading the pickle runs that code in this process with your rights",
            "Read script.py first; then allow_pickle=True (--allow-pickle) says that you trust it. "
            "The container that its Dockerfile makes keeps the code away from your files.",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path,)


class ServiceError(OctopusError, OSError):
    """The service cannot listen where it was asked to."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host, self.port, self.why = host, port, why
        super().__init__(
            f"cannot serve on {host}:{port}: {why}. Choose another port with --port, or stop what is there."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.host, self.port, self.why)


class NoValidExperiment(OctopusError):
    """No script ever worked, so there is no model. The journal tells what was tried."""

    def __init__(self, journal: Journal, why: str) -> None:
        self.journal, self.why = journal, why
        super().__init__(
            f"no experiment produced a valid model: {why}. "
            "The exception's `journal` holds every attempt with its diagnosis."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.journal, self.why)


class TrackingError(OctopusError):
    """Entries of a run cannot be sent to MLflow."""

    def __init__(self, uri: str, why: str) -> None:
        self.uri, self.why = uri, why
        super().__init__(
            f"MLflow at {uri}: {why}. The run itself is complete on disk: `octopus track RUN` sends what is missing."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.uri, self.why)


class StoreUnreachable(TrackingError):
    """MLflow does not answer, or not now: trying again may help."""


class StoreRefused(TrackingError):
    """MLflow answers and refuses: trying again is of no use."""


class BackendError(OctopusError):
    """A language model gave no reply.

    Parameters
    ----------
    backend : str
        Who was asked.
    why, remedy : str
        What happened and what to do; no key is in them.
    usage : Usage or None
        What the attempts took.
    """

    def __init__(self, backend: str, why: str, remedy: str, usage: Usage | None = None) -> None:
        self.backend, self.why, self.remedy, self.usage = backend, why, remedy, usage
        super().__init__(f"{backend}: {why}. {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.backend, self.why, self.remedy, self.usage)


class BackendUnreachable(BackendError):
    """The endpoint does not answer, or not now: trying again later may help."""


class BackendRefused(BackendError):
    """The endpoint answers and refuses for good: a wrong key, no such model, not this kind of request."""


class PromptTooLong(BackendError):
    """The prompt does not fit into the model's context."""


class CassetteMiss(BackendError):
    """Nothing like this prompt was recorded; the message shows the nearest and what differs."""


class OctopusWarning(UserWarning):
    """Base of every warning that octopus issues."""


class WeakSandbox(OctopusWarning):
    """Scripts run at a sandbox level that guards against accident only."""


class InterruptedSearch(OctopusWarning):
    """The search was interrupted; the best model found until then is returned."""


class ReplayWarning(OctopusWarning):
    """The model refitted on every row did not replay, so the scored fit ships."""


class LatencyWarning(OctopusWarning):
    """No model kept the latency limit of the goal, so the fastest ships; or none could be timed."""


class CallbackFailed(OctopusWarning):
    """A callback raised and was told of nothing more; the run went on."""


class TrackingIncomplete(OctopusWarning):
    """Part of a run is not where it should be shown; the run itself is complete on disk."""


class ModelGaveOut(OctopusWarning):
    """The language model took no further part in the run; the playbook finished it."""
