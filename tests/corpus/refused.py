"""Scripts of a language model that are refused before they run, and scripts that look like them and are not."""

from __future__ import annotations

from tests.corpus.scripts import Case, classifier, model, step

_UNIFORM = "np.full((len(X), 3), 1 / 3)"


def _case(code: str, name: str, source: str, *says: str, near: str = "", since_pandas: int = 2) -> Case:
    return Case(code=code, name=name, source=source, says=says, near=near, since_pandas=since_pandas, of_model=True)


CASES = (
    _case("OCT110", "a command", step("import os\nos.system('ls')\nreturn X"), "the use of os"),
    _case("OCT110", "another program", model("DummyClassifier()", "import subprocess"), "subprocess"),
    _case("OCT110", "the network", step("import urllib.request\nreturn X"), "urllib", "network"),
    _case("OCT110", "a file that is read", step("return X.join(pd.read_csv('train.csv'))"), "read_csv", "tables"),
    _case("OCT110", "a file that is written", step("X.to_csv('out.csv')\nreturn X"), "to_csv"),
    _case("OCT110", "the end of the process", step("import sys\nsys.exit(0)"), "sys.exit"),
    _case("OCT110", "code made at run time", step("return eval('X')"), "eval"),
    _case("OCT107", "its version is asked", near="OCT110", source=step(
        "import sys\nassert sys.version_info < (3, 0)\nreturn X")),
    _case("OCT111", "nothing is ever wrong", classifier(f"return {_UNIFORM}", fit="""
        try:
            self.model_ = LogisticRegression().fit(X[NUMBERS], y)
        except Exception:
            self.model_ = None
        """), "fit()"),
    _case("OCT111", "a bare except around a prediction", classifier(f"""
        try:
            return self.model_.predict_proba(X)
        except:
            return {_UNIFORM}
        """), "predict_proba()"),
    _case("OCT303", "what is caught is raised again", near="OCT111", source=classifier(f"return {_UNIFORM}", fit="""
        try:
            self.model_ = LogisticRegression().fit(X[NUMBERS], y)
        except Exception as error:
            raise ValueError("no fit") from error
        """)),
    _case("OCT112", "by subscript", step("return X['ring'].str.len().to_frame()"), "'ring'"),
    _case("OCT112", "in a list", step("return X[['body_mass_g', 'ring']]"), "'ring'"),
    _case("OCT303", "a column that is named to drop it", near="OCT112", source=step(
        "return X.drop(columns=['ring'])[NUMBERS]", model="LogisticRegression()")),
    _case("OCT113", "text by the type of old", step(
        "return pd.get_dummies(X[[c for c in X if X[c].dtype == object]])"), "is_string_dtype", since_pandas=3),
    _case("OCT113", "a change of a copy", step(
        "X = X.copy()\nX['sex'].fillna('none', inplace=True)\nreturn X"), "assign", since_pandas=3),
    _case("OCT113", "an assignment to a copy", step(
        "X = X.copy()\nX['year'][X['year'] > 2008] = 2008\nreturn X[['year']]"), "df.loc", since_pandas=3),
    _case("OCT303", "a list that is filled in place", near="OCT113", source=step(
        "X = X.copy()\nX.loc[X['year'] > 2008, 'year'] = 2008\nreturn X[NUMBERS]", model="LogisticRegression()")),
)  # fmt: skip
