"""In which order ideas come in usual situations, where none of them gains."""

from __future__ import annotations

import pytest

from octopus.records import StopProposal
from tests.unit.scientists.journals import Run, column, improve, profile, task, weak

SIZE = column("size", signal=0.3)
SITUATIONS = {
    "clean small classes, the line is best": (
        (task(), profile(n_rows=300), (0.9, 0.87, 0.88)),
        "linear: bends at the quartiles",
        "linear: products of measured columns",
        "linear: * + ratios and differences",
        "linear: stronger regularisation",
    ),
    "clean small classes, boosting is best": (
        (task(), profile(n_rows=400), (0.8, 0.84, 0.86)),
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
        "gbm: effects that add up",
        "gbm: * + ratios and differences",
        "gbm: more leaves",
        "gbm: * + tuned",
    ),
    "probabilities of three classes, the forest is best": (
        (task("neg_log_loss", "multiclass"), profile(shares=(34, 33, 33)), (-0.5, -0.3, -0.4)),
        "forest: * + calibrated probabilities",
        "forest: extra trees",
        "forest: extra trees grown out",
        "forest: * + ratios and differences",
    ),
    "a skewed target and squared errors": (
        (task("neg_root_mean_squared_error", "regression"), profile(skew=4.0), (-50, -45, -40)),
        "gbm: log target",
        "gbm: tweedie loss",
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
    ),
    "a skewed target, absolute errors and a long tail, the line is best": (
        (
            task("neg_mean_absolute_error", "regression"),
            profile(column("income", skew=5.0), column("age"), skew=4.0),
            (-40, -45, -50),
        ),
        "linear: the metric as the loss",
        "linear: log target",
        "linear: * + logarithms of long tails",
        "linear: bends at the quartiles",
    ),
    "a category of 500 levels": (
        (task(), profile(column("shop", "categorical", levels=500), SIZE), (0.8, 0.84, 0.86)),
        "gbm: * + target means of many levels",
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
    ),
    "a category of 20 levels, which boosting splits well": (
        (task(), profile(column("shop", "categorical", levels=20), SIZE), (0.8, 0.84, 0.86)),
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
        "gbm: effects that add up",
        "gbm: * + target means of many levels",
    ),
    "a category of 20 levels, which codes do not tell a forest": (
        (task(), profile(column("shop", "categorical", levels=20), SIZE), (0.8, 0.86, 0.84)),
        "forest: * + target means of many levels",
        "forest: extra trees",
    ),
    "texts": (
        (task(), profile(column("note", "text", levels=900), SIZE), (0.8, 0.84, 0.86)),
        "gbm: * + topics of texts",
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
    ),
    "two dates": (
        (task(time="sent"), profile(column("sent", "datetime"), column("due", "datetime"), SIZE), (0.8, 0.84, 0.86)),
        "gbm: * + stretches of time",
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
        "gbm: effects that add up",
        "gbm: * + recent rows weigh more",
    ),
    "rows that have drifted": (
        (task(time="sent"), profile(SIZE, column("rate"), findings=(weak("OCT726", "rate"),)), (0.8, 0.84, 0.86)),
        "gbm: * + recent rows weigh more",
        "gbm: * + without rate",
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
    ),
    "a rare class and F1": (
        (task("f1"), profile(shares=(95, 5)), (0.3, 0.34, 0.36)),
        "gbm: * + a decision that fits the metric",
        "gbm: balanced class weights",
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
    ),
    "a rare class and the order of rows": (
        (task("roc_auc"), profile(shares=(95, 5)), (0.8, 0.84, 0.86)),
        "gbm: * + averaged over five",
        "gbm: slower learning, fewer leaves",
        "gbm: effects that add up",
        "gbm: * + ratios and differences",
        "gbm: more leaves",
        "gbm: * + tuned",
    ),
    "100,000 rows of 50 columns": (
        (task(), profile(*(column(f"x{i}") for i in range(50)), n_rows=100_000), (0.8, 0.84, 0.86)),
        "gbm: more leaves",
        "gbm: slower learning, fewer leaves",
        "gbm: * + ratios and differences",
    ),
    "everything at once": (
        (
            task("f1_macro", "multiclass"),
            profile(
                column("shop", "categorical", levels=500),
                column("note", "text", levels=900),
                column("sent", "datetime"),
                column("due", "datetime"),
                SIZE,
                shares=(80, 15, 5),
                findings=(weak("OCT721", "size"),),
            ),
            (0.5, 0.54, 0.56),
        ),
        "gbm: * + a decision that fits the metric",
        "gbm: balanced class weights",
        "gbm: * + target means of many levels",
        "gbm: * + topics of texts",
        "gbm: * + stretches of time",
        "gbm: * + without size",
        "gbm: * + averaged over five",
    ),
}


@pytest.mark.parametrize(("question", *["ideas"]), [(q, i) for q, *i in SITUATIONS.values()], ids=list(SITUATIONS))
def test_what_the_data_ask_for_comes_before_variations(question, ideas):
    asked, known, scores = question
    run = Run(asked, known).drafted(*scores)
    drafts = run.ideas
    assert [idea.partition(":")[0] for idea in drafts] == ["linear", "forest", "gbm"], "every family before variations"
    best = run.journal.best
    while len(run.plans) < 10:
        decision = improve(None, best.number)
        proposal = run.propose(decision)
        assert not isinstance(proposal, StopProposal)
        run.add(decision, proposal, best.score.mean - 0.0001 * len(run.plans))
    shortened = [idea.replace(best.plan.idea, "*").split(" to ")[0] for idea in run.ideas[3:]]
    assert shortened[: len(ideas)] == ideas
