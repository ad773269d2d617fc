from __future__ import annotations

from typing import Any

import pytest

from scangate.detectors.malicious_urls.categories import malicious_categories, risk_of, url_categories
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions, from_protections
from scangate.detectors.malicious_urls.rulings import Rulings
from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, Severity
from scangate.errors import ProfileInvalidError


def options_of(app_protection: dict[str, Any] | None) -> MaliciousUrlsOptions | None:
    return from_protections(Protections.model_validate({"app-protection": app_protection}))


def rulings_of(app_protection: dict[str, Any]) -> Rulings:
    options = options_of(app_protection)
    assert options is not None
    return Rulings(options)


@pytest.mark.parametrize(
    "app_protection",
    [
        None,
        {},
        {"url-detected-action": "", "default-url-category": {"member": None}},
        {"url-detected-action": "", "default-url-category": {"member": ["malicious"]}},
        {"malicious-code-protection": {"name": "malicious-code", "action": "block"}},
    ],
)
def test_without_action_and_categories_the_detector_is_off(app_protection: dict[str, Any] | None) -> None:
    assert options_of(app_protection) is None


@pytest.mark.parametrize("default", [None, {"member": None}, {"member": []}, {"member": ["malicious"]}])
def test_an_action_alone_means_the_malicious_categories(default: dict[str, Any] | None) -> None:
    options = options_of({"url-detected-action": "block", "default-url-category": default})
    assert options is not None
    assert options.action is Action.BLOCK
    assert set(options.default) == malicious_categories()
    assert options.severity is Severity.LOW


def test_category_lists_work_without_a_default_action() -> None:
    options = options_of({"block-url-category": {"member": ["Gambling"]}, "url-detected-severity": "high"})
    assert options is not None
    assert (options.action, options.default, options.block, options.severity) == (None, (), ("gambling",), Severity.HIGH)


@pytest.mark.parametrize("field", ["default-url-category", "allow-url-category", "block-url-category", "alert-url-category"])
def test_an_unknown_category_is_refused_with_its_place(field: str) -> None:
    with pytest.raises(ProfileInvalidError) as caught:
        options_of({"url-detected-action": "block", field: {"member": ["phishing", "no-such-thing"]}})
    assert caught.value.path == f"app-protection.{field}.member[1]"


@pytest.mark.parametrize(
    ("app_protection", "categories", "action"),
    [
        ({"url-detected-action": "block"}, ("malware",), Action.BLOCK),
        ({"url-detected-action": "allow"}, ("malware",), Action.ALLOW),
        ({"url-detected-action": "alert"}, ("phishing",), Action.ALERT),
        ({"url-detected-action": "block"}, ("gambling",), None),
        ({"url-detected-action": "block"}, ("unknown",), None),
        ({"url-detected-action": "block"}, (), None),
        ({"url-detected-action": "block", "allow-url-category": {"member": ["phishing"]}}, ("phishing",), None),
        ({"url-detected-action": "block", "allow-url-category": {"member": ["phishing"]}}, ("phishing", "malware"), Action.BLOCK),
        ({"url-detected-action": "allow", "block-url-category": {"member": ["gambling"]}}, ("gambling",), Action.BLOCK),
        ({"alert-url-category": {"member": ["games"]}, "block-url-category": {"member": ["news"]}}, ("games",), Action.ALERT),
        (
            {"alert-url-category": {"member": ["games"]}, "block-url-category": {"member": ["news"]}},
            ("games", "news"),
            Action.BLOCK,
        ),
        ({"allow-url-category": {"member": ["games"]}, "block-url-category": {"member": ["games"]}}, ("games",), Action.BLOCK),
        ({"block-url-category": {"member": ["malicious"]}}, ("ransomware",), Action.BLOCK),
        ({"block-url-category": {"member": ["medium-risk"]}}, ("gambling",), Action.BLOCK),
        ({"block-url-category": {"member": ["medium-risk"]}}, ("news",), None),
        ({"block-url-category": {"member": ["high-risk"]}}, ("unknown",), None),
        ({"block-url-category": {"member": ["unknown"]}}, ("unknown",), Action.BLOCK),
    ],
)
def test_the_strictest_decision_about_a_category_counts(
    app_protection: dict[str, Any], categories: tuple[str, ...], action: Action | None
) -> None:
    assert rulings_of(app_protection).on(categories) is action


def test_there_are_ninety_categories_and_each_says_what_it_is() -> None:
    categories = url_categories()
    assert len(categories) == 90
    assert all(category.about and category.risk in ("high", "medium", "low", "Not Given") for category in categories.values())
    assert {"malware", "phishing", "command-and-control", "ransomware", "grayware"} <= malicious_categories()


@pytest.mark.parametrize(
    ("categories", "risk"), [((), "Not Given"), (("unknown",), "Not Given"), (("news", "malware"), "high"), (("games",), "low")]
)
def test_the_highest_risk_is_reported(categories: tuple[str, ...], risk: str) -> None:
    assert risk_of(categories) == risk


@pytest.mark.parametrize("field", ["allow-url-list", "block-url-list", "alert-url-list"])
@pytest.mark.parametrize("entry", ["", "two words", "no-dot", "10.0.0.0/8", "http://", "a" * 3000 + ".com", "nothing.nosuchtld"])
def test_an_entry_that_names_nothing_is_refused_with_its_place(field: str, entry: str) -> None:
    with pytest.raises(ProfileInvalidError) as caught:
        options_of({field: {"member": ["good.example.com", entry]}})
    assert caught.value.path == f"app-protection.{field}.member[1]"


def test_own_lists_are_bounded() -> None:
    with pytest.raises(ProfileInvalidError, match="more than 5000"):
        options_of({"block-url-list": {"member": ["a.example.com"] * 5001}})
