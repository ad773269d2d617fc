"""Data profiles: which patterns count under which, how members refer to them, what options a profile gives."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from tests.detectors.sensitive_data.conftest import Scan

from scangate.detectors.sensitive_data import SPEC
from scangate.detectors.sensitive_data.catalog import Catalog
from scangate.detectors.sensitive_data.data_profiles import find_profile, predefined_profiles
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.detectors.sensitive_data.rule import DataCategory
from scangate.domain.profile import DlpMember, Protections
from scangate.domain.taxonomy import Action, Confidence, Severity
from scangate.errors import ProfileInvalidError

TEXT = (
    "card 4111111111111111, SSN 536-90-4399, my email is ana.ruiz@yahoo.es, my ip is 93.184.216.34, "
    "password = Zx81-cvbn!, IBAN DE89370400440532013000, MRN 12345078"
)
CARD, TIN, MAIL, IP, PASSWORD, IBAN, MRN = (
    "Credit Card Number", "Tax Id - US - TIN", "Email Address", "IP Address - IPv4", "Application Credential",
    "Bank - International Bank Account Number - IBAN", "Health - Medical Record Number",
)  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("Sensitive Content", [CARD, TIN, MAIL, IP, PASSWORD, IBAN, MRN]),
        ("PII - Basic", [TIN, MAIL]),
        ("IP Addresses", [IP]),
        ("HIPAA", [TIN, MAIL, MRN]),
        ("Financial", [CARD, IBAN]),
        ("PCI", [CARD]),
        ("GDPR", [CARD, TIN, MAIL, IP, IBAN, MRN]),
        ("CCPA", [CARD, TIN, MAIL]),
        ("GLBA", [CARD, TIN, IBAN]),
        ("Secrets", [PASSWORD]),
    ],
)
def test_a_data_profile_selects_its_patterns_and_no_other_is_reported(scan: Scan, profile: str, names: list[str]) -> None:
    assert [finding.rule for finding in scan(TEXT, profile)] == names


@pytest.mark.parametrize(
    ("profile", "text", "flagged"),
    [
        ("Sensitive Content", "server 93.184.216.34 is down", False),
        ("IP Addresses", "server 93.184.216.34 is down", True),
        ("PII - Basic", "maria.keller@gmail.com", False),
        ("PII - Strict", "maria.keller@gmail.com", True),
    ],
)
def test_the_minimum_confidence_is_the_data_profiles(scan: Scan, profile: str, text: str, flagged: bool) -> None:
    (finding,) = scan(text, profile)
    assert finding.confidence is Confidence.LOW
    assert finding.flagged is flagged


@pytest.mark.parametrize(
    ("text", "identifier", "name"),
    [
        ("Sensitive Content", "", "Sensitive Content"),
        ("sensitive content", "", "Sensitive Content"),
        ("sensitive_content", "11995025", "Sensitive Content"),
        ("", "11995043", "Sensitive Content"),
        ("whatever it is called", "11995029", "IP Addresses"),
        ("HIPAA", "99999999", "HIPAA"),
        ("PHI", "", "HIPAA"),
        ("pci dss", "", "PCI"),
        ("PII  Basic", "", "PII - Basic"),
    ],
)
def test_members_refer_by_id_or_by_name(text: str, identifier: str, name: str) -> None:
    profile = find_profile(DlpMember(text=text, id=identifier, version="7"))
    assert profile is not None
    assert (profile.name, profile.version) == (name, 7)
    assert not identifier or profile.ids[0] == identifier


@pytest.mark.parametrize("text", ["", "no such profile", "sensitive"])
def test_unknown_members_are_none(text: str) -> None:
    assert find_profile(DlpMember(text=text, id="", version="")) is None


def test_every_predefined_profile_selects_patterns_that_exist_and_every_category_is_selected(catalog: Catalog) -> None:
    everything = {(compiled.rule.category, compiled.rule.name) for compiled in catalog.rules}
    selected = set()
    for profile in predefined_profiles():
        chosen = {category for category, name in everything if profile.minimum_for(category, name)}
        assert chosen
        selected |= chosen
        named = {name for selection in profile.select for name in selection.patterns}
        assert named <= {name for _, name in everything}
    assert selected == set(DataCategory)


def test_names_and_aliases_are_unambiguous() -> None:
    names = [name.casefold() for profile in predefined_profiles() for name in (profile.name, *profile.aliases)]
    ids = [identifier for profile in predefined_profiles() for identifier in profile.ids]
    assert len(set(names)) == len(names)
    assert len(set(ids)) == len(ids)


def _options(**leak: object) -> SensitiveDataOptions | None:
    return SPEC.from_protections(Protections.model_validate({"data-protection": {"data-leak-detection": leak}}))


MEMBER = [{"text": "Sensitive Content", "id": "", "version": "2"}]


@pytest.mark.parametrize(
    "leak",
    [
        {"action": "", "member": MEMBER},
        {"action": "", "member": None},
        {"action": "block", "member": None},
        {"action": "block", "member": []},
    ],
)
def test_switched_off(leak: dict[str, object]) -> None:
    assert _options(**leak) is None
    assert SPEC.from_protections(Protections()) is None


def test_all_options_are_read() -> None:
    options = _options(
        **{"action": "alert", "member": [*MEMBER, {"text": "PCI", "id": "", "version": "1"}], "severity": "low"},
        **{"mask-data-inline": True, "minimum-confidence": "high"},
    )
    assert options is not None
    assert (options.action, options.severity, options.mask_inline) == (Action.ALERT, Severity.LOW, True)
    assert options.minimum_confidence is Confidence.HIGH
    assert [profile.name for profile in options.data_profiles] == ["Sensitive Content", "PCI"]


@pytest.mark.parametrize(
    ("leak", "path"),
    [
        ({"action": "block", "member": [*MEMBER, {"text": "Nope", "id": "", "version": ""}]}, "member[1].text"),
        ({"action": "block", "member": MEMBER, "minimum-confidence": "certain"}, "minimum-confidence"),
        ({"action": "block", "member": MEMBER, "minimum-confidence": 3}, "minimum-confidence"),
    ],
)
def test_what_does_not_exist_is_refused_with_its_path(leak: dict[str, object], path: str) -> None:
    with pytest.raises(ProfileInvalidError) as caught:
        _options(**leak)
    assert caught.value.path == f"data-protection.data-leak-detection.{path}"


def test_options_need_a_data_profile_and_know_all_their_fields() -> None:
    with pytest.raises(ValidationError):
        SensitiveDataOptions(action=Action.BLOCK, data_profiles=())
    with pytest.raises(ValidationError):
        SensitiveDataOptions.model_validate({"action": "block", "data_profiles": predefined_profiles(), "surprise": 1})


@pytest.mark.parametrize(("minimum", "flagged"), [("low", True), ("medium", False), ("high", False)])
def test_the_minimum_confidence_of_the_profile_outranks_the_data_profiles(scan: Scan, minimum: str, flagged: bool) -> None:
    (finding,) = scan("server 93.184.216.34 is down", **{"minimum-confidence": minimum})
    assert finding.flagged is flagged


def test_of_two_data_profiles_the_lower_minimum_counts(scan: Scan) -> None:
    members = [*MEMBER, {"text": "IP Addresses", "id": "", "version": "1"}]
    assert scan("server 93.184.216.34 is down", member=members)[0].flagged


@pytest.mark.parametrize(("leak", "severity"), [({}, Severity.HIGH), ({"severity": "low"}, Severity.LOW)])
def test_severity_is_the_patterns_unless_the_profile_says_otherwise(scan: Scan, leak: dict, severity: Severity) -> None:
    (finding,) = scan("card 4111111111111111", **leak)
    assert finding.severity is severity
    assert finding.action is Action.BLOCK
