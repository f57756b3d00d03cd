"""Journal → the report: one HTML page that needs nothing else, neither network nor script."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from octopus.journal import Journal
from octopus.reporting import part_experiments, part_model, part_proof, part_question
from octopus.reporting.dialogue import standing
from octopus.reporting.markup import Html, join, tag, trusted
from octopus.reporting.section import paragraph
from octopus.reporting.verdict import headline_score, judge, shipped, strongest_baseline
from octopus.reporting.words import alike, number

#: Nothing is fetched and nothing is run, whatever the page holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_SECTIONS = (
    ("holdout", "Sealed rows"),
    ("experiments", "Experiments"),
    ("model", "Language model"),
    ("findings", "Findings"),
    ("ships", "What ships"),
    ("limits", "Limits"),
    ("record", "Ask again"),
)


def report_page(journal: Journal) -> str:
    """Return the report of a run.

    Parameters
    ----------
    journal : Journal
        Of a run in any state: also of one that was killed, failed or has just begun.

    Returns
    -------
    str
        A whole HTML document, to be written as UTF-8. Whatever comes from the data is text in it; it fetches nothing,
        holds no script, and stays below a megabyte for any number of experiments and columns.
    """
    verdict, model = judge(journal), part_model.language_model(journal)
    run = journal.started.run if journal.started else "run"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", f"{verdict.headline} · octopus"),
        tag("link", rel="icon", href="data:,"),
        tag("style", _style_sheet()),
    )
    main = tag(
        "main",
        _top(journal),
        part_proof.sealed_rows(journal),
        part_proof.fitting(journal),
        part_question.asked(journal),
        part_question.data(journal),
        part_question.findings(journal),
        part_question.comparison(journal),
        part_experiments.experiments(journal),
        model,
        part_proof.what_ships(journal),
        part_proof.limits(journal),
        part_proof.record(journal),
        id="top",
    )
    links = (tag("a", title, href=f"#{anchor}") for anchor, title in _SECTIONS if anchor != "model" or model)
    header = tag("header", tag("a", "octopus", href="#top", class_="brand"), tag("nav", *links, aria_label="Sections"))
    footer = tag("footer", paragraph(f"Made from the journal of {run}: everything here is in it, line by line."))
    return "<!doctype html>\n" + tag("html", head, tag("body", header, main, footer), lang="en")


def _top(journal: Journal) -> Html:
    verdict = judge(journal)
    answer = tag("p", verdict.answer, class_=f"answer {verdict.standing.replace(' ', '-')}")
    because = tag("div", *map(paragraph, verdict.because), class_="because")
    return tag("div", tag("h1", verdict.headline), answer, because, _tiles(journal), class_="verdict")


def _tiles(journal: Journal) -> Html:
    report, winner, score = journal.holdout, shipped(journal), headline_score(journal)
    tiles = []
    if report is not None and score is not None:
        tiles.append((score[1], score[0], f"95% {number(report.ci_low)} to {number(report.ci_high)}"))
    if winner is not None and winner.score is not None:
        error = winner.score.standard_error
        below = "" if error is None else f"± {alike(error, winner.score.mean)} over the folds"
        tiles.append(("validation", number(winner.score.mean), below))
    rival = strongest_baseline(report) if report is not None else None
    if rival is not None:
        tiles.append(("strongest baseline", number(rival.score), rival.name))
    found = [standing(experiment, journal) for experiment in journal.experiments]
    failed, aside = found.count("failed"), len(found) - found.count("failed") - found.count("counts")
    also = (f"{failed} failed · " if failed else "") + (f"{aside} set aside · " if aside else "")
    tiles.append(("experiments tried", f"{len(journal.experiments):,}", f"{also}{journal.elapsed_s:,.0f} s in all"))
    return tag("dl", *(_tile(*tile) for tile in tiles), class_="tiles")


def _tile(name: str, value: str, below: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", join(value), class_="big"), tag("dd", below, class_="quiet"))


@cache
def _style_sheet() -> Html:
    return trusted(files("octopus.reporting").joinpath("page.css").read_text(encoding="utf-8"))
