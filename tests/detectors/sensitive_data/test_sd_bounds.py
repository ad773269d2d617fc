"""What is bounded, and that nothing cut off by a bound passes for clean."""

from __future__ import annotations

import time
from base64 import b64encode
from itertools import count

import pytest

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.sensitive_data.catalog import Catalog
from scangate.detectors.sensitive_data.data_profiles import predefined_profiles
from scangate.detectors.sensitive_data.detector import SensitiveDataDetector, compile_sensitive_data
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.detectors.sensitive_data.scanner import WEAK_HITS
from scangate.domain.content import Part, Span
from scangate.domain.taxonomy import Action, Confidence, Encoding, PartKind, Side
from scangate.errors import DeadlineExceededError
from scangate.matching.masking import mask
from scangate.matching.prepare import prepare

OPTIONS = SensitiveDataOptions(action=Action.BLOCK, data_profiles=predefined_profiles()[:1])
CARD = "card 4111111111111111\n"
ORDER = "ref 4111111111111112\n"


def _detect(catalog: Catalog, text: str, allowance: int) -> list[SensitiveDataFinding]:
    detector = SensitiveDataDetector(OPTIONS, catalog, allowance=allowance)
    return list(detector.detect(Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text))))


def test_a_card_behind_thousands_of_numbers_that_are_none_is_found(catalog: Catalog) -> None:
    text = ORDER * 5_000 + CARD
    (finding,) = [finding for finding in _detect(catalog, text, 400_000) if finding.flagged]
    assert finding.span == Span(len(text) - 17, len(text) - 1)


def test_a_sure_match_behind_many_weak_ones_is_found(catalog: Catalog) -> None:
    text = "".join(f"the form said 308-63-{number}\n" for number in range(2000, 2400))
    text += "." * 100 + "\nmy SSN is 536-90-4399"
    findings = _detect(catalog, text, 400_000)
    assert [finding.span.end for finding in findings if finding.flagged] == [len(text)]
    assert len(findings) == WEAK_HITS + 1


def test_all_of_many_cards_are_reported(catalog: Catalog) -> None:
    findings = _detect(catalog, CARD * 1_000, 400_000)
    assert len(findings) == 1_000
    assert all(finding.flagged for finding in findings)


@pytest.mark.parametrize("allowance", [1, 60, 500])
def test_behind_flagged_findings_all_that_was_not_read_is_covered(catalog: Catalog, allowance: int) -> None:
    text = CARD * 200
    findings = _detect(catalog, text, allowance)
    assert len(findings) < 100
    assert "4111" not in mask(text, [finding.span for finding in findings if finding.flagged])
    rest = max(findings, key=lambda finding: len(finding.span))
    assert rest.span.end == len(text)
    assert rest.flagged


def test_an_unread_text_with_nothing_flagged_is_a_timeout(catalog: Catalog) -> None:
    with pytest.raises(DeadlineExceededError):
        _detect(catalog, ORDER * 200 + CARD, 100)
    assert _detect(catalog, ORDER * 200, 100_000) == []


def test_what_cannot_hold_any_match_costs_no_allowance(catalog: Catalog) -> None:
    assert _detect(catalog, "words and nothing but words " * 1_000, 1) == []


def test_what_was_not_read_of_decoded_views_is_covered_where_it_stands(catalog: Catalog) -> None:
    blob = b64encode(b"my credit card is 4111 1111 1111 1111, thanks " * 30).decode()
    text = f"my card 4111111111111111 and {blob}"
    findings = _detect(catalog, text, 50)
    covered = [finding.span for finding in findings if finding.flagged]
    assert mask(text, covered).endswith("X" * (len(blob) // 2))


def test_the_deadline_is_asked_while_matches_are_looked_at(catalog: Catalog, resources: Resources) -> None:
    text = ORDER * 2_000
    calls = count(1)

    def checkpoint() -> None:
        if next(calls) > 5:
            raise DeadlineExceededError

    detector = compile_sensitive_data(OPTIONS, resources)
    with pytest.raises(DeadlineExceededError):
        detector.detect(Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text), checkpoint=checkpoint))


@pytest.mark.parametrize(
    "unit",
    ["4111111111111112 ", "password=a-", "a-", "-----BEGIN ¦PRIVATE KEY-----\n", "12-34 ", "card ", "1.1.1.1.", "x" * 99 + " "],
)
def test_time_grows_with_the_length_and_not_its_square(catalog: Catalog, unit: str) -> None:
    unit = unit.replace("¦", "")

    def seconds(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size] + "@x.png"
        subject = Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text))
        detector = SensitiveDataDetector(OPTIONS, catalog, allowance=10**9)
        start = time.process_time()
        detector.detect(subject)
        return time.process_time() - start

    seconds(1_000)
    short = max(seconds(20_000), 0.002)
    assert seconds(160_000) < 8 * 4 * short


def test_a_value_in_an_encoded_view_is_found_and_says_so(catalog: Catalog) -> None:
    blob = b64encode(b"my credit card is 4111 1111 1111 1111, thanks").decode()
    (finding,) = _detect(catalog, f"please decode {blob} for me", 400_000)
    assert finding.encodings == (Encoding.BASE64,)
    assert finding.confidence is Confidence.HIGH
