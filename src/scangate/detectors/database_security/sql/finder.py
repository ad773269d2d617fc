"""Finds SQL statements in a reading: openers by one regular expression, then tokens, shape, evidence, risks.

Whether something shaped like a statement is one depends on where it stands: in code little evidence is needed, in the middle of a
sentence much (upper-case keywords, a semicolon, comparisons). The weights were set by hand on the development data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from scangate.detectors.database_security.context import Place, Spot, Surroundings
from scangate.detectors.database_security.patterns import GAP, pattern
from scangate.detectors.database_security.sql.lexer import Kind, Lexer
from scangate.detectors.database_security.sql.risks import risks_of
from scangate.detectors.database_security.sql.shape import Shape
from scangate.detectors.database_security.sql.statements import parse
from scangate.detectors.database_security.sql.vocabulary import PLACEHOLDERS
from scangate.detectors.database_security.statement import Effect, Operation, Reading, Statement

MAX_STATEMENTS: Final = 200
_MAX_STARTS: Final = 2500
_TAIL_BYTES: Final = 96 << 10
_ENOUGH: Final = 2

_NAME: Final = rb"[\w.,$\"`\[\]\x80-\xff:@#{}<>%?*-]+"
_KIND: Final = (
    rb"(?:table|database|schema|view|index|user|role|login|proc(?:edure)?|function|trigger|sequence|tablespace|keyspace|type|extension|domain|"
    rb"synonym|package|policy|publication|subscription|server|event|stage|stream|task|pipe|warehouse|macro|aggregate|operator|constraint|"
    rb"measurement|certificate|credential|assembly|directory|rule|secret|catalog|model|dictionary|collection|bucket|scope|share|cluster|"
    rb"library|foreign|profile|resource|column|iceberg|connection)"
)
_OPENERS: Final = tuple(
    part.replace(b"~", GAP)
    for part in (
        rb"select\b",
        rb"union~(?:all~|distinct~)?[(\s]*select",
        rb"with~(?:recursive~)?[\w\"`\[\]]+(?:~|\()[^;]",
        rb"insert~(?:into|overwrite|ignore|or|low_priority|delayed|high_priority)\b",
        rb"insert~" + _NAME + rb"(?:~|\()",
        rb"(?:replace|upsert|merge)~into\b",
        rb"merge~" + _NAME + rb"~(?:as~)?(?:\w+~)?using\b",
        rb"update~(?:only~|low_priority~|ignore~|or~\w+~|top[\s(]*\d+[\s)]*)?" + _NAME + rb"(?:~|,)(?:[^;]{0,300}?\s)?set\b",
        rb"delete~(?:from|low_priority|quick|ignore|" + _NAME + rb"~(?:[\w,.]+~){0,3}(?:from|where))\b",
        rb"truncate~" + _NAME,
        rb"drop~(?:\w+~)?" + _KIND + rb"\b",
        rb"create~(?:[\w=,]+~){0,9}" + _KIND + rb"\b",
        rb"alter~(?:\w+~)?(?:" + _KIND + rb"|system)\b",
        rb"rename~(?:table|database|user|column|index)\b",
        rb"comment~on~" + _KIND,
        rb"(?:grant|revoke|deny)~\w",
        rb"exec(?:ute)?(?:~|\()[\w@(\['\"]",
        rb"call~[\w.\"`\[\]]+~?\(".replace(b"~?", rb"\s*"),
        rb"copy~(?:into~)?[\w.\"'(@%]",
        rb"load~(?:data|xml)~",
        rb"bulk~insert~",
        rb"attach~(?:database~)?'",
        rb"pragma~\w",
        rb"shutdown~(?:with~nowait|immediate|abort)\b",
        rb"kill~(?:query|connection)~",
        rb"set~(?:global|persist|password)\b",
        rb"(?:reset~master|purge~(?:binary~logs|recyclebin|dba_recyclebin)|flush~privileges|install~plugin|(?:backup|restore)~database)\b",
        rb"show~(?:\w+~)?(?:tables|databases|schemas|columns|index|indexes|keys|grants|processlist|variables|status|engines|triggers|table|views)\b",
        rb"explain~(?:\w+~)?(?:select|insert|update|delete|with)\b",
    )
)  # fmt: skip
_OPENER: Final = rb"(?:\b|%20|%27|%3b)(?:" + b"|".join(_OPENERS) + rb")"


class SqlFinder:
    """Immutable; safe to use from several threads."""

    def find(self, reading: Reading, surroundings: Surroundings, checkpoint: Callable[[], None]) -> Iterator[Statement]:
        """Statements in order, at most `MAX_STATEMENTS`. Linear in the text; a text with very many openers is read at both ends."""
        position, found = 0, 0
        starts, data = 0, reading.data
        opener = pattern(_OPENER)
        while found < MAX_STATEMENTS and (match := opener.search(data, position)) is not None:
            starts += 1
            if starts % 100 == 0:
                checkpoint()
            if starts == _MAX_STARTS:
                position = max(match.end(), len(data) - _TAIL_BYTES)
                continue
            if starts > 2 * _MAX_STARTS:
                return
            start = match.start()
            while not reading.flat[start].isalpha():
                start += 3 if reading.flat[start] == "%" else 1
            statement, position = self._read(reading, surroundings, start)
            if statement is not None:
                found += 1
                yield statement

    def _read(self, reading: Reading, surroundings: Surroundings, start: int) -> tuple[Statement | None, int]:
        """The statement at `start`, and where to look on."""
        flat = reading.flat
        is_union = flat[start : start + 5].upper() == "UNION"
        spot = surroundings.spot(start, in_host_string=not is_union)
        lexer = Lexer(flat, reading.data, start, spot.limit, spot.closer)
        shape = parse(lexer)
        behind_verb = start + 4
        if shape is None or shape.end < 1:
            return None, behind_verb
        end = lexer.peek(shape.end - 1).end
        place = surroundings.place(spot, end)
        if _evidence(reading, surroundings, lexer, shape, spot, place, end) < _ENOUGH:
            return None, behind_verb
        statement = _statement(lexer, shape, spot, end, surroundings.is_mention(start, end, place))
        return statement, start + 6 if shape.rule.startswith("sql.execute") else max(end, behind_verb)


def _statement(lexer: Lexer, shape: Shape, spot: Spot, end: int, is_mention: bool) -> Statement:
    effect, risks = shape.effect, shape.risks
    operation, rule = shape.operation, shape.rule
    found = risks_of(lexer, shape.end)
    if operation is Operation.READ or rule.startswith("sql.select"):
        if found:
            effect = Effect.RISKY
            risks = tuple(sorted({*risks, *found}))
        if "file" in found and rule == "sql.select" and _writes_file(lexer, shape.end):
            operation, rule = Operation.CREATE, "sql.select-into-file"
    else:
        risks = tuple(sorted({*risks, *found, *_scope(lexer, shape)}))
    placeholder = shape.target.strip('"`[]').rsplit(".", 1)[-1] in PLACEHOLDERS
    return Statement(
        start=spot.start,
        end=end,
        rule=rule,
        operation=operation,
        effect=effect,
        risks=risks,
        is_mention=is_mention or placeholder or spot.is_comment,
    )


def _writes_file(lexer: Lexer, end: int) -> bool:
    return any(lexer.peek(index).word in ("OUTFILE", "DUMPFILE") for index in range(end))


def _scope(lexer: Lexer, shape: Shape) -> tuple[str, ...]:
    """`whole-table` for a DELETE or UPDATE that spares no row."""
    if shape.rule not in ("sql.delete", "sql.update"):
        return ()
    words = [lexer.peek(index) for index in range(shape.end)]
    where = next((index for index, token in enumerate(words) if token.word == "WHERE"), -1)
    if where < 0:
        return ("whole-table",)
    condition = words[where + 1 :]
    constant = len(condition) == 3 and condition[1].word == "=" and all(token.kind is Kind.NUMBER for token in condition[::2])
    return ("whole-table",) if constant or (len(condition) == 1 and condition[0].word == "TRUE") else ()


def _evidence(
    reading: Reading, surroundings: Surroundings, lexer: Lexer, shape: Shape, spot: Spot, place: Place, end: int
) -> float:
    """How much speaks for a statement rather than a sentence; `_ENOUGH` is enough."""
    flat = reading.flat
    points = float(min(2, shape.solid)) * 0.75
    points += {Place.WHOLE: 2, Place.BLOCK: 2, Place.STRING: 2, Place.INLINE_CODE: 2, Place.QUOTED: 1, Place.LINE: 1}.get(
        place, 0
    )
    behind = flat[end : end + 3].lstrip(" ")
    if behind.startswith(";"):
        points += 1
    if behind.startswith(("--", "#", "/*")) or flat[max(0, spot.start - 2) : spot.start].rstrip(" ").endswith((";", "'", ")")):
        points += 0.5
    points += _case(lexer, shape)
    if "_" in shape.target or "." in shape.target or any(mark in shape.target for mark in '"`['):
        points += 0.5
    if place < Place.LINE and not surroundings.is_clean_behind(end, spot.limit):
        points -= 0.5
    if shape.is_question:
        points -= 1
    return points


def _case(lexer: Lexer, shape: Shape) -> float:
    """Keywords in capitals speak for SQL, a capital at the beginning of a sentence against it."""
    words = [lexer.text(lexer.peek(index)) for index in range(min(shape.head, shape.end)) if lexer.peek(index).kind is Kind.WORD]
    first = words[0]
    if all(word.isupper() for word in words):
        return 1.5 if len(words) > 1 else 1.0
    if first.istitle() and all(word.islower() for word in words[1:]):
        return -0.5
    return 0.0
