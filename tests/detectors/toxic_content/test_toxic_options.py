from __future__ import annotations

import pytest

from scangate.detectors.toxic_content.options import from_protections
from scangate.detectors.toxic_content.report import DISPLAY_NAMES
from scangate.domain.profile import TOXIC_CATEGORIES, Protections
from scangate.domain.taxonomy import Action, Severity


def protections(**entry: object) -> Protections:
    return Protections.model_validate({"model-protection": [{"name": "toxic-content", **entry}]})


def test_whole_action_holds_for_all_eight_categories() -> None:
    options = from_protections(protections(action="high:block, moderate:allow"))
    assert options is not None
    assert set(options.categories) == set(TOXIC_CATEGORIES) == set(DISPLAY_NAMES)
    assert options.categories["hate"].actions == {"high": Action.BLOCK, "moderate": Action.ALLOW}
    assert options.categories["hate"].severities == {"high": Severity.MEDIUM, "moderate": Severity.LOW}


def test_categories_of_the_list_alone_or_over_the_whole() -> None:
    listed = [
        {"category": "hate", "action": "high:alert", "severity-by-confidence": {"high": "critical"}},
        {"category": "cybercrime", "action": ""},
    ]
    alone = from_protections(protections(action="", **{"toxic-category-list": listed}))
    assert alone is not None and set(alone.categories) == {"hate"}
    assert alone.categories["hate"].actions == {"high": Action.ALERT}
    assert alone.categories["hate"].severities == {"high": Severity.CRITICAL, "moderate": Severity.LOW}
    over = from_protections(protections(action="block", **{"toxic-category-list": listed}))
    assert over is not None and set(over.categories) == set(TOXIC_CATEGORIES) - {"cybercrime"}


@pytest.mark.parametrize("entry", [{"action": ""}, {"action": "", "toxic-category-list": []}])
def test_no_action_is_off(entry: dict[str, object]) -> None:
    assert from_protections(protections(**entry)) is None
    assert from_protections(Protections()) is None
