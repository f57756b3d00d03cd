"""What a script may rely on: the script contract, from the outside."""

import numpy as np
import pandas as pd
import pytest

from octopus.sandbox.levels import open_process


def ok(result):
    assert result.outcome.status == "ok", result.outcome
    assert result.outcome.stage == "done"
    return result.predictions


def test_fold_gives_probabilities_of_two_classes(sandbox, make_job, logistic):
    result = sandbox.run(make_job(logistic))
    predictions = ok(result)
    assert predictions.shape == (40, 2)
    assert predictions.dtype == np.float64
    np.testing.assert_allclose(predictions.sum(axis=1), 1.0)
    assert result.model is None
    assert result.outcome.exit_code == 0
    assert result.outcome.cpu_s > 0
    assert result.outcome.max_rss_bytes > 10e6


def test_fold_gives_probabilities_of_many_classes(sandbox, make_job, logistic):
    assert ok(sandbox.run(make_job(logistic, n_classes=3))).shape == (40, 3)


def test_fold_gives_predictions_of_a_number(sandbox, make_job, table):
    source = """
        from sklearn.linear_model import LinearRegression
        from sklearn.compose import make_column_transformer
        from sklearn.pipeline import make_pipeline
        def build_pipeline():
            return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), LinearRegression())
    """
    y = 3 * table["a"] - table["b"] + 1
    predictions = ok(sandbox.run(make_job(source, n_classes=0, y=y[:80])))
    np.testing.assert_allclose(predictions, y[80:], rtol=1e-6)


def test_the_rows_asked_for_are_the_rows_given(sandbox, make_job, table):
    source = """
        from sklearn.base import BaseEstimator, RegressorMixin
        class Model(RegressorMixin, BaseEstimator):
            def fit(self, X, y):
                assert list(X.index) == list(range(3)), X.index
                assert X["a"].tolist() == y.tolist()
                return self
            def predict(self, X):
                return X["a"]
        def build_pipeline():
            return Model()
    """
    rows = np.array([5, 50, 7])
    job = make_job(source, n_classes=0, train_rows=rows, y=table["a"].iloc[rows], predict_rows=np.array([9, 2, 100]))
    np.testing.assert_array_equal(ok(sandbox.run(job)), table["a"].iloc[[9, 2, 100]])


#: Predicts what the row's own number says, and is told which rows it was asked about.
ECHO = """
    import numpy as np
    from sklearn.base import BaseEstimator, RegressorMixin
    class Model(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            return self
        def predict(self, X):
            {lines}
            return X["a"].to_numpy()
    def build_pipeline():
        return Model()
"""


def test_rows_that_were_fitted_on_are_predicted_where_they_are_asked_for(sandbox, make_job, table):
    source = ECHO.format(lines="assert len(X) in (3, 2), 'each set of rows comes by itself'")
    asked = {"n_classes": 0, "predict_rows": np.array([99, 81, 100])}
    result = sandbox.run(make_job(source, seen_rows=np.array([40, 3]), **asked))
    np.testing.assert_array_equal(ok(result), table["a"].iloc[[99, 81, 100]])
    np.testing.assert_array_equal(result.seen, table["a"].iloc[[40, 3]])
    assert sandbox.run(make_job(source, **asked)).seen is None


def test_classes_of_fitted_rows_are_probabilities_too(sandbox, make_job, logistic):
    seen = sandbox.run(make_job(logistic, n_classes=3, seen_rows=np.arange(7))).seen
    assert seen.shape == (7, 3)
    np.testing.assert_allclose(seen.sum(axis=1), 1.0)


def test_a_refused_prediction_of_fitted_rows_refuses_the_job(sandbox, make_job):
    source = ECHO.format(lines="if len(X) == 2: return np.array([1.0, np.nan])")
    result = sandbox.run(make_job(source, n_classes=0, seen_rows=np.array([40, 3])))
    assert (result.outcome.status, result.predictions, result.seen) == ("bad_result", None, None)
    assert "1 of 2 predictions" in result.outcome.reason


def test_a_class_that_the_fold_lacks_has_probability_zero(sandbox, make_job, logistic):
    predictions = ok(sandbox.run(make_job(logistic, n_classes=4, y=np.tile([0.0, 2.0], 40))))
    assert predictions.shape == (40, 4)
    assert (predictions[:, [1, 3]] == 0).all()
    assert (predictions[:, [0, 2]] > 0).all()


def test_a_classifier_without_probabilities_gives_zero_and_one(sandbox, make_job):
    source = """
        from sklearn.linear_model import RidgeClassifier
        from sklearn.compose import make_column_transformer
        from sklearn.pipeline import make_pipeline
        def build_pipeline():
            return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), RidgeClassifier())
    """
    predictions = ok(sandbox.run(make_job(source)))
    assert set(np.unique(predictions)) <= {0.0, 1.0}


WEIGHED = """
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    class Witness(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None, sample_weight=None):
            assert sample_weight is not None, "the step got no weights"
            self.seen_ = float(np.sum(sample_weight))
            return self
        def transform(self, X):
            return X

    class Model(ClassifierMixin, BaseEstimator):
        def fit(self, X, y, sample_weight=None, groups=None, time=None):
            self.classes_ = np.unique(y)
            self.seen_ = [None if v is None else v for v in (sample_weight, groups, time)]
            self.check(*self.seen_)
            return self
        def check(self, sample_weight, groups, time):
            {check}
        def predict(self, X):
            return np.zeros(len(X))
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    def build_pipeline():
        inner = make_pipeline(Witness(), Model())
        numbers = make_column_transformer((make_pipeline(StandardScaler(), Witness()), ["a", "b"]))
        return make_pipeline(numbers, Witness(), inner)
"""


def test_weights_reach_every_step_that_accepts_them(sandbox, make_job):
    source = WEIGHED.format(check="assert sample_weight.sum() == 160.0 and groups is None and time is None")
    assert ok(sandbox.run(make_job(source, sample_weight=np.full(80, 2.0)))).shape == (40, 2)


def test_weights_reach_a_model_inside_a_target_transform(sandbox, make_job, table):
    source = """
        from sklearn.compose import TransformedTargetRegressor, make_column_transformer
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import make_pipeline
        def build_pipeline():
            inner = make_pipeline(make_column_transformer(("passthrough", ["a"])), LinearRegression())
            return TransformedTargetRegressor(inner)
    """
    weight = np.r_[np.ones(40), np.zeros(40)]
    y = np.r_[table["a"][:40], -table["a"][40:80]]
    predictions = ok(sandbox.run(make_job(source, n_classes=0, y=y, sample_weight=weight)))
    np.testing.assert_allclose(predictions, table["a"][80:], rtol=1e-6)


def test_weights_reach_a_model_that_chooses_by_a_scorer(sandbox, make_job):
    source = """
        from sklearn.compose import make_column_transformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        def build_pipeline():
            model = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, scoring="neg_log_loss", cv=3)
            return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), model)
    """
    ok(sandbox.run(make_job(source, sample_weight=np.full(80, 2.0))))


def test_an_estimator_outside_scikit_learn_gets_weights(sandbox, make_job):
    source = """
        import numpy as np
        class Model:
            def fit(self, X, y, sample_weight):
                assert sample_weight.sum() == 160.0
            def predict(self, X):
                return np.zeros(len(X))
        def build_pipeline():
            return Model()
    """
    ok(sandbox.run(make_job(source, sample_weight=np.full(80, 2.0))))


def test_groups_and_time_reach_the_fit_that_declares_them(sandbox, make_job):
    source = WEIGHED.format(
        check="assert sample_weight is not None and groups.max() == 79 and str(time[1]).startswith('1970-01-02')"
    )
    day = 86_400 * 10**9
    job = make_job(source, sample_weight=np.ones(80), groups=np.arange(80), time=np.arange(80) * day)
    ok(sandbox.run(job))


def test_what_no_step_declares_is_not_passed(sandbox, make_job, logistic):
    ok(sandbox.run(make_job(logistic, groups=np.arange(80), time=np.arange(80))))


def test_random_state_and_n_jobs_are_set_on_every_part(sandbox, make_job):
    source = """
        from sklearn.compose import make_column_transformer
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.pipeline import Pipeline, make_pipeline
        class Checked(Pipeline):
            def fit(self, X, y):
                found = self.get_params(deep=True)
                assert {v for k, v in found.items() if k.endswith("n_jobs")} == {2}, found
                assert {v for k, v in found.items() if k.endswith("random_state")} == {11}, found
                return super().fit(X, y)
        def build_pipeline():
            forest = RandomForestClassifier(n_estimators=5, random_state=1, n_jobs=-1)
            numbers = make_column_transformer(("passthrough", ["a", "b"]))
            return Checked([("numbers", numbers), ("inner", make_pipeline(forest))])
    """
    first = ok(sandbox.run(make_job(source, random_state=11, limits={"n_threads": 2})))
    second = ok(sandbox.run(make_job(source, random_state=11, limits={"n_threads": 2})))
    np.testing.assert_array_equal(first, second)


def test_a_fitted_pipeline_replays_without_its_script(sandbox, make_job):
    source = """
        import numpy as np
        from sklearn.base import BaseEstimator, TransformerMixin
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        class Features(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                return self
            def transform(self, X):
                return doubled(X[["a", "b"]])
        def doubled(X):
            return 2 * X
        def build_pipeline():
            return make_pipeline(Features(), LogisticRegression())
    """
    fitted = sandbox.run(make_job(source, kind="fit"))
    predictions = ok(fitted)
    assert fitted.model
    replayed = sandbox.run(make_job(kind="replay", model=fitted.model))
    np.testing.assert_array_equal(ok(replayed), predictions)


def test_columns_in_another_order_replay_the_same(sandbox, make_job, logistic, table, features):
    from octopus.frame import write_table

    fitted = sandbox.run(make_job(logistic, kind="fit"))
    features.unlink()
    write_table(table[["c", "b", "a"]], features)
    replayed = sandbox.run(make_job(kind="replay", model=fitted.model))
    np.testing.assert_allclose(ok(replayed), ok(fitted), rtol=1e-12)


def test_a_cold_start_gives_the_same_predictions(sandbox, make_job, logistic, monkeypatch):
    warm = ok(sandbox.run(make_job(logistic)))
    monkeypatch.setattr("octopus.sandbox.local.HAS_ZYGOTE", False)
    cold = open_process(imports=[], environment={})
    np.testing.assert_array_equal(ok(cold.run(make_job(logistic))), warm)
    cold.close()


def test_hashes_of_text_do_not_change_from_child_to_child(make_job):
    source = """
        import numpy as np
        class Model:
            def fit(self, X, y):
                pass
            def predict(self, X):
                return np.full(len(X), hash("octopus") % 1_000_003, dtype=float)
        def build_pipeline():
            return Model()
    """
    values = []
    for _ in range(2):
        one = open_process(imports=[], environment={})
        values.append(ok(one.run(make_job(source, n_classes=0)))[0])
        one.close()
    assert values[0] == values[1]


def test_the_environment_carries_no_secret(sandbox, make_job, hostile, monkeypatch):
    monkeypatch.setenv("OCTOPUS_TEST_SECRET", "hunter2")
    fresh = open_process(imports=[], environment={"GIVEN": "yes"})
    source = hostile("""
        assert "hunter2" not in str(dict(os.environ))
        assert os.environ["GIVEN"] == "yes"
        assert os.environ["HOME"] == os.getcwd()
        assert os.environ["OMP_WAIT_POLICY"] == "passive"
        import tempfile
        assert tempfile.gettempdir() == os.path.join(os.path.dirname(os.getcwd()), "tmp")
        assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(os.environ)
    """)
    result = fresh.run(make_job(source))
    fresh.close()
    ok(result)


def test_a_child_holds_the_labels_of_its_rows_only(sandbox, make_job, hostile):
    source = hostile("""
        inputs = os.path.join(os.path.dirname(os.getcwd()), "inputs")
        assert len(y) == 80
        assert len(np.load(os.path.join(inputs, "y.npy"))) == 80
        assert y.dtype == np.int64
    """)
    ok(sandbox.run(make_job(source)))


def test_nothing_of_a_job_is_left_on_disk(sandbox, make_job, hostile, features):
    source = hostile("""
        os.mkdir("deep"); open("deep/file", "w").close(); os.chmod("deep", 0)
    """)
    ok(sandbox.run(make_job(source)))
    assert [p.name for p in features.parent.iterdir()] == [features.name]


def test_the_table_is_read_only(sandbox, make_job, logistic, features):
    ok(sandbox.run(make_job(logistic)))
    assert features.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize(
    ("source", "stage", "kind", "function", "line"),
    [
        ("import nonexistent_module\ndef build_pipeline(): pass", "load", "ModuleNotFoundError", "<module>", 1),
        ("def build_pipeline():\n    return 1 / 0", "build", "ZeroDivisionError", "build_pipeline", 2),
        ("def build_pipeline():\n    return 5", "build", "TypeError", None, None),
        ("x = 1\nraise SystemExit(0)", "load", "SystemExit", "<module>", 2),
        ("x = 1\nraise KeyboardInterrupt", "load", "KeyboardInterrupt", "<module>", 2),
    ],
)
def test_an_exception_becomes_a_failure(sandbox, make_job, source, stage, kind, function, line):
    outcome = sandbox.run(make_job(source)).outcome
    assert (outcome.status, outcome.stage, outcome.exit_code) == ("error", stage, 1)
    assert outcome.failure.type == kind
    if function is None:
        assert outcome.failure.frames == ()
    else:
        assert (outcome.failure.frames[-1].line, outcome.failure.frames[-1].function) == (line, function)


def test_a_failure_names_the_root_cause_and_its_line(sandbox, make_job, hostile):
    source = hostile("""
        try:
            X["absent"]
        except KeyError as error:
            raise RuntimeError("could not fit " + 600 * "x") from error
    """)
    outcome = sandbox.run(make_job(source)).outcome
    assert (outcome.status, outcome.stage) == ("error", "fit")
    assert (outcome.failure.type, outcome.failure.message) == ("KeyError", "'absent'")
    assert outcome.failure.wrapped_in == "RuntimeError"
    assert outcome.failure.frames[-1].code == 'X["absent"]'
    assert outcome.failure.frames[-1].function == "fit"
    assert "RuntimeError" in outcome.stderr_tail


def test_a_memory_error_is_a_failure(sandbox, make_job, hostile):
    outcome = sandbox.run(make_job(hostile("np.empty(1 << 50, dtype='f8')"))).outcome
    assert outcome.status == "error"
    assert "Memory" in outcome.failure.type


def test_a_failure_in_predict_has_that_stage(sandbox, make_job):
    source = """
        class Model:
            def fit(self, X, y):
                pass
            def predict(self, X):
                raise ValueError("no")
        def build_pipeline():
            return Model()
    """
    outcome = sandbox.run(make_job(source)).outcome
    assert (outcome.status, outcome.stage, outcome.failure.message) == ("error", "predict", "no")


def test_a_model_that_cannot_be_pickled_fails_in_save(sandbox, make_job, hostile):
    outcome = sandbox.run(make_job(hostile("import threading; self.lock_ = threading.Lock()"), kind="fit")).outcome
    assert (outcome.status, outcome.stage, outcome.failure.type) == ("error", "save", "TypeError")


def test_what_is_printed_comes_back_bounded(sandbox, make_job, hostile):
    source = hostile("print('x' * 100_000); print('the end\\x1b[31m'); print('wrong', file=sys.stderr)")
    outcome = sandbox.run(make_job(source)).outcome
    assert outcome.stdout_tail.endswith("the end[31m\n")
    assert len(outcome.stdout_tail) <= 4096
    assert "wrong" in outcome.stderr_tail


def test_text_survives_the_way_to_the_child(sandbox, make_job, table):
    assert pd.api.types.is_string_dtype(table["c"])
    source = """
        class Model:
            def fit(self, X, y):
                assert set(X["c"]) == {"x", "y", "z"}
            def predict(self, X):
                return [float("xyz".index(v)) for v in X["c"]]
        def build_pipeline():
            return Model()
    """
    np.testing.assert_array_equal(ok(sandbox.run(make_job(source, n_classes=0))), [(80 + i) % 3 for i in range(40)])


def test_weights_pass_a_target_encoder_that_takes_none(sandbox, make_job):
    source = """
        from sklearn.compose import make_column_transformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import TargetEncoder
        def build_pipeline():
            encode = make_column_transformer((TargetEncoder(), ["c"]), ("passthrough", ["a", "b"]))
            return make_pipeline(encode, LogisticRegression())
    """
    ok(sandbox.run(make_job(source, sample_weight=np.full(80, 2.0), groups=np.arange(80))))
