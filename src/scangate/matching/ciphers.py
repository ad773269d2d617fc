"""ROT13 and text written backwards: found where letter statistics say that the other reading is language and this one is not.

Both look at lines, and at windows of a few words, so that one disguised sentence in a long text is found; common words confirm
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding
from scangate.matching import characters as ch
from scangate.matching.characters import character_tables
from scangate.matching.decoded import Bounds, Decoded, Source
from scangate.matching.folding import text_of
from scangate.matching.language import forward_gain, is_word, known_share, rotation_gain, words_of
from scangate.matching.offsets import Mirrored, Permuted, Shifted

_ROTATION_WINDOW: Final = 24
_ROTATION_GAIN: Final = 250
"""Eighths of a bit over a window; ordinary text of nine languages stays below 250, ROT13 reaches 280 to 1,000."""
_REVERSAL_WINDOW: Final = 32
_REVERSAL_GAIN: Final = 100
"""Eighths of a nat over a window; one ordinary text in a hundred has such a window, reversed text reaches 150 to 450."""
_SHORTEST: Final = 16
_Decode = Callable[[str], str]
_Gain = NDArray[np.int16]
_MAX_REGIONS: Final = 50
_EVIDENCE: Final = 2000
"""Characters of a region that are checked word by word."""
_EDGE: Final = 100
"""Characters at each end of a region in which plain words may stand."""
_KNOWN_AFTER: Final = 0.3
_FEWEST_KNOWN: Final = 3
_STRONG: Final = 2
"""A region with so many times the gain that makes one, in sum and on average, is believed on half the words."""
_IDEOGRAPHIC_GAIN: Final = 3.5
_IDEOGRAPHIC_SUM: Final = 90
_FIRST_KANA: Final = 0x3040
_ROT13: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)


def rotated(source: Source, bounds: Bounds) -> list[Decoded]:
    """Stretches in ROT13, decoded."""
    if len(source.text) < _SHORTEST:
        return []
    found = []
    gain = rotation_gain(source.codes)
    for region in _regions(gain, source, _ROTATION_WINDOW, _ROTATION_GAIN, bounds):
        span = _trimmed(source.text, region, lambda word: word.translate(_ROT13))
        text = source.text[span.start : min(span.end, span.start + bounds.characters)]
        strong = _is_strong(gain[span.start : span.end], _ROTATION_WINDOW, _ROTATION_GAIN)
        if _confirmed(text, text.translate(_ROT13), strong=strong):
            found.append(Decoded(text.translate(_ROT13), Shifted(span.start), (Encoding.ROT13,)))
    return found


def reversed_text(source: Source, bounds: Bounds) -> list[Decoded]:
    """Stretches written backwards: read as a whole from the end, and with every word turned round in its place."""
    if len(source.text) < _SHORTEST:
        return []
    gain = -forward_gain(source.codes).astype(np.int16)
    found: list[Decoded] = []
    for region in _regions(gain, source, _REVERSAL_WINDOW, _REVERSAL_GAIN, bounds):
        span = _whole_line(source.text, region)
        if len(span) > bounds.characters:
            span, bounds.hit = Span(span.end - bounds.characters, span.end), True
        stretch = source.codes[span.start : span.end]
        if _ideographic(stretch):
            confirmed = _reads_backwards(gain[span.start : span.end - 2])
        else:
            span = _trimmed(source.text, span, lambda word: word[::-1])
            text = source.text[span.start : span.end]
            strong = _is_strong(gain[span.start : span.end], _REVERSAL_WINDOW, _REVERSAL_GAIN)
            confirmed = _confirmed(text, text[::-1], strong=strong)
        if confirmed:
            found.append(Decoded(source.text[span.start : span.end][::-1], Mirrored(span), (Encoding.REVERSED,)))
            found.extend(_words_turned(source, span))
    return found


def _regions(gain: _Gain, source: Source, window: int, least: int, bounds: Bounds) -> list[Span]:
    """Hot lines, and unions of hot windows outside of them; hot is a gain of `least` over a window, less over a shorter text."""
    total = np.zeros(len(gain) + 1, np.int32)
    np.cumsum(gain, out=total[1:])
    # no stretch of ordinary text gains as much as the shortest hot line
    if int((total - np.minimum.accumulate(total)).max()) * 2 * window < least * (window + _SHORTEST - 2):
        return []
    lines = _hot_lines(total, source, window, least, bounds)
    rests = [rest for region in _hot_windows(total, window, least, bounds) for rest in _outside(region, lines)]
    regions = sorted([*lines, *rests])
    return regions[: bounds.first(len(regions), _MAX_REGIONS)]


def _hot_lines(total: NDArray[np.int32], source: Source, window: int, least: int, bounds: Bounds) -> list[Span]:
    """Lines whose gain is that of a hot window in sum and on average; neighbouring ones as one."""
    breaks = np.flatnonzero(source.octets == ord("\n"))
    starts = np.concatenate(([0], breaks + 1))
    ends = np.concatenate((breaks, [len(source.octets)]))
    widths = np.minimum(ends, len(total) - 1) - starts
    gains = total[np.minimum(ends, len(total) - 1)] - total[np.minimum(starts, len(total) - 1)]
    hot = (ends - starts >= _SHORTEST) & (gains * window >= least * widths)
    hot &= gains * (2 * window) >= least * (np.minimum(widths, window) + window)
    starts, ends = starts[hot], ends[hot]
    if not len(starts):
        return []
    apart = starts[1:] - ends[:-1] > 1
    starts, ends = starts[np.concatenate(([True], apart))], ends[np.concatenate((apart, [True]))]
    count = bounds.first(len(starts), _MAX_REGIONS)
    return [Span(start, end) for start, end in zip(starts[:count].tolist(), ends[:count].tolist(), strict=True)]


def _hot_windows(total: NDArray[np.int32], window: int, least: int, bounds: Bounds) -> list[Span]:
    size = len(total) - 1
    width = min(window, size)
    sums = total[width:] - total[: len(total) - width]
    hot = np.flatnonzero(sums >= (least if width == window else least * (width + window) // (2 * window)))
    if not len(hot):
        return []
    breaks = np.flatnonzero(np.diff(hot) > width)
    starts = hot[np.concatenate(([0], breaks + 1))]
    ends = np.minimum(hot[np.concatenate((breaks, [len(hot) - 1]))] + width, size) + 2
    count = bounds.first(len(starts), _MAX_REGIONS)
    return [Span(start, end) for start, end in zip(starts[:count].tolist(), ends[:count].tolist(), strict=True)]


def _outside(region: Span, lines: list[Span]) -> Iterator[Span]:
    """What the lines leave of a region, as far as it is long enough to say something."""
    start = region.start
    for line in lines:
        if line.overlaps(region):
            if line.start - start >= _SHORTEST:
                yield Span(start, line.start)
            start = max(start, line.end)
    if region.end - start >= _SHORTEST:
        yield Span(start, region.end)


def _is_strong(gain: _Gain, window: int, least: int) -> bool:
    total = int(gain.sum(dtype=np.int64))
    return total >= _STRONG * least and total * window >= _STRONG * least * len(gain)


def _confirmed(before: str, after: str, *, strong: bool) -> bool:
    """Common words appear by decoding and were not there before; half as many are enough when the letters leave little doubt."""
    words_after = words_of(after[:_EVIDENCE])
    # short words turn up in noise such as digests and tables of codes, and many are words backwards too
    telling = [word for word in words_after if len(word) >= 3]
    if len(set(telling)) < 3 or 2 * sum(map(len, telling)) < len("".join(after[:_EVIDENCE].split())):
        return False
    if len({word for word in telling if is_word(word)}) < _FEWEST_KNOWN - strong:
        return False
    words_before = [word for word in words_of(before[:_EVIDENCE]) if len(word) > 3]
    return known_share(words_after) >= _KNOWN_AFTER / (1 + strong) + 2 * known_share(words_before)


def _trimmed(text: str, region: Span, decode: _Decode) -> Span:
    """The region widened to whole words, less the words at its edges that read better as they are."""
    start, end = region.start, region.end
    while start > 0 and start > region.start - 20 and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and end < region.end + 20 and text[end].isalpha():
        end += 1
    start += _plain_edge(text[start : min(end, start + _EDGE)], decode, 1)
    end -= _plain_edge(text[max(start, end - _EDGE) : end], decode, -1)
    return Span(start, max(start, end))


def _plain_edge(edge: str, decode: _Decode, direction: int) -> int:
    """Length of the words at the edge (first ones: 1, last ones: -1) that read better as they are, taken together."""
    length, balance, best, cut = 0, 0.0, 0.0, 0
    for piece in edge.split(" ")[::direction]:
        words = words_of(piece)
        length += len(piece) + 1
        balance += known_share(words) - known_share([decode(word) for word in words])
        if balance > best:
            best, cut = balance, min(length, len(edge))
    return cut


def _whole_line(text: str, region: Span) -> Span:
    """The region widened to its line, unless the line goes far beyond it."""
    reach = len(region) // 2 + 16
    start = text.rfind("\n", max(0, region.start - reach), region.start) + 1
    start = start if start or region.start <= reach else region.start
    end = text.find("\n", region.end, region.end + reach)
    if end < 0:
        end = len(text) if len(text) - region.end <= reach else region.end
    return Span(start, end)


def _ideographic(codes: NDArray[np.uint32]) -> bool:
    letters = codes[(character_tables().flags[codes] & ch.LETTER) != 0]
    return bool(len(letters)) and int((letters >= _FIRST_KANA).sum()) * 2 > len(letters)


def _reads_backwards(gain: _Gain) -> bool:
    if not len(gain):
        return False
    return int(gain.sum(dtype=np.int64)) >= _IDEOGRAPHIC_SUM and float(gain.mean()) >= _IDEOGRAPHIC_GAIN


def _words_turned(source: Source, span: Span) -> Sequence[Decoded]:
    stretch = source.codes[span.start : span.end]
    if _ideographic(stretch):
        return ()
    letter = (character_tables().flags[stretch] & ch.LETTER) != 0
    order = np.arange(len(stretch), dtype=np.int32)
    opens = letter & ~np.concatenate(([False], letter[:-1]))
    closes = letter & ~np.concatenate((letter[1:], [False]))
    if int(opens.sum()) < 2:
        return ()
    first, last = np.flatnonzero(opens), np.flatnonzero(closes)
    word = np.cumsum(opens) - 1
    turned = np.where(letter, first[word] + last[word] - order, order).astype(np.int32)
    return (Decoded(text_of(stretch[turned]), Permuted(turned + np.int32(span.start), len(source.text)), (Encoding.REVERSED,)),)
