"""Finds SQL statements in a reading: openers by one regular expression, then tokens, shape, evidence, risks.

Whether something shaped like a statement is one depends on where it stands: in code little evidence is needed, in the middle of a
sentence much (upper-case keywords, a semicolon, comparisons). The weights were set by hand on the development data.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from scangate.detectors.database_security.context import Place, Spot, Surroundings
from scangate.detectors.database_security.effort import Effort
from scangate.detectors.database_security.patterns import GAP, REACH_BYTES, pattern
from scangate.detectors.database_security.sql.dialects import dialect_of
from scangate.detectors.database_security.sql.dull import is_dull
from scangate.detectors.database_security.sql.lexer import Kind, Lexer
from scangate.detectors.database_security.sql.risks import risks_of
from scangate.detectors.database_security.sql.shape import Shape
from scangate.detectors.database_security.sql.statements import parse, unknown
from scangate.detectors.database_security.sql.tables import tables_of
from scangate.detectors.database_security.sql.vocabulary import PLACEHOLDERS
from scangate.detectors.database_security.statement import Effect, Operation, Reading, Statement

_TAIL_BYTES: Final = 96 << 10
_ENOUGH: Final = 2
_CHECK_EVERY: Final = 5000
_SHORT_OPENER: Final = 16

_NAME: Final = rb"[\w.,$\"`\[\]\x80-\xff:@#{}<>%?*-]+"
_KIND: Final = (
    rb"(?:table|database|schema|view|index|user|role|login|proc(?:edure)?|function|trigger|sequence|tablespace|keyspace|type|extension|domain|"
    rb"synonym|package|policy|publication|subscription|server|event|stage|stream|task|pipe|warehouse|macro|aggregate|operator|constraint|"
    rb"measurement|certificate|credential|assembly|directory|rule|secret|catalog|model|dictionary|collection|bucket|scope|share|cluster|"
    rb"library|foreign|profile|resource|column|iceberg|connection|integration|source|sink|tag|namespace|streamlit|file)"
)
_SEVERE_VERBS: Final = (b"union", b"insert", b"update", b"delete", b"truncate", b"drop", b"create", b"alter")
_OPENERS: Final = tuple(
    part.replace(b"~", GAP)
    for part in (
        rb"select\b",
        rb"from~" + _NAME + rb"\s*\|>",
        rb"(?:un)?pivot~" + _NAME + rb"(?:\(\))?~on~",
        rb"desc(?:ribe)?~" + _NAME + rb"(?:\s|;|$)",
        rb"union~(?:all~|distinct~)?[(\s]*select",
        rb"with~(?:recursive~)?[\w\"`\[\]]+\s*(?:\([^();]{0,400}\)\s*)?(?:~|\b)as\s*(?:not~)?(?:materialized~)?\(",
        rb"insert~(?:into|overwrite|ignore|or|low_priority|delayed|high_priority)\b",
        rb"insert~" + _NAME + rb"(?:~|\()",
        rb"(?:replace|upsert|merge)~into\b",
        rb"replace~(?:view|macro|procedure)~",
        rb"update~\"[\w.-]{1,255}\"~remove~",
        rb"merge~" + _NAME + rb"~(?:as~)?(?:\w+~)?using\b",
        rb"update~(?:only~|low_priority~|ignore~|or~\w+~|top[\s(]*\d+[\s)]*)?" + _NAME + rb"(?:~|,)(?:[^;]{0,300}?\s)?set\b",
        rb"delete~(?:from|low_priority|quick|ignore|" + _NAME + rb"~(?:[\w,.]+~){0,3}(?:from|where))\b",
        rb"truncate~" + _NAME,
        rb"drop~(?:\w+~)?" + _KIND + rb"\b",
        rb"create~(?:[\w=,@%'\"`]+~){0,9}" + _KIND + rb"\b",
        rb"alter~(?:[\w=,@%'\"`]+~){0,6}(?:" + _KIND + rb"|system)\b",
        rb"rename~(?:table|database|user|column|index)\b",
        rb"comment~(?:if~exists~)?on~(?:materialized~)?" + _KIND,
        rb"(?:grant|revoke|deny)~[\w'\"`\[]",
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
        rb"show~\w",
        rb"explain~(?:\w+~)?(?:select|insert|update|delete|with)\b",
    )
)  # fmt: skip
_PREFIX: Final = rb"(?:\b|%20|%27|%3b|/\*!\d{1,6})(?:"
_ANY: Final = _PREFIX + b"|".join(_OPENERS) + rb")"
_SEVERE: Final = _PREFIX + b"|".join(part for part in _OPENERS if part.startswith(_SEVERE_VERBS)) + rb")"


class _Pass(NamedTuple):
    """One pass over a reading: which openers, and how many of them and how many tokens it may cost."""

    opener: bytes
    starts: int
    tokens: int


_WHOLE: Final = _Pass(_ANY, 1200, 14_000)
_BEYOND: Final = _Pass(_SEVERE, 600, 7_000)
_TAIL: Final = _Pass(_ANY, 600, 7_000)


class SqlFinder:
    """Immutable; safe to use from several threads."""

    def find(self, reading: Reading, surroundings: Surroundings, effort: Effort) -> Iterator[Statement]:
        """Statements, those of each pass in order. Linear in the text, bounded by the passes and by the scan's effort.

        Ordinary text never needs the second pass. Where decoys ("select a from b" over and over) have used up the first, the second
        goes on where that stopped, with openers that few decoys have, and the third reads the end of the text.
        """
        size = len(reading.data)
        reached = yield from self._run(_WHOLE, 0, reading, surroundings, effort)
        if reached >= size:
            return
        yield from self._run(_BEYOND, reached, reading, surroundings, effort)
        tail = max(reached, size - _TAIL_BYTES)
        end = yield from self._run(_TAIL, tail, reading, surroundings, effort)
        effort.is_incomplete = effort.is_incomplete or tail > reached or end < size

    def _run(
        self, step: _Pass, position: int, reading: Reading, surroundings: Surroundings, effort: Effort
    ) -> Generator[Statement, None, int]:
        """One pass from `position` on; returns how far it came: the size of the text, or where its bounds ended it."""
        starts = 0
        tokens = effort.tokens
        while (start := _next_start(step.opener, position, reading, effort)) >= 0:
            starts += 1
            if starts > step.starts or effort.tokens - tokens > step.tokens or not effort.begin():
                return start
            statement, position, read = self._read(reading, surroundings, start)
            effort.tokens += read
            if statement is not None:
                yield statement
        return len(reading.data)

    def _read(self, reading: Reading, surroundings: Surroundings, start: int) -> tuple[Statement | None, int, int]:
        """The statement at `start`, where to look on, and how many tokens were read."""
        flat = reading.flat
        is_union = flat[start : start + 5].upper() == "UNION"
        spot = surroundings.spot(start, in_host_string=not is_union)
        lexer = Lexer(reading, start, spot.limit, spot.closer)
        behind_verb = start + 4
        for read in (parse, unknown):
            shape = read(lexer)
            if shape is None or shape.end < 1:
                continue
            end = lexer.peek(shape.end - 1).end
            place = surroundings.place(spot, end)
            if _is_statement(reading, surroundings, lexer, shape, spot, place, end):
                statement = _statement(lexer, shape, spot, end, surroundings.is_mention(start, end, place))
                resume = start + 6 if shape.rule.startswith("sql.execute") else max(end, behind_verb)
                return statement, resume, len(lexer.tokens)
        return None, behind_verb, len(lexer.tokens)


def _next_start(opener: bytes, position: int, reading: Reading, effort: Effort) -> int:
    """Where the next candidate from `position` on begins that is worth reading; -1 where none does."""
    flat, skipped = reading.flat, 0
    while position >= 0:
        resume = -1
        for match in pattern(opener).finditer(reading.data, position):
            start, end = match.span()
            while not flat[start].isalpha():
                start += 3 if flat[start] == "%" else 1
            if reading.is_new(start, start + REACH_BYTES) and not is_dull(reading.data, start):
                return int(start)
            skipped += 1
            if skipped % _CHECK_EVERY == 0:
                effort.checkpoint()
            if end - start > _SHORT_OPENER:  # it may hide another one
                resume = start + 4
                break
        position = resume
    return -1


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
    is_example = shape.target.strip('"`[]').rsplit(".", 1)[-1] in PLACEHOLDERS
    return Statement(
        start=spot.start,
        end=end,
        rule=rule,
        operation=operation,
        effect=effect,
        risks=risks,
        is_mention=is_mention or spot.is_comment,
        is_example=is_example,
        dialect=dialect_of(lexer, shape.end),
        tables=tables_of(lexer, shape),
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


def _is_statement(
    reading: Reading, surroundings: Surroundings, lexer: Lexer, shape: Shape, spot: Spot, place: Place, end: int
) -> bool:
    if shape.is_bare and place is not Place.WHOLE and not (place is Place.BLOCK and surroundings.is_declared(spot.start)):
        return False
    if _is_of_another_language(reading.flat, spot.start, shape):
        return False
    if shape.is_everyday and _is_phrase(reading, surroundings, lexer, shape, end):
        return False
    return _evidence(reading, surroundings, lexer, shape, spot, place, end) >= _ENOUGH


def _is_of_another_language(flat: str, start: int, shape: Shape) -> bool:
    """`tab.select()`, `$ssh->exec('ls')`, `… | select Name, Size`, `Select-Object`, `End Select`: a method or a command, not a
    statement."""
    if shape.rule not in ("sql.select", "sql.execute-dynamic", "sql.execute") or shape.target:
        return False
    is_member = flat[max(0, start - 1) : start] in _MEMBER_MARKS or flat[max(0, start - 2) : start] == "->"
    is_piped = flat[max(0, start - 4) : start].rstrip().endswith("|") and not flat[max(0, start - 4) : start].rstrip().endswith(
        "||"
    )
    is_end = flat[max(0, start - 4) : start].lower() == "end " and flat[start + 6 : start + 7] in ("\r", "\n", "")
    return is_member or is_piped or is_end or flat[start + 6 : start + 7] == "-"


_MEMBER_MARKS: Final = frozenset(".$_-")


def _is_phrase(reading: Reading, surroundings: Surroundings, lexer: Lexer, shape: Shape, end: int) -> bool:
    """In lower case, without a semicolon, with a plain word for a name, and nothing says that it is to be run."""
    if lexer.is_upper(lexer.peek(0)) or reading.flat[end : end + 3].lstrip(" ").startswith(";"):
        return False
    return _NAME_MARKS.isdisjoint(shape.target) and not surroundings.is_declared(lexer.peek(0).start)


_NAME_MARKS: Final = frozenset('_."`[<{%$:0123456789')


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
    points += _case(lexer, shape) + _contrast(lexer, shape, flat, end)
    points += 1 if shape.is_condition and shape.solid > 1 else 0
    if shape.rule == "sql.injection.union" and flat[max(0, spot.start - 3) : spot.start].rstrip(" +(")[-1:] in tuple(
        "'\")0123456789"
    ):
        points += 1
    if "_" in shape.target or "." in shape.target or any(mark in shape.target for mark in '"`['):
        points += 0.5
    if place < Place.LINE and not surroundings.is_clean_behind(end, spot.limit):
        points -= 0.5
    if shape.is_question:
        points -= 1
    return points


def _contrast(lexer: Lexer, shape: Shape, flat: str, end: int) -> float:
    """Two keywords in capitals behind a word that is not: they are written like that on purpose."""
    start = lexer.peek(0).start
    if shape.head < 2 or not all(lexer.is_upper(lexer.peek(index)) for index in range(shape.head)):
        return 0.0
    return 1.0 if flat[max(0, start - 3) : start].strip().islower() and not flat[end : end + 4].isupper() else 0.0


def _case(lexer: Lexer, shape: Shape) -> float:
    """Keywords in capitals speak for SQL, a capital at the beginning of a sentence against it."""
    words = [token for index in range(min(shape.head, shape.end)) if (token := lexer.peek(index)).kind is Kind.WORD]
    capitals = [lexer.is_upper(token) for token in words]
    if all(capitals):
        return 1.5 if len(words) > 1 else 1.0
    if not any(capitals) and lexer.is_upper(words[0]._replace(end=words[0].start + 1)):
        return -0.5
    return 0.0
