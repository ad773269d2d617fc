"""Groups of a hash, a UUID or another long hexadecimal run."""

from __future__ import annotations

from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect

_HEX: Final = frozenset("0123456789abcdefABCDEF")


def inside_hash(candidate: Candidate) -> Effect:
    """A group of a UUID, a hash or another long hexadecimal run: hexadecimal digits go on behind a dash or colon."""
    text = candidate.text
    before, after = text[max(0, candidate.start - 14) : candidate.start], text[candidate.end : candidate.end + 14]
    for mark in "-:":
        run = before.rsplit(mark, 1)[0].rsplit(mark, 1)[-1] if before.endswith(mark) else ""
        if len(run) >= 4 and set(run) <= _HEX:
            return Effect.DROP
        run = after[1:].split(mark, 1)[0] if after.startswith(mark) else ""
        if len(run) >= 4 and set(run[:12]) <= _HEX:
            return Effect.DROP
    if before[-2:].lower() == "0x":
        return Effect.DROP
    return Effect.KEEP
