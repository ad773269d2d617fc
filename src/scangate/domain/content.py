"""What is scanned: the parts of one request, and spans in them. All offsets are code points, half-open `[start, end)`.

The wire uses inclusive ends; the conversion happens where the response is rendered and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scangate.domain.taxonomy import PartKind, Side


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of code points, `0 <= start <= end`."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


def union(spans: Iterable[Span]) -> list[Span]:
    """Sorted, disjoint spans that cover the same code points; touching spans are joined, empty ones dropped."""
    joined: list[Span] = []
    for span in sorted(s for s in spans if s.end > s.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


@dataclass(frozen=True, slots=True)
class Part:
    """One text of the scanned element: its side, its kind and the text exactly as it was sent."""

    side: Side
    kind: PartKind
    text: str
    declares: bool = False
    """The answer to a request for declarations, as MCP's `tools/list`; JSON that plainly declares tools is known without it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A tool, prompt or resource that a part declares: its name (cut where it is long), its place in the part, and that of the name."""

    name: str
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class ToolMetadata:
    """`tool_event.metadata` as sent; empty strings where the client sent nothing."""

    ecosystem: str = ""
    method: str = ""
    server_name: str = ""
    tool_invoked: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """The last element of `contents`, with the earlier ones as history (oldest first, prompts and responses alike)."""

    parts: tuple[Part, ...]
    history: tuple[Part, ...] = ()
    grounding_context: str | None = None
    tool: ToolMetadata | None = None

    def of(self, side: Side) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.side is side)

    @property
    def characters(self) -> int:
        """Code points of the last element; those of the history are not among them."""
        return sum(len(part.text) for part in self.parts)
