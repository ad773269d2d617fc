"""Labelled rows: JSON lines, plain or gzip, read and checked as a whole before anything is measured.

A row that cannot be read is refused with its line number and nothing of its content; figures over a part of a file would lie.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Final, NamedTuple

import orjson

from scangate.detectors.contract import Entities, Kinds
from scangate.domain.content import Content, Part, Span, ToolMetadata
from scangate.domain.taxonomy import PartKind, Side
from scangate.errors import RequestInvalidError

KIND_CHARACTERS_MAX: Final = 100
ROW_BYTES_MAX: Final = 64 * 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LABELS: Final[Mapping[str, bool]] = {
    "injection": True,
    "toxic": True,
    "malicious": True,
    "true": True,
    "1": True,
    "benign": False,
    "false": False,
    "0": False,
}
NO_VALUE: Final = "(none)"
"""The group of rows that lack the field."""
TOOL_SIDES: Final = frozenset({Side.TOOL_INPUT, Side.TOOL_OUTPUT})


class LabelledSpan(NamedTuple):
    """`group` is the detector's for `type`; None: out of its scope."""

    type: str
    group: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text. `groups` aligns with the fields that were asked for."""

    line: int
    text: str
    label: bool
    side: Side
    history: tuple[str, ...] = ()
    question: str = ""
    context: str | None = None
    groups: tuple[str, ...] = ()
    kinds: frozenset[str] | None = None
    """Where `label` is a list: the kinds that the text holds, none in an empty list."""
    spans: tuple[LabelledSpan, ...] | None = None
    """Where the row has `spans`: every one of them, those of types out of scope too."""
    protection: str | None = None
    """Where the row says itself what it is judged under, as topics do: an entry of `model-protection`, as JSON."""

    def content(self) -> Content:
        """As the scan API would read it: a tool's input and output are JSON, where they parse as such."""
        tool = self.side in TOOL_SIDES
        part = Part(self.side, PartKind.JSON if tool else PartKind.TEXT, self.text)
        asked = (Part(Side.PROMPT, PartKind.TEXT, self.question),) if self.question else ()
        history = tuple(Part(Side.PROMPT, PartKind.TEXT, text) for text in self.history)
        return Content((*asked, part), history, self.context, ToolMetadata() if tool else None)


@dataclass(frozen=True, slots=True)
class RowFormat:
    """What rows of one detector look like: the sides that it scans, the fields to group by, whether labels may be lists of kinds."""

    sides: frozenset[Side]
    by: tuple[str, ...] = ()
    kinds: Kinds | None = None
    entities: Entities | None = None
    protection: Callable[[Mapping[str, Any]], dict[str, Any] | None] | None = None

    @property
    def first_side(self) -> Side:
        return next(side for side in Side if side in self.sides)

    def read(self, stream: BufferedReader) -> list[Row]:
        """Every row of a file.

        Raises:
            RequestInvalidError: with the number of the line that cannot be read; or there is no row at all.
        """
        known: set[str] = set()
        rows = []
        for number, line in numbered_lines(stream):
            document = row_object(line, number)
            known.update(field for field in self.by if field in document)
            rows.append(self._row(document, number))
        if not rows:
            raise RequestInvalidError("no rows to evaluate")
        if len({row.kinds is None for row in rows}) > 1:
            raise RequestInvalidError("labels are lists of kinds in all rows or in none")
        if len({row.spans is None for row in rows}) > 1:
            raise RequestInvalidError("all rows have spans or none has")
        for field in self.by:
            if field not in known:
                raise RequestInvalidError(f"no row has the field {field!r}")
        return rows

    def _row(self, document: Mapping[str, Any], number: int) -> Row:
        from_response = "text" not in document and "response" in document
        text = _text(document, "response" if from_response else "text", number)
        if text is None:
            raise fault(number, "text is missing")
        default = Side.RESPONSE if from_response and Side.RESPONSE in self.sides else self.first_side
        side = self._side(document.get("side"), default, number)
        question = _text(document, "question", number) if side is not Side.PROMPT else None
        kinds = self._kinds(document.get("label"), number)
        spans = self._spans(document.get("spans"), len(text), number)
        if spans is not None:
            label = any(span.group for span in spans)
        else:
            label = _label(document, number) if kinds is None else bool(kinds)
        return Row(
            line=number,
            text=text,
            label=label,
            side=side,
            history=_history(document.get("history"), number),
            question=question or "",
            context=_text(document, "context", number),
            groups=tuple(_group(document.get(field)) for field in self.by),
            kinds=kinds,
            spans=spans,
            protection=self._protection(document, number),
        )

    def _protection(self, document: Mapping[str, Any], number: int) -> str | None:
        if self.protection is None:
            return None
        try:
            entry = self.protection(document)
        except ValueError as error:
            raise fault(number, str(error)) from None
        return None if entry is None else orjson.dumps(entry, option=orjson.OPT_SORT_KEYS).decode()

    def _spans(self, value: object, length: int, number: int) -> tuple[LabelledSpan, ...] | None:
        """Objects with `start`, `end` (code points, end exclusive) and `type`. Other detectors' rows may carry spans as a note."""
        if self.entities is None or not isinstance(value, list):
            return None
        spans = []
        for item in value:
            if not isinstance(item, dict):
                raise fault(number, "spans must be objects with start, end and type")
            start, end, kind = item.get("start"), item.get("end"), item.get("type")
            if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length):
                raise fault(number, "a span must have start and end in code points of the text")
            if not isinstance(kind, str) or not 0 < len(kind) <= KIND_CHARACTERS_MAX:
                raise fault(number, "a span must have a type")
            spans.append(LabelledSpan(kind, self.entities.group_of_type(kind), Span(start, end)))
        return tuple(spans)

    def _kinds(self, value: object, number: int) -> frozenset[str] | None:
        """A list of kinds, with or without the prefix of their wire names. One that the detector does not know counts as missed."""
        if not isinstance(value, list):
            return None
        if self.kinds is None:
            raise fault(number, "this detector tells no kinds apart: label must be 1 or 0")
        if not all(isinstance(kind, str) and 0 < len(kind) <= KIND_CHARACTERS_MAX for kind in value):
            raise fault(number, f"label must be a list of kinds, as in {list(self.kinds.names)}")
        return frozenset(kind.strip().lower().removeprefix(self.kinds.prefix) for kind in value)

    def _side(self, value: object, default: Side, number: int) -> Side:
        if value is None:
            return default
        try:
            side = Side(str(value))
        except ValueError:
            raise fault(number, f"side must be one of {', '.join(Side)}") from None
        if side not in self.sides:
            scanned = ", ".join(one for one in Side if one in self.sides)
            raise fault(number, f"the detector does not scan the side {side.value}; it scans {scanned}")
        return side


def fault(number: int, reason: str) -> RequestInvalidError:
    return RequestInvalidError(f"line {number}: {reason}")


def numbered_lines(stream: BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank, split on line feeds only: texts may hold other line separators."""
    packed = stream.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] == _GZIP_MAGIC
    source = gzip.GzipFile(fileobj=stream) if packed else stream
    number = 0
    try:
        while line := source.readline(ROW_BYTES_MAX + 1):
            number += 1
            if len(line) > ROW_BYTES_MAX:
                raise fault(number, f"longer than {ROW_BYTES_MAX} bytes")
            stripped = line.removeprefix(_BYTE_ORDER_MARK).strip() if number == 1 else line.strip()
            if stripped:
                yield number, stripped
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise fault(number + 1, "the gzip stream is damaged") from None


def row_object(line: bytes, number: int) -> dict[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise fault(number, "not valid JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise fault(number, "not a JSON object")
    return document


def _text(document: Mapping[str, Any], field: str, number: int) -> str | None:
    value = document.get(field)
    if value is not None and not isinstance(value, str):
        raise fault(number, f"{field} must be a text")
    return value


def _label(document: Mapping[str, Any], number: int) -> bool:
    """`label`, else the opposite of `grounded`: what is not grounded is what its detector looks for."""
    if "label" in document:
        label = _truth(document["label"])
        if label is None:
            raise fault(number, "label must be 1, 0, true, false, injection, toxic, malicious or benign")
        return label
    if "grounded" in document:
        grounded = _truth(document["grounded"])
        if grounded is None:
            raise fault(number, "grounded must be true or false")
        return not grounded
    raise fault(number, "label is missing")


def _truth(value: object) -> bool | None:
    if isinstance(value, str):
        return _LABELS.get(value.strip().lower())
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    return None


def _history(value: object, number: int) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise fault(number, "history must be a list of texts")
    return tuple(text for text in value if text)


def _group(value: object) -> str:
    if value is None:
        return NO_VALUE
    return value if isinstance(value, str) else orjson.dumps(value).decode()
