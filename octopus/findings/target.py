"""What is seen in the target.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT701   the target is missing in some rows: found where it is read, counted here
OCT722   the rarest class holds less than 5 % of the rows
OCT723   a positive target with a long right tail: skew above 2
OCT724   a class has fewer than 10 rows
OCT725   classes that look like numbers
=======  ==========================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from octopus.dataset import Float
from octopus.findings.columns import summarise_numbers
from octopus.records import Finding, Level, TargetProfile, Task

MISSING_TARGET, IMBALANCE, SKEWED_TARGET = "OCT701", "OCT722", "OCT723"
RARE_CLASS, NUMERIC_CLASSES = "OCT724", "OCT725"
#: Below this share accuracy says little and a class weight or another metric is worth a thought; the usual
#: "moderate" bound of https://developers.google.com/machine-learning/crash-course is higher, at 20 %.
_MINORITY_SHARE = 0.05
#: A log-normal target of sigma 0.55 has skew 2: from there on, squared error follows the tail.
_SKEW = 2.0
#: Two rows in each of five folds.
_RARE_ROWS = 10
#: Three numbers in order can be a scale; two are a yes and a no.
_MIN_SCALE = 3


def profile_target(task: Task, y: Float, findings: Sequence[Finding]) -> TargetProfile:
    """Return the target's levels or its spread.

    Parameters
    ----------
    task : Task
        What is asked.
    y : ndarray of shape (n_rows,)
        The target of the training rows, encoded.
    findings : sequence of Finding
        What was noticed before; it tells how many rows lacked the target.

    Returns
    -------
    TargetProfile
        Levels in the order of the classes, or numbers.
    """
    n_missing = sum(_leading_number(f.evidence) for f in findings if f.code == MISSING_TARGET)
    if not task.is_classification:
        return TargetProfile(n_missing=n_missing, numeric=summarise_numbers(y))
    counts = _class_counts(task, y)
    levels = tuple(Level(value=name, count=int(n)) for name, n in zip(task.classes, counts, strict=True))
    return TargetProfile(n_missing=n_missing, levels=levels)


def find_in_target(task: Task, target: TargetProfile) -> tuple[Finding, ...]:
    """Return what stands out in the target.

    Parameters
    ----------
    task : Task
        What is asked.
    target : TargetProfile
        The target of the training rows.

    Returns
    -------
    tuple of Finding
        Imbalance, rare classes, classes that look like numbers; a long tail.
    """
    if task.is_classification:
        found = (_imbalance(task, target), _rare(task, target), _numbers(task))
        return tuple(finding for finding in found if finding is not None)
    skewed = _skewed(task, target)
    return () if skewed is None else (skewed,)


def _class_counts(task: Task, y: Float) -> Float:
    return np.bincount(y.astype(np.int64), minlength=task.n_classes).astype(np.float64)


def _leading_number(evidence: str) -> int:
    found = re.match(r"\d+", evidence)
    return int(found.group()) if found else 0


def _imbalance(task: Task, target: TargetProfile) -> Finding | None:
    n_rows = sum(level.count for level in target.levels)
    rarest = min(target.levels, key=lambda level: level.count)
    if not n_rows or rarest.count >= _MINORITY_SHARE * n_rows or rarest.count < _RARE_ROWS:
        return None
    return Finding(
        code=IMBALANCE,
        columns=(task.target,),
        message=f"{task.target} is {rarest.value} in only {rarest.count / n_rows:.1%} of the rows",
        evidence=f"{rarest.count:,} of {n_rows:,} rows",
        confidence="certain",
        action="folds and holdout keep the share of each class",
    )


def _rare(task: Task, target: TargetProfile) -> Finding | None:
    rare = [level for level in target.levels if level.count < _RARE_ROWS]
    if not rare:
        return None
    return Finding(
        code=RARE_CLASS,
        columns=(task.target,),
        message=f"{task.target} has {len(rare)} of {len(target.levels)} classes with fewer than {_RARE_ROWS} rows",
        evidence=", ".join(f"{level.value}: {level.count} rows" for level in rare[:5]),
        confidence="certain",
        action="noted",
    )


def _skewed(task: Task, target: TargetProfile) -> Finding | None:
    numbers = target.numeric
    if numbers is None or numbers.skew is None or numbers.skew <= _SKEW or numbers.minimum <= 0:
        return None
    return Finding(
        code=SKEWED_TARGET,
        columns=(task.target,),
        message=f"{task.target} has a long right tail",
        evidence=f"skew {numbers.skew:.1f}, median {numbers.median:.4g}, maximum {numbers.maximum:.4g}",
        confidence="certain",
        action="noted: a log of the target is worth an experiment",
    )


def _numbers(task: Task) -> Finding | None:
    if task.n_classes < _MIN_SCALE or not all(re.fullmatch(r"[-+]?\d+(\.0*)?", name) for name in task.classes):
        return None
    return Finding(
        code=NUMERIC_CLASSES,
        columns=(task.target,),
        message=f"{task.target} holds {task.n_classes} numbers that are read as classes",
        evidence=f"classes {task.classes[0]} to {task.classes[-1]}; {task.type_reason}",
        confidence="certain",
        action="predicted as classes",
        overrule="task='regression' and --task regression",
    )
