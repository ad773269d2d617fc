"""The severities that the server fills in where a document names none (read back from the live service)."""

from __future__ import annotations

from typing import Any

_DATABASE = {"create": "medium", "read": "low", "update": "medium", "delete": "high"}
_MODEL = {"prompt-injection": "medium", "jailbreak": "medium", "contextual-grounding": "medium"}
_BY_CONFIDENCE = {"high": "medium", "moderate": "low"}

Document = dict[str, Any]


def fill_severities(policy: Document) -> Document:
    """A copy of a valid policy document with every severity stated; those that it states are kept."""
    profiles = [_fill_profile(profile) for profile in policy["ai-security-profiles"]]
    return {**policy, "ai-security-profiles": profiles, "dlp-data-profiles": policy.get("dlp-data-profiles") or []}


def _fill_profile(profile: Document) -> Document:
    filled = dict(profile)
    if isinstance(profile.get("model-configuration"), dict):
        filled["model-configuration"] = _fill(profile["model-configuration"])
    directions = profile.get("content-type-configurations")
    if isinstance(directions, dict):
        filled["content-type-configurations"] = {
            name: _fill(document) if isinstance(document, dict) else document for name, document in directions.items()
        }
    return filled


def _fill(configuration: Document) -> Document:
    filled = dict(configuration)
    app = configuration.get("app-protection")
    if app:
        filled["app-protection"] = _fill_app(app)
    data = configuration.get("data-protection")
    if data:
        filled["data-protection"] = _fill_data(data)
    if configuration.get("model-protection"):
        filled["model-protection"] = [_fill_model(entry) for entry in configuration["model-protection"]]
    if configuration.get("agent-protection"):
        filled["agent-protection"] = [{"severity": "medium", **entry} for entry in configuration["agent-protection"]]
    return filled


def _fill_app(app: Document) -> Document:
    filled = {"default-url-category": {"member": None}, **app}
    if app.get("url-detected-action"):
        filled.setdefault("url-detected-severity", "low")
    if app.get("malicious-code-protection"):
        filled["malicious-code-protection"] = {"severity": "high", **app["malicious-code-protection"]}
    return filled


def _fill_data(data: Document) -> Document:
    filled = dict(data)
    if data.get("database-security"):
        filled["database-security"] = [
            {"severity": _DATABASE[rule["name"].rpartition("-")[2]], **rule} for rule in data["database-security"]
        ]
    if data.get("source-code-detection"):
        filled["source-code-detection"] = {"severity": "high", **data["source-code-detection"]}
    return filled


def _fill_model(entry: Document) -> Document:
    filled = dict(entry)
    if entry["name"] == "toxic-content":
        if entry.get("toxic-category-list"):
            filled["toxic-category-list"] = [
                {"severity-by-confidence": dict(_BY_CONFIDENCE), **rule} for rule in entry["toxic-category-list"]
            ]
        else:
            filled.setdefault("severity-by-confidence", dict(_BY_CONFIDENCE))
    elif entry["name"] in _MODEL:
        filled.setdefault("severity", _MODEL[entry["name"]])
    return filled
