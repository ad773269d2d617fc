"""Makes attacks inside documents, and their clean twins, from parts: carrier × fragment × address × position.

The same function places an attack and a harmless sentence, with the same random choices, so that a foreign sentence, a comment
or an odd cell is never what tells the two apart.
"""

from __future__ import annotations

import ast
import json
import random
import re
from dataclasses import dataclass

from training.guard.addresses import READER_NOTES, TASKS

MAX_CHARS = {"ja": 230, "zh": 200, "ru": 480}
"""Longest carrier in characters, so that carrier and fragment fit into one window; 520 for the languages not named."""

CJK = frozenset({"ja", "zh"})


@dataclass(frozen=True, slots=True)
class Carrier:
    """A clean text of some format: prose, email, table, json, html, code, log, csv, chat."""

    text: str
    lang: str
    format: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A carrier with something in it, and where that stands, in code points."""

    text: str
    start: int
    end: int


def format_of(text: str) -> str:
    """A guess at the format of a carrier whose source does not say."""
    head = text.lstrip()
    if head[:1] in "{[" and structured(text) is not None:
        return "json"
    if head.startswith("<") or "</" in text:
        return "html"
    if text.count("|") > 8 or text.count("\t") > 8:
        return "table"
    if re.search(r"^\s*(def |import |from \w+ import|function |const |class |#include)", text, re.MULTILINE):
        return "code"
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 2 and sum(bool(re.match(r"[\w .]{1,24}[::]\s", line)) for line in lines) > len(lines) * 0.6:
        return "chat"
    return "prose"


def structured(text: str) -> object | None:
    """The value of a JSON text or of a printed Python dictionary; None when it is neither."""
    for reader in (json.loads, ast.literal_eval):
        try:
            value = reader(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict | list):
            return value
    return None


def shorten(text: str, lang: str, rng: random.Random) -> str:
    """A run of whole lines or sentences that fits into MAX_CHARS; JSON is left alone."""
    limit = MAX_CHARS.get(lang, 520)
    if len(text) <= limit:
        return text
    pieces = text.splitlines(keepends=True) if text.count("\n") > 4 else sentences(text)
    first = rng.randrange(max(1, len(pieces) // 2))
    kept = ""
    for piece in pieces[first:]:
        if kept and len(kept) + len(piece) > limit:
            break
        kept += piece
    return kept[: limit * 2].strip()


def sentences(text: str) -> list[str]:
    """The text cut after sentence ends and line breaks; joining the pieces gives the text again."""
    return [piece for piece in re.split(r"(?<=[.!?…]\s)|(?<=[。！？\n])", text) if piece]


def place(carrier: Carrier, fragment: str, rng: random.Random) -> Placed:
    """The carrier with the fragment inside, in a way that fits the carrier's format."""
    if carrier.format == "json":
        value = structured(carrier.text)
        if value is not None:
            return _place_in_json(value, fragment, rng)
    placers = {
        "table": _place_in_lines,
        "csv": _place_in_lines,
        "log": _place_in_lines,
        "chat": _place_in_lines,
        "code": _place_in_code,
        "html": _place_in_html,
    }
    placer = placers.get(carrier.format, _place_in_prose)
    return placer(shorten(carrier.text, carrier.lang, rng), fragment, rng)


def _joined(before: str, fragment: str, after: str) -> Placed:
    return Placed(before + fragment + after, len(before), len(before) + len(fragment))


def _cut(pieces: list[str], rng: random.Random) -> int:
    """An index to insert at: start, end and the places between are equally likely as groups, the middle a little more so."""
    roll = rng.random()
    if roll < 0.2 or len(pieces) < 2:
        return 0
    if roll < 0.5:
        return len(pieces)
    return rng.randrange(1, len(pieces))


def _place_in_prose(text: str, fragment: str, rng: random.Random) -> Placed:
    if rng.random() < 0.35:
        blocks = text.split("\n\n")
        at = _cut(blocks, rng)
        before, after = "\n\n".join(blocks[:at]), "\n\n".join(blocks[at:])
        return _joined(before + "\n\n" if before else "", fragment, "\n\n" + after if after else "")
    pieces = sentences(text)
    at = _cut(pieces, rng)
    before, after = "".join(pieces[:at]), "".join(pieces[at:])
    glue = "" if not before or before[-1] in "\n 。！？" else " "
    tail = "" if not after or after[0] == "\n" else " "
    return _joined(before + glue, fragment, tail + after)


def _place_in_lines(text: str, fragment: str, rng: random.Random) -> Placed:
    lines = text.splitlines()
    at = _cut(lines, rng)
    flat = fragment.replace("\n", " ")
    model = lines[min(at, len(lines) - 1)] if lines else ""
    if "|" in model and rng.random() < 0.7:
        width = max(1, model.count("|") - 1)
        cells = [cell.strip() for cell in model.strip("|").split("|")][:width] or [""]
        if set("".join(cells)) <= set("-: "):
            cells = ["–"] * width
        spot = rng.randrange(len(cells))
        cells[spot] = f"{cells[spot]} {flat}".strip() if rng.random() < 0.5 else flat
        row = "| " + " | ".join(cells) + " |"
        return _line(lines, at, row, flat)
    stamp = re.match(r"(\[?[\d:T.\-/ ,]{4,25}\]?\s*(?:[A-Z]{4,5}\s)?|[^::\n]{1,24}[::]\s?)", model)
    if stamp and rng.random() < 0.75:
        return _line(lines, at, stamp.group(1) + flat, flat)
    if ("," in model or ";" in model or "\t" in model) and rng.random() < 0.5:
        return _line(lines, at, f'"{flat}"', flat)
    return _line(lines, at, flat, flat)


def _line(lines: list[str], at: int, line: str, fragment: str) -> Placed:
    before = "".join(f"{each}\n" for each in lines[:at])
    offset = line.index(fragment)
    after = "".join(f"\n{each}" for each in lines[at:])
    return Placed(before + line + after, len(before) + offset, len(before) + offset + len(fragment))


def _place_in_code(text: str, fragment: str, rng: random.Random) -> Placed:
    lines = text.splitlines()
    roll = rng.random()
    if roll < 0.45 or "\n" in fragment:
        return _joined(text + "\n\n", fragment, "") if rng.random() < 0.7 else _joined("", fragment, "\n\n" + text)
    at = _cut(lines, rng)
    leader = "// " if re.search(r"^\s*(//|function |const |let )", text, re.MULTILINE) else "# "
    indent = re.match(r"\s*", lines[min(at, len(lines) - 1)])
    return _line(lines, at, (indent.group() if indent else "") + leader + fragment, fragment)


def _place_in_html(text: str, fragment: str, rng: random.Random) -> Placed:
    shells = (
        ("<!-- ", " -->"),
        ("<p>", "</p>"),
        ('<span style="display:none">', "</span>"),
        ('<img src="pixel.gif" alt="', '">'),
        ("<li>", "</li>"),
    )
    opening, closing = rng.choice(shells)
    spots = [match.end() for match in re.finditer(r">", text)] or [len(text)]
    at = rng.choice(spots)
    return _joined(text[:at] + opening, fragment, closing + text[at:])


def _strings(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(value, str):
        return [path] if len(value) > 3 else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in _strings(item, (*path, key))]


def _place_in_json(value: object, fragment: str, rng: random.Random) -> Placed:
    paths = _strings(value)
    marker = "\x01fragment\x01"
    if not paths:
        text = json.dumps(value, ensure_ascii=False)
        return _joined(text + "\n", fragment, "")
    path = rng.choice(paths)
    parent = value
    for key in path[:-1]:
        parent = parent[key]  # type: ignore[index]
    old = parent[path[-1]]  # type: ignore[index]
    roll = rng.random()
    new = f"{old} {marker}" if roll < 0.5 else f"{marker} {old}" if roll < 0.75 else marker
    parent[path[-1]] = new  # type: ignore[index]
    text = json.dumps(value, ensure_ascii=False, indent=rng.choice((None, None, 2)))
    before, after = text.split(json.dumps(marker)[1:-1], 1)
    return _joined(before, json.dumps(fragment, ensure_ascii=False)[1:-1], after)


def address(fragment: str, lang: str, rng: random.Random, *, attack: bool) -> str:
    """Now and then names whom the fragment is for: software when it is an attack, people when it is not."""
    roll = rng.random()
    choice = rng.randrange(len(READER_NOTES[lang]))
    if roll > 0.25:
        return fragment
    software, people = READER_NOTES[lang][choice]
    return (software if attack else people) + fragment


def with_task(placed: Placed, lang: str, rng: random.Random) -> Placed:
    """The text as a user would send it: a request, then the document."""
    task = rng.choice(TASKS[lang])
    opening, closing = rng.choice((("\n\n", ""), ("\n---\n", "\n---"), ('\n"""\n', '\n"""'), ("\n", "")))
    shift = len(task) + len(opening)
    return Placed(task + opening + placed.text + closing, placed.start + shift, placed.end + shift)
