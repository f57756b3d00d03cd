"""The search as a chart: the score of every experiment with its error, and the best so far."""

from __future__ import annotations

from functools import partial
from statistics import median

import msgspec

from octopus.journal import Journal
from octopus.records import Experiment, ExperimentFinished
from octopus.reporting.markup import Html, join, tag
from octopus.reporting.metrics import reading
from octopus.reporting.scale import Scale, around
from octopus.reporting.section import table
from octopus.reporting.sentences import score_words
from octopus.reporting.svg import LINE, canvas, cross, dot, figure, label, line, path, vertical_axis
from octopus.reporting.verdict import shipped
from octopus.reporting.words import cut, number

_HEIGHT, _TOP, _LEFT, _RIGHT = 300.0, 28.0, 62.0, 18.0
#: Below the plot: two lines of ticks and the axis' name. In it, at its foot: room for what failed or fell far below.
_FOOT, _GUTTER = 60.0, 26.0
#: How far below the median the scale reaches, in distances from there to the best: one hopeless try squeezes the rest.
_REACH = 4.0
#: Room that the number of an experiment takes under the axis, and length from which on the line of the best is named.
_TICK_ROOM, _NAMED = 44.0, 330.0
#: Experiments on the chart: the latest ones.
_DRAWN = 200


def search_chart(journal: Journal) -> Html:
    """Return the experiments as a chart.

    Parameters
    ----------
    journal : Journal
        Of a run in any state.

    Returns
    -------
    Html
        A figure; empty where nothing has a score.
    """
    finished = _as_it_stands(journal)[-_DRAWN:]
    scoring = next((e.experiment.score.scoring for e in finished if e.experiment.score), None)
    if scoring is None:
        return Html()
    caption = (
        "Each dot is an experiment with its standard error, the line is the best so far, a cross is one that failed"
        f"{' or counts no more' if journal.set_aside else ''}. " + reading(scoring)
    )
    head = ("#", "Family", "Score", "Finished after")
    rows = [
        (str(e.experiment.number), e.experiment.plan.family, score_words(e.experiment), f"{e.elapsed_s:,.0f} s")
        for e in finished
    ]
    winner = shipped(journal)
    drawn = partial(_draw, finished, winner, scoring)
    return figure(drawn, caption, table("Scores of the experiments", head, rows))


def _as_it_stands(journal: Journal) -> list[ExperimentFinished]:
    """Return the experiments with the scores that count now: on the latest folds, none where it was set aside."""
    aside = journal.set_aside
    now = {e.number: msgspec.structs.replace(e, score=None) if e.number in aside else e for e in journal.experiments}
    finished = (event for event in journal.events if isinstance(event, ExperimentFinished))
    return [msgspec.structs.replace(event, experiment=now[event.experiment.number]) for event in finished]


def _draw(finished: list[ExperimentFinished], winner: Experiment | None, scoring: str, width: float) -> Html:
    bottom, right = _HEIGHT - _FOOT, width - _RIGHT
    y = _score_scale([event.experiment for event in finished], bottom)
    step = (right - _LEFT) / len(finished)
    xs = [_LEFT + (i + 0.5) * step for i in range(len(finished))]
    marks = [
        _experiment(event.experiment, x, y, bottom, winner is not None and event.experiment.number == winner.number)
        for event, x in zip(finished, xs, strict=True)
    ]
    scored = [e.experiment.score.mean for e in finished if e.experiment.score]
    description = f"{len(finished)} experiments, {len(scored)} with a score, best {number(max(scored))}."
    return canvas(
        width, _HEIGHT, description,
        vertical_axis(y, _LEFT, 5, right),
        line(_LEFT, bottom, right, bottom, "axis"),
        label(0.0, 14.0, cut(f"validation {scoring}", int(width / 7)), "name"),
        _best_so_far(finished, xs, step, y),
        *marks,
        _winner_label(finished, xs, winner, y, width),
        _ticks(finished, xs, bottom, step),
    )  # fmt: skip


def _score_scale(experiments: list[Experiment], bottom: float) -> Scale:
    scores = [e.score for e in experiments if e.score]
    means = [score.mean for score in scores]
    best, middle = max(means), median(means)
    reach = best / 2 - middle / 2
    floor = middle - 2 * _REACH * reach if reach > 0 else min(means)
    ends = [(s.mean - (s.standard_error or 0.0), s.mean + (s.standard_error or 0.0)) for s in scores]
    shown = [end for (low, high), mean in zip(ends, means, strict=True) if mean >= floor for end in (low, high)]
    usable = [min(1e308, max(-1e308, value)) for value in shown or means]
    all_in = len(scores) == len(experiments) and min(means) >= floor
    return around(usable, bottom if all_in else bottom - _GUTTER, _TOP + LINE)


def _experiment(experiment: Experiment, x: float, y: Scale, bottom: float, is_winner: bool) -> Html:
    title = f"#{experiment.number} {experiment.plan.family}: {score_words(experiment)}"
    if experiment.score is None:
        return cross(x, bottom - _GUTTER / 2, 4.0, "failed", title)
    mean, error = experiment.score.mean, experiment.score.standard_error or 0.0
    if mean < y.low:
        arrow = path([(x - 4, bottom - 12), (x, bottom - 6), (x + 4, bottom - 12)], "below")
        return tag("g", tag("title", f"{title}, below the chart"), arrow)
    look = "winner" if is_winner else "try"
    bar = line(x, y(mean - error), x, y(mean + error), f"{look} error")
    return join(bar, dot(x, y(mean), 5.0 if is_winner else 4.0, look, title))


def _best_so_far(finished: list[ExperimentFinished], xs: list[float], step: float, y: Scale) -> Html:
    points: list[tuple[float, float]] = []
    best: float | None = None
    for event, x in zip(finished, xs, strict=True):
        score = event.experiment.score
        if score is not None and (best is None or score.mean > best):
            if best is not None:
                points.append((x, y(best)))
            best = score.mean
            points.append((x, y(best)))
    if best is None:
        return Html()
    end = xs[-1] + step / 2, y(best)
    # Where the line ends well after its last step there is room to say what it is.
    is_long = end[0] - points[-1][0] > _NAMED
    words = label(end[0], end[1] - 6, "best so far", "winner small", "end") if is_long else Html()
    return join(path([*points, end], "best"), words)


def _winner_label(
    finished: list[ExperimentFinished], xs: list[float], winner: Experiment | None, y: Scale, width: float
) -> Html:
    for event, x in zip(finished, xs, strict=True):
        if winner is not None and event.experiment.number == winner.number and winner.score is not None:
            words = cut(f"#{winner.number} {winner.plan.family} {score_words(winner)}", 40)
            anchor = "end" if x > width * 0.6 else "start" if x < width * 0.4 else "middle"
            top = y(winner.score.mean + (winner.score.standard_error or 0.0))
            return label(x, max(_TOP + 8, top - 8), words, "winner", anchor)
    return Html()


def _ticks(finished: list[ExperimentFinished], xs: list[float], bottom: float, step: float) -> Html:
    every = max(1, round(_TICK_ROOM / step + 0.49))
    shown = [i for i in range(len(finished)) if i % every == 0]
    numbers = [label(xs[i], bottom + LINE, f"#{finished[i].experiment.number}", "tick", "middle") for i in shown]
    times = [
        label(xs[i], bottom + 2 * LINE, cut(f"{finished[i].elapsed_s:,.0f} s", 8), "tick faint", "middle")
        for i in shown
    ]
    return join(*numbers, *times, label(_LEFT, bottom + 3 * LINE + 4, "experiment, and when it was finished", "name"))
