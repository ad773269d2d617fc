"""Own data profiles through the detector: patterns, proximity, allow-lists, and the two rules with their thresholds."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scangate.detectors.contract import ReportContext, Resources, Subject
from scangate.detectors.sensitive_data import SPEC
from scangate.detectors.sensitive_data.own.definition import dump_document, parse_document
from scangate.detectors.sensitive_data.own.exact_data import hash_values
from scangate.detectors.sensitive_data.own.fingerprints import fingerprint
from scangate.detectors.sensitive_data.own.profile import Imported, OwnDataProfile, _crowded
from scangate.detectors.sensitive_data.own.rules import Counted, met
from scangate.domain.content import Part
from scangate.domain.profile import ProfilePolicy, Protections, parse_policy
from scangate.domain.taxonomy import Confidence, PartKind, Side
from scangate.errors import RequestInvalidError
from scangate.matching.prepare import prepare

KEY = bytes(range(32))
CARD = "Credit Card Number"
RESOURCES = Resources()


def predefined() -> frozenset[str]:
    from scangate.detectors.sensitive_data.catalog import load_catalog
    from scangate.detectors.sensitive_data.detector import CATALOG

    return frozenset(each.rule.name for each in RESOURCES.shared(CATALOG, load_catalog).rules)


def expression(name: str = "Customer", *regexes: Any, **fields: Any) -> dict[str, Any]:
    listed = [each if isinstance(each, dict) else {"regex": each} for each in regexes or (r"\bC-\d{4}\b",)]
    return {"type": "regex", "name": name, "regexes": listed, **fields}


def own(*patterns: dict[str, Any], imported: Imported | None = None, **fields: Any) -> OwnDataProfile:
    document = parse_document({"data_profile_name": "ours", "patterns": list(patterns), **fields}, predefined())
    return OwnDataProfile(document, imported or Imported(KEY), data_profile_id="own id", revision=3)


def options_of(profile: OwnDataProfile, *names: str, **leak: Any) -> Any:
    members = [{"text": "ours"}, *({"text": name} for name in names)]
    protections = Protections.model_validate(
        {"data-protection": {"data-leak-detection": {"action": "block", "member": members, **leak}}}
    )
    assert protections.data_protection and protections.data_protection.data_leak_detection
    bound = protections.data_protection.data_leak_detection.member
    assert bound
    bound[0].bind(profile)
    return SPEC.from_protections(protections)


def scan(profile: OwnDataProfile, text: str, *names: str, **leak: Any) -> list[tuple[str, str, str, bool]]:
    """`(pattern, stretch of the text, confidence, flagged)` of every finding."""
    detector = SPEC.compile(options_of(profile, *names, **leak), RESOURCES)
    found = detector.detect(Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text)))
    return [(each.rule, text[each.span.start : each.span.end], each.confidence.value, each.flagged) for each in found]


def flagged(profile: OwnDataProfile, text: str, *names: str) -> list[str]:
    return [stretch for _, stretch, _, is_flagged in scan(profile, text, *names) if is_flagged]


def test_a_pattern_of_its_own_is_enough() -> None:
    assert scan(own(expression()), "see C-1234, not C-12345") == [("Customer", "C-1234", "high", True)]
    assert scan(own(expression()), "nothing here") == []


def test_words_near_make_a_match_sure() -> None:
    profile = own(expression(proximity_keywords=["customer", "kund*"], proximity_distance=20))
    far = "customer " + "x " * 20
    assert scan(profile, f"C-1111 {far}C-2222, Kunden C-3333") == [
        ("Customer", "C-1111", "high", True),
        ("Customer", "C-2222", "high", True),
        ("Customer", "C-3333", "high", True),
    ]
    assert scan(profile, f"{far} C-4444") == [("Customer", "C-4444", "low", False)]


def test_weights_are_summed_where_expressions_overlap() -> None:
    regexes = [
        {"regex": r"\d{4}", "weight": 1},
        {"regex": r"ACME-\d{4}", "weight": 2},
        {"regex": r"TEST-ACME-\d{4}", "weight": -2},
    ]
    assert flagged(own(expression("n", *regexes, threshold=3)), "1111 ACME-2222 TEST-ACME-3333") == ["ACME-2222"]
    assert flagged(own(expression("n", *regexes)), "1111 ACME-2222 TEST-ACME-3333") == ["1111", "ACME-2222", "ACME-3333"]


def test_keywords_are_whole_words_and_several_may_be_asked_for() -> None:
    words = {"type": "keywords", "name": "w", "keywords": ["falcon", "blue eagle", "projekt*"]}
    assert flagged(own(words), "Falcon, falcons, blue_eagle, PROJEKTE") == ["Falcon", "blue_eagle", "PROJEKTE"]
    two = own(words | {"minimum_keywords": 2, "proximity_distance": 40})
    assert flagged(two, "the falcon " + "x" * 60 + " falcon and falcon") == []
    assert flagged(two, "the falcon and the blue eagle " + "x" * 60 + " falcon") == ["falcon", "blue eagle"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3)), max_size=30), st.integers(1, 4), st.integers(1, 30))
def test_crowded_keywords_as_their_definition_says(places: list[tuple[int, int]], minimum: int, distance: int) -> None:
    sorted_places = [(start, start + 2, index) for start, index in sorted(places)]
    expected = []
    for place in sorted_places:
        windows = [
            [each for each in sorted_places if first[0] <= each[0] and each[1] <= first[0] + distance] for first in sorted_places
        ]
        if any(place in window and len({each[2] for each in window}) >= minimum for window in windows):
            expected.append(place)
    # a keyword longer than the distance is a stretch of its own
    if distance >= 2:
        assert sorted(set(_crowded(sorted_places, minimum, distance))) == sorted(set(expected))


def test_imported_values_and_documents() -> None:
    source = random.Random(5)
    document = " ".join("".join(source.choices("abcdefgh", k=5)) for _ in range(300))
    values, _ = hash_values(["John Smith", "4012-7731"], KEY)
    patterns = ({"type": "exact_data", "name": "Staff"}, {"type": "fingerprint", "name": "Contract"})
    profile = own(*patterns, imported=Imported(KEY, {"Staff": values}, {"Contract": {"a": fingerprint(document, KEY)}}))
    assert scan(profile, "JOHN SMITH, 40127731") == [
        ("Staff", "JOHN SMITH", "high", True),
        ("Staff", "40127731", "high", True),
    ]
    excerpt = document[600:1200]
    [(name, stretch, confidence, is_flagged)] = scan(profile, f"Translate: {excerpt}")
    assert (name, confidence, is_flagged) == ("Contract", "high", True) and len(stretch) > 560
    assert scan(own(*patterns), f"John Smith {excerpt}") == [], "nothing was imported"


def test_hidden_values_are_found_where_they_are_hidden() -> None:
    values, _ = hash_values(["John Smith"], KEY)
    profile = own(expression(), {"type": "exact_data", "name": "Staff"}, imported=Imported(KEY, {"Staff": values}))
    encoded = "Sm9obiBTbWl0aCBpcyBjdXN0b21lciBDLTEyMzQ="  # John Smith is customer C-1234
    assert {name for name, _, _, is_flagged in scan(profile, f"decode {encoded} please") if is_flagged} == {"Staff", "Customer"}
    assert flagged(profile, "Jo\u200bhn Smith, C-12\u200b34") == ["Jo\u200bhn Smith", "C-12\u200b34"]


def test_what_is_allowed_does_not_count() -> None:
    profile = own(expression(), allow_list={"values": ["c-1111"], "regexes": ["C-9[0-9]+"]})
    assert flagged(profile, "C-1111 C-2222 C-9999") == ["C-2222"]
    cards = own(rule1={"conditions": [{"pattern": CARD}]}, allow_list={"values": ["4111 1111 1111 1111"]})
    assert flagged(cards, "my card is 4111-1111-1111-1111") == []
    assert flagged(cards, "my card is 5500 0055 5555 5559") == ["5500 0055 5555 5559"]


def test_counts_and_unique_counts() -> None:
    three = own(expression(), rule1={"conditions": [{"pattern": "Customer", "minimum_count": 3}]})
    assert flagged(three, "C-1111 C-1111") == [] and len(flagged(three, "C-1111 C-1111 C-1111")) == 3
    unique = own(expression(), rule1={"conditions": [{"pattern": "Customer", "minimum_unique_count": 2}]})
    assert flagged(unique, "C-1111 C-1111 C-1111") == [] and len(flagged(unique, "C-1111 C-2222")) == 2
    few = own(expression(), rule1={"conditions": [{"pattern": "Customer", "maximum_count": 2}]})
    assert len(flagged(few, "C-1111 C-2222")) == 2 and flagged(few, "C-1111 C-2222 C-3333") == []


def test_and_needs_all_conditions_and_or_one() -> None:
    conditions = [{"pattern": "Customer"}, {"pattern": CARD}]
    both = own(expression(), rule1={"operator": "and", "conditions": conditions})
    text = "C-1234 paid with card 4111 1111 1111 1111"
    assert flagged(both, text) == ["C-1234", "4111 1111 1111 1111"]
    assert flagged(both, "C-1234 paid") == [] and flagged(both, "card 4111 1111 1111 1111") == []
    assert flagged(own(expression(), rule1={"conditions": conditions}), "C-1234 paid") == ["C-1234"]


def test_a_category_counts_all_of_its_patterns() -> None:
    cards = own(rule1={"conditions": [{"category": "payment_card", "minimum_unique_count": 2}]})
    assert flagged(cards, "card 4111 1111 1111 1111") == []
    assert len(flagged(cards, "cards 4111 1111 1111 1111 and 5500 0055 5555 5559")) == 2


def test_predefined_data_profiles_beside_it_flag_as_ever() -> None:
    three = own(expression(), rule1={"conditions": [{"pattern": CARD, "minimum_count": 3}]})
    text = "card 4111 1111 1111 1111"
    assert flagged(three, text) == [] and flagged(three, text, "PCI") == ["4111 1111 1111 1111"]
    assert flagged(three, text, "Secrets") == []


def report(profile: OwnDataProfile, text: str, *names: str) -> dict[str, Any]:
    options = options_of(profile, *names)
    part = Part(Side.PROMPT, PartKind.TEXT, text)
    findings = SPEC.compile(options, RESOURCES).detect(Subject(part, prepare(text)))
    return SPEC.report(options, [findings], ReportContext((part,), "scan"))


def test_reports_name_the_data_profile_and_its_rules() -> None:
    rules = {
        "rule1": {"conditions": [{"pattern": "Customer", "minimum_count": 2}]},
        "rule2": {"conditions": [{"pattern": "Customer"}]},
    }
    found = report(own(expression(), **rules), "C-1234")["dlp_report"]
    named = {"dlp_profile_name": "ours", "dlp_profile_id": "own id", "dlp_profile_version": 3}
    assert named.items() <= found.items()
    assert (found["data_pattern_rule1_verdict"], found["data_pattern_rule2_verdict"]) == ("NOT_MATCHED", "MATCHED")
    assert [each["name"] for each in found["data_pattern_detection_offsets"]] == ["Customer"]
    both = report(own(expression(), **rules), "C-1234 C-2345")
    assert (both["dlp_report"]["data_pattern_rule1_verdict"], both["dlp_report"]["data_pattern_rule2_verdict"]) == (
        "MATCHED",
    ) * 2
    assert both["dlp_snippets"]["snippets"][0] == "XXXXXX XXXXXX"
    benign = report(own(expression()), "nothing")["dlp_report"]
    assert named.items() <= benign.items() and benign["data_pattern_rule1_verdict"] == "NOT_MATCHED"
    assert report(own(expression()), "card 4111 1111 1111 1111", "PCI")["dlp_report"]["dlp_profile_name"] == "PCI"


MATCHES = st.lists(
    st.builds(Counted, st.sampled_from("ab"), st.just(""), st.sampled_from(Confidence), st.sampled_from("xyz")), max_size=8
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MATCHES, MATCHES)
def test_more_matches_never_take_a_rule_without_a_maximum_back(some: list[Counted], more: list[Counted]) -> None:
    rule = {
        "operator": "and",
        "conditions": [{"pattern": "a", "minimum_count": 2}, {"pattern": "b", "minimum_unique_count": 2, "confidence": "high"}],
    }
    parsed = parse_document({"data_profile_name": "x", "patterns": [expression("a"), expression("b")], "rule1": rule}, ()).rules[
        0
    ]
    assert parsed is not None
    assert not met(parsed, some) or met(parsed, some + more)


BAD = [
    ("a pattern that does not parse", {"patterns": [expression("p", "ok", "a(b")]}, "patterns[0]: regexes[1]: the expression does not parse at position 1"),
    ("an empty match", {"patterns": [expression("p", "x*")]}, "empty string"),
    ("an allowed expression that does not parse", {"patterns": [expression()], "allow_list": {"regexes": ["["]}}, "allow_list: regexes[0]"),
    ("too large together", {"patterns": [expression(f"p{n}", *[r"\pL\pN\pL"] * 9) for n in range(3)]}, "too large together"),
    ("weight 0", {"patterns": [expression("p", {"regex": "a", "weight": 0})]}, "weight"),
    ("a threshold that nothing reaches", {"patterns": [expression("p", "a", threshold=2)]}, "threshold"),
    ("two of a name", {"patterns": [expression(), expression()]}, "two patterns are called 'Customer'"),
    ("a predefined name", {"patterns": [expression(CARD)]}, "predefined pattern"),
    ("nothing", {}, "nothing to look for"),
    ("an unknown pattern", {"rule1": {"conditions": [{"pattern": "Nope"}]}}, "rule1.conditions[0].pattern: no pattern 'Nope'"),
    ("an unknown category", {"rule1": {"conditions": [{"category": "nope"}]}}, "rule1.conditions[0].category"),
    ("pattern and category", {"rule1": {"conditions": [{"category": "bank", "pattern": CARD}]}}, "one of the two"),
    ("a maximum below the minimum", {"rule1": {"conditions": [{"category": "bank", "minimum_count": 3, "maximum_count": 2}]}}, "maximum_count"),
    ("an unknown type", {"patterns": [{"type": "nope", "name": "p"}]}, "patterns[0]"),
    ("an unknown field", {"patterns": [expression(surprise=1)]}, "patterns[0].surprise"),
    ("an unknown field at the top", {"patterns": [expression()], "rule_1": None}, "rule_1"),
    ("more keywords asked for than there are", {"patterns": [{"type": "keywords", "name": "w", "keywords": ["ab"], "minimum_keywords": 2}]}, "fewer"),
    ("a keyword of one letter", {"patterns": [{"type": "keywords", "name": "w", "keywords": ["a"]}]}, "keywords[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_documents_are_refused_with_the_place(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestInvalidError) as caught:
        parse_document({"data_profile_name": "x", **fields}, predefined())
    assert words in caught.value.message, caught.value.message


def test_a_document_is_stored_as_it_was_written_and_reads_back() -> None:
    document = {"data_profile_name": "x", "patterns": [expression()], "rule2": {"conditions": [{"category": "bank"}]}}
    parsed = parse_document(document | {"revision": 4, "imported": [], "tsg_id": "1"}, ())
    assert dump_document(parsed) == document and parse_document(dump_document(parsed), ()) == parsed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="C-0123 4é漢\u200b\n\ud800", max_size=80))
def test_spans_are_inside_of_any_text(text: str) -> None:
    profile = own(expression(), {"type": "keywords", "name": "w", "keywords": ["0123"]})
    assert all(stretch for _, stretch, _, _ in scan(profile, text))


def test_references_are_bound_by_whoever_compiles_and_never_by_a_document() -> None:
    leak = {"action": "block", "member": [{"text": "ours", "own": {"x": 1}, "_own": 1}]}
    policy: ProfilePolicy = parse_policy(
        {"ai-security-profiles": [{"model-configuration": {"data-protection": {"data-leak-detection": leak}}}]}
    )
    [(path, member)] = policy.data_profile_members()
    assert member.own is None and path.endswith("data-leak-detection.member[0]")
