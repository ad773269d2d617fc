"""`result_detail` of the report row `dlp`."""

from __future__ import annotations

import json
import re

import pytest
from tests.detectors.sensitive_data.conftest import Scan

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.sensitive_data import SPEC
from scangate.detectors.sensitive_data.data_profiles import find_profile
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.domain.content import Part
from scangate.domain.profile import DlpMember
from scangate.domain.taxonomy import Action, PartKind, Side

CARD_ID = "37c324f6cfbb34aa6e2a3863"


def _report(scan: Scan, *texts: str, profiles: tuple[str, ...] = ("Sensitive Content",)) -> JsonObject:
    found = tuple(find_profile(DlpMember(text=name, id="", version="")) for name in profiles)
    options = SensitiveDataOptions(action=Action.BLOCK, data_profiles=tuple(profile for profile in found if profile))
    members = [{"text": name, "id": "", "version": ""} for name in profiles]
    findings = [scan(text, member=members) for text in texts]
    parts = tuple(Part(Side.PROMPT, PartKind.TEXT, text) for text in texts)
    detail = SPEC.report(options, findings, ReportContext(parts, "0b6cf9ff-0000-4000-8000-000000000001"))
    json.dumps(detail)
    return detail


def test_a_malicious_row(scan: Scan) -> None:
    text = "my card is 4111 1111 1111 1111"
    detail = _report(scan, text)
    identifier = detail["dlp_report"].pop("dlp_report_id")
    assert re.fullmatch("[0-9A-F]{64}", identifier)
    assert detail == {
        "dlp_report": {
            "dlp_profile_name": "Sensitive Content",
            "dlp_profile_id": "11995026",
            "dlp_profile_version": 2,
            "data_pattern_rule1_verdict": "MATCHED",
            "data_pattern_rule2_verdict": "",
            "data_pattern_detection_offsets": [
                {
                    "data_pattern_id": CARD_ID,
                    "version": 1,
                    "name": "Credit Card Number",
                    "high_confidence_detections": [[11, 29]],
                    "medium_confidence_detections": None,
                    "low_confidence_detections": None,
                }
            ],
        },
        "dlp_snippets": {
            "meta": {
                "data_pattern": CARD_ID,
                "confidence_level": "high",
                "data_pattern_type": "card",
                "occurrence": 1,
            },
            "snippets": ["my card is XXXXXXXXXXXXXXXXXXX"],
        },
    }


def test_a_clean_row_has_no_offsets_and_no_snippets(scan: Scan) -> None:
    detail = _report(scan, "nothing of interest")
    assert set(detail) == {"dlp_report"}
    assert set(detail["dlp_report"]) == {
        "dlp_report_id", "dlp_profile_name", "dlp_profile_id", "dlp_profile_version", "data_pattern_rule1_verdict",
        "data_pattern_rule2_verdict",
    }  # fmt: skip
    assert detail["dlp_report"]["data_pattern_rule1_verdict"] == "NOT_MATCHED"


def test_weak_matches_are_listed_and_do_not_match_the_rule(scan: Scan) -> None:
    detail = _report(scan, "server 93.184.216.34 is down")
    assert detail["dlp_report"]["data_pattern_rule1_verdict"] == "NOT_MATCHED"
    (offsets,) = detail["dlp_report"]["data_pattern_detection_offsets"]
    assert offsets["low_confidence_detections"] == [[7, 19]]
    assert "dlp_snippets" not in detail


def test_offsets_are_code_points_and_those_of_several_parts_stand_side_by_side(scan: Scan) -> None:
    detail = _report(scan, "😀 信用卡4111111111111111", "card 5555555555554444")
    (offsets,) = detail["dlp_report"]["data_pattern_detection_offsets"]
    assert offsets["high_confidence_detections"] == [[5, 20], [5, 20]]
    assert detail["dlp_snippets"]["meta"]["occurrence"] == 2


def test_snippets_show_no_value_not_even_a_weak_one(scan: Scan) -> None:
    text = "from 93.184.216.34: my card is 4111111111111111, SSN 536-90-4399"
    snippets = _report(scan, text)["dlp_snippets"]["snippets"]
    assert snippets == ["from XXXXXXXXXXXXX: my card is XXXXXXXXXXXXXXXX, SSN XXXXXXXXXXX"]


@pytest.mark.parametrize("cards", [1, 10, 30])
def test_at_most_ten_snippets_of_at_most_a_thousand_characters(scan: Scan, cards: int) -> None:
    detail = _report(scan, ("my card is 4111111111111111 " + "and so on " * 150) * cards)
    snippets = detail["dlp_snippets"]["snippets"]
    assert len(snippets) == min(cards, 10)
    assert all(len(snippet) <= 1_000 for snippet in snippets)
    assert detail["dlp_snippets"]["meta"]["occurrence"] == cards


def test_the_row_names_the_data_profile_that_was_matched(scan: Scan) -> None:
    detail = _report(scan, "password = Zx81-cvbn!", profiles=("PCI", "Secrets"))
    assert detail["dlp_report"]["dlp_profile_name"] == "Secrets"
    assert _report(scan, "nothing", profiles=("PCI", "Secrets"))["dlp_report"]["dlp_profile_name"] == "PCI"


def test_report_ids_tell_scans_and_sides_apart() -> None:
    profile = find_profile(DlpMember(text="PCI", id="", version=""))
    assert profile is not None
    options = SensitiveDataOptions(action=Action.BLOCK, data_profiles=(profile,))
    ids = {
        SPEC.report(options, [()], ReportContext((Part(side, PartKind.TEXT, "x"),), scan))["dlp_report"]["dlp_report_id"]
        for side in (Side.PROMPT, Side.RESPONSE)
        for scan in ("one", "two", "two")
    }
    assert len(ids) == 4
