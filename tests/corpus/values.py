"""Scripts with targets that a model does not take, numbers that run away, and writes that are refused."""

from __future__ import annotations

from tests.corpus.scripts import Case, classifier, step

_FILLED = "return X[NUMBERS].fillna(0)"

CASES = (
    Case(code="OCT307", name="a classifier on numbers", regression=True, source=step(
        _FILLED, model="LogisticRegression()"), says=("regressor",)),
    Case(code="OCT307", name="one class only", source=classifier(
        "return self.model_.predict_proba(X[NUMBERS].fillna(0))",
        fit="self.model_ = LogisticRegression().fit(X[NUMBERS].fillna(0)[y == 1], y[y == 1])"), says=("one class",)),
    Case(code="OCT307", name="a logarithm of negatives", regression=True, source=step(
        _FILLED, model="TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp)"), says=("log1p",)),
    Case(code="OCT307", name="counts below zero", regression=True, source=step(
        _FILLED, model="LGBMRegressor(objective='poisson', verbose=-1)")),
    Case(code="OCT307", name="a Poisson loss below zero", regression=True, source=step(
        "from sklearn.linear_model import PoissonRegressor\nself.r_ = PoissonRegressor()\n" + _FILLED,
        top="from sklearn.linear_model import PoissonRegressor", model="PoissonRegressor()"), says=("Poisson",)),
    Case(code="OCT307", name="more folds than members", source=classifier(
        "return self.model_.predict_proba(X[NUMBERS].fillna(0))", fit="""
        from sklearn.calibration import CalibratedClassifierCV
        few = np.r_[:3, len(y) - 40:len(y)]
        self.model_ = CalibratedClassifierCV(LogisticRegression(), cv=5).fit(X[NUMBERS].fillna(0).iloc[few], y[few])
        """), says=("fold",)),
    Case(code="OCT307", name="a metric of two classes", source=step("return X", fit="""
        from sklearn.metrics import f1_score
        self.f1_ = f1_score(y, y)
        """), says=("metric",)),
    Case(code="OCT303", near="OCT307", name="gaps in the features, not the target", regression=True, source=step(
        "return X[NUMBERS]", model="Ridge()")),
    Case(code="OCT199", near="OCT307", name="its own check of the target", source=step("return X", fit="""
        if len(np.unique(y)) > 2:
            raise ValueError("Unknown label type: multiclass")
        """)),
    Case(code="OCT309", name="a singular matrix", source=step(
        "A = X[NUMBERS].fillna(0).to_numpy()\nA = np.hstack([A, A])\nreturn A @ np.linalg.inv(A.T @ A * 0)"),
        says=("regularise",)),
    Case(code="OCT309", name="a logarithm of nothing", source=step(
        "import math\nreturn X.assign(l=[math.log(y - 2007) for y in X['year']])"), says=("clipped",)),
    Case(code="OCT309", name="beyond the largest float", source=step(
        "import math\nreturn X.assign(l=[math.exp(y) for y in X['year']])"), says=("clipped",)),
    Case(code="OCT309", name="a matrix that is not positive", source=step(
        "return X.assign(c=np.linalg.cholesky(-np.eye(3))[0, 0])"), says=("regularise",)),
    Case(code="OCT309", name="overflow as an error", source=step(
        "with np.errstate(all='raise'):\n    return np.exp(X[NUMBERS].fillna(0).to_numpy())"), says=("overflow",)),
    Case(code="OCT107", near="OCT309", name="a plain division by zero", source=step("return X[NUMBERS] * (1 / 0)")),
    Case(code="OCT303", near="OCT309", name="overflow that a model sees", source=step(
        "return np.exp(X[NUMBERS].fillna(0))", model="LogisticRegression()")),
    Case(code="OCT310", name="a write into a view", since_pandas=3, source=step(
        "out = X['year'].to_numpy()\nout[0] = 0\nreturn out.reshape(-1, 1)"), says=("copy=True",)),
    Case(code="OCT310", name="a write into values", since_pandas=3, source=step(
        "out = X['body_mass_g'].values\nout[np.isnan(out)] = 0\nreturn out.reshape(-1, 1)"), says=("copy=True",)),
    Case(code="OCT310", name="a word into a column of numbers", since_pandas=3, source=step(
        "out = X.copy()\nout.loc[0, 'year'] = 'unknown'\nreturn out"), says=("astype",)),
    Case(code="OCT310", name="a number into a column of words", since_pandas=3, source=step(
        "out = X.copy()\nout.loc[out['sex'].isna(), 'sex'] = -1\nreturn out"), says=("astype",)),
    Case(code="OCT310", name="floats into integers in place", source=step(
        "out = np.ones(len(X), dtype=int)\nout *= 1.5\nreturn out.reshape(-1, 1)"), says=("astype",)),
    Case(code="OCT107", near="OCT310", name="a write into a tuple", source=step(
        "names = tuple(X.columns)\nnames[0] = 'a'\nreturn X")),
)  # fmt: skip
