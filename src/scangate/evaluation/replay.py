"""Rows scanned under two plans: which of them would be decided differently. Nothing of their content leaves this module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Final

import orjson

from scangate.domain.content import Content
from scangate.domain.taxonomy import Side
from scangate.domain.verdict import Verdict
from scangate.engine.pipeline import scan
from scangate.engine.plan import ScanPlan
from scangate.errors import RequestInvalidError
from scangate.evaluation.rows import Row, fault, numbered_lines, row_object
from scangate.scans.schemas import parse_scan_request, to_content

_CONTENT_FIELDS: Final = ("prompt", "response", "code_prompt", "code_response", "context", "tool_event")


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """A row by the number of its line, which is all that is ever said of it."""

    line: int
    content: Content


@dataclass(frozen=True, slots=True)
class Decision:
    """What a client would be told. `flags` are `side.detector` of those that flag; `masked` is each side's masked text."""

    action: str
    category: str
    flags: tuple[str, ...]
    masked: tuple[str | None, ...]

    def document(self) -> dict[str, Any]:
        masks = any(text is not None for text in self.masked)
        return {"action": self.action, "category": self.category, "flags": list(self.flags), "masked": masks}


@dataclass(frozen=True, slots=True)
class Difference:
    line: int
    before: Decision
    after: Decision

    def document(self) -> dict[str, Any]:
        return {"line": self.line, "before": self.before.document(), "after": self.after.document()}


def read_rows(stream: BufferedReader) -> list[ReplayRow]:
    """Every row of a file: bodies of scan requests (`contents`), single contents of one (`prompt`, `response`, …), or the rows of
    `scangate eval` (`text`, `side`). Labels are not needed.

    Raises:
        RequestInvalidError: with the number of the line that cannot be read; or there is no row at all.
    """
    rows = [ReplayRow(number, _content(row_object(line, number), number)) for number, line in numbered_lines(stream)]
    if not rows:
        raise RequestInvalidError("no rows to replay")
    return rows


def _content(document: Mapping[str, Any], number: int) -> Content:
    if isinstance(document.get("text"), str) and "contents" not in document:
        try:
            side = Side(document.get("side") or Side.PROMPT)
        except ValueError:
            raise fault(number, f"side must be one of {', '.join(Side)}") from None
        context = document.get("context")
        return Row(number, document["text"], False, side, context=context if isinstance(context, str) else None).content()
    if "contents" in document:
        request = {"contents": document["contents"]}
    else:
        request = {"contents": [{name: document[name] for name in _CONTENT_FIELDS if name in document}]}
    try:
        return to_content(parse_scan_request(orjson.dumps(request)))
    except RequestInvalidError as error:
        raise fault(number, error.message) from None


def differences(
    rows: Iterable[ReplayRow], before: ScanPlan, after: ScanPlan, progress: Callable[[], None] = lambda: None
) -> Iterator[Difference]:
    """Those rows that the two plans decide differently, in their order; `progress` is called after every row."""
    for row in rows:
        decisions = [decision(scan(row.content, plan)) for plan in (before, after)]
        if decisions[0] != decisions[1]:
            yield Difference(row.line, *decisions)
        progress()


def decision(verdict: Verdict) -> Decision:
    flags = (
        f"{side.side.value}.{outcome.detector.value}" for side in verdict.sides for outcome in side.outcomes if outcome.flagged
    )
    masked = tuple(part.text if part else None for side in verdict.sides for part in side.masked)
    return Decision(verdict.action.value, verdict.category.value, tuple(sorted(flags)), masked)
