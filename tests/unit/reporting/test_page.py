"""The report as a page: whole, useful and harmless for a run in any state."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus.journal import Journal
from octopus.records import (
    Action,
    Analysed,
    AnyEvent,
    Baseline,
    Budget,
    ColumnProfile,
    Costs,
    CurvePoint,
    Decision,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    Failure,
    FamilyVerdict,
    Finding,
    Fitted,
    Frame,
    HoldoutOpened,
    HoldoutReport,
    Level,
    ModelFile,
    ReplayCheck,
    RunFinished,
    Script,
    SearchStopped,
    TargetProfile,
    Understanding,
)
from octopus.reporting.page import report_page
from tests.led import led
from tests.strategies import events, failed, journals, profiled, started, valid

_VOID = {"meta", "link", "br", "col"}
_BLOCKS = {"p", "div", "details", "ul", "dl", "table", "section", "pre", "blockquote"}
#: Attributes through which a page may fetch something.
_FETCHING = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href", "formaction"}
EVIL = "</title></style><script>alert(1)</script><img src=x onerror=alert(2)> \" ' & \u202eabc\x1b[31m\x00"


class _Page(HTMLParser):
    """Reads a page; complains where an element is not closed by its own end tag."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert tag not in _BLOCKS or "p" not in self.open  # a browser would end the paragraph there
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def _read(journal: Journal) -> _Page:
    """Return the page, after making sure that it is whole and asks for nothing."""
    page = report_page(journal)
    assert page.startswith("<!doctype html>")
    page.encode("utf-8")
    read = _Page(page)
    for name, attributes in read.elements:
        assert name not in ("script", "iframe", "object", "embed", "form", "base", "img")
        for key, value in attributes.items():
            assert not key.startswith("on")
            assert key not in _FETCHING or (value or "").startswith(("#", "data:,"))
    assert "url(" not in page.partition("</style>")[0]
    assert "@import" not in page.partition("</style>")[0]
    return read


def typical() -> Journal:
    """Return the journal of a finished run with a bit of everything."""
    understood = (
        Understanding(what="scoring", value="roc_auc", words="ranking matters"),
        Understanding(what="ignore", value="note", words="do not use note"),
    )
    task = msgspec.structs.replace(
        started().task, goal="who pays late; ranking matters", target="late", scoring="roc_auc", classes=("no", "yes"),
        understood=understood, costs=Costs(positive="yes", false_negative=5.0, false_positive=1.0), random_state=42,
    )  # fmt: skip
    begin = msgspec.structs.replace(
        started(), task=task, budget=Budget(max_experiments=9), versions={"numpy": "2.4.6"}, data_sha256="abc123"
    )
    profile = msgspec.structs.replace(
        profiled().profile,
        n_rows=800,
        n_sealed=120,
        target=TargetProfile(n_missing=3, levels=(Level(value="no", count=740), Level(value="yes", count=60))),
        findings=(
            Finding(
                code="OCT720", columns=("reminder",), message="reminder mirrors the target", evidence="AUC 0.98 alone",
                confidence="strong", action="quarantined: not used", overrule="--use reminder",
            ),
            Finding(code="OCT716", message="note has gaps", evidence="61%", confidence="weak", action="noted"),
        ),
        families=(
            FamilyVerdict(family="linear", applies=True, reason=""),
            FamilyVerdict(family="tabpfn", applies=False, reason="weights not on this machine"),
        ),
    )  # fmt: skip
    first = _told(valid(1, "linear", (0.80, 0.82)), "a line", "effects may add up", "a floor", "import line")
    crashed = failed(2, "forest", "f", repairable=False)
    crashed = msgspec.structs.replace(
        crashed,
        outcome=msgspec.structs.replace(
            crashed.outcome,
            failure=Failure(
                type="ValueError", message="no such level", frames=(Frame(line=7, function="fit", code="model.fit(X)"),)
            ),
        ),
    )
    best = _told(valid(3, "gbm", (0.85, 0.87)), "boosting", "columns act together", "more than 0.81", "import boost")
    best = msgspec.structs.replace(
        best,
        threshold=0.17,
        score=msgspec.structs.replace(best.score, train=0.99, others={"accuracy": 0.9}),
        diagnoses=(
            Diagnosis(
                code="OCT602", title="learned by heart", kind="symptom", cause="c", evidence="0.99 on fitted rows",
                remedy="r",
            ),
        ),
    )  # fmt: skip
    report = HoldoutReport(
        scoring="roc_auc", n_rows=120, score=0.851, ci_low=0.829, ci_high=0.871, validation_score=0.90,
        n_experiments=3, winner=3, beats_baseline="yes",
        baselines=(
            Baseline(name="constant", score=0.5, difference_low=0.32, difference_high=0.38),
            Baseline(name="plain linear", score=0.80, difference_low=0.02, difference_high=0.08),
        ),
        curve=tuple(CurvePoint(predicted=i / 10, observed=min(1.0, i / 8), n_rows=12) for i in range(10)),
    )  # fmt: skip
    checks = (ReplayCheck(name="columns shuffled", passed=True), ReplayCheck(name="one row", passed=True))
    lines: list[AnyEvent] = [begin, msgspec.structs.replace(profiled(), profile=profile)]
    lines += [
        ExperimentFinished(at="t", elapsed_s=2.0 * i, experiment=e) for i, e in enumerate((first, crashed, best), 1)
    ]
    at = {"at": "t", "elapsed_s": 9.0}
    model = ModelFile(path="p", sha256="0", size_bytes=1, fitted_on="train")
    lines += [
        SearchStopped(**at, decision=Decision(action="stop", reason="a plateau"), winner=3),
        Fitted(**at, experiment=3, model=model, checks=checks),
        HoldoutOpened(**at, report=report),
        Fitted(**at, experiment=3, model=msgspec.structs.replace(model, fitted_on="all"), checks=checks),
        RunFinished(**at, shipped="all", reason="the winner was refitted on every row"),
    ]
    return Journal(events=tuple(lines))


def _told(experiment: Experiment, idea: str, hypothesis: str, expected: str, source: str) -> Experiment:
    plan = msgspec.structs.replace(experiment.plan, idea=idea, hypothesis=hypothesis, expected=expected)
    return msgspec.structs.replace(experiment, plan=plan, script=Script(source=source, author="playbook"))


@given(journals(ended=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_run_makes_a_page(journal: Journal) -> None:
    _read(journal)


@given(st.lists(events(), max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_journal_makes_a_page_whatever_its_lines_say(lines: list[AnyEvent]) -> None:
    _read(Journal(events=tuple(lines)))


@pytest.mark.parametrize("n_events", range(11))
def test_a_run_that_was_killed_makes_a_page(n_events: int) -> None:
    events_so_far = typical().events[:n_events]
    page = _read(Journal(events=events_so_far))
    assert page.text.count("octopus") >= 1
    if n_events < len(typical().events):
        assert "has not ended" in page.text
        assert "The run did not end" in page.text


def test_the_page_says_it_all() -> None:
    text = _read(typical()).text
    for expected in (
        # the verdict
        "A gbm model predicts “late”",
        "Better than a plain baseline: yes",
        "On 120 rows that were sealed from the start it scores 0.8510 (95% interval 0.8290 to 0.8710; ROC AUC).",
        "Of two rows, one “yes” and one not, it ranks the right one higher 85.1% of the time.",
        "plain linear with 0.8000, the difference is +0.0510 (95% interval 0.0200 to 0.0800): all of it above zero.",
        # what was asked
        "who pays late; ranking matters",
        "ROC AUC (roc_auc) — from “ranking matters”.",
        "note — from “do not use note”",
        "a missed yes costs 5, a false alarm 1",
        # the data
        "920 rows × 3 columns",
        "no 92.5%, yes 7.5%; missing in 3 rows",
        "120 rows (random rows), opened once at the end",
        "reminder mirrors the target OCT720 · strong evidence",
        "AUC 0.98 alone",
        "To overrule: --use reminder",
        "5 folds, stratified: r.",
        "tabpfn takes no part: weights not on this machine",
        # the experiments
        "3 experiments, 1 of them without a score.",
        "boosting : columns act together",
        "Expected more than 0.81",
        "Came +0.0500 ± 0.0000 against #1: gain",
        "learned by heart (OCT602): 0.99 on fitted rows",
        "line 7 in fit: model.fit(X) ValueError: no such level",
        "import boost",
        # the proof
        "Validation promised more by 0.0490.",
        "a plateau, after 9 s",
        "#3, gbm: boosting; fitted on every row",
        "says yes from a probability of 0.1700 on",
        "columns shuffled passed passed",
        "accuracy 0.9000",
        # its limits
        "the score is its twin's",
        "120 sealed rows are few",
        "Only 7.5% of the rows are yes",
        "Validation promised 0.9000, above the interval of the sealed rows.",
        "Its probabilities are off by",
        "Quarantined as leaks, not used: reminder.",
        "The winner shows a symptom: learned by heart (OCT602)",
        "a guard against accidents, not against malice",
        # and how to ask again
        "random_state=42",
        "max_experiments=9",
        "time_limit=None",
        "numpy 2.4.6",
        "sha256 abc123",
        "9 s (no limit) · 3 experiments of 9",
    ):
        assert expected in text, expected


def test_the_page_of_a_run_that_a_model_led_tells_its_story_in_order() -> None:
    page = _read(led())
    story = page.text.partition("The story of the run")[2]
    steps = (
        "linear by the playbook, 0.7100 ± 0.0100: idea 1",
        "gbm by the model, 0.9800 ± 0.0100: the reminder",
        "day not used any more: it is written after the bill is paid · #2 counts no more",
        "gbm by the model, error: ratios",
        "mends #3: guards against zero",
        "How many rows has a customer?",
        "customer 17 has 240 rows the rest has three each",
        "def analyse(X, y): print(len(X))",
        "a customer stands on both sides · 2 experiments scored again · the best is #4, 0.8150 ± 0.0100",
        "the model wanted release: day — refused: its values still mirror the target",
        "colour used again: it is known on the day of the bill",
        "3 calls in a row failed: no answer in 60 s; the playbook goes on",
        "forest by the playbook",
    )
    at = [story.index(step) for step in steps]
    assert at == sorted(at)
    for expected in (
        "openai:gpt-5 (gpt-5-2026-01): 8 calls (step 6, fix 1, reask 1) · 2 without a usable reply",
        "next step 6 2 0 6,000 80.0% 600 $0.0120 15.0 s",
        "mending a script 1 0 0 1,000 80.0% 100 $0.0020 1.5 s",
        "It took no further part: 3 calls in a row failed",
        "6 experiments, 1 of them without a score, 1 set aside since.",
        "Fix mends #3: guards against zero",
        "backend='openai:gpt-5'",
        "8,800 tokens (no limit) · 0.02 US dollars (no limit)",
        "asked again, it may answer otherwise",
        "4 folds, group: rows of a customer are alike. "
        "Until #4: 5 folds, stratified: r; then changed: a customer stands on both sides.",
        "the best of 5 experiments.",
    ):
        assert expected in page.text, expected
    assert "#model" in {link["href"] for link in page.named("a")}
    assert "Language model" not in _read(typical()).text, "none was asked"


def test_prompts_and_replies_are_not_on_the_page() -> None:
    text = _read(led()).text
    assert "You lead a search" not in text
    assert "ACTION:" not in text


def test_the_winner_is_marked_with_the_score_that_counts_now() -> None:
    page = report_page(led())
    assert page.count(">winner</span>") == 1
    assert "#4 gbm 0.8150" in page
    assert re.search(r'class="winner"><tr><th scope="row">4<', page)
    assert 'aria-label="6 experiments, 4 with a score, best 0.8150."' in page


def test_a_long_story_stays_below_a_megabyte() -> None:
    said = "<b>&\n" * 8000
    lines = [
        msgspec.structs.replace(event, output=said) if isinstance(event, Analysed) else event for event in led().events
    ]
    page = report_page(Journal(events=(*lines[:14], *(lines[13:14] * 60), *lines[14:])))
    assert len(page.encode()) < 1_000_000
    assert "more steps in the journal" in page


def test_every_section_can_be_reached_and_is_named() -> None:
    page = _read(typical())
    anchors = {a["id"] for _, a in page.elements if a.get("id")}
    assert {link["href"] for link in page.named("a")} <= {f"#{anchor}" for anchor in anchors}
    assert all(section["aria-labelledby"] in anchors for section in page.named("section"))
    assert [len(page.named(name)) for name in ("h1", "main", "nav", "header", "footer")] == [1] * 5
    assert page.named("html") == [{"lang": "en"}]


def test_charts_are_told_and_their_numbers_are_beside_them() -> None:
    page = _read(typical())
    assert len(page.named("figure")) == 3
    assert len(page.named("svg")) == 6  # each for a wide and for a narrow screen
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in page.named("svg"))
    assert len(page.named("table")) == len(page.named("caption"))
    assert all(head.get("scope") in ("col", "row") for head in page.named("th"))
    assert "Winner 0.8510 (0.8290 to 0.8710), validation 0.9000" in str(page.named("svg"))


def test_marks_stay_inside_their_chart() -> None:
    for chart in re.findall(r"<svg.*?</svg>", report_page(typical())):
        width, height = map(float, re.findall(r'viewBox="0 0 (\d+) (\d+)"', chart)[0])
        across = [float(x) for x in re.findall(r' (?:c?x\d?)="(-?[\d.]+)"', chart)]
        down = [float(y) for y in re.findall(r' (?:c?y\d?)="(-?[\d.]+)"', chart)]
        assert min(across) >= 0
        assert max(across) <= width
        assert min(down) >= 0
        assert max(down) <= height


def test_better_is_further_up_and_further_right() -> None:
    page = report_page(typical())
    search, holdout = (re.findall(rf"<svg[^>]*{key}.*?</svg>", page)[0] for key in ("3 experiments", "Winner"))
    heights = {float(y) for y in re.findall(r'cy="([\d.]+)" r="4" class="try"', search)}
    (best,) = (float(y) for y in re.findall(r'cy="([\d.]+)" r="5" class="winner"', search))
    assert best < min(heights)
    (winner,) = (float(x) for x in re.findall(r'cx="([\d.]+)"[^>]*class="winner"', holdout))
    assert winner > max(float(x) for x in re.findall(r'cx="([\d.]+)"[^>]*class="try"', holdout))


@pytest.mark.parametrize("journal", [typical(), led()], ids=["typical", "led by a model"])
def test_nothing_out_of_the_data_becomes_markup(journal: Journal) -> None:
    """Every text of a journal is replaced by one that would break out of HTML wherever it stood unescaped."""
    harmless = _read(journal)
    words = {"goal", "target", "reason", "message", "evidence", "action", "overrule", "value", "words", "name", "idea"}
    words |= {"hypothesis", "expected", "source", "title", "type", "code", "function", "run", "scientist", "sandbox"}
    words |= {"classes", "positive", "features", "columns", "reason", "sealed_reason", "evidence", "detail"}
    words |= {"question", "output", "what", "backend", "model", "problem", "reply", "text", "column"}
    lines = []
    for event in journal.events:
        tree = _poisoned(msgspec.to_builtins(event), words)
        lines.append(msgspec.convert(tree, AnyEvent))
    page = report_page(Journal(events=tuple(lines)))
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    poisoned = _read(Journal(events=tuple(lines)))
    assert "<script>alert(1)</script>" in poisoned.text
    assert {name for name, _ in poisoned.elements} <= {name for name, _ in harmless.elements} | {"blockquote"}


def _poisoned(tree: object, words: set[str], key: str = "") -> object:
    if isinstance(tree, dict):
        is_task = {"goal", "type", "target"} <= tree.keys()
        return {k: v if is_task and k == "type" else _poisoned(v, words, k) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        return [_poisoned(item, words, key) for item in tree]
    return EVIL if isinstance(tree, str) and key in words and tree not in get_args(Action) else tree


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&amp;b", '"><b>', "שלום", "\u202eevil", "a\tb\nc", ""])
def test_odd_column_names_stay_text(name: str) -> None:
    column = ColumnProfile(name=name, kind="numeric", dtype="float64", missing_fraction=0.0, n_unique=2, used=False)
    profile = msgspec.structs.replace(profiled().profile, columns=(column,))
    page = _read(Journal(events=(started(), msgspec.structs.replace(profiled(), profile=profile))))
    shown = "".join(c if c.isprintable() else " " if c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in name)
    assert page.words.count(shown) >= (1 if name else 0)


def test_a_run_without_a_model_says_what_failed() -> None:
    stop = SearchStopped(
        at="t", elapsed_s=9.0, decision=Decision(action="stop", reason="the last 10 experiments failed"), winner=None
    )
    tried = ExperimentFinished(at="t", elapsed_s=3.0, experiment=failed(1, "gbm", "a", repairable=False))
    text = _read(Journal(events=(started(), profiled(), tried, stop))).text
    assert "No model for “y” No experiment worked" in text
    assert "It stopped because the last 10 experiments failed." in text
    assert "1 experiment, 1 of them without a score." in text
    assert "t (OCT301): e" in text


def test_a_run_without_sealed_rows_does_not_claim_a_proof() -> None:
    profile = msgspec.structs.replace(profiled().profile, n_sealed=0, sealed_reason="too few rows")
    lines = [e for e in typical().events if not isinstance(e, HoldoutOpened)]
    lines[1] = msgspec.structs.replace(profiled(), profile=profile)
    text = _read(Journal(events=tuple(lines))).text
    assert "Not proved: no sealed rows were scored" in text
    assert "There are none: too few rows. The validation score stands alone." in text
    assert "the validation score chose the winner and so flatters it" in text
    assert "Do predictions fit" not in text


@pytest.mark.parametrize(
    ("low", "high", "verdict", "words"),
    [
        (-0.02, 0.01, "undecided", "zero lies inside, so 120 rows cannot tell."),
        (-0.05, -0.01, "no", "none of it above zero."),
        (0.0, 0.0, "no", "It is the plain baseline itself (plain linear): nothing that was tried was better."),
    ],
)
def test_the_verdict_says_why(low: float, high: float, verdict: str, words: str) -> None:
    lines = list(typical().events)
    at = next(i for i, event in enumerate(lines) if isinstance(event, HoldoutOpened))
    report = lines[at].report
    rival = Baseline(name="plain linear", score=0.86, difference_low=low, difference_high=high)
    changed = msgspec.structs.replace(report, baselines=(rival,), beats_baseline=verdict)
    lines[at] = msgspec.structs.replace(lines[at], report=changed)
    text = _read(Journal(events=tuple(lines))).text
    assert f"Better than a plain baseline: {verdict}" in text
    assert words in text


def test_an_interval_without_width_is_no_certainty() -> None:
    lines = list(typical().events)
    at = next(i for i, event in enumerate(lines) if isinstance(event, HoldoutOpened))
    report = msgspec.structs.replace(lines[at].report, score=1.0, ci_low=1.0, ci_high=1.0)
    lines[at] = msgspec.structs.replace(lines[at], report=report)
    assert "The interval has no width" in _read(Journal(events=tuple(lines))).text


def test_a_winner_that_did_not_replay_is_passed_over() -> None:
    lines = [e for e in typical().events if not isinstance(e, Fitted | HoldoutOpened | RunFinished)]
    model = ModelFile(path="p", sha256="0", size_bytes=1, fitted_on="train")
    at = {"at": "t", "elapsed_s": 9.0}
    broken = ReplayCheck(name="one row", passed=False, detail="ValueError")
    lines += [
        Fitted(**at, experiment=3, model=model, checks=(broken,)),
        Fitted(**at, experiment=1, model=model, checks=(ReplayCheck(name="one row", passed=True),)),
        RunFinished(**at, shipped="train", reason="r"),
    ]
    text = _read(Journal(events=tuple(lines))).text
    assert "A linear model predicts “late”" in text
    assert "A fit of #3 was passed over: in a clean process it failed on “one row”." in text
    assert "one row failed: ValueError passed" in text


@pytest.mark.parametrize("n_experiments", [60, 1000])
def test_a_large_run_stays_below_a_megabyte(n_experiments: int) -> None:
    words, source = "a long <thought> & more of it. " * 200, "x = 1 < 2 and 'é' # &&&\n" * 600
    tried = [
        _told(valid(i, "gbm", (0.8, 0.8 + i / 9999)), f"idea {i}", words, words, source)
        for i in range(1, n_experiments + 1)
    ]
    columns = tuple(
        ColumnProfile(name=f"column {i} " + "x" * 150, kind="numeric", dtype="float64", missing_fraction=0.1,
                      n_unique=9, used=True) for i in range(200)
    )  # fmt: skip
    profile = msgspec.structs.replace(profiled().profile, columns=columns)
    lines: list[AnyEvent] = [started(), msgspec.structs.replace(profiled(), profile=profile)]
    lines += [ExperimentFinished(at="t", elapsed_s=float(e.number), experiment=e) for e in tried]
    journal = Journal(events=tuple(lines))
    assert len(report_page(journal).encode()) < 1_000_000
    page = _read(journal)
    assert len(page.named("tbody")) > 60
    assert "in the journal" in page.text
    if n_experiments == 60:
        assert any(a.get("aria-label") == "Script of #60" for a in page.named("pre"))  # the best one's is there


def test_one_hopeless_try_does_not_squeeze_the_others() -> None:
    folds = [(0.80, 0.81), (0.81, 0.82), (0.82, 0.83), (-5000.0, -5001.0), (0.83, 0.84)]
    tried = [valid(i, "gbm", fold) for i, fold in enumerate(folds, start=1)]
    lines = [ExperimentFinished(at="t", elapsed_s=float(e.number), experiment=e) for e in tried]
    page = report_page(Journal(events=(started(), profiled(), *lines)))
    assert "below the chart" in page
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', re.findall(r"<svg.*?</svg>", page)[0])]
    assert max(heights) - min(heights) > 50
