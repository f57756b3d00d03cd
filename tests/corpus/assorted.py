"""Mistakes of every kind that were written down after the rules, to see what those make of what they did not know."""

from __future__ import annotations

from tests.corpus.scripts import Case, classifier, model, regressor, step
from tests.corpus.table import TEXT

CASES = (
    Case(code="OCT105", name="a squared error that was renamed", regression=True, source=regressor(
        "return np.full(len(X), self.mean_)", fit="""
        from sklearn.metrics import mean_squared_error
        self.mean_ = y.mean()
        self.rmse_ = mean_squared_error(y, np.full(len(y), self.mean_), squared=False)
        """), says=("root_mean_squared_error",)),
    Case(code="OCT105", name="base_estimator", source=model(
        "BaggingClassifier(base_estimator=DummyClassifier())", "from sklearn.ensemble import BaggingClassifier"),
        says=("estimator", "BaggingClassifier(")),
    Case(code="OCT105", name="an option with a typing error", source=model(
        "make_pipeline(SimpleImputer(strategy='avarage'), DummyClassifier())"), says=("strategy",)),
    Case(code="OCT105", name="a function that pandas moved", source=step("return pd.io.json.json_normalise(X)")),
    Case(code="OCT105", name="applymap", since_pandas=3, source=step("return X[NUMBERS].applymap(abs)"), says=("map",)),
    Case(code="OCT105", name="a groupby with an old argument", source=step(
        "return X.groupby('island', squeeze=True)['year'].transform('mean').to_frame()"), says=("squeeze",)),
    Case(code="OCT105", name="to_datetime with an old argument", since_pandas=3, source=step(
        "return pd.to_datetime(X['ring'], infer_datetime_format=True, errors='coerce').to_frame()")),
    Case(code="OCT105", name="a mean over a level of the index", source=step("return X.mean(level=0)"),
         says=("level",)),
    Case(code="OCT105", name="an attribute of a fitted scaler", source=step(
        "s = StandardScaler().fit(X[NUMBERS])\nreturn X[NUMBERS] - s.std_"), says=("StandardScaler",)),
    Case(code="OCT105", name="a search whose parameter is nowhere", source=classifier(
        "return self.search_.predict_proba(X[NUMBERS])", fit="""
        from sklearn.model_selection import GridSearchCV
        self.search_ = GridSearchCV(DummyClassifier(), {"num_leaves": [3]}).fit(X[NUMBERS], y)
        """), says=("num_leaves",)),
    Case(code="OCT302", name="cat features by a wrong name", source=step(
        "return X.astype({'isle': 'category'})"), says=("'isle'",)),
    Case(code="OCT302", name="melt", source=step("return X.melt(id_vars=['bird'])"), says=("'bird'",)),
    Case(code="OCT302", name="a rename that must fit", source=step(
        "return X.rename(columns={'weight': 'w'}, errors='raise')"), says=("'weight'",)),
    Case(code="OCT302", name="an aggregate", source=step(
        "return X.groupby('island').agg({'mass': 'mean'})"), says=("mass",)),
    Case(code="OCT302", name="pop", source=step("X = X.copy()\nX.pop('id')\nreturn X"), says=("'id'",)),
    Case(code="OCT302", name="del", source=step("X = X.copy()\ndel X['id']\nreturn X"), says=("'id'",)),
    Case(code="OCT302", name="names through a loop", source=step(
        "return pd.DataFrame({c: X[c] for c in ['year', 'body_mass_kg']})"), says=("'body_mass_g'",)),
    Case(code="OCT301", name="quantiles of words", source=step("return X.clip(upper=X.quantile(0.9), axis=1)")),
    Case(code="OCT301", name="correlations of words", source=step("self.c_ = X.corr()\nreturn X")),
    Case(code="OCT301", name="words under a standard scaler", source=step(
        "return X[['island', 'year']]", model="make_pipeline(StandardScaler(), DummyClassifier())"),
        says=(f"'island' ({TEXT})",)),
    Case(code="OCT301", name="text times a number", source=step("return (X['mass_text'] * 2.5).to_frame()")),
    Case(code="OCT301", name="text minus text", source=step("return (X['ring'] - X['mass_text']).to_frame()")),
    Case(code="OCT301", name="a date through astype", source=step("return X[['seen']].astype(float)"),
         says=("'seen' (datetime64",)),
    Case(code="OCT301", name="bins of words", source=step("return pd.cut(X['mass_text'], 4).to_frame()")),
    Case(code="OCT303", name="a gap in a feature selection", source=step("return X[NUMBERS]", model=(
        "make_pipeline(SelectKBest(k=2), DummyClassifier())"),
        top="from sklearn.feature_selection import SelectKBest")),
    Case(code="OCT303", name="a gap in neighbours", source=step(
        "return X[NUMBERS]", model="KNeighborsClassifier()", top="from sklearn.neighbors import KNeighborsClassifier")),
    Case(code="OCT303", name="a gap under a square root of integers", source=step(
        "return X['body_mass_g'].round().astype('int64').to_frame()"), says=("'body_mass_g'",)),
    Case(code="OCT304", name="a level through get_loc", source=step(
        "return pd.DataFrame({'i': [self.levels_.get_loc(v) for v in X['island']]})",
        fit="self.levels_ = pd.Index(X['island'].unique())"), says=("Torgersen",)),
    Case(code="OCT304", name="a level through list.index", source=step(
        "return pd.DataFrame({'i': [self.levels_.index(v) for v in X['island']]})",
        fit="self.levels_ = list(X['island'].unique())")),
    Case(code="OCT305", name="concat of arrays by rows", source=step(
        "return np.concatenate([X[NUMBERS].to_numpy(), np.ones((len(X), 2))])")),
    Case(code="OCT305", name="weights of another length", source=classifier(
        "return self.model_.predict_proba(X[NUMBERS])",
        fit="self.model_ = DummyClassifier().fit(X[NUMBERS], y, sample_weight=np.ones(7))")),
    Case(code="OCT305", name="reshape", source=step("return X[NUMBERS].to_numpy().reshape(-1, 7)")),
    Case(code="OCT305", name="features without a row fewer", source=classifier(
        "return self.model_.predict_proba(X[NUMBERS])",
        fit="self.model_ = LGBMClassifier(verbose=-1).fit(X[NUMBERS].iloc[1:], y)")),
    Case(code="OCT308", name="loc with a label that left", source=step(
        "kept = X.dropna()\nreturn X.assign(m=[kept.loc[i, 'body_mass_g'] for i in X.index])")),
    Case(code="OCT107", name="iloc beyond the end", source=step("return X.assign(last=X['year'].iloc[len(X)])")),
    Case(code="OCT310", name="fillna with a word in categories of numbers", since_pandas=3, source=step(
        "out = X.copy()\nout.loc[out.index[:3], 'body_mass_g'] = 'heavy'\nreturn out"), says=("astype",)),
    Case(code="OCT312", name="columns of an array", source=step(
        "out = SimpleImputer().fit_transform(X[NUMBERS])\nout.columns = NUMBERS\nreturn out")),
    Case(code="OCT312", name="iloc on an array", source=step(
        "return SimpleImputer().fit_transform(X[NUMBERS]).iloc[:, 0]")),
    Case(code="OCT307", name="a stratified split of numbers", regression=True, source=regressor(
        "return np.full(len(X), self.mean_)", fit="""
        from sklearn.model_selection import train_test_split
        self.mean_ = y.mean()
        train_test_split(X, y, stratify=y)
        """)),
    Case(code="OCT307", name="roc_auc of three classes", source=classifier(
        "return self.model_.predict_proba(X[NUMBERS])", fit="""
        from sklearn.metrics import roc_auc_score
        self.model_ = LGBMClassifier(verbose=-1).fit(X[NUMBERS], y)
        self.auc_ = roc_auc_score(y, self.model_.predict_proba(X[NUMBERS])[:, 1])
        """)),
    Case(code="OCT108", name="a class in place of an instance", source=model(
        "make_pipeline(StandardScaler, DummyClassifier())")),
    Case(code="OCT108", name="a function as a step", source=model(
        "make_pipeline(cleaned, DummyClassifier())", "def cleaned(X):\n    return X\n"), says=("transform",)),
    Case(code="OCT107", name="strings joined to numbers", source=step(
        "name = 'n_' + 1\nreturn X.rename(columns={'year': name})")),
    Case(code="OCT107", name="a list that is called", source=step("return X[NUMBERS(0)]")),
    Case(code="OCT107", name="too many to unpack", source=step("a, b = X.shape[0], 1, 2\nreturn X")),
    Case(code="OCT404", name="rows sorted away", regression=True, source=regressor(
        "return X.drop_duplicates(subset='island')['year'].to_numpy()")),
    Case(code="OCT402", name="a nested function for a worker", source=step("return X", fit="""
        from joblib import Parallel, delayed
        import threading
        lock = threading.Lock()

        def work(i):
            with lock:
                return i

        self.n_ = Parallel(n_jobs=2, backend="loky")(delayed(work)(i) for i in range(2))
        """)),
)  # fmt: skip
