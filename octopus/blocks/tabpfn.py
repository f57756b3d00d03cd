"""TabPFN, a network that has learned from made tables and predicts from rows shown to it, on weights that lie here."""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from octopus.blocks.boosting import plain_names


class ContextModel(BaseEstimator):  # type: ignore[misc]
    """What TabPFN for classes and for numbers have in common: contexts, a device, a pickle without the weights.

    Its pickle holds the rows that the network is shown and names the file of the weights; they are read again at the
    first prediction.

    Parameters
    ----------
    weights : str
        File of the weights. Where it has gone, one of the same name in ``TABPFN_MODEL_CACHE_DIR``.
    n_rows : int
        Rows of one context at most: what the network is shown at once.
    n_contexts : int
        Random contexts whose predictions are averaged, where not all rows fit into one.
    n_estimators : int
        Views of one context (columns and classes in another order, other scales), averaged.
    device : str
        ``"cpu"`` or ``"cuda"``; the former where there is no such processor when a pickle is loaded.
    output : str
        What a number's prediction is: ``"mean"`` or ``"median"``.
    embed_weights : bool
        Whether a pickle holds the weights.
    random_state : int or None
        Draws contexts and views.
    n_jobs : int or None
        Threads; as torch has it where None.
    """

    def __init__(  # noqa: PLR0913
        self,
        weights: str,
        n_rows: int = 1000,
        n_contexts: int = 1,
        n_estimators: int = 4,
        device: str = "cpu",
        output: str = "mean",
        embed_weights: bool = False,
        random_state: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.weights, self.n_rows, self.n_contexts, self.n_estimators = weights, n_rows, n_contexts, n_estimators
        self.device, self.output, self.embed_weights = device, output, embed_weights
        self.random_state, self.n_jobs = random_state, n_jobs

    def fit_contexts(self, kind: str, X: pd.DataFrame, y: np.ndarray, labels: np.ndarray) -> None:
        """Show rows to the network; y and labels, of which every context has all, have shape (n_rows,)."""
        path, X = weights_at(self.weights), plain_names(X)
        import tabpfn  # seconds, and not before it is known that there is something to run
        import torch

        if self.n_jobs and self.n_jobs > 0:
            torch.set_num_threads(self.n_jobs)
        models: list[BaseEstimator] = []
        for rows in context_rows(labels, self.n_rows, self.n_contexts, self.random_state):
            seed = None if self.random_state is None else int(self.random_state) + len(models)
            model = getattr(tabpfn, kind)(
                model_path=path, n_estimators=self.n_estimators, device=self.device, random_state=seed,
                fit_mode="low_memory", inference_precision=torch.float64,
            )  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that a fifth of the most rows is slow
                models.append(model.fit(X.iloc[rows], y[rows]))
        self.models_ = models  # with fewer digits than 64 bits hold, a row alone got another answer than among others
        self.__dict__.pop("archives_", None)

    def contexts(self) -> list[BaseEstimator]:
        """Return the fitted networks, read again where a pickle has only named their weights."""
        if "archives_" in self.__dict__:
            path = weights_at(self.weights)
            self.models_ = [unpacked(archive, path, self.device) for archive in self.archives_]
            del self.archives_
        return self.models_

    def __getstate__(self) -> dict[str, object]:
        state = dict(super().__getstate__())
        if "models_" in state and not self.embed_weights:
            state["archives_"] = [packed(model) for model in state.pop("models_")]
        return state


class ContextClassifier(ClassifierMixin, ContextModel):  # type: ignore[misc]
    """TabPFN for classes: probabilities, averaged over contexts that each hold every class.

    Parameters
    ----------
    weights : str
        File of the weights.
    n_rows : int
        Rows of one context at most.
    n_contexts : int
        Contexts, where not all rows fit into one.
    n_estimators : int
        Views of one context.
    device : str
        ``"cpu"`` or ``"cuda"``.
    output : str
        Of no use for classes.
    embed_weights : bool
        Whether a pickle holds the weights.
    random_state : int or None
        Draws contexts and views.
    n_jobs : int or None
        Threads.
    """

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> ContextClassifier:
        """Show rows to the network; y has shape (n_rows,)."""
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        self.fit_contexts("TabPFNClassifier", X, y, y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes)."""
        X = plain_names(X)
        found = np.mean([np.asarray(m.predict_proba(X), dtype=np.float64) for m in self.contexts()], axis=0)
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the most probable class, shape (n_rows,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class ContextRegressor(RegressorMixin, ContextModel):  # type: ignore[misc]
    """TabPFN for numbers, averaged over contexts.

    Parameters
    ----------
    weights : str
        File of the weights.
    n_rows : int
        Rows of one context at most.
    n_contexts : int
        Contexts, where not all rows fit into one.
    n_estimators : int
        Views of one context.
    device : str
        ``"cpu"`` or ``"cuda"``.
    output : str
        ``"mean"`` or ``"median"`` of what the network holds possible.
    embed_weights : bool
        Whether a pickle holds the weights.
    random_state : int or None
        Draws contexts and views.
    n_jobs : int or None
        Threads.
    """

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> ContextRegressor:
        """Show rows to the network; y has shape (n_rows,)."""
        y = np.asarray(y, dtype=np.float64)
        self.fit_contexts("TabPFNRegressor", X, y, np.zeros(len(y)))
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions of shape (n_rows,)."""
        X = plain_names(X)
        found = [np.asarray(m.predict(X, output_type=self.output), dtype=np.float64) for m in self.contexts()]
        return np.asarray(np.mean(found, axis=0))


def context_rows(labels: np.ndarray, n_rows: int, n_contexts: int, random_state: int | None) -> list[np.ndarray]:
    """Draw the rows of each context: other rows for each as far as there are such, and every label in each.

    Parameters
    ----------
    labels : ndarray of shape (n_all_rows,)
        Classes; a constant where there are none.
    n_rows : int
        Rows of a context at most, but never fewer than labels.
    n_contexts : int
        How many.
    random_state : int or None
        Draws them.

    Returns
    -------
    list of ndarray of int
        Positions in their order; all rows, once, where they fit.
    """
    if len(labels) <= n_rows:
        return [np.arange(len(labels))]
    order = np.random.default_rng(random_state).permutation(len(labels))
    _, first = np.unique(labels[order], return_index=True)
    found = []
    for number in range(n_contexts):
        needed = order[first]
        drawn = order[(number * n_rows + np.arange(n_rows)) % len(order)]
        rest = drawn[~np.isin(drawn, needed)]
        found.append(np.sort(np.concatenate([needed, rest])[: max(n_rows, len(needed))]))
    return found


def weights_at(weights: str) -> str:
    """Return where weights lie; nothing is ever fetched.

    Parameters
    ----------
    weights : str
        File of the weights.

    Returns
    -------
    str
        That file, or the one of its name in ``TABPFN_MODEL_CACHE_DIR``.

    Raises
    ------
    FileNotFoundError
        There is neither.
    """
    named, folder = Path(weights), os.environ.get("TABPFN_MODEL_CACHE_DIR", "").strip()
    places = [named, *([Path(folder) / named.name] if folder else [])]
    for path in places:
        if path.is_file():
            return str(path)
    raise FileNotFoundError(
        f"the weights of TabPFN are not at {' or '.join(map(str, places))}: the model names them and does not hold "
        f"them. Put {named.name} back, or into a directory that TABPFN_MODEL_CACHE_DIR names."
    )


def packed(model: BaseEstimator) -> bytes:
    """Return a fitted network without its weights.

    Parameters
    ----------
    model : TabPFNClassifier or TabPFNRegressor
        Fitted.

    Returns
    -------
    bytes
        TabPFN's own archive of it.
    """
    from tabpfn.model_loading import save_fitted_tabpfn_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tabpfn_fit"
        save_fitted_tabpfn_model(model, path)
        return path.read_bytes()


def unpacked(archive: bytes, weights: str, device: str) -> BaseEstimator:
    """Return a fitted network with weights read anew.

    Parameters
    ----------
    archive : bytes
        As :func:`packed` made it.
    weights : str
        File of the weights, which need not lie where it lay.
    device : str
        Where it is to run, if there is such a processor.

    Returns
    -------
    TabPFNClassifier or TabPFNRegressor
        As it was.
    """
    import torch
    from tabpfn.model_loading import load_fitted_tabpfn_model

    has_cuda = device != "cpu" and torch.cuda.is_available()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tabpfn_fit"
        with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name == "init_params.json":
                    content = json.dumps({**json.loads(content), "model_path": weights}).encode()
                new.writestr(name, content)
        return load_fitted_tabpfn_model(path, device=device if has_cuda else "cpu")
