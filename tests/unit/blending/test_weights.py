"""Weights by predictions out of fold: the score is honest, and lines up with those of the candidates."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, TimeSeriesSplit

from octopus.blending.weights import Blend, Candidate, choose_weights
from octopus.dataset import Dataset, Fold
from octopus.scoring import Scoring, make_scoring, secondary_scores, summarise

RMSE = make_scoring("neg_root_mean_squared_error", "regression", None)
MSE = make_scoring("neg_mean_squared_error", "regression", None)
MAE = make_scoring("neg_mean_absolute_error", "regression", None)


def folds_of(splitter: object, n_rows: int, groups: np.ndarray | None = None) -> tuple[Fold, ...]:
    return tuple(Fold(train_rows=a, valid_rows=b) for a, b in splitter.split(np.zeros(n_rows), groups=groups))


FIVE = KFold(5, shuffle=True, random_state=0)


def dataset(y: np.ndarray, **more: object) -> Dataset:
    table = pd.DataFrame({"x": np.arange(len(y), dtype=float)})
    return Dataset(table=table, y=y, row_ids=np.arange(len(y)), **more)


def candidate(number: int, predictions: np.ndarray, family: str | None = None, cost_s: float = 1.0, **more: object):
    return Candidate(
        number=number, family=f"family {number}" if family is None else family, predictions=predictions, cost_s=cost_s,
        **more,
    )  # fmt: skip


def noisy(n_rows: int = 1000, spreads: tuple[float, ...] = (1.0, 1.1, 1.3), seed: int = 0):
    """Return rows and candidates whose errors are independent."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n_rows)
    return dataset(y), [candidate(i, y + s * rng.normal(size=n_rows)) for i, s in enumerate(spreads, start=1)]


def by_hand(blend: Blend, candidates: list[Candidate]) -> np.ndarray:
    known = {one.number: one.predictions for one in candidates}
    return np.sum([weight * known[number] for number, weight in blend.members], axis=0)


def test_a_blend_of_different_models_is_better_than_each():
    train, candidates = noisy()
    folds = folds_of(FIVE, 1000)
    blend = choose_weights(candidates, train, folds, RMSE)
    assert [number for number, _ in blend.members] == [1, 2, 3]
    expected = np.array([1.0, 1.1, 1.3]) ** -2
    assert_allclose([weight for _, weight in blend.members], expected / expected.sum(), atol=0.06)
    alone = [RMSE.score(train.y[f.valid_rows], candidates[0].predictions[f.valid_rows]) for f in folds]
    assert np.all(np.subtract(blend.score.folds, alone) > 0.2)
    assert blend.score.scoring == "neg_root_mean_squared_error"


def test_the_score_of_a_fold_is_that_of_its_predictions():
    train, candidates = noisy()
    folds = folds_of(FIVE, 1000)
    blend = choose_weights(candidates, train, folds, RMSE)
    values = tuple(RMSE.score(train.y[f.valid_rows], blend.predictions[f.valid_rows]) for f in folds)
    assert_allclose(blend.score.folds, values)
    expected = summarise(RMSE.name, values, 0.25)
    assert blend.score.mean == pytest.approx(expected.mean)
    assert blend.score.standard_error == pytest.approx(expected.standard_error)
    scored = [(train.y[f.valid_rows], blend.predictions[f.valid_rows], None) for f in folds]
    assert blend.score.others == secondary_scores(RMSE, scored)
    other = choose_weights(candidates, train, folds, RMSE, test_over_train=1.0)
    assert other.score.standard_error > blend.score.standard_error


def test_no_row_has_a_say_in_its_own_weights():
    """Whatever stands in a fold, it is predicted by the same weights: those of the rows outside of it."""
    train, candidates = noisy(300)
    folds = folds_of(FIVE, 300)
    before = choose_weights(candidates, train, folds, MAE)
    for k, fold in enumerate(folds):
        y = train.y.copy()
        y[fold.valid_rows] = 50 * candidates[2].predictions[fold.valid_rows]  # now the worst one is the best by far
        after = choose_weights(candidates, dataclasses.replace(train, y=y), folds, MAE)
        assert_array_equal(after.predictions[fold.valid_rows], before.predictions[fold.valid_rows])
        others = [i for i in range(5) if i != k]
        moved = [not np.allclose(after.predictions[folds[i].valid_rows], before.predictions[folds[i].valid_rows])
                 for i in others]  # fmt: skip
        assert any(moved), "the weights of other folds do hear of it"


def test_a_candidate_that_shines_in_one_fold_alone_does_not_shine_there():
    """It knows the answers of one fold and is useless elsewhere: chosen on all rows it would look good in that fold."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=500)
    folds = folds_of(FIVE, 500)
    leak = rng.normal(size=500) * 3
    leak[folds[0].valid_rows] = y[folds[0].valid_rows]
    candidates = [candidate(1, y + rng.normal(size=500)), candidate(2, y + rng.normal(size=500)), candidate(3, leak)]
    blend = choose_weights(candidates, dataset(y), folds, RMSE)
    pair = choose_weights(candidates[:2], dataset(y), folds, RMSE)
    assert blend.score.folds[0] == pytest.approx(pair.score.folds[0], abs=0.02)


def test_the_families_best_are_chosen_without_the_fold_too():
    """Of one family only three take part; a fourth that knows the answers of a fold is not among them there."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=500)
    folds = folds_of(FIVE, 500)
    same = [candidate(i, y + (1 + 0.2 * i) * rng.normal(size=500), family="one") for i in range(1, 4)]
    knowing = y + 2.5 * rng.normal(size=500)
    knowing[folds[0].valid_rows] = y[folds[0].valid_rows]
    every = [*same, candidate(4, knowing, family="one")]
    with_it, without = (choose_weights(some, dataset(y), folds, RMSE) for some in (every, same))
    assert with_it.score.folds[0] == without.score.folds[0]


def test_on_few_rows_the_score_does_not_take_luck_for_gain():
    """Weights gain by luck on the rows that they are chosen on. What they gain elsewhere is known by construction."""
    by_luck, by_score = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        y, shared = rng.normal(size=(2, 60))
        train = dataset(y)
        candidates = [candidate(i, y + shared + 0.5 * rng.normal(size=60)) for i in range(1, 7)]
        folds = folds_of(FIVE, 60)
        blend = choose_weights(candidates, train, folds, MSE)
        if blend is None:
            continue
        average = np.mean([one.predictions for one in candidates], axis=0)
        truth = 0.25 / 6 - 0.25 * sum(weight**2 for _, weight in blend.members)  # less than the average of all six
        by_luck.append(MSE.score(y, by_hand(blend, candidates)) - MSE.score(y, average) - truth)
        by_score.append(MSE.score(y, blend.predictions) - MSE.score(y, average) - truth)
    assert len(by_luck) > 30
    assert np.mean(by_luck) > 0.03
    assert np.mean(by_score) < 0.01


@given(st.integers(0, 10_000), st.integers(2, 7), st.sampled_from(["rmse", "mae", "log loss"]))
def test_what_always_holds(seed, n, metric):
    rng = np.random.default_rng(seed)
    n_rows = int(rng.integers(20, 60))
    folds = folds_of(KFold(4, shuffle=True, random_state=seed), n_rows)
    weight = rng.uniform(0.1, 2, n_rows) if seed % 2 else None
    if metric == "log loss":
        y = np.arange(n_rows) % 2.0
        predicted = [rng.dirichlet([2, 2], n_rows) for _ in range(n)]
        scoring = make_scoring("neg_log_loss", "binary", np.arange(2))
    else:
        y = rng.normal(size=n_rows)
        predicted = [y + rng.uniform(0.5, 2) * rng.normal(size=n_rows) for _ in range(n)]
        scoring = {"rmse": RMSE, "mae": MAE}[metric]
    candidates = [
        candidate(i + 1, p, family=str(rng.integers(3)), cost_s=float(rng.uniform(1, 3)))
        for i, p in enumerate(predicted)
    ]
    train = dataset(y, sample_weight=weight)
    before = [one.predictions.copy() for one in candidates]
    blend = choose_weights(candidates, train, folds, scoring, max_cost_s=6.0)
    if blend is None:
        return
    numbers, weights = zip(*blend.members, strict=True)
    assert sum(weights) == pytest.approx(1)
    assert list(weights) == sorted(weights, reverse=True)
    assert 2 <= len(set(numbers)) == len(numbers) <= 5
    assert min(weights) >= 0.05
    assert sum(one.cost_s for one in candidates if one.number in numbers) <= 6
    assert len(blend.score.folds) == 4
    assert np.isfinite(blend.predictions).all()
    low, high = np.min(before, axis=0), np.max(before, axis=0)
    assert np.all(blend.predictions >= low - 1e-9)
    assert np.all(blend.predictions <= high + 1e-9)
    if blend.predictions.ndim == 2:
        assert_allclose(blend.predictions.sum(axis=1), 1)
    again = choose_weights(candidates, train, folds, scoring, max_cost_s=6.0)
    assert again.members == blend.members
    assert again.score == blend.score
    assert_array_equal(again.predictions, blend.predictions)
    for one, as_it_was in zip(candidates, before, strict=True):
        assert_array_equal(one.predictions, as_it_was)


def test_weights_of_rows_count():
    rng = np.random.default_rng(0)
    y = rng.normal(size=600)
    early = np.arange(600) % 2 == 0
    first = y + np.where(early, 0.3, 2.0) * rng.normal(size=600)
    second = y + np.where(early, 2.0, 0.3) * rng.normal(size=600)
    candidates = [candidate(1, first), candidate(2, second)]
    folds = folds_of(FIVE, 600)
    for scoring in (RMSE, MAE):
        found = []
        for weight in (None, np.where(early, 1.0, 5.0)):
            train = dataset(y, sample_weight=weight)
            blend = choose_weights(candidates, train, folds, scoring)
            found.append(dict(blend.members))
            of_rows = [None if weight is None else weight[f.valid_rows] for f in folds]
            values = [
                scoring.score(y[f.valid_rows], blend.predictions[f.valid_rows], w)
                for f, w in zip(folds, of_rows, strict=True)
            ]
            assert_allclose(blend.score.folds, values)
        assert found[1][2] > found[0][2] + 0.1


def test_equal_candidates_are_no_blend():
    train, candidates = noisy()
    folds = folds_of(FIVE, 1000)
    twice = [candidates[0], dataclasses.replace(candidates[0], number=9, family="other")]
    for scoring in (RMSE, MAE):
        assert choose_weights(twice, train, folds, scoring) is None
    three = choose_weights([*twice, candidates[1]], train, folds, RMSE)
    assert {number for number, _ in three.members} == {1, 2}


def test_what_is_useless_gets_no_weight():
    train, candidates = noisy(2000)
    useless = candidate(9, 20 * np.random.default_rng(5).normal(size=2000))
    folds = folds_of(FIVE, 2000)
    blend = choose_weights([useless, *candidates], train, folds, RMSE)
    assert 9 not in dict(blend.members)
    assert choose_weights([useless, candidates[0]], train, folds, RMSE) is None


def test_fewer_than_two_that_can_be_used_are_no_blend():
    train, candidates = noisy()
    folds = folds_of(FIVE, 1000)
    gap, wrong = candidates[1].predictions.copy(), candidates[2].predictions[:-1]
    gap[3] = np.nan
    assert choose_weights([], train, folds, RMSE) is None
    assert choose_weights(candidates[:1], train, folds, RMSE) is None
    assert choose_weights([candidates[0], candidate(2, gap), candidate(3, wrong)], train, folds, RMSE) is None
    blend = choose_weights([*candidates[:2], candidate(7, gap)], train, folds, RMSE)
    assert {number for number, _ in blend.members} == {1, 2}


def test_costs_are_bounded():
    train, candidates = noisy()
    folds = folds_of(FIVE, 1000)
    dear = [dataclasses.replace(one, cost_s=float(c)) for one, c in zip(candidates, (2, 9, 2), strict=True)]
    assert len(choose_weights(dear, train, folds, RMSE, max_cost_s=13.0).members) == 3
    assert [n for n, _ in choose_weights(dear, train, folds, RMSE, max_cost_s=12.0).members] in ([1, 2], [1, 3])
    assert [n for n, _ in choose_weights(dear, train, folds, RMSE, max_cost_s=5.0).members] == [1, 3]
    assert choose_weights(dear, train, folds, RMSE, max_cost_s=3.0) is None


def test_rows_that_no_fold_scored_stay_without_predictions():
    """Folds in time order never score the first rows."""
    train, candidates = noisy(600)
    folds = folds_of(TimeSeriesSplit(5), 600)
    scored = np.concatenate([f.valid_rows for f in folds])
    unscored = np.setdiff1d(np.arange(600), scored)
    assert len(unscored)
    late = []
    for one in candidates:
        predicted = one.predictions.copy()
        predicted[unscored] = np.nan
        late.append(dataclasses.replace(one, predictions=predicted))
    blend = choose_weights(late, train, folds, RMSE)
    assert np.isnan(blend.predictions[unscored]).all()
    assert np.isfinite(blend.predictions[scored]).all()
    assert len(blend.score.folds) == 5


@pytest.mark.parametrize("groups", [None, np.arange(1000) // 10], ids=["rows", "groups"])
def test_a_single_fold_is_predicted_part_by_part(groups):
    """There is no scored row outside of it, yet no row (and no group) has a say in its own weights."""
    train, candidates = noisy(1000)
    train = dataclasses.replace(train, groups=groups)
    fold = Fold(train_rows=np.arange(500), valid_rows=np.arange(500, 1000))
    blend = choose_weights(candidates, train, [fold], RMSE)
    assert blend.score.standard_error is None
    assert len(blend.score.folds) == 1
    assert np.isfinite(blend.predictions[500:]).all()
    apart = candidates[2].predictions - candidates[0].predictions
    row = 500 + int(np.argmax(np.abs(apart[500:])))
    unit = np.array([row]) if groups is None else np.flatnonzero(groups == groups[row])
    y = train.y.copy()
    y[unit] += 20 * apart[unit]  # it speaks for the worst one
    after = choose_weights(candidates, dataclasses.replace(train, y=y), [fold], RMSE)
    assert_array_equal(after.predictions[unit], blend.predictions[unit])
    assert not np.allclose(after.predictions[500:], blend.predictions[500:])


def test_groups_stay_on_one_side():
    groups = np.arange(400) // 20
    train, candidates = noisy(400)
    folds = folds_of(GroupKFold(4), 400, groups)
    blend = choose_weights(candidates, dataclasses.replace(train, groups=groups), folds, RMSE)
    values = [RMSE.score(train.y[f.valid_rows], blend.predictions[f.valid_rows]) for f in folds]
    assert_allclose(blend.score.folds, values)


def repeated(n_rows: int, seed: int, scoring: Scoring, n_models: int = 3):
    """Return rows, folds, and candidates as a run keeps them: every repeat has predictions of its own."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n_rows)
    train = dataset(y)
    folds = folds_of(RepeatedKFold(n_splits=5, n_repeats=3, random_state=0), n_rows)
    candidates, single = [], []
    for number in range(1, n_models + 1):
        own_error = rng.normal(size=n_rows)
        by_fold = [y[f.valid_rows] + own_error[f.valid_rows] + 0.8 * rng.normal(size=len(f.valid_rows)) for f in folds]
        total = np.zeros(n_rows)
        for fold, predicted in zip(folds, by_fold, strict=True):
            total[fold.valid_rows] += predicted
        scored = [(y[f.valid_rows], p, None) for f, p in zip(folds, by_fold, strict=True)]
        score = summarise(scoring.name, tuple(scoring.score(*one) for one in scored), 0.25)
        score = msgspec.structs.replace(score, others=secondary_scores(scoring, scored))
        candidates.append(candidate(number, total / 3, score=score))
        single.append(by_fold)
    return train, folds, candidates, single


@pytest.mark.parametrize("scoring", [RMSE, MAE], ids=["squares", "distances"])
def test_where_folds_repeat_the_average_over_repeats_wins_nothing(scoring):
    """Kept predictions are averages of three fits, which are better than any of them: the score takes no part of it."""
    for seed in range(3):
        train, folds, candidates, single = repeated(400, seed, scoring)
        blend = choose_weights(candidates, train, folds, scoring)
        shares = dict(blend.members)
        truly = [
            scoring.score(train.y[f.valid_rows], sum(shares.get(m + 1, 0) * single[m][k] for m in range(3)))
            for k, f in enumerate(folds)
        ]
        assert len(blend.score.folds) == 15
        assert blend.score.mean <= np.mean(truly) + 0.01, "no better than a blend of single fits"
        assert blend.score.mean > max(one.score.mean for one in candidates), "and yet a gain"
        for name, value in blend.score.others.items():
            assert value > max(one.score.others[name] for one in candidates), name
            assert value < np.mean([secondary_on_averages(blend, train, folds, scoring)[name]]), name


def secondary_on_averages(blend: Blend, train: Dataset, folds: tuple[Fold, ...], scoring: Scoring) -> dict[str, float]:
    return secondary_scores(scoring, [(train.y[f.valid_rows], blend.predictions[f.valid_rows], None) for f in folds])


def test_where_folds_repeat_no_row_has_a_say_in_its_own_weights():
    train, folds, candidates, _ = repeated(200, 0, MAE)
    before = choose_weights(candidates, train, folds, MAE)
    row = int(folds[0].valid_rows[0])
    y = train.y.copy()
    y[row] = 1e4 * candidates[2].predictions[row]
    after = choose_weights(candidates, dataclasses.replace(train, y=y), folds, MAE)
    assert after.predictions[row] == before.predictions[row]
    assert not np.allclose(after.predictions, before.predictions)


def test_where_folds_repeat_a_candidate_without_a_score_of_its_own_is_left_out():
    train, folds, candidates, _ = repeated(200, 0, RMSE)
    nameless = [dataclasses.replace(one, score=None) for one in candidates]
    assert choose_weights(nameless, train, folds, RMSE) is None
    blend = choose_weights([nameless[0], *candidates[1:]], train, folds, RMSE)
    assert {number for number, _ in blend.members} == {2, 3}


def test_where_folds_repeat_a_secondary_metric_that_a_candidate_lacks_is_left_out():
    train, folds, candidates, _ = repeated(200, 0, RMSE)
    known = choose_weights(candidates, train, folds, RMSE).score.others
    bare = msgspec.structs.replace(candidates[0].score, others={"r2": candidates[0].score.others["r2"]})
    some = [dataclasses.replace(candidates[0], score=bare), *candidates[1:]]
    assert choose_weights(some, train, folds, RMSE).score.others == {"r2": known["r2"]}


def test_probabilities_of_classes_are_averaged():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600).astype(float)
    predicted = []
    for _ in range(3):
        raised = np.exp(1.5 * np.eye(3)[y.astype(int)] + rng.normal(size=(600, 3)))
        predicted.append(raised / raised.sum(axis=1, keepdims=True))
    candidates = [candidate(i, p) for i, p in enumerate(predicted, start=1)]
    folds = folds_of(FIVE, 600)
    for name in ("neg_log_loss", "accuracy", "roc_auc_ovr"):
        scoring = make_scoring(name, "multiclass", np.array(["a", "b", "c"]))
        blend = choose_weights(candidates, dataset(y), folds, scoring)
        assert_allclose(blend.predictions.sum(axis=1), 1)
        alone = [np.mean([scoring.score(y[f.valid_rows], p[f.valid_rows]) for f in folds]) for p in predicted]
        assert blend.score.mean > max(alone), name


def test_a_fold_on_which_the_metric_is_undefined_has_no_value():
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(40), np.arange(160) % 2.0]
    predicted = [0.3 * y + 0.7 * rng.random(200) for _ in range(3)]
    candidates = [candidate(i, np.c_[1 - p, p]) for i, p in enumerate(predicted, start=1)]
    folds = folds_of(KFold(5), 200)
    scoring = make_scoring("roc_auc", "binary", np.arange(2))
    blend = choose_weights(candidates, dataset(y), folds, scoring)
    assert len(blend.score.folds) == 4
    assert np.isfinite(blend.predictions).all()
    assert choose_weights(candidates, dataset(np.zeros(200)), folds, scoring) is None


def test_a_metric_of_the_users_own_is_given_the_rows_of_each_fold():
    train, candidates = noisy(200)
    folds = folds_of(FIVE, 200)

    def late_rows_count(estimator, X, y):
        assert X["x"].notna().all()
        return -float(np.mean(np.abs(estimator.predict(X) - y) * X["x"]))

    scoring = make_scoring(late_rows_count, "regression", None)
    assert scoring.looks_at_rows
    blend = choose_weights(candidates, train, folds, scoring)
    expected = [-np.mean(np.abs(blend.predictions[f.valid_rows] - train.y[f.valid_rows]) * f.valid_rows) for f in folds]
    assert_allclose(blend.score.folds, expected)


def test_the_weights_are_those_of_all_scored_rows():
    train, candidates = noisy(400)
    folds = folds_of(FIVE, 400)
    blend = choose_weights(candidates, train, folds, RMSE)
    everything = RMSE.score(train.y, by_hand(blend, candidates))
    assert everything >= blend.score.mean - 0.02
    for number, weight in blend.members:
        for other, _ in blend.members:
            if other != number and weight > 0.1:
                moved = {**dict(blend.members), number: weight - 0.08, other: dict(blend.members)[other] + 0.08}
                shifted = dataclasses.replace(blend, members=tuple(moved.items()))
                assert RMSE.score(train.y, by_hand(shifted, candidates)) <= everything + 1e-3
