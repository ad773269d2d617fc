"""Where in a text a candidate stands: a code fence, a string of another language, its own line, the middle of a sentence.

A statement in code or as a whole value is meant to run; one in the middle of a sentence may only be talked about. "Mention" is
decided here, from the sentence around the candidate, in the nine languages of the product.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from scangate.detectors.database_security.patterns import BLOCK_COMMENT, pattern

_MAX_FENCES: Final = 4000
_MAX_LINE: Final = 2000
_REACH_BYTES: Final = 4096
_LOOK_BACK: Final = 160
_LOOK_AHEAD: Final = 80


class Place(IntEnum):
    INLINE = 0
    """In a line of prose."""
    QUOTED = 1
    """In quotation marks in prose."""
    INLINE_CODE = 2
    """Between backticks in prose."""
    LINE = 3
    """Alone on its lines, or behind a label (`Query: …`) or another statement."""
    STRING = 4
    """A string of a programming language."""
    BLOCK = 5
    """Code: a fence, a code part, a tag, a database prompt."""
    WHOLE = 6
    """The whole text, or the whole of one JSON value."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a candidate may reach: up to byte `limit`, or to the `closer` of the string that it stands in."""

    start: int
    low: int
    limit: int
    closer: str
    place: Place
    is_comment: bool
    line_start: int


_FENCE: Final = rb"(?:^|\n)[ \t>]*(?:```|~~~)[^\n`]*"
_LABEL: Final = (
    rb"(?:/\*[^\n]{0,300}\*/)?[\s>|]*(?:(?:[-*\xe2][\x80-\xbf]*|\d{1,3}[.)]|[a-z][.)])\s+)?"
    rb"(?:\**[^\n.;!?]{1,60}:\**|[\w@./~-]{0,40}(?:sql|=[#>]|\$|>|>>>)|sql|[^\n]{0,400};|do|then|begin|go)?[\s(]*"
)
_TAG: Final = rb"<(sql|query|code|pre|statement|cypher|command|tool_input|arguments)\b[^<>]{0,60}>\s*$"
_COMMENT_LINE: Final = rb"\s*(?:--|//|#|\*[\s/]|/\*[^!]|;;|rem\s)"
_CLOSED_COMMENTS: Final = rb"\s*(?:" + BLOCK_COMMENT + rb"\s*)+"
_DECLARED: Final = (
    rb"(?:\b\w*(?:sql|query|queries|statement|stmt|execute|exec|command|cmd)[\"')\]]{0,2}\s*(?:[:=(,]|=>)\s*[frbun]{0,2}\\?[\"'`(]{0,4}\s*|"
    rb"<(?:sql|query|statement|code)>\s*|(?:sql|psql|sqlite|[=#]|\w=[#>])>\s*|\b(?:mysql|psql|sqlcmd|sqlite3)\b[^\n]{0,40}[\"']\s*|;\s*)$"
)
_SQL_FENCE: Final = rb"(?:```|~~~)\s*\w{0,8}sql\w*\s*$"
_CODE_BEFORE_QUOTE: Final = rb"(?:[\w\])]\(\s*|[=+\[{>&?]\s*|[({\[][^(){}\[\]\n]*,\s*|[\"']\s*:\s*|\w:|\breturn\s+|\bexec(?:ute)?\s+|\b[frbnu]{1,2}|\s-[ceq]\s*|\bprint\s+)\\?$"
_CODE_BEFORE_BACKTICK: Final = rb"(?:[\w\])]\(\s*|[=+{]\s*|\breturn\s+|\bsql|\bgql|\w\([^()\n]*,\s*)$"
_CLEAN_TAIL: Final = (
    rb"""[\s"'`)\]}>,.*_\\|-]*(?:;[\x00-\xff]*|--[^\n]*|#[^\n]*|/\*[\x00-\xff]*|//[^\n]*|</[^\n]*|\\g|go|[+.&%][^\n]*)?"""
)


class Surroundings:
    """The code fences and JSON values of one reading. Offsets are bytes. Belongs to one scan."""

    __slots__ = ("_blocks", "_data", "_flat", "_is_code", "_segments")

    def __init__(self, flat: str, data: bytes, *, is_code: bool, segments: Sequence[tuple[int, int]] = ()) -> None:
        self._flat = flat
        self._data = data
        self._is_code = is_code
        self._segments = segments
        self._blocks: list[tuple[int, int]] | None = None

    def spot(self, start: int, *, in_host_string: bool = True) -> Spot:
        """`in_host_string=False` for fragments whose own text begins with a quote."""
        flat = self._flat
        low, limit = self._segment(start)
        line_start = max(low, start - _MAX_LINE, flat.rfind("\n", max(low, start - _MAX_LINE), start) + 1)
        place, limit = self._block(start, limit)
        closer = ""
        if in_host_string:
            closer, string_place = self._closer(start, low, limit)
            place = max(place, string_place) if place is not Place.BLOCK else place
            if closer:
                line_start = start
        if place < Place.LINE and place is not Place.INLINE_CODE and self._tag_before(start):
            place = Place.BLOCK
            end = flat.find("</", start, min(limit, start + _REACH_BYTES))
            limit = end if end >= 0 else limit
        is_comment = self._is_comment(line_start, start)
        if place < Place.LINE and not closer and pattern(_LABEL).fullmatch(self._data, max(line_start, start - 500), start):
            place = Place.LINE
        return Spot(start, low, limit, closer, place, is_comment, line_start)

    def _is_comment(self, line_start: int, start: int) -> bool:
        if pattern(_COMMENT_LINE).match(self._data, line_start, start) is None:
            return False
        is_closed = pattern(_CLOSED_COMMENTS).fullmatch(self._data, line_start, start) is not None
        return not is_closed and not self._flat[line_start:start].lstrip().startswith("-- ;")

    def place(self, spot: Spot, end: int) -> Place:
        """The place of the statement `[spot.start, end)`, now that its end is known."""
        flat = self._flat
        is_first = spot.start - spot.low < _LOOK_BACK and not flat[spot.low : spot.start].strip(" \t\r\n(")
        if is_first and not flat[end : min(spot.limit, end + 200)].strip(" \t\r\n;).`"):
            return Place.WHOLE
        if spot.place is Place.LINE and not self.is_clean_behind(end, spot.limit):
            return Place.INLINE
        return spot.place

    def is_clean_behind(self, end: int, limit: int) -> bool:
        """Nothing but closing marks, a comment or another statement stands behind `end` on its line."""
        limit = min(limit, end + 300)
        line_end = self._flat.find("\n", end, limit)
        return pattern(_CLEAN_TAIL).fullmatch(self._data, end, limit if line_end < 0 else line_end) is not None

    def is_mention(self, start: int, end: int, place: Place) -> bool:
        """The sentence around talks about the statement rather than issuing it."""
        if place > Place.INLINE_CODE:
            return False
        before, after = self._sentence(start, end)
        if _MENTION_BEFORE.search(before) or _MENTION_AFTER.match(after):
            return True
        return place is Place.INLINE_CODE and bool(before.strip()) and _USE_BEFORE.search(before) is None and bool(after.strip())

    def is_declared(self, start: int) -> bool:
        """What stands before says that a statement follows: `"sql": "…`, `execute("…`, an SQL fence, another statement."""
        if pattern(_DECLARED).search(self._data[max(0, start - 80) : start]) is not None:
            return True
        block = self._block_at(start)
        return block is not None and pattern(_SQL_FENCE).search(self._data[max(0, block[0] - 20) : block[0]]) is not None

    def _sentence(self, start: int, end: int) -> tuple[bytes, bytes]:
        data = self._data
        before = data[max(0, start - _LOOK_BACK) : start]
        cut = max(before.rfind(mark) for mark in (b"\n", b". ", b"! ", b"? ", b"\xe3\x80\x82"))
        after = data[end : end + _LOOK_AHEAD]
        stop = after.find(b"\n")
        return before[cut + 1 :], after if stop < 0 else after[:stop]

    def _segment(self, start: int) -> tuple[int, int]:
        if not self._segments:
            return 0, len(self._flat)
        index = bisect_right(self._segments, (start, len(self._flat) + 1)) - 1
        if index >= 0 and self._segments[index][0] <= start < self._segments[index][1]:
            return self._segments[index]
        return 0, len(self._flat)

    def _block(self, start: int, limit: int) -> tuple[Place, int]:
        block = self._block_at(start)
        if block is not None:
            return Place.BLOCK, min(limit, block[1])
        return (Place.BLOCK if self._is_code else Place.INLINE), limit

    def _block_at(self, start: int) -> tuple[int, int] | None:
        if self._blocks is None:
            self._blocks = self._find_blocks()
        index = bisect_right(self._blocks, (start, len(self._flat) + 1)) - 1
        return self._blocks[index] if index >= 0 and start < self._blocks[index][1] else None

    def _find_blocks(self) -> list[tuple[int, int]]:
        if "```" not in self._flat and "~~~" not in self._flat:
            return []
        blocks: list[tuple[int, int]] = []
        opened = -1
        for count, match in enumerate(pattern(_FENCE).finditer(self._data)):
            if count >= _MAX_FENCES:
                break
            if opened < 0:
                opened = match.end()
            else:
                blocks.append((opened, match.start()))
                opened = -1
        if opened >= 0:
            blocks.append((opened, len(self._flat)))
        return blocks

    def _closer(self, start: int, low: int, limit: int) -> tuple[str, Place]:
        flat = self._flat
        at = start
        while at > low and at > start - 60 and flat[at - 1] in " \t\r\n(":
            at -= 1
        quote = flat[at - 1] if at > low else ""
        if quote not in ("'", '"', "`"):
            return "", Place.INLINE
        triple = quote * 3
        if flat[at - 3 : at] == triple and quote != "`":
            return triple, Place.STRING if self._is_code_before(at - 3) else Place.QUOTED  # a docstring, or prose
        if at < start and quote != "`" and not self._is_code_before(at - 1):
            return "", Place.INLINE
        if flat.find(quote, start, min(limit, start + 4096)) < 0:
            return "", Place.INLINE
        if self._is_code_before(at - 1):
            return quote, Place.STRING
        return quote, Place.INLINE_CODE if quote == "`" else Place.QUOTED

    def _is_code_before(self, quote_at: int) -> bool:
        flat = self._flat
        before = self._data[max(0, quote_at - 60) : quote_at]
        if flat[quote_at] == "`":
            return pattern(_CODE_BEFORE_BACKTICK).search(before) is not None
        return pattern(_CODE_BEFORE_QUOTE).search(before) is not None

    def _tag_before(self, start: int) -> bool:
        return pattern(_TAG).search(self._data[max(0, start - 90) : start]) is not None


def _either(*words: str) -> bytes:
    return "|".join(words).encode()


_MENTION_BEFORE = pattern(
    rb"\b(?:never|not|n't|n\xe2\x80\x99t|avoid(?:ing|s)?|without|prevent(?:s|ing)?|instead of|rather than|such as|for example|for instance|e\.g\.|"
    rb"what (?:does|is|do|happens)|explains?|describes?|meaning of|means|called|known as|difference between|like|attackers?|hackers?|inject(?:ion|ed|s)?|"
    rb"malicious|payloads?|exploit(?:s|ed)?|vulnerab\w+|dangerous|risk of|could|would|might|blocked?|reject(?:s|ed)?|refus(?:e|es|ed)|detect(?:s|ed)?|"
    rb"classic|famous|infamous|syntax|keywords?)\b(?:[^\n]{0,60})$|\b(?:the|an?|this|that|each|every)\s+[\"'`(]*$|(?:"
    + _either(
        "nunca", "jamás", "evit", "por ejemplo", "ejemplo", "significa", "atacante", "inyecci",
        "jamais", "n'ex", "ne pas", "éviter", "par exemple", "signifie", "attaquant",
        "niemals", "nicht", "nie ", "vermeid", "zum beispiel", "z. b.", "bedeutet", "angreifer",
        "não", "por exemplo", "exemplo", "mai ", "non ", "esempio", "evitare",
        "никогда", "не ", "избега", "например", "означает", "злоумышленник", "инъекци",
        "不要", "切勿", "请勿", "例如", "比如", "意思", "攻击", "注入",
        "しない", "例えば", "たとえば", "攻撃", "インジェクション", "意味",
    )
    + rb")[^\n]{0,60}$"
)  # fmt: skip
_MENTION_AFTER = pattern(
    rb"[\s\"'`)\xe2\x80\x9d;]*(?:is|are|was|means?|removes?|deletes?|drops?|erases?|returns?|selects?|reads?|would|will|does|do|can|could|statements?|"
    rb"commands?|clauses?|quer(?:y|ies)|keywords?|syntax|operations?|permanently|in production|requires?|should|must|only|works?|leads?|caus\w+|"
    rb"attacks?|injections?|payloads?|strings?|permissions?|privileges?|rights?|without|unless|if|when)\b|[\s\"'`)\xe2\x80\x9d;]*(?:"
    + _either(
        "es ", "elimina", "borra", "est ", "supprime", "ist ", "löscht", "é ", "apaga", "exclui", "remove", "cancella",
        "удаля", "означает", "это", "会", "是", "表示", "は", "という", "を実行すると", "と",
    )
    + rb")"
)  # fmt: skip
_USE_BEFORE = pattern(
    rb"\b(?:run|ran|running|execut\w+|issue[ds]?|type[ds]?|enter|paste|try|use|using|used|apply|perform\w*|call\w*|do|submit\w*|sent?|here|"
    rb"ejecut\w+|usa|use|ex\xc3\xa9cut\w+|lance\w*|utilis\w+|f\xc3\xbchr\w*|verwende\w*|execute|rode|esegui|usa)\b|:\s*$|(?:"
    + _either("выполни", "запусти", "используй", "执行", "运行", "使用", "実行", "使って")
    + rb")"
)
