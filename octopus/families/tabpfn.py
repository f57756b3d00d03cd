"""TabPFN: a network that has learned from millions of made tables and predicts from the rows that it is shown."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from octopus.blocks.rendering import literal
from octopus.families.shape import LIMITS, MEDIAN
from octopus.families.weights import (
    RELEASES,
    Release,
    at_home,
    cache_directory,
    driver_facts,
    found_weights,
    graphics_devices,
    is_for_cpu,
    release_of_file,
)
from octopus.protocols import Recipe
from octopus.records import Profile, Task

#: Rows below which there is nothing to show.
_MIN_ROWS = 20
#: Rows beyond those of one context, as a multiple: an average over a few per cent of the rows is no model of them.
_MOST_CONTEXTS = 10
#: Contexts and views of each. The library's own default is 8 views; time grows with both, and without a graphics
#: processor a view of 1,000 rows takes seconds.
_VIEWS = {"cpu": 4, "cuda": 8}
_CONTEXTS = 4
#: Columns that ``Features`` makes of one, and of all texts at most.
_WIDTHS, _WORDS = {"text": 100, "datetime": 6}, 400
#: The free weights.
_DEFAULT = "v2"


class TabPFN:
    """TabPFN on weights that lie on this machine; nothing is ever fetched.

    Parameters
    ----------
    version : str or None
        Release of the weights: ``"v2"``, ``"v2.5"``, ``"v2.6"``, ``"v3"``, ``"v3.5"`` or ``"v3.5-fast"``. None takes
        what ``TABPFN_MODEL_VERSION`` says, else v2, the only one whose licence allows any use.
    ensembling : int or None
        Views of the rows that are averaged in the first draft; as the device allows where None.
    model_path : str or None
        File of the weights, for classes and numbers alike; the library's own cache where None. Its name says the
        release: "v3.5" in it, for one; none means v2.
    device : {"auto", "cpu", "cuda"}
        Where it runs; "auto" takes a graphics processor of NVIDIA if there is one and torch is built for it.
    embed_weights : bool
        Whether a fitted pipeline holds the weights (29 MB and more) instead of their place.
    """

    def __init__(
        self,
        version: str | None = None,
        ensembling: int | None = None,
        model_path: str | None = None,
        device: str = "auto",
        embed_weights: bool = False,
    ) -> None:
        self.version, self.ensembling, self.model_path = version, ensembling, model_path
        self.device, self.embed_weights = device, embed_weights

    @property
    def name(self) -> str:
        """Name by which users and plans refer to it."""
        return "tabpfn"

    @property
    def imports(self) -> tuple[str, ...]:
        """Modules that its scripts import; none where there are no weights, for they take seconds to load."""
        if not self._can_run():
            return ()
        return ("torch", "tabpfn", "tabpfn.model_loading", "numpy", "pandas", "sklearn.base", "sklearn.pipeline")

    @property
    def paths(self) -> tuple[str, ...]:
        """Files of weights that are there, and what the driver of a graphics processor tells."""
        if not self._can_run():
            return ()
        files = [path for is_classes in (True, False) if (path := self._file(is_classes)) and path.is_file()]
        return tuple(dict.fromkeys([*map(str, files), *(driver_facts() if self._device() == "cuda" else ())]))

    @property
    def devices(self) -> tuple[str, ...]:
        """Device files of a graphics processor, if it is to be used."""
        return graphics_devices() if self._can_run() and self._device() == "cuda" else ()

    def reason_against(self, task: Task, profile: Profile) -> str | None:
        """Return why it does not take part: no package, no weights, a table that does not fit; with what to do."""
        return self._reason_of_machine(task) or self._reason_of_table(task, profile)

    def recipes(self, task: Task, profile: Profile) -> Sequence[Recipe]:
        """Return the first draft and its variations.

        Parameters
        ----------
        task : Task
            What is asked.
        profile : Profile
            What is known of the rows.

        Returns
        -------
        sequence of Recipe
            The first draft, then more views, then fewer rows.
        """
        most, n_rows = self._rows(), profile.n_rows
        views = self.ensembling or _VIEWS[self._device()]
        said = f"release {self._version()}, {self._release().licence}"
        if n_rows <= most:
            draft = (
                "rows as context",
                f"all {n_rows} rows are shown to a network that has learned from made tables how small ones behave "
                f"({said}): few rows leave it ahead of what must learn from them alone",
                {"n_rows": most, "n_estimators": views},
            )
            more = "more views of the rows", {"n_rows": most, "n_estimators": 2 * max(views, 8)}
        else:
            contexts = min(_CONTEXTS, math.ceil(n_rows / most))
            share = max(1, views // contexts)
            draft = (
                "subsampled contexts",
                f"{n_rows} rows are more than the {most} that the network takes at once ({said}): {contexts} random "
                "contexts of them, averaged, make up for what each does not see",
                {"n_rows": most, "n_contexts": contexts, "n_estimators": share},
            )
            contexts = min(2 * contexts, math.ceil(n_rows / most))
            more = (
                "more contexts and views",
                {"n_rows": most, "n_contexts": contexts, "n_estimators": 2 * share},
            )
        fewer = min(most, n_rows) // 3
        return [
            self._recipe(task, draft[0], draft[1], "well ahead on few rows, even with the best on more", draft[2]),
            self._recipe(
                task,
                more[0],
                f"{more[0]}: each puts columns, classes and scales in another order, and their average errs less",
                "a small gain, folds that agree more, for more time",
                more[1],
                answers=("OCT602", "OCT603", "OCT612"),
            ),
            self._recipe(
                task,
                "a smaller context",
                f"a smaller context: {fewer} rows, seen once, say most of what all {n_rows} say",
                "a model within the limits",
                {"n_rows": fewer, "n_estimators": 1},
                answers=LIMITS,
            ),
        ]

    def _version(self) -> str:
        if self.model_path:
            return release_of_file(Path(self.model_path).name)
        return self.version or os.environ.get("TABPFN_MODEL_VERSION", "").strip() or _DEFAULT

    def _release(self) -> Release:
        return RELEASES[self._version()]

    def _device(self) -> str:
        if self.device != "auto":
            return self.device
        return "cuda" if graphics_devices() and not is_for_cpu() else "cpu"

    def _rows(self) -> int:
        return self._release().cpu_rows if self._device() == "cpu" else self._release().gpu_rows

    def _file(self, is_classes: bool) -> Path | None:
        """Return where the weights should be; None where the release is unknown."""
        if self.model_path:
            return found_weights(self.model_path)
        release = RELEASES.get(self._version())
        if release is None:
            return None
        return cache_directory() / (release.classifier if is_classes else release.regressor)

    def _can_run(self) -> bool:
        """Return whether package and weights are there, for any kind of task."""
        if self._missing_packages() or self._version() not in RELEASES or self._reason_of_arguments():
            return False
        return any(path and path.is_file() for path in (self._file(True), self._file(False)))

    def _missing_packages(self) -> list[str]:
        found = {name: find_spec(name) for name in ("torch", "tabpfn")}
        return [name for name, spec in found.items() if spec is None or spec.origin is None]  # a folder of that name

    def _reason_of_arguments(self) -> str | None:
        known = ", ".join(RELEASES)
        if self._version() not in RELEASES:
            return (
                f"there is no release {self._version()!r} of its weights: name one of {known} as version, or in "
                "TABPFN_MODEL_VERSION"
            )
        if self.version and self.version not in RELEASES:
            return f"there is no release {self.version!r} of its weights: name one of {known}"
        if self.version and self.version != self._version():
            return (
                f"the library takes {Path(str(self.model_path)).name} for release {self._version()}, by its name, and "
                f"version says {self.version}: rename the file so that {self.version!r} is in it, or leave version out"
            )
        if self.device not in ("auto", *_VIEWS):
            return f"there is no device {self.device!r}: name one of auto, {', '.join(_VIEWS)}"
        if self.device == "cuda" and not graphics_devices():
            return "device='cuda' is asked for, and there is no graphics processor of NVIDIA here: leave it out"
        if self.device == "cuda" and is_for_cpu():
            return "device='cuda' is asked for, and torch is a build for the CPU: pip install --force-reinstall torch"
        return None

    def _reason_of_machine(self, task: Task) -> str | None:
        """Return what is missing here, with the command that brings it."""
        if missing := self._missing_packages():
            return f"{' and '.join(missing)} not installed: pip install 'octopus-estimator[tabpfn]'"
        if wrong := self._reason_of_arguments():
            return wrong
        path, release = self._file(task.is_classification), self._release()
        assert path is not None
        if path.is_file():
            return None
        if self.model_path:
            return f"no weights at {at_home(path)}, which model_path names; nothing is downloaded"
        repository = release.repositories[0 if task.is_classification else 1]
        login = "accept the licence of the model's page at huggingface.co, then hf auth login && " * release.gated
        return (
            f"no weights of {self._version()} on this machine ({release.licence}): "
            f"{login}hf download {repository} {path.name} --local-dir {at_home(path.parent)}"
        )

    def _reason_of_table(self, task: Task, profile: Profile) -> str | None:
        """Return which limit of the network the table does not keep."""
        release, said = self._release(), f"TabPFN {self._version()}"
        used = [column for column in profile.columns if column.used]
        if profile.n_rows < _MIN_ROWS:
            return f"{profile.n_rows} rows are too few to show it: it takes {_MIN_ROWS}"
        if not used:
            return "no column is left to show it"
        if task.weighted:
            return "it cannot give one row more weight than another"
        if task.n_classes > release.classes:
            return f"{task.n_classes} classes: {said} takes {release.classes}"
        widths = Counter(column.kind for column in used)
        width = sum(n * _WIDTHS.get(kind, 1) for kind, n in widths.items() if kind != "text")
        width += min(_WORDS, widths["text"] * _WIDTHS["text"])
        if width > release.features:
            return f"{width} features: {said} takes {release.features}"
        most = self._rows()
        if profile.n_rows > _MOST_CONTEXTS * most:
            where = "on the CPU" if self._device() == "cpu" else "on a graphics processor"
            return (
                f"{profile.n_rows:,} rows: {said} takes {most:,} at once {where}, and contexts of them up to "
                f"{_MOST_CONTEXTS * most:,}"
            )
        return None

    def _recipe(
        self,
        task: Task,
        idea: str,
        hypothesis: str,
        expected: str,
        settings: Mapping[str, object],
        *,
        answers: tuple[str, ...] = (),
    ) -> Recipe:
        path = self._file(task.is_classification)
        if self._device() != "cpu":
            settings = {**settings, "device": literal(self._device())}
        if not task.is_classification and task.scoring in MEDIAN:
            settings = {**settings, "output": '"median"'}
        if self.embed_weights:
            settings = {**settings, "embed_weights": True}
        written = ", ".join(f"{key}={value}" for key, value in settings.items())
        return Recipe(
            idea=idea,
            hypothesis=hypothesis,
            expected=expected,
            encoding="native",
            model=f"{_kind(task)}(weights={literal(str(path))}, {written})",
            blocks=(_kind(task),),
            answers=answers,
        )


def _kind(task: Task) -> str:
    return "ContextClassifier" if task.is_classification else "ContextRegressor"
