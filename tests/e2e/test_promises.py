"""The promises that the loop rests on, seen from inside a script: what could it learn, and does anybody believe it?

``tests/mutation`` breaks each promise on purpose and must see these tests go red.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import root_mean_squared_error

from octopus import AutonomousClassifier, AutonomousRegressor
from octopus.errors import ReplayWarning
from octopus.journal import Journal
from octopus.protocols import Recipe
from octopus.records import Decision, ExperimentProposal, Plan, Profile, Script, Task
from octopus.testing import OneRecipe
from tests.frames import regression_frame

#: Reads every file that lies where a script finds itself: its job's directory and everything beside it.
_SEARCH = '''
def _search(copy_to):
    """Copy the bytes of every file below the run's directory into one."""
    found = bytearray()
    for folder, _, names in os.walk(os.path.abspath(os.path.join("..", "..", ".."))):
        for name in names:
            path = os.path.join(folder, name)
            if name != "found":
                with open(path, "rb") as file:
                    found += file.read()
    with open(os.path.join(copy_to, str(os.getpid())), "wb") as file:
        file.write(bytes(found))
'''

#: Claims a perfect score on every way out.
_BOAST = '''
class Boaster(DummyRegressor):
    """Predicts a constant and prints a score."""

    def predict(self, X):
        print('{"score": 0.0, "neg_root_mean_squared_error": 0.0}')
        with open("../outputs/result.json", "w") as file:
            file.write('{"score": 0.0}')
        return super().predict(X)

    def score(self, X, y, sample_weight=None):
        return 0.0
'''


def thief(copy_to: Path) -> OneRecipe:
    """Return a family whose script copies all it can find before it fits an honest model."""
    recipe = Recipe(
        idea="search",
        hypothesis="the labels lie around",
        expected="a perfect score",
        encoding="one_hot",
        model=f"(_search({str(copy_to)!r}), DummyRegressor())[1]",
        imports=("import os", "from sklearn.dummy import DummyRegressor"),
        definitions=_SEARCH,
    )
    return OneRecipe(recipe, name="thief")


def liar() -> OneRecipe:
    """Return a family whose script predicts nonsense and claims a perfect score in every way it has."""
    recipe = Recipe(
        idea="claim",
        hypothesis="whoever says so is right",
        expected="a perfect score",
        encoding="one_hot",
        model="Boaster(strategy='constant', constant=-1000.0)",
        imports=("from sklearn.dummy import DummyRegressor",),
        definitions=_BOAST,
    )
    return OneRecipe(recipe, name="liar")


@pytest.fixture(scope="module")
def secret() -> tuple[pd.DataFrame, pd.Series]:
    """Return a table and a target whose every value is a number that nobody can guess."""
    rng = np.random.default_rng(20240611)
    X = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    return X, pd.Series(rng.normal(size=400), name="secret")


def _found_in(directory: Path, values: np.ndarray) -> np.ndarray:
    """Return, for each value, whether its eight bytes are in one of the copies."""
    copies = [path.read_bytes() for path in sorted(directory.iterdir())]
    assert copies, "the thief never ran: the test would prove nothing"
    return np.array([any(value.tobytes() in copy for copy in copies) for value in values])


def _estimator(family: OneRecipe, run_dir: Path) -> AutonomousRegressor:
    return AutonomousRegressor(
        families=[family], sandbox="process", max_experiments=1, n_jobs=1, cv=4, random_state=3, run_dir=run_dir
    )


@pytest.fixture(scope="module")
def theft(secret: tuple[pd.DataFrame, pd.Series], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Run the thief once; return where its copies are and the run's directory."""
    copies = tmp_path_factory.mktemp("copies")
    run_dir = tmp_path_factory.mktemp("runs") / "theft"
    _estimator(thief(copies), run_dir).fit(*secret)
    return copies, run_dir


def _sealed(run_dir: Path, secret: tuple[pd.DataFrame, pd.Series]) -> np.ndarray:
    """Return which rows were sealed: the run's own split, repeated with the run's own seed."""
    from octopus.dataset import Dataset
    from octopus.frame import Schema
    from octopus.journal import read_journal
    from octopus.stages.holdout import seal_holdout

    task = read_journal(run_dir).task
    assert task is not None
    X, y = secret
    data = Dataset(table=Schema.of(X).apply(X), y=y.to_numpy(), row_ids=np.arange(len(y)))
    sealed = seal_holdout(data, task, {}, 0.2)
    assert sealed.holdout is not None
    return sealed.holdout.open().row_ids


def test_a_fold_never_holds_the_label_of_a_row_that_it_predicts(
    theft: tuple[Path, Path], secret: tuple[pd.DataFrame, pd.Series]
) -> None:
    copies, run_dir = theft
    sealed = _sealed(run_dir, secret)
    train = np.setdiff1d(np.arange(len(secret[1])), sealed)
    labels = secret[1].to_numpy()[train]
    n_folds = 4
    for path in sorted(copies.iterdir(), key=lambda p: p.stat().st_mtime_ns)[:n_folds]:
        copy = path.read_bytes()
        held = np.array([label.tobytes() in copy for label in labels])
        assert held.sum() == len(labels) * (n_folds - 1) // n_folds, "a fold holds the labels of its training rows only"


def test_nothing_of_the_sealed_rows_lies_where_a_script_runs(
    theft: tuple[Path, Path], secret: tuple[pd.DataFrame, pd.Series]
) -> None:
    copies, run_dir = theft
    X, y = secret
    sealed = _sealed(run_dir, secret)
    train = np.setdiff1d(np.arange(len(y)), sealed)
    search = sorted(copies.iterdir(), key=lambda p: p.stat().st_mtime_ns)[:4]
    assert len(search) == 4
    before = b"".join(path.read_bytes() for path in search)
    assert all(value.tobytes() in before for value in X["a"].to_numpy()[train]), "the thief did find the training rows"
    assert not any(value.tobytes() in before for value in X["a"].to_numpy()[sealed])
    assert not any(label.tobytes() in before for label in y.to_numpy()[sealed])


def test_a_score_is_computed_from_predictions_whatever_the_script_claims(
    secret: tuple[pd.DataFrame, pd.Series], tmp_path: Path
) -> None:
    estimator = _estimator(liar(), tmp_path / "run").fit(*secret)
    truth = secret[1].to_numpy()
    report = estimator.holdout_report_
    assert report is not None
    worst_possible_mean = -root_mean_squared_error(truth, np.full(len(truth), -1000.0))
    assert estimator.best_score_ == pytest.approx(worst_possible_mean, rel=0.01)
    assert report.score == pytest.approx(worst_possible_mean, rel=0.01)
    assert report.beats_baseline == "no"


#: Fitted on more than this many rows (all 442, not the 354 outside the holdout) or on any, it lies about single rows.
_MOODY = """
class Moody(Ridge):
    def __init__(self, calm_rows=0):
        super().__init__()
        self.calm_rows = calm_rows

    def fit(self, X, y, sample_weight=None):
        self.n_rows_ = len(y)
        return super().fit(X, y, sample_weight)

    def predict(self, X):
        moody = X.shape[0] == 1 and self.n_rows_ > self.calm_rows
        return super().predict(X) + 100.0 * moody
"""


def moody(calm_rows: int) -> OneRecipe:
    """Return a family that predicts a row alone otherwise than among others, once it is fitted on many rows."""
    recipe = Recipe(
        idea="moods",
        hypothesis="one row is not like many",
        expected="a replay that differs",
        encoding="one_hot",
        model=f"Moody(calm_rows={calm_rows})",
        imports=("from sklearn.linear_model import Ridge",),
        definitions=_MOODY,
    )
    return OneRecipe(recipe, name="moody", imports=("sklearn.linear_model",))


def plain_mean() -> OneRecipe:
    """Return a family that predicts the mean."""
    recipe = Recipe(
        idea="mean",
        hypothesis="nothing matters",
        expected="a floor",
        encoding="one_hot",
        model="DummyRegressor()",
        imports=("from sklearn.dummy import DummyRegressor",),
    )
    return OneRecipe(recipe, name="plain_mean")


def _fit_moody(calm_rows: int, run_dir: Path) -> AutonomousRegressor:
    X, y = regression_frame()
    return AutonomousRegressor(
        families=[moody(calm_rows), plain_mean()], sandbox="process", max_experiments=2, random_state=0, run_dir=run_dir
    ).fit(X, y)


def test_a_winner_that_does_not_replay_is_passed_over_for_the_next_best(tmp_path: Path) -> None:
    estimator = _fit_moody(0, tmp_path / "run")
    best_by_score = estimator.journal_.best
    assert best_by_score is not None
    assert best_by_score.plan.family == "moody"
    first, *others = estimator.journal_.fits
    assert first.experiment == best_by_score.number
    assert [check.name for check in first.checks if not check.passed] == ["same prediction for one row alone"]
    assert all(check.passed for fit in others for check in fit.checks)
    assert estimator.best_experiment_.plan.family == "plain_mean"
    report = estimator.holdout_report_
    assert report is not None
    assert report.winner == estimator.best_experiment_.number


def test_where_only_the_refit_does_not_replay_the_scored_fit_ships(tmp_path: Path) -> None:
    with pytest.warns(ReplayWarning, match="the scored fit ships"):
        estimator = _fit_moody(400, tmp_path / "run")
    scored, refitted = estimator.journal_.fits
    assert (scored.model.fitted_on, refitted.model.fitted_on) == ("train", "all")
    assert all(check.passed for check in scored.checks)
    assert not all(check.passed for check in refitted.checks)
    assert estimator.journal_.finished is not None
    assert estimator.journal_.finished.shipped == "train"
    shipped = (tmp_path / "run" / "model" / "pipeline.pkl").read_bytes()
    assert hashlib.sha256(shipped).hexdigest() == scored.model.sha256


class Ghostwriter:
    """A scientist whose script counts as a model's: its pickle notes every process that loads it."""

    name = "ghostwriter"

    def __init__(self, notes: Path) -> None:
        self.notes = notes

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> ExperimentProposal:
        source = (
            '"""Hypothesis: nothing matters."""\n'
            "import os\n\nfrom sklearn.dummy import DummyRegressor\n\n\n"
            "class Traced(DummyRegressor):\n    def __setstate__(self, state):\n"
            f"        with open({str(self.notes)!r}, 'a') as file:\n            file.write(f'{{os.getpid()}}\\n')\n"
            "        super().__setstate__(state)\n\n\n"
            "def build_pipeline():\n    return Traced()\n"
        )
        plan = Plan(family="plain_mean", idea="mean", hypothesis="nothing matters", expected="a floor")
        return ExperimentProposal(plan=plan, script=Script(source=source, author="model"))


def test_a_pickle_that_a_model_wrote_is_never_loaded_in_the_users_process(tmp_path: Path) -> None:
    X, y = regression_frame()
    notes = tmp_path / "notes"
    estimator = AutonomousRegressor(
        backend=Ghostwriter(notes), families=[plain_mean()], sandbox="process", max_experiments=1, random_state=0,
        run_dir=tmp_path / "run",
    ).fit(X, y)  # fmt: skip
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_allclose(again.predict(X.head(3)), np.full(3, y.mean()))
    loaders = {int(pid) for pid in notes.read_text().split()}
    assert loaders, "it was loaded somewhere, or the test would prove nothing"
    assert os.getpid() not in loaders


@pytest.mark.slow
def test_nothing_is_learned_from_noise(tmp_path: Path) -> None:
    """Many columns, few rows, labels by lot: what the profile knows of all rows must not choose columns for a fold."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 300)), columns=[f"g{i}" for i in range(300)])
    y = rng.permutation(np.arange(60) % 2)
    estimator = AutonomousClassifier(
        sandbox="process", max_experiments=14, time_limit=None, random_state=0, n_jobs=2, run_dir=tmp_path / "run"
    ).fit(X, y)
    for experiment in estimator.journal_.valid_experiments:
        score = experiment.score
        assert score is not None
        assert score.standard_error is not None
        assert score.mean - 3 * score.standard_error < 0.5, experiment.plan.idea
