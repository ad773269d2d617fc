"""The profiles of a new installation. They name every protection of the product; each detector obeys from the day it exists."""

from __future__ import annotations

from typing import Any

DEFAULT_PROFILE = "default"


def seeded_profiles() -> dict[str, dict[str, Any]]:
    """Name to policy: `default` blocks, `monitor` detects the same and allows, `mask-sensitive-data` masks and lets pass.

    Source code is reported in all of them and flagged in none: much of what people ask a model about is code. So are plain reads of a
    database; risky ones, of credentials or with an injection, are flagged.
    """
    return {
        DEFAULT_PROFILE: _policy("block"),
        "monitor": _policy("allow"),
        "mask-sensitive-data": _policy("block", leak_action="allow", mask=True),
    }


def measured_policy() -> dict[str, Any]:
    """Every protection blocks, source code as well: what detectors are measured under."""
    return _policy("block", source_code_action="block")


def _policy(
    action: str, *, leak_action: str | None = None, mask: bool = False, source_code_action: str = "allow"
) -> dict[str, Any]:
    names = ("create", "read", "update", "delete")
    operations: list[dict[str, Any]] = [{"name": f"database-security-{name}", "action": action} for name in names]
    operations[1]["plain-reads"] = False
    return {
        "ai-security-profiles": [
            {
                "model-type": "default",
                "model-configuration": {
                    "latency": {"inline-timeout-action": action, "max-inline-latency": 5},
                    "mask-data-in-storage": False,
                    "app-protection": {
                        "default-url-category": {"member": ["malicious"]},
                        "url-detected-action": action,
                        "malicious-code-protection": {"name": "malicious-code", "action": action},
                    },
                    "data-protection": {
                        "data-leak-detection": {
                            "member": [{"text": "Sensitive Content", "id": "", "version": "2"}],
                            "action": leak_action or action,
                            "mask-data-inline": mask,
                        },
                        "source-code-detection": {"action": source_code_action},
                        "database-security": operations,
                    },
                    "model-protection": [
                        {"name": "prompt-injection", "action": action},
                        {"name": "toxic-content", "action": f"high:{action}, moderate:allow"},
                        {"name": "contextual-grounding", "action": action},
                    ],
                    "agent-protection": [{"name": "agent-security", "action": action}],
                },
            }
        ],
        "dlp-data-profiles": [],
    }
