"""Scripts that deliver nothing, or not what was asked for, or a pipeline that cannot be stored."""

from __future__ import annotations

from tests.corpus.scripts import Case, classifier, model, regressor, step

_UNIFORM = "np.full((len(X), 3), 1 / 3)"

CASES = (
    Case(code="OCT101", name="a bracket that is open", source=model("make_pipeline(DummyClassifier("),
         says=("line ",)),
    Case(code="OCT101", name="cut off", source=step("return X")[:-60] + "\n    x = ("),
    Case(code="OCT101", name="Python 2", source=model("DummyClassifier()", "print 'hello'")),
    Case(code="OCT107", near="OCT101", name="what it evaluates does not parse", source=step("return eval('X[')")),
    Case(code="OCT102", name="no entry point", source=model("DummyClassifier()").replace("build_pipeline", "build")),
    Case(code="OCT102", name="an entry point with arguments",
         source=model("DummyClassifier()").replace("build_pipeline()", "build_pipeline(seed)")),
    Case(code="OCT102", name="nothing returned", source=model("None"), says=("None",)),
    Case(code="OCT102", name="a class returned", source=model("pd.DataFrame()"), says=("DataFrame",)),
    Case(code="OCT107", near="OCT102", name="a name that build_pipeline lacks",
         source=model("make_pipeline(Missing())")),
    Case(code="OCT199", near="OCT102", name="its own words for the entry point", source=model(
        "DummyClassifier()", "raise RuntimeError('build_pipeline returned None')")),
    Case(code="OCT103", name="the process is ended", source=step("import os\nos._exit(0)"), says=("os._exit",)),
    Case(code="OCT103", name="the process is ended with a code", source=step("import os\nos._exit(3)"),
         says=("os._exit",)),
    Case(code="OCT103", name="sys.exit", source=step("import sys\nsys.exit(0)"), says=("sys.exit",)),
    Case(code="OCT103", name="quit at load", source=model("DummyClassifier()", "exit()")),
    Case(code="OCT199", near="OCT103", name="its own words for an end", source=step(
        "raise RuntimeError('the script calls sys.exit')")),
    Case(code="OCT109", name="the shared table is written to", source=step("return X", fit="""
        import os, pathlib
        folder = pathlib.Path.cwd().parent
        text = next(p.read_text() for p in [folder / 'in' / 'spec.json', *folder.rglob('*.json')] if p.is_file())
        import json
        path = json.loads(text)['features']
        os.chmod(path, 0o600)
        with open(path, 'r+b') as file:
            file.write(b'changed')
        """), says=("copy",)),
    Case(code="OCT401", name="names of classes", source=model("make_pipeline(Names())", """
        class Names(ClassifierMixin, BaseEstimator):
            def fit(self, X, y):
                self.classes_ = np.unique(y)
                return self

            def predict(self, X):
                return np.array(["Adelie"] * len(X))
        """), says=("class",)),
    Case(code="OCT401", name="class numbers from 1", source=model("make_pipeline(Names())", """
        class Names(ClassifierMixin, BaseEstimator):
            def fit(self, X, y):
                self.classes_ = np.unique(y)
                return self

            def predict(self, X):
                return np.full(len(X), 3)
        """), says=("0 … K-1",)),
    Case(code="OCT301", near="OCT401", name="words that are read before it predicts", source=step(
        "return X['ring'].map(int).to_frame()")),
    Case(code="OCT402", name="a lock", kind="fit", source=step("return X", fit="""
        import threading
        self.lock_ = threading.Lock()
        """), says=("lock",)),
    Case(code="OCT402", name="an open file", kind="fit", source=step("return X", fit="""
        self.log_ = open('log.txt', 'w')
        """), says=("files",)),
    Case(code="OCT402", name="a generator", kind="fit", source=step("return X", fit="""
        self.names_ = (c for c in X.columns)
        """), says=("generator",)),
    Case(code="OCT402", name="a lambda for a worker process", source=step("return X", fit="""
        import pickle
        self.copy_ = pickle.dumps(lambda x: x)
        """), says=("lambda",)),
    Case(code="OCT402", name="a local class", source=step("return X", fit="""
        import pickle
        class Inner:
            pass
        self.copy_ = pickle.dumps(Inner())
        """), says=("Inner",)),
    Case(code="OCT199", near="OCT402", name="its own words for a pickle", source=step(
        "raise TypeError(\"cannot pickle '_thread.lock' object\")")),
    Case(code="OCT403", name="predictions with gaps", regression=True, source=regressor(
        "return X['body_mass_g'].to_numpy(dtype=float)"), says=("missing or infinite",)),
    Case(code="OCT403", name="predictions without bounds", regression=True, source=regressor(
        "return np.exp(X['year'].to_numpy(dtype=float))"), says=("exp",)),
    Case(code="OCT403", name="probabilities that are none", source=classifier("return np.full((len(X), 3), np.nan)")),
    Case(code="OCT404", name="rows dropped", regression=True, source=regressor(
        "return np.zeros(len(X.dropna()))"), says=("rows were dropped",)),
    Case(code="OCT404", name="a column in place of numbers", regression=True, source=regressor(
        "return np.zeros((len(X), 1))")),
    Case(code="OCT404", name="one column for three classes", source=classifier("return np.full((len(X), 1), 1.0)"),
         says=("column per class",)),
    Case(code="OCT404", near="OCT405", name="two classes of three", source=classifier(
        "return np.full((len(X), 2), 0.5)", fit="self.classes_ = np.arange(3)")),
    Case(code="OCT405", name="scores for probabilities", source=classifier("return 10 * " + _UNIFORM),
         says=("predict_proba",)),
    Case(code="OCT405", name="rows that do not sum to 1", source=classifier("return 0.5 * " + _UNIFORM),
         says=("sum",)),
    Case(code="OCT405", near="OCT403", name="below zero", source=classifier("return -1.0 * " + _UNIFORM)),
    Case(code="OCT107", near="OCT199", name="there is no next one", source=step("return next(iter([]))")),
    Case(code="OCT199", name="nothing that anybody knows", source=step("raise RuntimeError('no such luck')"),
         says=("line ",)),
    Case(code="OCT199", name="an error of its own kind", source=step(
        "raise Unlucky('seven years')", top="class Unlucky(Exception):\n    pass\n"), says=("line ",)),
)  # fmt: skip
