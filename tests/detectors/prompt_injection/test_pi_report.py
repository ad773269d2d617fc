"""The report row."""

from __future__ import annotations

from scangate.detectors.contract import ReportContext
from scangate.detectors.prompt_injection import SPEC
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.detectors.prompt_injection.report import MAX_SNIPPET_LENGTH, MAX_SNIPPETS
from scangate.domain.content import Part, Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence, PartKind, Severity, Side

OPTIONS = PromptInjectionOptions(action=Action.BLOCK)


def finding(start: int, end: int, score: float = 0.9, *, flagged: bool = True) -> Finding:
    return Finding(
        rule="r",
        span=Span(start, end),
        confidence=Confidence.HIGH,
        score=score,
        action=Action.BLOCK,
        severity=Severity.MEDIUM,
        category="indirect",
        flagged=flagged,
        encodings=(),
    )


def context(*texts: str) -> ReportContext:
    return ReportContext(tuple(Part(Side.PROMPT, PartKind.TEXT, text) for text in texts))


def test_a_benign_row_is_empty() -> None:
    assert SPEC.report(OPTIONS, [[]], context("hello")) == {}


def test_a_finding_that_is_not_flagged_is_not_reported() -> None:
    assert SPEC.report(OPTIONS, [[finding(0, 3, flagged=False)]], context("hello")) == {}


def test_snippets_are_quoted_as_sent_best_first_over_all_parts() -> None:
    row = SPEC.report(OPTIONS, [[finding(0, 3, 0.8)], [finding(4, 7, 0.99)]], context("ONE two", "one TWO"))
    assert row == {"pi_report": {"verdict": "malicious"}, "pi_snippets": ["TWO", "ONE"]}


def test_snippets_are_few_short_and_different() -> None:
    text = "".join(f"{number:03d}" for number in range(40)) + "x" * 5000
    many = [finding(at * 3, at * 3 + 3, 0.5) for at in range(30)]
    row = SPEC.report(OPTIONS, [[*many, finding(120, 5000, 0.99), finding(0, 3, 0.9)]], context(text))
    snippets = row["pi_snippets"]
    assert len(snippets) == len(set(snippets)) == MAX_SNIPPETS
    assert len(snippets[0]) == MAX_SNIPPET_LENGTH
