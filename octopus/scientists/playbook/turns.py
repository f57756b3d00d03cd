"""The turns that a task and its columns allow: decision, time, probabilities, suspects, and what columns ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from octopus.blocks.rendering import shown
from octopus.families.shape import PROBABILITIES, is_uneven, rarest_share, strongest
from octopus.records import ColumnProfile, Finding, Profile, Task
from octopus.scientists.playbook.columns import asked_for, worth_a_try
from octopus.scientists.playbook.turn import ALL, NONE, TREES, Turn

#: The score is better than anyone would expect.
_TOO_GOOD = "OCT615"
#: Variations of a family say the same: what is left to gain there is an average of them.
_SATURATED = "OCT608"
#: Codes of findings that a column knows the answer too well, or has changed over time.
_SUSPECTS = {"OCT720": (_TOO_GOOD,), "OCT721": (_TOO_GOOD,), "OCT726": ("OCT611",), "OCT727": ("OCT611",)}
#: Codes of findings that rows have changed over time.
_DRIFT = frozenset({"OCT726", "OCT727"})
#: Idea of a committee of what is best so far, and its members, as many as the block has.
AVERAGED, _MEMBERS = "averaged over five", 5
#: Fits of a model whose decision or probabilities are learned on rows not fitted: four parts of them, and all.
_INSIDE = 5
#: Rows between which the average comes before variations; with fewer, its members would have less than the 200 rows of
#: a fold that some are set aside from to stop by. On 250 to 900 rows (crx, german, mroz, sonar, diabetes, hedonic; 5
#: folds, twice) five members take LightGBM's AUC from 0.936, 0.778, 0.778 and 0.939 to 0.939, 0.788, 0.786 and 0.946,
#: its RMSE from 57.8 to 57.1 and from 0.1442 to 0.1430; CatBoost gains half as much. With more rows it is tried after
#: other variations. Variations of what is averaged are averaged, too: of many classes it comes late as well.
_LEAST_AVERAGED, _MOST_AVERAGED, _FEW_CLASSES = 315, 20_000, 4
#: Metrics of predicted classes: the function that a decision is tuned by, and what it needs to be told.
_DECISIONS = {
    "f1": ("f1_score", ""),
    "f1_macro": ("f1_score", 'average="macro"'),
    "f1_weighted": ("f1_score", 'average="weighted"'),
    "balanced_accuracy": ("balanced_accuracy_score", ""),
    "matthews_corrcoef": ("matthews_corrcoef", ""),
    "jaccard": ("jaccard_score", ""),
    "jaccard_macro": ("jaccard_score", 'average="macro"'),
    "accuracy": ("accuracy_score", ""),
    "f1_micro": ("accuracy_score", ""),
    "recall_macro": ("balanced_accuracy_score", ""),
}
#: Metrics that ask for another decision than the most probable class whatever the shares of the classes.
_ONE_SIDED = frozenset({"f1", "jaccard"})
#: Metrics that the most probable class is best for, as far as the probabilities are right.
_PLAIN = frozenset({"accuracy", "f1_micro"})


def turns_for(
    task: Task, profile: Profile, noticed: Sequence[str] = (), told: Collection[str] = ()
) -> tuple[Turn, ...]:
    """Return the turns that a task and its columns allow.

    Parameters
    ----------
    task : Task
        What is asked.
    profile : Profile
        What is known of the rows.
    noticed : sequence of str
        Columns that the errors of an experiment depend on.
    told : collection of str
        Codes of the diagnoses so far.

    Returns
    -------
    tuple of Turn
        What the data ask for first; no two with the same idea.
    """
    turns = (
        *_decision(task, profile),
        *asked_for(task, profile, noticed),
        *_recency(task, profile),
        *_calibration(task, profile),
        *_suspects(task, profile, told),
        *worth_a_try(task, profile),
        *_averaged(task, profile),
    )
    by_idea: dict[str, Turn] = {}
    for turn in turns:  # the names of two columns may begin alike and be cut short
        by_idea.setdefault(turn.idea, turn)
    return tuple(by_idea.values())


def _decision(task: Task, profile: Profile) -> Iterator[Turn]:
    function, setting = _DECISIONS.get(task.scoring, ("", ""))
    if not function or not task.is_classification:
        return
    if task.scoring in ("f1", "jaccard") and (positive := _positive_class(task)) != 1:
        setting = f"pos_label={positive}"
    metric = f"partial({function}, {setting})" if setting else function
    is_asked = task.scoring in _ONE_SIDED or (task.scoring not in _PLAIN and is_uneven(profile))
    yield Turn(
        idea="a decision that fits the metric",
        hypothesis=f"{task.scoring} looks at predicted classes and {rarest_share(profile)}: the most probable class "
        "is not the best answer, so shift the odds to where the metric is best on rows not fitted",
        expected=f"more {task.scoring} from the same probabilities",
        answers=("OCT605", "OCT606"),
        asked_by=ALL if is_asked else NONE,
        around=f"TunedDecision({{model}}, metric={metric})",
        imports=(f"from sklearn.metrics import {function}", *(["from functools import partial"] if setting else [])),
        blocks=("TunedDecision",),
        n_inside=_INSIDE,
    )


def _positive_class(task: Task) -> int:
    """Return which class number scikit-learn's metrics take for the positive one: that of label 1, else the second."""
    return next((i for i, label in enumerate(task.classes) if label in ("1", "1.0", "True")), 1)


def _recency(task: Task, profile: Profile) -> Iterator[Turn]:
    if task.time is None:
        return
    block = "RecentClassifier" if task.is_classification else "RecentRegressor"
    has_drifted = any(finding.code in _DRIFT for finding in profile.findings)
    yield Turn(
        idea="recent rows weigh more",
        hypothesis=f"what held early in {shown(task.time)} may hold no longer: a row weighs half as much for every "
        f"quarter of the time that it is older than the last of {profile.n_rows}",
        expected="a gain on the latest fold",
        answers=("OCT611",),
        asked_by=ALL if has_drifted else NONE,
        around=f"{block}({{model}})",
        blocks=(block,),
    )


def _calibration(task: Task, profile: Profile) -> Iterator[Turn]:
    if task.is_classification and task.scoring in PROBABILITIES:
        yield Turn(
            idea="calibrated probabilities",
            hypothesis=f"{task.scoring} asks for probabilities that come true as often as they say, and models fitted "
            f"on {profile.n_rows} rows are surer than they should be: bend them by rows not fitted",
            expected=f"the same order of rows, a better {task.scoring}",
            answers=("OCT605", "OCT602"),
            # A line and boosting are fitted by the log loss itself; an average of trees shrinks towards the middle
            # (Niculescu-Mizil and Caruana, 2005, doi:10.1145/1102351.1102430).
            asked_by=frozenset({"ordinal"}),
            encodings=TREES,
            around="Calibrated({model})",
            blocks=("Calibrated",),
            n_inside=_INSIDE,
        )


def _averaged(task: Task, profile: Profile) -> Iterator[Turn]:
    if profile.n_rows >= _LEAST_AVERAGED:
        block = "CommitteeClassifier" if task.is_classification else "CommitteeRegressor"
        is_early = profile.n_rows < _MOST_AVERAGED and task.n_classes <= _FEW_CLASSES
        yield Turn(
            idea=AVERAGED,
            hypothesis=f"{_MEMBERS} of them, each without another part of {profile.n_rows} rows: where boosting stops "
            "is in part luck, and an average is less of it",
            expected="a little gain, folds that agree more",
            answers=(_SATURATED,),
            asked_by=frozenset({"native"}) if is_early else NONE,
            encodings=frozenset({"native"}),
            around=f"{block}({{model}})",
            blocks=(block,),
            n_fits=_MEMBERS,
        )


def _suspects(task: Task, profile: Profile, told: Collection[str]) -> Iterator[Turn]:
    """Yield each suspect that was noted and not acted upon, and the strongest column where the score is suspicious."""
    used = {column.name: column for column in profile.columns if column.used}
    found: dict[str, Turn] = {}
    for finding in profile.findings:
        for name in finding.columns:
            if name in used and len(used) > 1 and finding.code in _SUSPECTS and finding.confidence == "weak":
                found.setdefault(name, _without(name, finding, used[name], task))
    yield from found.values()
    strong = strongest(profile, at_most=1)
    if _TOO_GOOD in told and len(used) > 1 and strong and strong[0].signal is not None and strong[0].name not in found:
        yield _without(strong[0].name, None, strong[0], task)


def _without(name: str, finding: Finding | None, column: ColumnProfile, task: Task) -> Turn:
    told = f" ({column.signal:.2f} of 1 by itself)" if column.signal is not None else ""
    why = f"{finding.message.rstrip('.')} ({finding.code})" if finding else "the score is suspiciously good"
    return Turn(
        idea=f"without {shown(name)}",
        hypothesis=f"what it is worth without {shown(name)}{told}: {why}",
        expected=f"hardly less {task.scoring} if the rest carries the signal, much less if {shown(name)} was the "
        "answer",
        answers=_SUSPECTS[finding.code] if finding else (_TOO_GOOD,),
        asked_by=ALL if finding else NONE,
        without=(name,),
    )
