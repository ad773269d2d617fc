"""One normalisation pass: what a reader sees, with the way back to the raw text.

`clean` undoes compatibility forms and look-alikes and drops what shows nothing; `fold` is that plus case folding. Everything is
vectorised over the code points, so that the worst text costs what ordinary text costs; pure ASCII text takes a shortcut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from scangate.domain.content import Span
from scangate.matching import characters as ch
from scangate.matching.characters import CharacterTables, character_tables
from scangate.matching.confusables import replace_lookalikes
from scangate.matching.offsets import Aligned, Codes, Flags, Mask, Offsets, Positions
from scangate.matching.views import Identity, OffsetMap

MAX_HIDDEN_SPANS: Final = 1000
_ZALGO_RUN: Final = 4
"""So many diacritics on one letter are decoration: none of them is composed."""
_COMPOSED_MARKS: Final = 3
_JOINERS: Final = (0x200C, 0x200D)
_DIRECTION_MARKS: Final = (0x200E, 0x200F, 0x61C)
_SELECTORS: Final = (0xFE0E, 0xFE0F)
_KEYCAP: Final = 0x20E3


def codes_of(text: str) -> Codes:
    """The code points of a text, lone surrogates included."""
    # numpy copies the characters themselves; an encoder would call an error handler for each lone surrogate
    return np.array([text]).view(np.uint32) if text else np.zeros(0, np.uint32)


def text_of(codes: Codes) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text in the reader's characters, its map to the source, and the runs of the source that show nothing.

    `hidden` leaves out what ordinary text needs: selectors and joiners in emoji, joiners and direction marks in scripts that use
    them, a byte-order mark at the start. At most MAX_HIDDEN_SPANS runs, the first ones.
    """

    text: str
    offsets: OffsetMap
    hidden: tuple[Span, ...] = ()


@dataclass(slots=True)
class _Draft:
    """Code points on the way, each with its source range; `ends` is None as long as every range is one code point."""

    codes: Codes
    flags: Flags
    starts: Offsets | None
    ends: Offsets | None
    length: int

    def materialise(self) -> tuple[Offsets, Offsets]:
        starts = np.arange(len(self.codes), dtype=np.int32) if self.starts is None else self.starts
        return starts, (starts + 1).astype(np.int32) if self.ends is None else self.ends

    def keep(self, chosen: Mask) -> None:
        kept = np.flatnonzero(chosen).astype(np.int32)
        self.codes = self.codes[kept]
        self.flags = self.flags[kept]
        self.starts = kept if self.starts is None else self.starts[kept]
        self.ends = None if self.ends is None else self.ends[kept]

    def offsets(self) -> OffsetMap:
        if self.starts is None and self.ends is None:
            return Identity()
        starts, ends = self.materialise()
        return Aligned(starts, ends, self.length)


def is_plain_ascii(text: str) -> bool:
    """ASCII without control characters other than white space and escape: nothing to clean."""
    if not text.isascii():
        return False
    octets = np.frombuffer(text.encode("ascii"), np.uint8)
    low = (octets < 9) | ((octets >= 14) & (octets < 32) & (octets != 27)) | (octets == 127)
    return not bool(low.any())


def clean(text: str) -> Cleaned:
    """NFKC without what shows nothing, look-alikes replaced; case as in the source."""
    if is_plain_ascii(text):
        return Cleaned(text, Identity())
    tables = character_tables()
    codes = codes_of(text)
    flags = tables.flags[codes]
    present = int(np.bitwise_or.reduce(flags))
    draft = _Draft(codes, flags, None, None, len(codes))
    hidden: tuple[Span, ...] = ()
    if present & ch.HIDDEN:
        hidden = _drop_hidden(draft)
    if present & (ch.MAPPED | ch.EXPANDS):
        _compatibility(draft, present, tables)
        present = int(np.bitwise_or.reduce(draft.flags)) if len(draft.flags) else 0
    if present & ch.JOINING:
        _compose(draft, tables)
        present |= ch.LATIN
    if present & ch.LATIN and present & (ch.LOOKALIKE | ch.CYRILLIC):
        draft.codes = replace_lookalikes(draft.codes, draft.flags, tables)
    if draft.codes is codes:
        return Cleaned(text, Identity(), hidden)
    return Cleaned(text_of(draft.codes), draft.offsets(), hidden)


def fold(cleaned: Cleaned) -> Cleaned:
    """Case folding on top; the map leads to the same source as `cleaned`'s."""
    if cleaned.text.isascii():
        return Cleaned(cleaned.text.lower(), cleaned.offsets, cleaned.hidden)
    tables = character_tables()
    codes = codes_of(cleaned.text)
    flags = tables.flags[codes]
    present = int(np.bitwise_or.reduce(flags)) if len(flags) else 0
    if not present & ch.CASED:
        return cleaned
    if not present & ch.CASED_WIDE:
        return Cleaned(text_of(tables.cased[codes]), cleaned.offsets, cleaned.hidden)
    outer = cleaned.offsets
    starts, ends, length = (outer.starts, outer.ends, outer.length) if isinstance(outer, Aligned) else (None, None, len(codes))
    draft = _Draft(tables.cased[codes], flags, starts, ends, length)
    _expand(draft, (flags & ch.CASED_WIDE) != 0, tables.wide_cased, tables)
    return Cleaned(text_of(draft.codes), draft.offsets(), cleaned.hidden)


def _drop_hidden(draft: _Draft) -> tuple[Span, ...]:
    codes, flags = draft.codes, draft.flags
    at = np.flatnonzero((flags & ch.HIDDEN) != 0)
    excused, kept = _excused(codes, flags, at)
    spans = _runs(at[~excused])
    chosen = np.ones(len(codes), np.bool_)
    chosen[at[~kept]] = False
    if not chosen.all():
        draft.keep(chosen)
    return spans


def _excused(codes: Codes, flags: Flags, at: Positions) -> tuple[Mask, Mask]:
    """Which hidden characters ordinary text needs, and which of those stay in the text (those inside emoji)."""
    hidden = codes[at]
    before = codes[np.maximum(at - 1, 0)] * (at > 0)
    after = codes[np.minimum(at + 1, len(codes) - 1)] * (at + 1 < len(codes))
    pictured = ((flags[np.maximum(at - 1, 0)] & ch.PICTOGRAPH) != 0) & (at > 0)
    selector = np.isin(hidden, _SELECTORS)
    emoji = (selector & pictured) | ((hidden == 0x200D) & (pictured | np.isin(before, _SELECTORS)) & (after >= 0x2190))
    keycap = selector & (after == _KEYCAP)
    shaped = np.isin(hidden, _JOINERS) & (before >= 0x600) & (before < 0x1100)
    directed = np.isin(hidden, _DIRECTION_MARKS) & (_right_to_left(before) | _right_to_left(after))
    order_mark = (hidden == 0xFEFF) & (at == 0)
    return emoji | keycap | shaped | directed | order_mark, emoji


def _right_to_left(codes: Codes) -> Mask:
    return ((codes >= 0x590) & (codes < 0x900)) | ((codes >= 0xFB1D) & (codes < 0xFEFD))


def _runs(at: Positions) -> tuple[Span, ...]:
    """Maximal runs of consecutive positions, the first MAX_HIDDEN_SPANS of them."""
    if not len(at):
        return ()
    breaks = np.flatnonzero(np.diff(at) != 1)[:MAX_HIDDEN_SPANS]
    starts = at[np.concatenate(([0], breaks + 1))][:MAX_HIDDEN_SPANS]
    ends = at[np.concatenate((breaks, [len(at) - 1]))][:MAX_HIDDEN_SPANS] + 1
    return tuple(Span(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True))


def _compatibility(draft: _Draft, present: int, tables: CharacterTables) -> None:
    flags = draft.flags
    draft.codes = tables.mapped[draft.codes]
    if present & ch.EXPANDS:
        _expand(draft, (flags & ch.EXPANDS) != 0, tables.expansions, tables)
    draft.flags = tables.flags[draft.codes]


def _expand(draft: _Draft, where: Mask, expansions: Mapping[int, str], tables: CharacterTables) -> None:
    """Replace the marked code points by their expansions; every new one has the source range of the old one."""
    at = np.flatnonzero(where)
    if not len(at):
        return
    kinds, kind_of = np.unique(draft.codes[at], return_inverse=True)
    texts = [expansions[int(kind)] for kind in kinds]
    sizes = np.array([len(text) for text in texts], np.int32)
    first = np.cumsum(sizes) - sizes
    counts = np.ones(len(draft.codes), np.int32)
    counts[at] = sizes[kind_of]
    owners = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    codes = draft.codes[owners]
    spread = np.flatnonzero(where[owners])
    within = np.arange(len(spread)) - np.repeat(np.cumsum(sizes[kind_of]) - sizes[kind_of], sizes[kind_of])
    codes[spread] = codes_of("".join(texts))[np.repeat(first[kind_of], sizes[kind_of]) + within]
    starts, ends = draft.materialise()
    draft.codes, draft.starts, draft.ends = codes, starts[owners], ends[owners]
    draft.flags = tables.flags[codes]


def _compose(draft: _Draft, tables: CharacterTables) -> None:
    """Melt diacritics, Hangul vowels and finals, voicing marks into the base before them; drop diacritics that do not melt."""
    at = np.flatnonzero((draft.flags & ch.JOINING) != 0)
    if not len(at):
        return
    opens = np.concatenate(([True], np.diff(at) != 1))
    group = np.cumsum(opens) - 1
    first = at[opens]
    rank = at - first[group] + 1
    sizes = np.diff(np.concatenate((np.flatnonzero(opens), [len(at)])))[group]
    base = first[group] - 1
    mark = (draft.flags[at] & ch.MARK) != 0
    codes = draft.codes.copy()
    joined = mark.copy()
    blocked = np.zeros(len(first), np.bool_)
    for round_ in range(1, _COMPOSED_MARKS + 1):
        now = np.flatnonzero((rank == round_) & (base >= 0) & ~(mark & (sizes >= _ZALGO_RUN)) & ~blocked[group])
        if not len(now):
            continue
        composite = tables.composition.of(codes[base[now]], codes[at[now]])
        melted = composite != 0
        codes[base[now[melted]]] = composite[melted]
        joined[now[melted]] = True
        blocked[group[now[~melted & ~mark[now]]]] = True
    starts, ends = draft.materialise()
    ends = ends.copy()
    has_base = joined & (base >= 0)
    # several marks of one base stand in order: the last assignment is the furthest end
    ends[base[has_base]] = ends[at[has_base]]
    draft.codes, draft.starts, draft.ends = codes, starts, ends
    chosen = np.ones(len(codes), np.bool_)
    chosen[at[joined]] = False
    draft.keep(chosen)
    draft.flags = tables.flags[draft.codes]
    assert draft.ends is not None
    draft.ends = np.maximum.accumulate(draft.ends)
