"""Policy documents: every form that users have, round trips, and the path to a fault."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from scangate.domain.profile import dump_policy, parse_policy, parse_toxic_action
from scangate.domain.taxonomy import Action, Side
from scangate.errors import ProfileInvalidError


def policy(configuration: dict[str, Any], **profile: Any) -> dict[str, Any]:
    entry = {"model-type": "default", "model-configuration": configuration, **profile}
    return {"ai-security-profiles": [entry], "dlp-data-profiles": []}


OFFICIAL = policy(
    {
        "latency": {"inline-timeout-action": "block", "max-inline-latency": 20},
        "data-protection": {
            "data-leak-detection": {"member": [{"text": "Sensitive Content", "id": "", "version": "2"}], "action": "block"}
        },
        "app-protection": {"default-url-category": {"member": ["malicious"]}, "url-detected-action": "allow"},
        "model-protection": [{"name": "prompt-injection", "action": "allow"}, {"name": "jailbreak", "action": "block"}],
    }
)
EVERYTHING_OFF = policy(
    {
        "app-protection": {"default-url-category": {"member": None}, "url-detected-action": ""},
        "data-protection": {"data-leak-detection": {"action": "", "member": None}, "database-security": None},
        "latency": {"inline-timeout-action": "block", "max-inline-latency": 5},
        "mask-data-in-storage": False,
        "model-protection": [],
        "agent-protection": [],
    }
)
PER_CATEGORY = policy(
    {
        "model-protection": [
            {
                "name": "toxic-content",
                "action": "",
                "toxic-category-list": [
                    {
                        "category": "violent-crime",
                        "action": "high:allow, moderate:allow",
                        "severity-by-confidence": {"high": "medium", "moderate": "low"},
                    },
                    {"category": "hate", "action": "high:block,moderate:allow"},
                ],
            }
        ]
    }
)
INFOSEC = policy(
    {
        "latency": {"inline-timeout-action": "block", "max-inline-latency": 1},
        "model-protection": [
            {"name": "contextual-grounding", "action": "block"},
            {
                "name": "topic-guardrails",
                "action": "allow",
                "topic-list": [
                    {"action": "allow", "topic": []},
                    {"action": "block", "topic": [{"topic_name": "Tax", "topic_id": "t1", "revision": 1, "severity": "low"}]},
                ],
            },
        ],
        "agent-protection": [{"name": "agent-security", "action": "block"}],
        "app-protection": {
            "allow-url-category": {"member": ["dynamic-dns", "adult"]},
            "url-detected-action": "block",
            "malicious-code-protection": {"name": "malicious-code", "action": "block"},
        },
        "data-protection": {
            "data-leak-detection": {"member": [{"text": "IP Addresses", "id": "11995029", "version": "1"}], "action": "block"},
            "database-security": [
                {"name": f"database-security-{op}", "action": "block"} for op in ("create", "read", "update", "delete")
            ],
            "source-code-detection": {"action": "block", "severity": "high"},
        },
    }
)
DIRECTIONAL = policy(
    {
        "mask-data-in-storage": False,
        "enable-full-conversation-inspection": False,
        "latency": {"inline-timeout-action": "block", "max-inline-latency": 5},
    },
    **{
        "content-type-mode": "per_content_type",
        "content-type-configurations": {
            "prompt": {"model-protection": [{"action": "block", "name": "prompt-injection", "severity": "medium"}]},
            "response": {"data-protection": {"database-security": [{"name": "database-security-read", "action": "block"}]}},
            "tool-call": {"model-protection": [{"action": "allow", "name": "prompt-injection"}]},
            "future-direction": {"future-protection": {"a": 1}},
        },
    },
)
FORMS = {
    "official example": OFFICIAL,
    "everything off": EVERYTHING_OFF,
    "toxic actions per category": PER_CATEGORY,
    "infosec": INFOSEC,
    "directional": DIRECTIONAL,
    "only latency": policy({"latency": {"max-inline-latency": 20}}),
    "unknown fields": policy({"new-thing": {"a": [1, None]}, "latency": {"max-inline-latency": 5, "x": 1}}, surprise=True),
}


@pytest.mark.parametrize("document", FORMS.values(), ids=FORMS.keys())
def test_every_form_survives_a_round_trip(document: dict[str, Any]) -> None:
    assert dump_policy(parse_policy(copy.deepcopy(document))) == document


FAULTS: list[tuple[Any, str]] = [
    ({}, "ai-security-profiles"),
    ({"ai-security-profiles": []}, "ai-security-profiles"),
    (policy({"model-protection": [{"name": "no-such"}]}), "model-configuration.model-protection[0].name"),
    (policy({"agent-protection": [{"name": "x", "action": "block"}]}), "agent-protection[0].name"),
    (policy({"model-protection": [{"name": "prompt-injection", "action": "stop"}]}), "model-protection[0].action"),
    (policy({"model-protection": [{"name": "toxic-content", "action": "low:block"}]}), "model-protection[0].action"),
    (policy({"latency": {"max-inline-latency": 0}}), "latency.max-inline-latency"),
    (policy({"latency": {"inline-timeout-action": "maybe"}}), "latency.inline-timeout-action"),
    (
        policy({"model-protection": [{"name": "toxic-content", "toxic-category-list": [{"category": "profanity"}]}]}),
        "toxic-category-list[0].category",
    ),
    (policy({"data-protection": {"database-security": [{"name": "database-security-drop"}]}}), "database-security[0].name"),
    (policy({"app-protection": {"malicious-code-protection": {"name": "x"}}}), "malicious-code-protection.name"),
]


@pytest.mark.parametrize(("document", "path"), FAULTS, ids=[path for _, path in FAULTS])
def test_what_does_not_exist_is_refused_with_the_path(document: Any, path: str) -> None:
    with pytest.raises(ProfileInvalidError, match="invalid profile") as raised:
        parse_policy(document)
    assert raised.value.path.endswith(path) or path in raised.value.path


def test_direction_that_is_absent_has_nothing_switched_on() -> None:
    profile = parse_policy(DIRECTIONAL).security_profile
    assert profile.protections(Side.PROMPT).model("prompt-injection") is not None
    assert profile.protections(Side.TOOL_INPUT).model("prompt-injection") is not None
    assert profile.protections(Side.TOOL_OUTPUT).model_protection == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("high:block, moderate:allow", {"high": Action.BLOCK, "moderate": Action.ALLOW}),
        ("high:block,moderate:allow", {"high": Action.BLOCK, "moderate": Action.ALLOW}),
        ("high:alert, moderate:allow", {"high": Action.ALERT, "moderate": Action.ALLOW}),
        ("block", {"high": Action.BLOCK, "moderate": Action.BLOCK}),
        ("", {}),
    ],
)
def test_toxic_action_forms(text: str, expected: dict[str, Action]) -> None:
    assert parse_toxic_action(text) == expected
