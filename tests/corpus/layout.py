"""Scripts whose shapes, names of columns or row labels do not fit, or that take an array for a table."""

from __future__ import annotations

from tests.corpus.scripts import Case, model, step

_DUMMIES = "return pd.get_dummies(X[['island']])"

CASES = (
    Case(code="OCT305", near="OCT404", name="rows dropped in transform", source=step(
        "return X[NUMBERS].dropna()", model="LogisticRegression()"), says=("one row out",)),
    Case(code="OCT305", name="one column for a table", source=step(
        "return StandardScaler().fit_transform(X['year'])"), says=("X[['a']]",)),
    Case(code="OCT305", name="one array for a table", source=step(
        "return StandardScaler().fit_transform(X['year'].to_numpy())"), says=("reshape(-1, 1)",)),
    Case(code="OCT305", name="arrays that do not broadcast", source=step(
        "return X[NUMBERS].to_numpy() + np.ones(3)"), says=("(3,)",)),
    Case(code="OCT305", name="a matrix that does not fit", source=step("return X[NUMBERS].to_numpy() @ np.ones(3)")),
    Case(code="OCT305", name="a column of another length", source=step("return X.assign(n=np.arange(10))"),
         says=("10",)),
    Case(code="OCT305", name="another number of names", source=step(
        "out = X[NUMBERS].copy()\nout.columns = ['a', 'b']\nreturn out"), says=("2",)),
    Case(code="OCT305", name="stacked side by side", source=step(
        "return np.hstack([X[NUMBERS].to_numpy(), X['year'].to_numpy()])")),
    Case(code="OCT305", name="columns of several lengths", source=step(
        "return pd.DataFrame({'a': [1, 2], 'b': [1, 2, 3]})")),
    Case(code="OCT305", name="an array that is ragged", source=step("return np.array([[1, 2], [3]])")),
    Case(code="OCT305", name="no rows left", source=step(
        "return X[X['year'] > 3000][NUMBERS]", model="LogisticRegression()")),
    Case(code="OCT199", near="OCT305", name="its own check of shapes", source=step(
        "if X.shape[1] != 3:\n    raise ValueError('Expected 2D array, got 1D array instead')\nreturn X")),
    Case(code="OCT306", name="dummies per call", source=step(_DUMMIES, model="LogisticRegression()"),
         says=("get_dummies",)),
    Case(code="OCT306", name="dummies per call in LightGBM", source=step(
        "return pd.get_dummies(X[['island', 'year']].head(len(X)), columns=['island', 'year']).to_numpy()",
        model="LGBMClassifier(verbose=-1)"), says=("reindex",)),
    Case(code="OCT306", name="fewer columns when it predicts", source=step("""
        return X[NUMBERS].fillna(0).loc[:, lambda t: t.nunique() > 52].to_numpy()
        """, model="LogisticRegression()")),
    Case(code="OCT306", name="another order of columns", source=step("""
        order = NUMBERS if len(X) > 200 else NUMBERS[::-1]
        return X[order].fillna(0)
        """, model="LogisticRegression()")),
    Case(code="OCT199", near="OCT306", name="its own check of features", source=step(
        "if self.n_ != len(X):\n    raise ValueError('X has 3 features, but Own is expecting 4 features as input')\n"
        "return X", fit="self.n_ = len(X)")),
    Case(code="OCT308", name="labels for positions", source=step(
        "kept = X[X['year'] > 2007]\nreturn kept.assign(first=kept.loc[0, 'year'])"), says=("iloc",)),
    Case(code="OCT308", name="a list of labels for positions", source=step(
        "kept = X[X['year'] > 2007]\nreturn kept.loc[[0, 1, 2]]"), says=("iloc",)),
    Case(code="OCT308", name="doubled labels", source=step(
        "twice = pd.concat([X, X])\ntwice['n'] = pd.concat([X['year'].head(9), X['year']])\nreturn twice"),
        says=("reset_index",)),
    Case(code="OCT308", name="a mask of other rows", source=step(
        "return X[(X.head(50)['year'] > 2007).to_numpy()]"), says=("to_numpy()",)),
    Case(code="OCT308", name="a mask with other labels", source=step(
        "return X.iloc[::2][(X['year'].tail(20) > 2007)]"), says=("iloc",)),
    Case(code="OCT308", name="compared with other rows", source=step(
        "return X.assign(same=X['year'] == X['year'].iloc[::-1].head(30))")),
    Case(code="OCT308", name="pivot with repeats", source=step(
        "return X.pivot(index='year', columns='island', values='body_mass_g')")),
    Case(code="OCT308", near="OCT302", name="a position for a column", source=step("return X[0].to_frame()")),
    Case(code="OCT107", near="OCT308", name="a number in its own dictionary", source=step(
        "names = {2007: 'first'}\nreturn X.assign(n=[names[y] for y in X['year']])")),
    Case(code="OCT311", name="characters that LightGBM refuses", source=step(
        "return X[['year']].rename(columns={'year': 'year: [2007, 2009]'})", model="LGBMClassifier(verbose=-1)"),
        says=("set_axis",)),
    Case(code="OCT311", name="names of two types", source=step(
        "out = X[NUMBERS].fillna(0)\nout[0] = 1\nreturn out", model="LogisticRegression()"), says=("set_axis",)),
    Case(code="OCT311", name="one name twice", source=step(
        "return pd.concat([X[['year']], X[['year']]], axis=1)", model="LGBMClassifier(verbose=-1)"),
         says=("set_axis",)),
    Case(code="OCT107", near="OCT311", name="its own words for names", source=step(
        "assert all(c.isidentifier() for c in ['a b']), 'Do not support special JSON characters in feature name.'")),
    Case(code="OCT312", name="a scaler gives an array", source=model(
        "make_pipeline(Numbers(), StandardScaler(), Ratio(), DummyClassifier())", """
        class Numbers(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                return self

            def transform(self, X):
                return X[NUMBERS]


        class Ratio(Numbers):
            def transform(self, X):
                return X.assign(ratio=X["bill_length_mm"] / X["bill_depth_mm"])
        """), says=("set_output",)),
    Case(code="OCT312", name="an array by names", source=step(
        "return X[NUMBERS].to_numpy()['year']"), says=("position",)),
    Case(code="OCT312", name="the target is an array", source=step(
        "return X", fit="self.prior_ = y.value_counts()"), says=("pandas.Series(y)",)),
    Case(code="OCT312", name="a sparse matrix in boosting", source=model(
        "make_pipeline(make_column_transformer((OneHotEncoder(), ['ring'])), HistGradientBoostingClassifier())"),
        says=("sparse_output=False",)),
    Case(code="OCT312", name="a sparse matrix as a table", source=step(
        "return OneHotEncoder().fit_transform(X[WORDS]).fillna(0)"), says=("sparse",)),
    Case(code="OCT312", name="names in a ColumnTransformer after an array", source=model(
        "make_pipeline(SimpleImputer(strategy='most_frequent'), "
        "make_column_transformer((OneHotEncoder(handle_unknown='ignore'), WORDS)), DummyClassifier())"),
        says=("set_output",)),
    Case(code="OCT107", near="OCT312", name="a list in place of a table", source=step(
        "return list(X['year']).assign(a=1)")),
)  # fmt: skip
