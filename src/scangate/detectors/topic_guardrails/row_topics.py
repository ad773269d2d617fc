"""Labelled rows bring their topics with them: `topic`, one or a list, and `mode`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scangate.detectors.contract import JsonObject

MODES: Final = ("block", "allow")


def row_protection(row: Mapping[str, Any]) -> JsonObject | None:
    """The entry of `model-protection` for a row with `topic` (name, description, examples); None without.

    `mode` is `block` (the default: label 1 means that the text is about the topic) or `allow` (label 1: it is about none of them).

    Raises:
        ValueError: with what is wrong, and nothing of the row's texts.
    """
    given = row.get("topic")
    if given is None:
        return None
    mode = row.get("mode", "block")
    if mode not in MODES:
        raise ValueError("mode must be block or allow")
    topics = given if isinstance(given, list) else [given]
    if not topics:
        raise ValueError("topic must name at least one topic")
    lists = [{"action": mode, "topic": [_reference(topic) for topic in topics]}]
    return {"name": "topic-guardrails", "action": "block", "topic-list": lists}


def _reference(topic: object) -> JsonObject:
    if not isinstance(topic, dict):
        raise ValueError("topic must be an object with name, description and examples, or a list of them")
    name = topic.get("name") or topic.get("topic_name")
    description, examples = topic.get("description") or "", topic.get("examples") or []
    if not isinstance(name, str) or not isinstance(description, str):
        raise ValueError("a topic's name and description must be texts")
    if not isinstance(examples, list) or not all(isinstance(text, str) for text in examples):
        raise ValueError("a topic's examples must be a list of texts")
    return {"topic_name": name, "description": description or name, "examples": examples}
