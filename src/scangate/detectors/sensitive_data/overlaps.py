"""One span, one name: which of several rules that claim the same characters keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scangate.detectors.sensitive_data.rule import RANK
from scangate.detectors.sensitive_data.scanner import Hit


def _strength(hit: Hit) -> tuple[int, bool, int, bool, int]:
    settled = hit.proven and hit.keyword is not None
    return RANK[hit.confidence], settled, hit.compiled.rule.specificity, hit.proven, hit.end - hit.start


def _clusters(hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    """Runs of hits whose spans hang together, left to right."""
    cluster: list[Hit] = []
    reach = -1
    for hit in sorted(hits, key=lambda item: (item.start, -item.end)):
        if cluster and hit.start >= reach:
            yield cluster
            cluster = []
        reach = max(reach, hit.end) if cluster else hit.end
        cluster.append(hit)
    if cluster:
        yield cluster


def resolve_overlaps(hits: Iterable[Hit]) -> list[Hit]:
    """The hits to report, by start. The stronger of two that overlap stays: by confidence, then checksum with context,
    specificity, checksum, length. Both stay only when both are settled by checksum and context and differ in name."""
    kept: list[Hit] = []
    for cluster in _clusters(hits):
        chosen: list[Hit] = []
        for hit in sorted(cluster, key=_strength, reverse=True):
            if all(_coexist(hit, other) for other in chosen):
                chosen.append(hit)
        kept.extend(chosen)
    return sorted(kept, key=lambda item: (item.start, item.end))


def _coexist(hit: Hit, other: Hit) -> bool:
    if hit.start >= other.end or other.start >= hit.end:
        return True
    both_settled = hit.proven and other.proven and hit.keyword is not None and other.keyword is not None
    return both_settled and hit.compiled.rule.name != other.compiled.rule.name
