"""Scripts that take the data for other than they are: texts, dates, gaps, categories, columns."""

from __future__ import annotations

from tests.corpus.scripts import Case, model, step
from tests.corpus.table import TEXT

_ONE_HOT = "make_pipeline(make_column_transformer((OneHotEncoder({}), WORDS)), DummyClassifier())"

CASES = (
    Case(code="OCT301", name="words in a linear model", source=model("LogisticRegression()"),
         says=(f"'island' ({TEXT})", "'Biscoe'")),
    Case(code="OCT301", name="words in a forest", source=step(
        "return X[['year', 'island']]", model="RandomForestClassifier()"), says=(f"'island' ({TEXT})",)),
    Case(code="OCT301", name="words in LightGBM", source=step(
        "return X[['year', 'island']]", model="LGBMClassifier(verbose=-1)"), says=(f"'island' ({TEXT})",)),
    Case(code="OCT301", name="a text as a float", source=step("return X[['mass_text']].astype(float)"),
         says=(f"'mass_text' ({TEXT})",)),
    Case(code="OCT301", name="a text through to_numeric",
         source=step("return pd.to_numeric(X['mass_text']).to_frame()"),
         says=(f"'mass_text' ({TEXT})",)),
    Case(code="OCT301", name="a text through float()", source=step(
        "return X['mass_text'].map(float).to_frame()"), says=(f"'mass_text' ({TEXT})",)),
    Case(code="OCT301", name="a text through int()", source=step(
        "return X['ring'].map(int).to_frame()"), says=(f"'ring' ({TEXT})",)),
    Case(code="OCT301", name="the mean of all columns", source=step("return X.fillna(X.mean())")),
    Case(code="OCT301", name="the mean of words", source=step("return X.assign(m=X['island'].mean())")),
    Case(code="OCT301", name="words and numbers added", source=step("return (X['island'] + X['year']).to_frame()")),
    Case(code="OCT301", name="words and numbers compared", source=step("return X[X['mass_text'] > 4000]")),
    Case(code="OCT301", name="words and gaps sorted", source=step(
        "self.levels_ = sorted(X['sex'].astype(object).unique())\nreturn X")),
    Case(code="OCT301", name="a date in a linear model", source=step(
        "return X[['year', 'seen']]", model="LogisticRegression()"), says=("'seen' (datetime64",)),
    Case(code="OCT301", name="a date in LightGBM", source=step(
        "return X[['year', 'seen']]", model="LGBMClassifier(verbose=-1)"), says=("'seen' (datetime64",)),
    Case(code="OCT301", name="a median imputed into words", source=step(
        "return X[WORDS]", model="make_pipeline(SimpleImputer(strategy='median'), DummyClassifier())")),
    Case(code="OCT301", name="dates minus numbers", source=step("return (X['seen'] - X['year'] * 1.5).to_frame()")),
    Case(code="OCT301", name="days that are none", source=step("return pd.to_datetime(X['ring']).to_frame()"),
         says=(f"'ring' ({TEXT})",)),
    Case(code="OCT301", name="logarithm of words", source=step("return np.log1p(X[WORDS])")),
    Case(code="OCT301", name="in a dictionary of columns", source=step(
        "return pd.DataFrame({c: X[c] / X[c].max() for c in ['year', 'island']})")),
    Case(code="OCT199", near="OCT301", name="its own raise in a library's words", source=step(
        "raise ValueError(\"could not convert string to float: 'a'\")")),
    Case(code="OCT199", near="OCT301", name="its own raise on one line", source=step(
        "if len(X): raise ValueError('could not convert string to float')\nreturn X")),
    Case(code="OCT199", near="OCT301", name="a message inside another", source=step("""
        try:
            return X[['mass_text']].astype(float)
        except ValueError as error:
            raise RuntimeError(f"features failed: {error}") from None
        """)),
    Case(code="OCT301", name="a cause under another error", source=step("""
        try:
            return X[['mass_text']].astype(float)
        except ValueError as error:
            raise RuntimeError("features failed") from error
        """)),
    Case(code="OCT107", near="OCT301", name="None in a comparison", source=step(
        "limit = {'year': None}['year']\nreturn X[[c for c in X if len(c) > limit]]")),
    Case(code="OCT302", name="a name with a typing error", source=step("return X[['body_mas_g']]"),
         says=("'body_mas_g'", "'body_mass_g'", "float64")),
    Case(code="OCT302", name="one column with a typing error", source=step("return X['bill_lenght_mm'].to_frame()"),
         says=("'bill_length_mm'",)),
    Case(code="OCT302", name="some columns that are not there", source=step("return X[[*NUMBERS, 'weight']]"),
         says=("'weight'",)),
    Case(code="OCT302", name="the target", source=step("return X.drop(columns='species')"), says=("target",)),
    Case(code="OCT302", name="in a ColumnTransformer", source=model(
        "make_pipeline(make_column_transformer((OneHotEncoder(), ['islands'])), DummyClassifier())"),
        says=("'islands'", "'island'")),
    Case(code="OCT302", name="in a groupby", source=step("return X.groupby('colony').transform('size').to_frame()"),
         says=("'colony'",)),
    Case(code="OCT302", name="in sort_values", source=step("return X.sort_values('date')"), says=("'date'",)),
    Case(code="OCT302", name="as an attribute", source=step("return X.body_mass.to_frame()"), says=("'body_mass_g'",)),
    Case(code="OCT302", name="in a query", source=step("return X.query('mass > 3000')"), says=("mass",)),
    Case(code="OCT302", name="dropped before", source=step(
        "left = X.drop(columns=['year'])\nreturn left.assign(age=2010 - left['year'])"), says=("dropped",)),
    Case(code="OCT302", name="in loc", source=step("return X.loc[:, ['year', 'month']]"), says=("'month'",)),
    Case(code="OCT302", name="in set_index", source=step("return X.set_index('id')"), says=("'id'",)),
    Case(code="OCT302", name="in a merge", source=step(
        "return X.merge(X.groupby('island').size().rename('n').reset_index(), on='place')"), says=("'place'",)),
    Case(code="OCT302", name="in dropna", source=step("return X.dropna(subset=['weight'])"), says=("'weight'",)),
    Case(code="OCT107", near="OCT302", name="a key of a dictionary", source=step(
        "self.scale_ = {'mm': 1.0}\nreturn X[NUMBERS] * self.scale_['body_mass_g']")),
    Case(code="OCT107", near="OCT302", name="a setting that is not there", source=step(
        "settings = {'depth': 3}\nreturn X.head(settings['leaves'])")),
    Case(code="OCT199", near="OCT302", name="its own KeyError", source=step(
        "raise KeyError('body_mass')")),
    Case(code="OCT303", name="gaps in a linear model", source=step("return X[NUMBERS]", model="LogisticRegression()"),
         says=("'body_mass_g' (float64", "impute")),
    Case(code="OCT303", name="gaps cast to integers", source=step("return X[NUMBERS].astype(int)"),
         says=("'body_mass_g'",)),
    Case(code="OCT303", name="infinity out of a division", source=step(
        "return (X[NUMBERS].fillna(0) / (X[['year']].to_numpy() - 2007))", model="LogisticRegression()"),
        says=("division",)),
    Case(code="OCT303", name="infinity in a forest", source=step(
        "return X[NUMBERS].fillna(np.inf)", model="RandomForestClassifier()"), says=("division",)),
    Case(code="OCT303", name="a gap through int()", source=step("return X['body_mass_g'].map(int).to_frame()")),
    Case(code="OCT303", name="gaps in an array", source=step(
        "from sklearn.decomposition import PCA\nreturn PCA(2).fit_transform(X[NUMBERS])")),
    Case(code="OCT303", name="the truth of a gap", source=step(
        "return X[[bool(v > 4000) for v in X['body_mass_g'].astype('Float64')]]")),
    Case(code="OCT199", near="OCT303", name="its own check for gaps", source=step("""
        if X[NUMBERS].isna().any().any():
            raise ValueError("Input X contains NaN.")
        return X
        """)),
    Case(code="OCT304", name="OneHotEncoder as it comes", source=model(_ONE_HOT.format("")),
         says=("Torgersen", "'island'", "handle_unknown")),
    Case(code="OCT304", name="OrdinalEncoder as it comes", source=model(
        "make_pipeline(make_column_transformer((OrdinalEncoder(), ['island'])), DummyClassifier())"),
        says=("Torgersen", "use_encoded_value")),
    Case(code="OCT304", name="LabelEncoder on a feature", source=step(
        "return self.encoder_.transform(X['island']).reshape(-1, 1)",
        fit="from sklearn.preprocessing import LabelEncoder\nself.encoder_ = LabelEncoder().fit(X['island'])"),
        says=("Torgersen",)),
    Case(code="OCT304", name="a dictionary of levels", source=step(
        "return pd.DataFrame({'i': [self.codes_[v] for v in X['island']]})",
        fit="self.codes_ = {v: i for i, v in enumerate(X['island'].unique())}"), says=("Torgersen",)),
    Case(code="OCT304", name="a gap as a new category", source=step(
        "return X['sex'].astype('category').fillna('unknown').to_frame()"), says=("unknown",)),
    Case(code="OCT304", name="means by level", source=step(
        "return pd.DataFrame({'m': [self.means_.loc[v] for v in X['island']]})",
        fit="self.means_ = X.groupby('island')['body_mass_g'].mean()"), says=("Torgersen",)),
    Case(code="OCT304", name="columns by level", source=step(
        "return pd.DataFrame({'m': [self.means_[v] for v in X['island']]})",
        fit="self.means_ = X.groupby('island')['body_mass_g'].mean()"), says=("Torgersen",)),
    Case(code="OCT107", near="OCT304", name="a key that fit lacks too", source=step(
        "return pd.DataFrame({'i': [CODES[v] for v in X['island']]})", top="CODES = {'Biscoe': 0}")),
    Case(code="OCT105", near="OCT304", name="an option of the encoder", source=model(_ONE_HOT.format(
        "handle_unknown='use_encoded_value'")), says=("handle_unknown",)),
    Case(code="OCT313", name="str on numbers", source=step("return X['year'].str.len().to_frame()"),
         says=("numbers",)),
    Case(code="OCT313", name="a method of texts on a gap", source=step(
        "return X['sex'].astype(object).map(lambda v: v.lower()).to_frame()"), says=("'sex'",)),
    Case(code="OCT313", name="dt on texts", source=step("return X['ring'].dt.month.to_frame()"),
         says=("to_datetime",)),
    Case(code="OCT313", name="a pattern on a gap", source=step(
        "import re\nreturn X['sex'].astype(object).map(lambda v: re.sub('f.*', 'f', v)).to_frame()"), says=("'sex'",)),
    Case(code="OCT313", name="a gap as a document", source=step(
        "from sklearn.feature_extraction.text import TfidfVectorizer\n"
        "return TfidfVectorizer().fit_transform(X['sex'])"), says=("'sex'",)),
    Case(code="OCT313", name="the length of a gap", source=step(
        "return X['sex'].astype(object).map(len).to_frame()"), says=("'sex'",)),
    Case(code="OCT107", near="OCT313", name="None has no method of texts", source=step(
        "name = X.attrs.get('name')\nreturn X.rename(columns={'year': name.lower()})")),
)  # fmt: skip
