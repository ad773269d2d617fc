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
from scangate.engine.pipeline import CONTEXT_PARTS, scan
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


def test_sides_are_in_the_order_of_a_report_and_named_once() -> None:
    parts = (*content("{}", side=Side.TOOL_INPUT).parts, *content("a", "b").parts)
    sides = scan(Content(parts), plan()).sides
    assert [(side.side, [part.text for part in side.parts]) for side in sides] == [
        (Side.PROMPT, ["a", "b"]),
        (Side.TOOL_INPUT, ["{}"]),
    ]


def test_side_without_a_detector_is_not_looked_at() -> None:
    verdict = scan(content("block", side=Side.RESPONSE), plan())
    assert verdict.category is Category.BENIGN and verdict.sides[0].outcomes == ()


class Reader:
    """Flags what says block, and notes what it was given as context."""

    def __init__(self) -> None:
        self.read: list[tuple[str, tuple[str, ...], str | None]] = []

    def detect(self, subject: Subject) -> Sequence[Finding]:
        text = subject.part.text
        self.read.append((text, tuple(part.text for part in subject.history), subject.grounding_context))
        flagged = "block" in text
        return [Finding(rule="r", span=Span(0, 5), confidence=Confidence.HIGH, score=1.0, action=Action.BLOCK)] if flagged else []


def conversation_plan(reader: Reader, whole: bool) -> ScanPlan:
    document = {"ai-security-profiles": [{"model-configuration": {"enable-full-conversation-inspection": whole}}]}
    spec = DetectorSpec(
        DetectorName.PROMPT_INJECTION, Flag.INJECTION, Service.PI, frozenset({Side.PROMPT}), NoOptions,
        lambda _: NoOptions(), lambda *_: reader, lambda *_: {},
    )  # fmt: skip
    return compile_plan(parse_policy(document), [spec], Resources(), profile_id="p", profile_name="p", revision=1)


def conversation(*prompts: str) -> Content:
    *earlier, newest = (Part(Side.PROMPT, PartKind.TEXT, text) for text in prompts)
    return Content((newest,), tuple(earlier), grounding_context="context")


def test_earlier_elements_are_context_only_unless_the_profile_inspects_the_conversation() -> None:
    asked = conversation("first", "block", "third", "newest")
    reader = Reader()
    verdict = scan(asked, conversation_plan(reader, whole=False))
    assert (verdict.category, verdict.sides[0].earlier) == (Category.BENIGN, 0)
    assert reader.read == [("newest", ("first", "block", "third"), "context")]

    reader = Reader()
    plan = conversation_plan(reader, whole=True)
    verdict = scan(asked, plan)
    side = verdict.sides[0]
    assert (verdict.category, verdict.action) == (Category.MALICIOUS, Action.BLOCK)
    assert ([part.text for part in side.parts], side.newest, side.earlier) == (["newest", "third", "block", "first"], 1, 3)
    assert [bool(found) for found in side.outcomes[0].findings] == [False, False, True, False]
    assert reader.read == [
        ("newest", ("first", "block", "third"), "context"),
        ("third", ("first", "block"), None),
        ("block", ("first",), None),
        ("first", (), None),
    ]
    assert (plan.characters(asked), conversation_plan(reader, whole=False).characters(asked)) == (21, 6)


def test_a_side_that_only_earlier_elements_have_is_scanned_with_them() -> None:
    asked = Content((Part(Side.RESPONSE, PartKind.TEXT, "newest"),), (Part(Side.PROMPT, PartKind.TEXT, "block"),))
    assert [side.side for side in scan(asked, conversation_plan(Reader(), whole=False)).sides] == [Side.RESPONSE]
    verdict = scan(asked, conversation_plan(Reader(), whole=True))
    assert [(side.side, side.newest, side.earlier) for side in verdict.sides] == [(Side.PROMPT, 0, 1), (Side.RESPONSE, 1, 0)]
    assert verdict.category is Category.MALICIOUS


def test_the_context_of_a_long_conversation_is_bounded() -> None:
    reader = Reader()
    scan(conversation(*(str(n) for n in range(300))), conversation_plan(reader, whole=True))
    assert len(reader.read) == 300
    assert {len(history) for _, history, _ in reader.read[1:200]} == {CONTEXT_PARTS}


def test_the_question_is_the_prompt_of_the_element_or_the_last_one_before_it() -> None:
    read: list[str] = []

    class Asking:
        def detect(self, subject: Subject) -> Sequence[Finding]:
            read.append(subject.question)
            return []

    spec = DetectorSpec(
        DetectorName.CONTEXTUAL_GROUNDING, Flag.UNGROUNDED, Service.CONTEXTUAL_GROUNDING, frozenset({Side.RESPONSE}), NoOptions,
        lambda _: NoOptions(), lambda *_: Asking(), lambda *_: {},
    )  # fmt: skip
    document = {"ai-security-profiles": [{"model-configuration": {}}]}
    asking = compile_plan(parse_policy(document), [spec], Resources(), profile_id="p", profile_name="p", revision=1)
    answer = Part(Side.RESPONSE, PartKind.TEXT, "answer")
    code = Part(Side.PROMPT, PartKind.CODE, "code")
    earlier = tuple(Part(Side.PROMPT, PartKind.TEXT, text) for text in ("first", "second"))
    for parts in ((code, Part(Side.PROMPT, PartKind.TEXT, "own"), answer), (code, answer)):
        scan(Content(parts, earlier), asking)
    scan(Content((answer,)), asking)
    assert read == ["own", "second", ""]
