"""Declarations of tools, prompts and resources in a JSON part: what each one is called, where it stands, and what of it a model reads.

Shapes: results and items of MCP's `tools/list`, `prompts/list`, `resources/list` and `resources/templates/list`; functions as the APIs of
OpenAI, Anthropic, Gemini and Bedrock take them. Nothing of a document is lost: what stands in no declaration is a text of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from scangate.domain.content import Declared
from scangate.matching.json_text import JsonText, step
from scangate.matching.views import Declaration, Segment

MAX_DECLARATIONS: Final = 1000
"""What stands behind so many is read together, as no declaration of its own."""
_LONGEST_NAME: Final = 128
_DEEPEST: Final = 8
_SIGNS: Final = ('"inputSchema"', '"input_schema"', '"parameters"')
"""A document without any of them declares nothing, unless the caller knows better."""
_SCHEMAS: Final = ("inputSchema", "input_schema", "parameters", "parametersJsonSchema")
_LISTS: Final = (
    "result",
    "tools",
    "prompts",
    "resources",
    "resourceTemplates",
    "resource_templates",
    "functions",
    "functionDeclarations",
    "function_declarations",
    "function",
    "toolConfig",
    "toolSpec",
    "tool",
)
"""Keys behind which declarations stand."""
_NAMES: Final = ("name", "uri", "uriTemplate", "title")
_LONG: Final = 64
_FIRST_IDEOGRAPH: Final = "\u2e80"


class _Name(NamedTuple):
    text: str
    path: str


def declarations(raw: str, document: JsonText, *, expected: bool) -> tuple[Declaration, ...]:
    """What `raw`, read as `document`, declares: one for each declaration in order, then one for the rest where there is any; none if the document declares nothing.

    Without `expected` only declarations with a schema of arguments count: an ordinary answer may have names and descriptions, too.
    """
    if not expected and not any(sign in raw for sign in _SIGNS):
        return ()
    try:
        roots = dict(islice(_roots(_parsed(raw), "$", _DEEPEST, expected=expected), MAX_DECLARATIONS))
    except (ValueError, RecursionError):
        return ()
    return tuple(_grouped(document, roots)) if roots else ()


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)


def _roots(value: Any, path: str, depth: int, *, expected: bool) -> Iterator[tuple[str, _Name]]:
    """Paths of the declarations, and what they are called."""
    if depth == 0:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _roots(item, path + step(index), depth - 1, expected=expected)
    elif isinstance(value, dict):
        name = _name(value, expected=expected)
        if name is not None:
            yield path, _Name(name[1][:_LONGEST_NAME], path + step(name[0]))
            return
        for key in _LISTS:
            if isinstance(value.get(key), dict | list):
                yield from _roots(value[key], path + step(key), depth - 1, expected=expected)


def _name(value: dict[str, Any], *, expected: bool) -> tuple[str, str] | None:
    """The key and the text of what a declaration is called; None for an object that is none."""
    if isinstance(value.get("name"), str) and any(isinstance(value.get(key), dict) for key in _SCHEMAS):
        return "name", value["name"]
    if not expected or any(isinstance(value.get(key), list) for key in _LISTS):
        return None
    return next(((key, value[key]) for key in _NAMES if isinstance(value.get(key), str)), None)


def _grouped(document: JsonText, roots: dict[str, _Name]) -> Iterator[Declaration]:
    groups: dict[str | None, list[tuple[Segment, bool]]] = {}
    for segment, is_key in document.strings():
        groups.setdefault(_root_of(segment.path, roots), []).append((segment, is_key))
    rest = groups.pop(None, [])
    for path, strings in groups.items():
        assert path is not None
        name = roots[path]
        prose = tuple(one for one, is_key in strings if _is_prose(document.text, one, name.text, is_key=is_key))
        place = document.offsets.to_raw(strings[0][0].span.start, strings[-1][0].span.end)
        named = next((one.span for one, is_key in strings if one.path == name.path and not is_key), strings[0][0].span)
        yield Declaration(Declared(name.text, place, document.offsets.to_raw(named.start, named.end)), prose)
    prose = tuple(one for one, is_key in rest if _is_prose(document.text, one, "", is_key=is_key))
    if prose:
        yield Declaration(None, prose)


def _root_of(path: str, roots: dict[str, _Name]) -> str | None:
    """The declaration that a path leads into: no declaration stands in another, and none deeper than `_DEEPEST` steps."""
    at = 0
    for _ in range(_DEEPEST + 1):
        ends = [end for end in (path.find(".", at + 1), path.find("[", at + 1)) if end > 0]
        at = min(ends, default=len(path))
        if path[:at] in roots:
            return path[:at]
        if at == len(path):
            break
    return None


def _is_prose(text: str, segment: Segment, name: str, *, is_key: bool) -> bool:
    """Whether a string says something: not the words of a schema, not a name, not a title made from one."""
    value = text[segment.span.start : segment.span.end].strip()
    if len(value) > _LONG:
        return True
    words = value.split(maxsplit=_LONG)
    if sum(any(map(str.isalpha, word)) for word in words) < 2:
        return sum(char >= _FIRST_IDEOGRAPH for char in value) >= 4
    if is_key or not segment.path.endswith(".title"):
        return True
    parent = segment.path.removesuffix(".title").rpartition(".")[2]
    return _letters(value) not in (_letters(parent), _letters(name))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
