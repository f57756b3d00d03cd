"""Scripts that take the libraries for other than they are: packages, names, arguments, scikit-learn's own rules."""

from __future__ import annotations

from tests.corpus.scripts import Case, classifier, model, step

CASES = (
    Case(code="OCT104", name="no such package", source=model("DummyClassifier()", "import category_encoders as ce"),
         says=("category_encoders", "TargetEncoder")),
    Case(code="OCT104", name="a library that is not there", source=step("import polars\nreturn polars.from_pandas(X)"),
         says=("polars", "pandas")),
    Case(code="OCT104", name="an optional part of pandas", source=step("return X.assign(a=1).to_markdown()"),
         says=("tabulate",)),
    Case(code="OCT105", near="OCT104", name="a module that moved",
         source=model("DummyClassifier()", "from sklearn.externals import joblib")),
    Case(code="OCT105", name="an old argument of an encoder",
         source=model("make_pipeline(OneHotEncoder(sparse=False), DummyClassifier())"),
         says=("sparse_output", "scikit-learn 1.", "OneHotEncoder(")),
    Case(code="OCT105", name="an old argument of pandas", source=step("return X.ffill(method='pad')"),
         says=("pandas",)),
    Case(code="OCT105", name="fillna with a method", since_pandas=3, source=step("return X.fillna(method='ffill')"),
         says=("ffill()", "pandas")),
    Case(code="OCT105", name="an old argument of fit", source=classifier(
        "return self.model_.predict_proba(X[NUMBERS])",
        fit="self.model_ = LGBMClassifier(verbose=-1).fit(X[NUMBERS], y, early_stopping_rounds=5)"),
        says=("early_stopping",)),
    Case(code="OCT105", name="a method that was removed", source=step("return X.append(X)"),
         says=("pandas.concat",)),
    Case(code="OCT105", name="iteritems", source=step("return pd.DataFrame({c: v for c, v in X.iteritems()})"),
         says=("items",)),
    Case(code="OCT105", name="an old name of a method", source=step(
        "e = OneHotEncoder().fit(X[WORDS])\nreturn pd.DataFrame(columns=e.get_feature_names())"),
        says=("get_feature_names_out",)),
    Case(code="OCT105", name="a type that numpy dropped", source=step("return X[NUMBERS].astype(np.float)"),
         says=("float",)),
    Case(code="OCT105", name="a function that numpy dropped", source=step("return X[np.in1d(X['sex'], ['male'])]"),
         says=("isin",)),
    Case(code="OCT105", name="a data set that was dropped",
         source=model("DummyClassifier()", "from sklearn.datasets import load_boston")),
    Case(code="OCT105", name="a name that is not there",
         source=model("DummyClassifier()", "from sklearn.preprocessing import Imputer"), says=("Imputer",)),
    Case(code="OCT105", name="a name in another module",
         source=model("DummyClassifier()", "from sklearn.preprocessing import StandartScaler"),
         says=("StandardScaler",)),
    Case(code="OCT105", name="an old value of an option", source=step(
        "return X[NUMBERS].fillna(0)", model="RandomForestClassifier(max_features='auto')"), says=("max_features",)),
    Case(code="OCT105", name="an old value of a solver", source=step(
        "return X[NUMBERS].fillna(0)", model="LogisticRegression(penalty='none')"), says=("penalty",)),
    Case(code="OCT105", name="an old frequency", since_pandas=3, source=step(
        "return X.set_index('seen').resample('M')['body_mass_g'].mean().to_frame()"), says=("'ME'",)),
    Case(code="OCT105", name="a parameter of set_params that is not there", source=step(
        "return X[NUMBERS].fillna(0)", model="RandomForestClassifier().set_params(n_trees=5)"), says=("n_trees",)),
    Case(code="OCT105", name="too many arguments", source=step(
        "return StandardScaler(True, True, True, True).fit_transform(X[NUMBERS])"), says=("StandardScaler",)),
    Case(code="OCT105", name="an objective that LightGBM does not have", regression=True, source=step(
        "return X[NUMBERS]", model="LGBMRegressor(objective='squared_loss', verbose=-1)")),
    Case(code="OCT107", near="OCT105", name="an unexpected argument of its own function", source=step(
        "return widened(X, by=2)", top="def widened(X, times):\n    return X\n")),
    Case(code="OCT107", near="OCT105", name="None has no attribute", source=step(
        "kept = X.sort_values('year', inplace=True)\nreturn kept.reset_index(drop=True)")),
    Case(code="OCT107", near="OCT105", name="an attribute of its own class", source=step("return X[self.columns_]")),
    Case(code="OCT108", name="no fit for the tags", source=model("make_pipeline(Own(), DummyClassifier())", """
        class Own:
            def transform(self, X):
                return X
        """), says=("BaseEstimator",)),
    Case(code="OCT108", name="no transform", source=model("make_pipeline(Own(), DummyClassifier())", """
        class Own(BaseEstimator):
            def fit(self, X, y=None):
                return self
        """), says=("transform",)),
    Case(code="OCT108", name="asked before it is fitted", source=step(
        "return self.scaler_.transform(X[NUMBERS])", fit="self.scaler_ = StandardScaler()"), says=("fit",)),
    Case(code="OCT108", name="fit without y", source=model("make_pipeline(Own(), DummyClassifier())", """
        class Own(TransformerMixin, BaseEstimator):
            def fit(self, X):
                return self

            def transform(self, X):
                return X
        """), says=("fit(self, X, y=None)",)),
    Case(code="OCT108", name="fit returns nothing", source=model("make_pipeline(Own(), DummyClassifier())", """
        class Own(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                self.n_ = len(X)

            def transform(self, X):
                return X
        """), says=("returns self",)),
    Case(code="OCT108", name="an argument that is not stored",
         source=model("make_pipeline(Own(3), DummyClassifier())", """
        class Own(TransformerMixin, BaseEstimator):
            def __init__(self, times=1):
                self.n_times = times

            def fit(self, X, y=None):
                return self

            def transform(self, X):
                return X
        """), says=("__init__",)),
    Case(code="OCT108", name="an argument that is changed", source=classifier(
        "return self.model_.predict_proba(X[NUMBERS].fillna(0))",
        fit="""
        from sklearn.model_selection import cross_val_score
        cross_val_score(Own([1]), X[NUMBERS].fillna(0), y, error_score="raise")
        """, top="""
        class Own(ClassifierMixin, BaseEstimator):
            def __init__(self, columns=()):
                self.columns = tuple(columns)

            def fit(self, X, y):
                return self
        """), says=("__init__",)),
    Case(code="OCT107", near="OCT108", name="a method of its own that it forgot",
         source=step("return self.cleaned(X)")),
    Case(code="OCT106", name="no such file", source=step("return X.join(pd.read_csv('train.csv'))"),
         says=("train.csv", "fit(X, y)")),
    Case(code="OCT106", name="no such folder", source=step("X.to_csv('out/features.csv')\nreturn X"), says=("out",)),
    Case(code="OCT106", name="a folder as a file", source=step("return open('/').read()"), says=("/",)),
    Case(code="OCT107", near="OCT106", name="its own raise is not a file", source=step(
        "assert 'weight' in X, 'No such file or directory: weights.csv'\nreturn X")),
    Case(code="OCT199", near="OCT106", name="its own words for a file", source=step(
        "raise RuntimeError(\"[Errno 2] No such file or directory: 'train.csv'\")")),
    Case(code="OCT107", name="a name that is nowhere", source=step("return X[FEATURES]"), says=("FEATURES", "line ")),
    Case(code="OCT107", name="a division by zero", source=step("return X * (1 / (X.shape[0] - len(X)))"),
         says=("division",)),
    Case(code="OCT107", name="a variable before it is set", source=step(
        "if len(X) > 10_000:\n    kept = X\nreturn kept"), says=("kept",)),
    Case(code="OCT107", name="beyond the end of a list", source=step("return X[NUMBERS[7]].to_frame()"),
         says=("position",)),
    Case(code="OCT107", name="two truths", source=step("return X if X['sex'] == 'male' else X[NUMBERS]"),
         says=("truth value",)),
    Case(code="OCT107", name="without an end", source=step("return self.transform(X.copy())"), says=("calls itself",)),
    Case(code="OCT302", near="OCT107", name="a key that is a column's", source=step("return X['species']")),
)  # fmt: skip
