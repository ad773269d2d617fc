"""Labelled spans against found ones: what is right is decided span by span, by group of entity types.

A labelled span is found when a finding of its group covers at least half of it. A finding is right when it lies at least by half on
labelled spans of its group, and of no account where it touches a span of a type that is out of the detector's scope.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scangate.detectors.contract import Entity
from scangate.domain.content import Span
from scangate.evaluation.rows import LabelledSpan

JsonObject = dict[str, Any]
_ENOUGH: Final = 0.5


@dataclass(slots=True)
class SpanCounts:
    """`found` labelled spans of `labelled`; `right` findings of `findings`."""

    labelled: int = 0
    found: int = 0
    findings: int = 0
    right: int = 0

    def document(self) -> JsonObject:
        """Recall over labelled spans, precision over findings, F1 and F2 (recall counts twice as much); None where undefined."""
        recall = self.found / self.labelled if self.labelled else None
        precision = self.right / self.findings if self.findings else None
        return {
            "labelled": self.labelled,
            "found": self.found,
            "findings": self.findings,
            "right": self.right,
            "precision": precision,
            "recall": recall,
            "f1": _f(precision, recall, 1),
            "f2": _f(precision, recall, 2),
        }


def _f(precision: float | None, recall: float | None, beta: int) -> float | None:
    if precision is None or recall is None:
        return None
    if not precision and not recall:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _covered(span: Span, by: Iterable[Span]) -> float:
    """The part of a span that lies on others, which do not overlap each other in practice."""
    overlap = sum(max(0, min(span.end, other.end) - max(span.start, other.start)) for other in by)
    return overlap / len(span) if len(span) else 0.0


def span_figures(rows: Sequence[tuple[Sequence[LabelledSpan], Sequence[Entity]]]) -> JsonObject:
    """Over all rows together, by group, and how many labelled spans of which types were out of scope."""
    groups: dict[str, SpanCounts] = defaultdict(SpanCounts)
    ignored: Counter[str] = Counter()
    for labelled, found in rows:
        outside = [span.span for span in labelled if span.group is None]
        ignored.update(span.type for span in labelled if span.group is None)
        for span in labelled:
            if span.group is not None:
                groups[span.group].labelled += 1
                same = (entity.span for entity in found if entity.group == span.group)
                groups[span.group].found += _covered(span.span, same) >= _ENOUGH
        for entity in found:
            same = (span.span for span in labelled if span.group == entity.group)
            right = _covered(entity.span, same) >= _ENOUGH
            if right or not any(entity.span.overlaps(span) for span in outside):
                groups[entity.group].findings += 1
                groups[entity.group].right += right
    total = SpanCounts(*(sum(getattr(counts, name) for counts in groups.values()) for name in SpanCounts.__slots__))
    return {
        **total.document(),
        "groups": {group: counts.document() for group, counts in sorted(groups.items())},
        "out_of_scope": dict(ignored.most_common()),
    }
