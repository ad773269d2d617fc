"""Hard texts: bounded work, counted and not timed, and never "clean" because a bound was reached."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.database_security import SPEC
from scangate.detectors.database_security import detector as detector_module
from scangate.detectors.database_security.detector import MAX_FINDINGS
from scangate.detectors.database_security.effort import MAX_CANDIDATES, MAX_TOKENS, Effort
from scangate.detectors.database_security.options import DatabaseSecurityOptions, OperationRule
from scangate.detectors.database_security.sql.dull import is_dull
from scangate.detectors.database_security.sql.lexer import WINDOW_BYTES, Lexer
from scangate.detectors.database_security.sql.statements import parse
from scangate.detectors.database_security.statement import DatabaseFinding
from scangate.domain.content import Part, Span
from scangate.domain.taxonomy import Action, PartKind, Severity, Side
from scangate.errors import DeadlineExceededError
from scangate.matching.prepare import prepare

Scan = Callable[..., list[DatabaseFinding]]

SIZE = 400_000
UNITS = [
    "select password ignore ",
    "select a from b; ",
    "select a, (select c from d where e in (",
    "insert into t values (1, 'x'), ",
    "drop table ",
    "with a as ( ",
    "update a set b ",
    "union select ",
    "grant all ",
    "SEL/**/ECT a ",
    "'a'+'b' ",
    "db.x.find({",
    "mutation { a(",
    "GET user:1\n",
    "```\nselect 1 from b\n```\n",
    "' or 'a' = 'b ",
    "'\";--",
    '{"a":[',
    "((((",
    "4111111111111112",
    "http://a.example/ ",
]


class Counter:
    """Counts checkpoints; a scan that does not stop by itself is stopped after `limit`."""

    def __init__(self, limit: int) -> None:
        self.calls = 0
        self._limit = limit

    def __call__(self) -> None:
        self.calls += 1
        if self.calls > self._limit:
            raise AssertionError("the scan goes on and on")


def filled(unit: str, size: int = SIZE) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def subject(text: str, checkpoint: Callable[[], None] = lambda: None) -> Subject:
    return Subject(Part(Side.RESPONSE, PartKind.TEXT, text), prepare(text), checkpoint=checkpoint)


@pytest.fixture
def efforts(monkeypatch: pytest.MonkeyPatch) -> list[Effort]:
    """The efforts of all scans in a test, as they ended."""
    seen: list[Effort] = []

    def kept(checkpoint: Callable[[], None]) -> Effort:
        seen.append(Effort(checkpoint))
        return seen[-1]

    monkeypatch.setattr(detector_module, "Effort", kept)
    return seen


@pytest.mark.parametrize("unit", UNITS)
def test_the_work_does_not_grow_with_a_repeated_decoy(
    block_everything: CompiledDetector, efforts: list[Effort], unit: str
) -> None:
    for size in (SIZE, 2 * SIZE):
        try:
            found = len(block_everything.detect(subject(filled(unit, size), Counter(2000))))
        except DeadlineExceededError:
            found = 0
        assert found <= MAX_FINDINGS
    assert [effort.candidates <= MAX_CANDIDATES for effort in efforts] == [True, True]
    assert max(effort.tokens for effort in efforts) <= MAX_TOKENS + WINDOW_BYTES


@pytest.mark.parametrize("decoy", ["select a from b; ", "GET user:1\n", "drop table ", "grant all "])
def test_a_text_that_was_not_read_to_its_end_is_not_called_clean(block_everything: CompiledDetector, decoy: str) -> None:
    with pytest.raises(DeadlineExceededError):
        block_everything.detect(subject(filled(decoy)))


def test_a_severe_statement_between_or_behind_many_decoys_is_found(
    block_everything: CompiledDetector,
) -> None:
    decoys = filled("select a from b; ")
    for text in (f"{decoys}\nDROP TABLE users;", f"{decoys}\nDROP TABLE users;\n{decoys}"):
        flagged = [finding for finding in block_everything.detect(subject(text)) if finding.flagged]
        assert [text[finding.span.start : finding.span.end] for finding in flagged] == ["DROP TABLE users"]


def test_allowed_findings_do_not_hide_that_the_scan_is_incomplete(database_resources: Resources) -> None:
    allow = OperationRule(action=Action.ALLOW, severity=Severity.LOW)
    block = OperationRule(action=Action.BLOCK, severity=Severity.HIGH)
    text = filled("INSERT INTO a VALUES (1);\n")
    blocking = SPEC.compile(DatabaseSecurityOptions(create=allow, delete=block), database_resources)
    with pytest.raises(DeadlineExceededError):
        blocking.detect(subject(text))
    allowing = SPEC.compile(DatabaseSecurityOptions(create=allow), database_resources)
    assert len(allowing.detect(subject(text))) == MAX_FINDINGS


def test_many_certain_findings_end_the_scan_early(block_everything: CompiledDetector, efforts: list[Effort]) -> None:
    found = block_everything.detect(subject(filled("DELETE FROM a WHERE b = 1;\n")))
    assert len(found) == MAX_FINDINGS
    assert efforts[0].candidates < MAX_CANDIDATES / 2


def test_the_error_says_nothing_of_the_text(block_everything: CompiledDetector) -> None:
    with pytest.raises(DeadlineExceededError) as raised:
        block_everything.detect(subject(filled("select canary from canary_table; ")))
    assert "canary" not in str(raised.value)


def test_a_passed_deadline_ends_the_scan(block_everything: CompiledDetector) -> None:
    def passed() -> None:
        raise DeadlineExceededError

    with pytest.raises(DeadlineExceededError):
        block_everything.detect(subject("Good morning.", passed))


def test_ordinary_text_of_any_length_needs_little_work(block_everything: CompiledDetector, efforts: list[Effort]) -> None:
    paragraph = "Please select the model from the list, update the driver and delete from the folder what you do not need.\n"
    assert block_everything.detect(subject(filled(paragraph))) == []
    assert efforts[0].candidates == 0


@pytest.mark.parametrize(
    ("text", "dull"),
    [
        ("select password ignore select a", True),
        ("select the model from the list", True),
        ("select blue socks today please", True),
        ("select distinct name from users", False),
        ("select name alias from users", False),
        ("select a union select b", False),
        ("select count(a) from b", False),
        ("select a.b c from d", False),
        ("delete from the folder what", True),
        ("drop table the guests", True),
        ("delete from a where b", False),
        ("update this.t set a = 1", False),
    ],
)
def test_only_a_hopeless_candidate_is_refused_at_a_glance(text: str, dull: bool) -> None:
    assert is_dull(text.encode(), 0) is dull


class _Text:
    """A reading of plain text, for the grammar alone."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self.flat = text

    def is_upper(self, start: int, end: int) -> bool:
        return self.flat[start:end].isupper()

    @property
    def is_cased(self) -> bool:
        return True

    def is_new(self, start: int, end: int) -> bool:
        return end > start

    def to_raw(self, start: int, end: int) -> Span:
        return Span(start, end)


def test_the_glance_refuses_nothing_that_the_grammar_would_accept() -> None:
    words = [
        "the",
        "this",
        "name",
        "total",
        "from",
        "where",
        "union",
        "all",
        "select",
        "distinct",
        "null",
        "ignore",
        "set",
        "into",
        "as",
        "top",
        "a",
        ",",
        "(",
        "1",
        "*",
        "case",
        "when",
        "end",
        "table",
    ]
    verbs = ("select", "delete from", "insert into", "drop table", "update", "copy", "grant", "call")
    chooser = random.Random(5)
    refused = 0
    for _ in range(6000):
        text = f"{chooser.choice(verbs)} {' '.join(chooser.choices(words, k=7))}"
        if is_dull(text.encode(), 0):
            refused += 1
            assert parse(Lexer(_Text(text), 0, len(text))) is None, text
    assert refused > 300
