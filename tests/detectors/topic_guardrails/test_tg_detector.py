"""Blocked and allowed topics on the shipped model: what is a violation, where it is, and what is not."""

from __future__ import annotations

import json

import pytest
from tests.detectors.topic_guardrails.conftest import Find, protections, subject

from scangate.detectors.contract import ReportContext, Resources, Subject
from scangate.detectors.topic_guardrails import SPEC
from scangate.detectors.topic_guardrails.finding import Rule
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.errors import DeadlineExceededError
from scangate.matching.prepare import prepare

RECIPE = "How do I make pancakes without milk?"
BETTING = "Which team should I bet on in tonight's match?"
FILLER = "The minutes of the meeting list everybody who came and what was decided about the new office. "

SMALL_TALK = [
    "hello", "Thanks a lot!", "Guten Morgen, wie geht es Ihnen?", "merci beaucoup", "¿quién eres?", "grazie mille",
    "obrigado, até logo", "спасибо, до свидания", "ありがとうございます", "你好", "What can you do?", "", "?!", "😀",
]  # fmt: skip


def rules(findings: object) -> set[str]:
    return {finding.rule for finding in findings}  # type: ignore[attr-defined]


def test_a_blocked_topic_is_a_violation_with_its_name_and_sentence(find: Find) -> None:
    [finding] = find(BETTING, block=("gambling", "recipes"))
    assert (finding.rule, finding.category, finding.flagged, finding.action) == (Rule.BLOCKED, "Gambling", True, Action.BLOCK)
    assert BETTING[finding.span.start : finding.span.end] == BETTING and 0.5 <= finding.score <= 1.0


def test_other_texts_pass_a_block_list(find: Find) -> None:
    assert find(RECIPE, block=("gambling", "politics", "tax-advice")) == []


def test_an_action_of_allow_flags_and_lets_pass(find: Find) -> None:
    [finding] = find(BETTING, block=("gambling",), action="allow")
    assert finding.flagged and finding.action is Action.ALLOW


def test_what_no_allowed_topic_matches_is_a_violation(find: Find) -> None:
    [finding] = find(BETTING, allow=("recipes", "travel-planning"))
    assert (finding.rule, finding.flagged, finding.category) == (Rule.OUTSIDE, True, "")


def test_what_an_allowed_topic_matches_passes_and_is_named(find: Find) -> None:
    [finding] = find(RECIPE, allow=("recipes", "travel-planning"))
    assert (finding.rule, finding.flagged, finding.category) == (Rule.ALLOWED, False, "Recipes and cooking")


@pytest.mark.parametrize("text", SMALL_TALK, ids=range(len(SMALL_TALK)))
def test_small_talk_passes_every_allow_list(find: Find, text: str) -> None:
    assert not any(finding.flagged for finding in find(text, allow=("tax-advice",)))


def test_a_blocked_topic_wins_over_an_allowed_one(find: Find) -> None:
    findings = find(RECIPE, allow=("recipes",), block=("recipes",))
    assert rules(findings) == {Rule.BLOCKED, Rule.ALLOWED} and any(finding.flagged for finding in findings)


def test_the_sentence_of_a_long_text_is_found(find: Find) -> None:
    text = FILLER * 8 + BETTING + " " + FILLER * 8
    [finding] = find(text, block=("gambling",))
    quoted = text[finding.span.start : finding.span.end]
    assert "bet on" in quoted and len(quoted) < 400


def test_a_long_text_about_an_allowed_topic_may_stray_and_not_drift_off(find: Find) -> None:
    cooking = "Simmer the sauce for twenty minutes, season the soup with salt and bake the bread until it is golden brown. " * 6
    assert not any(finding.flagged for finding in find(cooking + FILLER, allow=("recipes",)))
    assert any(finding.flagged for finding in find(cooking + FILLER * 12, allow=("recipes",)))


def test_every_tool_of_a_list_is_looked_at(resources: Resources) -> None:
    tools = [{"name": f"t{n}", "description": f"Shows the minutes of meeting {n}.", "inputSchema": {}} for n in range(12)]
    text = json.dumps({"tools": [*tools, {"name": "ask", "description": BETTING, "inputSchema": {}}]})
    options = SPEC.from_protections(protections(block=("gambling",)))
    assert options is not None
    listed = Subject(Part(Side.TOOL_OUTPUT, PartKind.JSON, text), prepare(text, PartKind.JSON))
    [finding] = SPEC.compile(options, resources).detect(listed)
    assert text[finding.span.start : finding.span.end] == BETTING


def test_untested_text_is_a_timeout(resources: Resources) -> None:
    passes = []

    def checkpoint() -> None:
        passes.append(None)
        if len(passes) > 2:
            raise DeadlineExceededError

    options = SPEC.from_protections(protections(block=("gambling",)))
    assert options is not None
    long = " ".join(f"Sentence number {number} is about nothing in particular at all." for number in range(200))
    with pytest.raises(DeadlineExceededError):
        SPEC.compile(options, resources).detect(subject(long, checkpoint))


def test_repeated_text_is_passed_once(resources: Resources) -> None:
    passes = []
    options = SPEC.from_protections(protections(block=("gambling",)))
    assert options is not None
    SPEC.compile(options, resources).detect(subject("word " * 20_000, lambda: passes.append(None)))
    assert 0 < len(passes) < 20


def test_score_is_high_for_violations_and_low_for_others(resources: Resources) -> None:
    for lists, violation, other in (({"block": ("gambling",)}, BETTING, RECIPE), ({"allow": ("recipes",)}, BETTING, RECIPE)):
        options = SPEC.from_protections(protections(**lists))  # type: ignore[arg-type]
        assert options is not None
        detector = SPEC.compile(options, resources)
        assert detector.score(subject(violation)) > 0.5 > detector.score(subject(other)) >= 0.0  # type: ignore[attr-defined]
        assert detector.score(subject("")) == 0.0  # type: ignore[attr-defined]


def test_report_and_details_name_both_lists(find: Find) -> None:
    options = SPEC.from_protections(protections(allow=("recipes",), block=("gambling",)))
    assert options is not None and SPEC.details is not None
    part = subject(BETTING).part
    findings = find(BETTING, allow=("recipes",), block=("gambling",))
    row = SPEC.report(options, [findings], ReportContext((part,)))
    assert row["topic_guardrails_report"] == {
        "allowed_topic_list": "not_matched",
        "blocked_topic_list": "matched",
        "allowedTopics": [],
        "blockedTopics": ["Gambling"],
    }
    assert {"rule": "blocked-topic", "topic": "Gambling", "snippet": BETTING} in row["topic_guardrails_snippets"]
    assert SPEC.details(findings) == {"topic_guardrails_details": {"allowed_topics": [], "blocked_topics": ["Gambling"]}}
    nothing = SPEC.report(options, [[]], ReportContext((part,)))
    assert nothing["topic_guardrails_report"]["blocked_topic_list"] == "not_matched" and SPEC.details([]) == {}
