"""What the server fills in where a policy document names nothing: severities (read back from the live service), and the fields that
clients insist on. A field that is null counts as one that is absent."""

from __future__ import annotations

from typing import Any

_DATABASE = {"create": "medium", "read": "low", "update": "medium", "delete": "high"}
_MODEL = {"prompt-injection": "medium", "jailbreak": "medium", "contextual-grounding": "medium"}
_BY_CONFIDENCE = {"high": "medium", "moderate": "low"}

Document = dict[str, Any]


def fill_defaults(policy: Document) -> Document:
    """A copy of a valid policy document with every severity stated; those that it states are kept."""
    profiles = [_fill_profile(profile) for profile in policy["ai-security-profiles"]]
    data_profiles = [_with(entry, name="", uuid="") for entry in policy.get("dlp-data-profiles") or []]
    return {**policy, "ai-security-profiles": profiles, "dlp-data-profiles": data_profiles}


def _with(entry: Document, **defaults: Any) -> Document:
    """A copy in which these fields (spelled with `_` for `-`) have a value."""
    filled = dict(entry)
    for name, value in defaults.items():
        key = name.replace("_", "-")
        if filled.get(key) is None:
            filled[key] = value
    return filled


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
    if isinstance(configuration.get("app-protection"), dict):
        filled["app-protection"] = _fill_app(configuration["app-protection"])
    if isinstance(configuration.get("data-protection"), dict):
        filled["data-protection"] = _fill_data(configuration["data-protection"])
    if configuration.get("model-protection"):
        filled["model-protection"] = [_fill_model(entry) for entry in configuration["model-protection"]]
    if configuration.get("agent-protection"):
        filled["agent-protection"] = [_with(entry, action="", severity="medium") for entry in configuration["agent-protection"]]
    return filled


def _fill_app(app: Document) -> Document:
    filled = _with(app, default_url_category={"member": None})
    for name in ("default-url-category", "allow-url-category", "block-url-category", "alert-url-category"):
        if isinstance(filled.get(name), dict):
            filled[name] = _with(filled[name], member=None)
    if app.get("url-detected-action"):
        filled = _with(filled, url_detected_severity="low")
    if isinstance(app.get("malicious-code-protection"), dict):
        filled["malicious-code-protection"] = _with(
            app["malicious-code-protection"], name="malicious-code", action="", severity="high"
        )
    return filled


def _fill_data(data: Document) -> Document:
    filled = dict(data)
    if isinstance(data.get("data-leak-detection"), dict):
        leaks = _with(data["data-leak-detection"], action="", member=None)
        if leaks["member"]:
            leaks["member"] = [_with(member, text="") for member in leaks["member"]]
        filled["data-leak-detection"] = leaks
    if data.get("database-security"):
        filled["database-security"] = [
            _with(rule, severity=_DATABASE[rule["name"].rpartition("-")[2]]) for rule in data["database-security"]
        ]
    if isinstance(data.get("source-code-detection"), dict):
        filled["source-code-detection"] = _with(data["source-code-detection"], severity="high")
    return filled


def _fill_model(entry: Document) -> Document:
    filled = dict(entry)
    if entry["name"] == "toxic-content":
        if entry.get("toxic-category-list"):
            filled["toxic-category-list"] = [
                _with(rule, severity_by_confidence=dict(_BY_CONFIDENCE)) for rule in entry["toxic-category-list"]
            ]
        else:
            filled = _with(filled, severity_by_confidence=dict(_BY_CONFIDENCE))
    elif entry["name"] in _MODEL:
        filled = _with(filled, severity=_MODEL[entry["name"]])
    if entry.get("topic-list"):
        filled["topic-list"] = [_with(bucket, topic=[]) for bucket in entry["topic-list"]]
    return filled
