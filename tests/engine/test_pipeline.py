"""The engine's promises about failure, with detectors made for the purpose: what is under test is the pipeline, not they."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from pydantic import BaseModel

from scangate.detectors.contract import DetectorSpec, Resources, Subject
from scangate.domain.content import Content, Part, Span
from scangate.domain.finding import DetectorOutcome, Finding
from scangate.domain.profile import parse_policy
from scangate.domain.taxonomy import Action, Category, Confidence, DetectorName, Flag, OutcomeStatus, PartKind, Service, Side
from scangate.engine.deadline import Deadline
from scangate.engine.pipeline import scan
from scangate.engine.plan import ScanPlan, compile_plan

SECRET = "the scanned text"


class NoOptions(BaseModel):
    pass


class Detector:
    """Does what the text says."""

    def detect(self, subject: Subject) -> Sequence[Finding]:
        text = subject.part.text
        if "raise" in text:
            raise ValueError(SECRET)
        if "sleep" in text:
            until = time.monotonic() + 10
            while time.monotonic() < until:
                subject.checkpoint()
        if "allow" in text or "block" in text or "alert" in text:
            finding = Finding(rule="r", span=Span(0, 5), confidence=Confidence.HIGH, score=1.0, action=Action(text[:5]))
            return [finding]
        return []


def plan(timeout_action: str = "block", seconds: int = 5) -> ScanPlan:
    document = {
        "ai-security-profiles": [
            {"model-configuration": {"latency": {"inline-timeout-action": timeout_action, "max-inline-latency": seconds}}}
        ]
    }
    spec = DetectorSpec(
        DetectorName.PROMPT_INJECTION, Flag.INJECTION, Service.PI, frozenset({Side.PROMPT, Side.TOOL_INPUT}), NoOptions,
        lambda _: NoOptions(), lambda *_: Detector(), lambda *_: {},
    )  # fmt: skip
    return compile_plan(parse_policy(document), [spec], Resources(), profile_id="p", profile_name="p", revision=1)


def content(*texts: str, side: Side = Side.PROMPT) -> Content:
    return Content(tuple(Part(side, PartKind.TEXT, text) for text in texts))


@pytest.mark.parametrize(
    ("texts", "timeout_action", "category", "action"),
    [
        (["hello"], "block", Category.BENIGN, Action.ALLOW),
        (["block it"], "allow", Category.MALICIOUS, Action.BLOCK),
        (["allow it"], "block", Category.MALICIOUS, Action.ALLOW),
        (["alert it"], "block", Category.MALICIOUS, Action.ALLOW),
        (["raise"], "block", Category.ERROR, Action.BLOCK),
        (["raise"], "allow", Category.ERROR, Action.ALLOW),
        (["block it", "raise"], "allow", Category.MALICIOUS, Action.BLOCK),
        (["allow it", "raise"], "block", Category.MALICIOUS, Action.BLOCK),
        (["raise", "block it"], "allow", Category.ERROR, Action.ALLOW),
    ],
)
def test_verdict(texts: list[str], timeout_action: str, category: Category, action: Action) -> None:
    verdict = scan(content(*texts), plan(timeout_action))
    assert (verdict.category, verdict.action) == (category, action)


@pytest.mark.parametrize(("timeout_action", "action"), [("block", Action.BLOCK), ("allow", Action.ALLOW)])
def test_passed_deadline_is_a_timeout_never_clean(timeout_action: str, action: Action) -> None:
    verdict = scan(content("sleep"), plan(timeout_action), deadline=Deadline.after(0.05))
    assert (verdict.category, verdict.action, verdict.timed_out) == (Category.TIMEOUT, action, True)


def test_deadline_that_passed_before_the_start_times_out_every_detector() -> None:
    verdict = scan(content("hello"), plan(), deadline=Deadline.after(-1))
    assert verdict.timed_out and verdict.sides[0].outcomes[0].status is OutcomeStatus.TIMEOUT


def test_observer_sees_the_outcome_and_the_error_of_each_run() -> None:
    seen: list[tuple[DetectorOutcome, BaseException | None]] = []
    scan(content("raise"), plan(), observe=lambda outcome, error: seen.append((outcome, error)))
    ((outcome, error),) = seen
    assert outcome.status is OutcomeStatus.ERROR and isinstance(error, ValueError)


def test_side_without_a_detector_is_not_looked_at() -> None:
    verdict = scan(content("block", side=Side.RESPONSE), plan())
    assert verdict.category is Category.BENIGN and verdict.sides[0].outcomes == ()
