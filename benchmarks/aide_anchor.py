"""How near :mod:`benchmarks.aide_style` comes to what real AIDE 0.2.2 was measured to take.

The measurement: runs of 8 steps on tables of 14 and 20 columns. Here: made-up tables of as many columns, 8 steps in
AIDE's own order (five drafts, of which one fails; then its fix and two improvements) and one script of the length
that real scripts had. So the tokens of the replies agree by construction; the prompts are what is tested.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.aide_style import Question, Step, output_of, preview_of, requests
from benchmarks.token_count import Count, Meter
from octopus.records import ColumnProfile, Failure, Frame, Level, NumericSummary, Outcome, Profile, TargetProfile, Task

#: Numbers of columns of the two tables.
TABLES = (14, 20)
#: What was measured on them, means of both: per experiment, and how much more each scored step adds.
MEASURED = {
    "prompt_tokens": 3200.0,
    "completion_tokens": 1026.0,
    "weighted_uncached": 7300.0,
    "cacheable_share": 0.09,
    "review_share": 0.33,
    "growth_per_scored_step": 235.0,
}
_STAGES = ("draft", "draft", "draft", "draft", "draft", "debug", "improve", "improve")
_FAILS = 3  # number of the draft that fails, counted from 1
_SCORES = (0.84127, 0.85233, None, 0.84871, 0.85019, 0.85102, 0.85377, 0.85294)
_SCRIPT = """\
import os

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OrdinalEncoder

SEED = 42
N_SPLITS = 5

# Load the data
train = pd.read_csv("./input/train.csv")
target = "churned"
y = train[target].astype(int).values
X = train.drop(columns=[target])

# Use the test data where there are any
test_path = "./input/test.csv"
test = pd.read_csv(test_path) if os.path.exists(test_path) else None

# Derived features
def add_features(df):
    df = df.copy()
    df["charges_per_month"] = df["total_charges"] / (df["tenure"] + 1)
    df["is_new"] = (df["tenure"] < 6).astype(int)
    df["many_services"] = (df["n_services"] > 3).astype(int)
    df["log_total_charges"] = np.log1p(df["total_charges"].clip(lower=0))
    return df

X = add_features(X)
if test is not None:
    test = add_features(test)

numeric_cols = X.select_dtypes(include=[np.number]).columns.tolist()
categorical_cols = [c for c in X.columns if c not in numeric_cols]

params = {
    "objective": "binary",
    "metric": "auc",
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_child_samples": 20,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "verbose": -1,
    "seed": SEED,
}

skf = StratifiedKFold(n_splits=N_SPLITS, shuffle=True, random_state=SEED)
oof = np.zeros(len(X))
scores = []
test_preds = np.zeros(len(test)) if test is not None else None

for fold, (train_idx, valid_idx) in enumerate(skf.split(X, y)):
    X_train, X_valid = X.iloc[train_idx].copy(), X.iloc[valid_idx].copy()
    y_train, y_valid = y[train_idx], y[valid_idx]

    imputer = SimpleImputer(strategy="median")
    X_train[numeric_cols] = imputer.fit_transform(X_train[numeric_cols])
    X_valid[numeric_cols] = imputer.transform(X_valid[numeric_cols])

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    X_train[categorical_cols] = encoder.fit_transform(X_train[categorical_cols].astype(str))
    X_valid[categorical_cols] = encoder.transform(X_valid[categorical_cols].astype(str))

    model = lgb.train(
        params,
        lgb.Dataset(X_train, y_train),
        num_boost_round=2000,
        valid_sets=[lgb.Dataset(X_valid, y_valid)],
        callbacks=[lgb.early_stopping(100, verbose=False)],
    )
    oof[valid_idx] = model.predict(X_valid)
    scores.append(roc_auc_score(y_valid, oof[valid_idx]))
    print(f"Fold {fold + 1} AUC: {scores[-1]:.5f}")

print(f"Validation AUC: {np.mean(scores):.5f}")

# Write the predictions for the test data
if test is not None:
    os.makedirs("./working", exist_ok=True)
    submission = pd.DataFrame({"id": np.arange(len(test)), target: test_preds / N_SPLITS})
    submission.to_csv("./working/submission.csv", index=False)
    print("Saved submission.csv with shape", submission.shape)
"""
_PRINTED = "".join(f"Fold {fold} AUC: 0.8{fold}127\n" for fold in range(1, 6))
_GOAL = (
    "Predict whether a customer of a telephone company leaves within the next month (column churned, 1 for yes) from "
    "what the company knows of the contract and its use. The table input/train.csv holds one row for each customer."
)
_FAILURE = Failure(
    type="ValueError",
    message="could not convert string to float: 'month-to-month'",
    frames=(
        Frame(
            line=62, function="<module>", code="X_train[numeric_cols] = imputer.fit_transform(X_train[numeric_cols])"
        ),
    ),
)


def rows() -> list[dict[str, object]]:
    """Return, for both tables together, what was measured on AIDE and what its prompts come to here."""
    runs = [_counted(n_columns) for n_columns in TABLES]
    counts = [count for run in runs for count in run]
    n_steps = len(_STAGES) * len(runs)
    prompt, completion = sum(c.prompt for c in counts), sum(c.completion for c in counts)
    review = sum(c.prompt + c.completion for c in counts if c.kind == "review")
    came = {
        "prompt_tokens": prompt / n_steps,
        "completion_tokens": completion / n_steps,
        "weighted_uncached": (prompt + 4 * completion) / n_steps,
        "cacheable_share": sum(c.cached for c in counts) / prompt,
        "review_share": review / (prompt + completion),
        "growth_per_scored_step": statistics.mean(_growth(run) for run in runs),
    }
    return [
        {"what": "anchor", "number": name, "aide": MEASURED[name], "here": round(value, 3),
         "here_over_aide": round(value / MEASURED[name], 3)}
        for name, value in came.items()
    ]  # fmt: skip


def steps() -> list[Step]:
    """Return the eight steps."""
    failed = Outcome(status="error", stage="fit", failure=_FAILURE, stdout_tail="", wall_s=4.0)
    fine = Outcome(status="ok", stage="done", stdout_tail=_PRINTED, wall_s=31.0)
    failed_output = output_of(failed, "AUC", None)
    return [
        Step(
            stage=stage,
            code=_script(number),
            output=failed_output if score is None else output_of(fine, "AUC", score),
            score=score,
            parent_code=_script(_FAILS if stage == "debug" else 2),
            parent_output=failed_output,
        )
        for number, (stage, score) in enumerate(zip(_STAGES, _SCORES, strict=True), start=1)
    ]


def question(n_columns: int) -> Question:
    """Return a made-up task with a table of so many columns, the target among them; half of them numbers."""
    numbers = NumericSummary(mean=64.8, std=30.1, minimum=18.25, median=70.35, maximum=118.75)
    levels = tuple(Level(value=value, count=900) for value in ("month-to-month", "one year", "two years"))
    columns = tuple(
        ColumnProfile(name=f"monthly_charges_{i}", kind="numeric", dtype="float64", missing_fraction=0.01,
                      n_unique=1585, used=True, numeric=numbers)
        if i % 2 else
        ColumnProfile(name=f"contract_kind_{i}", kind="categorical", dtype="object", missing_fraction=0.0, n_unique=3,
                      used=True, levels=levels)
        for i in range(n_columns - 1)
    )  # fmt: skip
    task = Task(
        goal=_GOAL, type="binary", type_reason="made up", target="churned", scoring="roc_auc", classes=("0", "1"),
        features=tuple(c.name for c in columns), random_state=0,
    )  # fmt: skip
    profile = Profile(
        n_rows=7043, n_columns=n_columns - 1, n_sealed=0, sealed_reason="", memory_bytes=0, columns=columns,
        target=TargetProfile(n_missing=0, levels=(Level(value="0", count=5174), Level(value="1", count=1869))),
    )  # fmt: skip
    return Question(goal=_GOAL, evaluation="Area under the ROC curve", preview=preview_of(task, profile))


def _script(number: int) -> str:
    """Return a script that no cache takes for another: real ones differ from their first lines on."""
    return f"# {number}\n{_SCRIPT}"


def _counted(n_columns: int) -> list[Count]:
    meter = Meter()
    asked = requests(question(n_columns), steps(), seed=0)
    return [meter.count(one.kind, (("system", one.prompt),), one.completion) for one in asked]


def _growth(counts: Sequence[Count]) -> float:
    """Return by how much a draft's prompt grows with each scored step before it."""
    drafts = [count.prompt for count in counts if count.kind == "draft"]
    n_scored = sum(score is not None for score in _SCORES[: len(drafts) - 1])
    return (drafts[-1] - drafts[0]) / n_scored
