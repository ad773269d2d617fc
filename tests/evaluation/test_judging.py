"""Judging with detectors made for the purpose: what is under test is the judge, not they."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import BaseModel

from scangate.detectors.contract import DetectorSpec, Resources, Subject
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.profile import parse_policy
from scangate.domain.taxonomy import Action, Confidence, DetectorName, Flag, OutcomeStatus, Service, Side
from scangate.engine.plan import ScanPlan, compile_plan
from scangate.errors import DeadlineExceededError, ProfileInvalidError, RequestInvalidError
from scangate.evaluation.judging import Judgement, judge_rows, spec_named
from scangate.evaluation.rows import Row
from scangate.evaluation.summary import summarise


class NoOptions(BaseModel):
    pass


def finding(score: float, *, flagged: bool) -> Finding:
    return Finding(
        rule="r", span=Span(0, 1), confidence=Confidence.HIGH, score=score, action=Action.BLOCK, flagged=flagged
    )  # fmt: skip


class Plain:
    """Does what the text says."""

    def detect(self, subject: Subject) -> Sequence[Finding]:
        match subject.part.text:
            case "raise":
                raise ValueError
            case "late":
                raise DeadlineExceededError
            case "low":
                return [finding(0.3, flagged=False), finding(0.1, flagged=False)]
            case "high":
                return [finding(0.3, flagged=False), finding(0.8, flagged=True)]
        return []


class Continuous(Plain):
    """Has a score of its own: the length of the text in tenths, with the earlier texts."""

    def score(self, subject: Subject) -> float:
        match subject.part.text:
            case "score raises":
                raise ValueError
            case "score late":
                raise DeadlineExceededError
            case "score out of range":
                return 1.5
            case "score is no number":
                return float("nan")
        subject.checkpoint()
        return (len(subject.text.raw.text) + len(subject.history)) / 10


def spec(detector: type[Plain], sides: frozenset[Side] = frozenset({Side.PROMPT})) -> DetectorSpec[NoOptions]:
    return DetectorSpec(
        DetectorName.PROMPT_INJECTION, Flag.INJECTION, Service.PI, sides, NoOptions,
        lambda _: NoOptions(), lambda *_: detector(), lambda *_: {},
    )  # fmt: skip


def plan(detector: type[Plain]) -> ScanPlan:
    policy = parse_policy({"ai-security-profiles": [{}]})
    return compile_plan(policy, [spec(detector)], Resources(), profile_id="p", profile_name="p", revision=1)


def judge(detector: type[Plain], *texts: str, history: tuple[str, ...] = (), label: bool = True) -> list[Judgement]:
    rows = [Row(line, text, label, Side.PROMPT, history) for line, text in enumerate(texts, 1)]
    return judge_rows(rows, plan(detector), DetectorName.PROMPT_INJECTION)


def test_without_a_score_of_its_own_the_highest_finding_counts() -> None:
    judged = judge(Plain, "clean", "low", "high")
    assert [(one.flagged, one.score) for one in judged] == [(False, 0.0), (False, 0.3), (True, 0.8)]


def test_a_score_of_its_own_is_used_whatever_was_found() -> None:
    judged = judge(Continuous, "clean", "high", history=("earlier",))
    assert [(one.flagged, one.score) for one in judged] == [(False, 0.6), (True, 0.5)]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("raise", OutcomeStatus.ERROR),
        ("late", OutcomeStatus.TIMEOUT),
        ("score raises", OutcomeStatus.ERROR),
        ("score late", OutcomeStatus.TIMEOUT),
        ("score out of range", OutcomeStatus.ERROR),
        ("score is no number", OutcomeStatus.ERROR),
    ],
)
def test_a_failure_is_counted_and_enters_no_figure(text: str, status: OutcomeStatus) -> None:
    judged = judge(Continuous, text, "high")
    assert [one.status for one in judged] == [status, OutcomeStatus.OK]
    summary = summarise(judged)
    assert (summary["n"], summary["timeouts"] + summary["errors"], summary["fn"], summary["recall"]) == (1, 1, 0, 1.0)
    assert summary["timeouts" if status is OutcomeStatus.TIMEOUT else "errors"] == 1


def test_a_side_that_the_profile_has_switched_off_is_refused() -> None:
    row = Row(7, "text", True, Side.TOOL_INPUT)
    with pytest.raises(
        ProfileInvalidError, match="line 7: the profile 'p' has prompt_injection switched off for the side tool_input"
    ):
        judge_rows([row], plan(Plain), DetectorName.PROMPT_INJECTION)


def test_an_unknown_detector_is_refused_with_the_known_ones() -> None:
    assert spec_named("prompt_injection", [spec(Plain)]).name is DetectorName.PROMPT_INJECTION
    with pytest.raises(RequestInvalidError, match="no detector is called 'nonsense'; known: prompt_injection"):
        spec_named("nonsense", [spec(Plain)])


def judgement(line: int, label: bool, flagged: bool, score: float, lang: str) -> Judgement:
    return Judgement(Row(line, f"text {line}", label, Side.PROMPT, groups=(lang,)), OutcomeStatus.OK, flagged, score, float(line))


JUDGED = [
    judgement(1, True, True, 0.9, "en"),
    judgement(2, True, False, 0.2, "en"),
    judgement(3, False, True, 0.8, "en"),
    judgement(4, False, False, 0.1, "de"),
    judgement(5, True, False, 0.1, "de"),
]


def test_groups_have_their_own_confusion() -> None:
    groups = summarise(JUDGED, ["lang"])["groups"]
    assert list(groups) == ["lang"] and list(groups["lang"]) == ["en", "de"]
    assert groups["lang"]["en"] == {
        "n": 3, "tp": 1, "fp": 1, "tn": 0, "fn": 1, "precision": 0.5, "recall": 0.5, "fpr": 1.0, "auc": 0.5,
    }  # fmt: skip
    assert groups["lang"]["de"] == {
        "n": 2, "tp": 0, "fp": 0, "tn": 1, "fn": 1, "precision": None, "recall": 0.0, "fpr": 0.0, "auc": 0.5,
    }  # fmt: skip


def test_the_worst_mistakes_are_the_surest_ones_and_show_text_only_when_asked() -> None:
    worst = summarise(JUDGED, ["lang"])["worst"]
    assert [(one["row"], one["label"]) for one in worst] == [(3, 0), (5, 1), (2, 1)]
    assert all("text" not in one for one in worst) and worst[0]["groups"] == {"lang": "en"}
    long = [Judgement(Row(1, "x" * 200, True, Side.PROMPT), OutcomeStatus.OK)]
    assert summarise(long, show_text=True)["worst"][0]["text"] == "x" * 80


def test_times_are_median_and_95th_percentile() -> None:
    summary = summarise(JUDGED, ["lang"])
    assert (summary["median_ms"], summary["p95_ms"]) == (3.0, 4.8)
    assert summarise([])["median_ms"] is None
