"""Markdown tables, and JSON Schema in words, for the generated pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

Schema = dict[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines: list[Sequence[str]] = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def code(text: object) -> str:
    return f"`{text}`"


def first_paragraph(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())


def type_in_words(schema: Schema, link: Callable[[str], str] = str) -> str:
    """`integer, 1 to 300`, `list of text`, `"a", "b" or "c"`; `link` renders the name of another object."""
    if "$ref" in schema:
        return link(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            options = [option for option in schema[several] if option.get("type") != "null"]
            return " or ".join(type_in_words(option, link) for option in options)
    if schema.get("type") == "array":
        unique = "set" if schema.get("uniqueItems") else "list"
        return f"{unique} of {type_in_words(schema.get('items') or schema.get('prefixItems', [{}])[0], link)}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_in_words(schema['additionalProperties'], link)}"
    name = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false", "object": "object"}
    words = name.get(schema.get("type", ""), "anything")
    return words.replace("text", "path") if schema.get("format") == "path" else words + _bounds(schema)


def _bounds(schema: Schema) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return f", {low} to {high}"
    if low is not None:
        return f", at least {low}"
    if high is not None:
        return f", at most {high}"
    return ""


def default_in_words(schema: Schema) -> str:
    default = schema.get("default")
    is_shown = default not in (None, []) and not isinstance(default, dict)
    return code(json.dumps(default, ensure_ascii=False)) if is_shown else ""
