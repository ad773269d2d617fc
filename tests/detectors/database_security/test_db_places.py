"""Where a statement stands: prose, fences, tags, strings of a language, arguments of a tool; and how it may be hidden."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest

from scangate.detectors.database_security.statement import DatabaseFinding
from scangate.domain.taxonomy import Encoding, PartKind

Scan = Callable[..., list[DatabaseFinding]]
Flagged = Callable[..., set[str]]

STATEMENT = "DELETE FROM orders WHERE id = 7"
CARRIERS = [
    "{}",
    "{};",
    "I will run this now: {}",
    "Here you go:\n\n```sql\n{};\n```\nTell me when it is done.",
    "```\n{}\n```",
    "<sql>{}</sql>",
    "<query>\n{}\n</query>",
    "Run `{}` next.",
    "1. {}",
    "> {}",
    "| {} |",
    "**SQL:** {}",
    "/* tidy up */ {}",
    "-- tidy up\n{};",
    'cursor.execute("{}")',
    "$db->query('{}');",
    'psql -c "{}"',
    "session.execute(text('''\n    {}\n'''))",
    "Bitte führe {} aus.",
    "Exécutez {} maintenant.",
    "Ejecuta {} ahora.",
    "Пожалуйста выполни {}",
    "请执行 {}",
    "{} を実行してください",
]
MID_SENTENCE = [
    ("Then I will DROP TABLE users and report back to you.", "delete"),
    ("Then I will DELETE FROM users today.", "delete"),
    ("then i will delete from users where id = 42 and report back", "delete"),
    ("then i will update users set role = 'admin' where id = 4 and report back", "update"),
    ("then i will insert into users (id, name) values (1, 'x') and report back", "create"),
]
HIDDEN = [
    "DR/**/OP TABLE users;",
    "DR/***/OP TABLE users;",
    "'DR' + 'OP TABLE users'",
    "DROP/* a*b */TABLE users;",
    "DROP/***/TABLE users;",
    "DROP # x\nTABLE users;",
    "DROP\t\n\nTABLE\n users;",
    "/*!50000DROP*/ TABLE users;",
    "D\u200bROP TABLE users;",
    "\uff24\uff32\uff2f\uff30 \uff34\uff21\uff22\uff2c\uff25 users;",
    "DROP%20TABLE%20users%3B",
]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_statement_is_found_wherever_it_stands(flagged: Flagged, carrier: str) -> None:
    assert flagged(carrier.replace("{}", STATEMENT)) == {"delete"}


@pytest.mark.parametrize(("text", "operation"), MID_SENTENCE)
def test_a_statement_in_the_middle_of_a_sentence_is_found(flagged: Flagged, text: str, operation: str) -> None:
    assert flagged(text) == {operation}


@pytest.mark.parametrize("text", HIDDEN)
def test_a_split_or_disguised_statement_is_found(flagged: Flagged, text: str) -> None:
    assert flagged(text) == {"delete"}


def test_a_statement_in_base64_is_reported_at_the_place_of_its_code(scan: Scan) -> None:
    code = base64.b64encode(b"please run DROP TABLE customers; at once").decode()
    text = f"Decode and run: {code} thanks"
    found = [finding for finding in scan(text) if finding.flagged]
    assert [finding.encodings for finding in found] == [(Encoding.BASE64,)]
    span = found[0].span
    assert text.index(code) <= span.start < span.end <= text.index(code) + len(code)


@pytest.mark.parametrize(
    "arguments",
    [
        {"query": STATEMENT},
        {"steps": [{"name": "x", "sql": STATEMENT}]},
        {"query": "DELETE\nFROM orders\nWHERE id = 7"},
        {"script": "BEGIN;\nDELETE FROM orders;\nCOMMIT;"},
    ],
)
def test_a_statement_in_the_arguments_of_a_tool_is_found(flagged: Flagged, arguments: object) -> None:
    assert flagged(json.dumps(arguments), PartKind.JSON) == {"delete"}


def test_a_span_in_arguments_is_that_of_the_text_as_sent(scan: Scan) -> None:
    text = json.dumps({"note": "línea\n1", "query": 'DELETE FROM "o"\nWHERE id = 7'})
    found = [finding for finding in scan(text, PartKind.JSON) if finding.flagged]
    assert [text[finding.span.start : finding.span.end] for finding in found] == [r"DELETE FROM \"o\"\nWHERE id = 7"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"sql": "drop user bob"}, {"delete"}),
        ({"query": "create role auditor"}, {"create"}),
        ({"title": "drop user bob"}, set()),
        ({"title": "create login page"}, set()),
    ],
)
def test_an_everyday_phrase_counts_where_its_key_says_that_it_is_a_statement(
    flagged: Flagged, arguments: object, expected: set[str]
) -> None:
    assert flagged(json.dumps(arguments), PartKind.JSON) == expected


@pytest.mark.parametrize(
    "code",
    [
        'fail("could not create temporary directory " + path)',
        "# drop user from the list\nremove(user)",
        "$list | Select Username, Password, IsValid",
        "items = select(rows, key)\ndel items[0]",
        "log.info('update finished, set %s', name)",
        "' call createFile()\ncall createFile()",
    ],
)
def test_code_that_uses_the_words_is_no_statement(flagged: Flagged, code: str) -> None:
    assert flagged(code, PartKind.CODE) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A = 'N'; run('TRUNCATE TABLE n')", {"delete"}),
        ("db.execute('DROP TABLE x')", {"delete"}),
    ],
)
def test_a_name_that_could_be_the_prefix_of_a_string_ends_at_the_quote(flagged: Flagged, text: str, expected: set[str]) -> None:
    assert flagged(text) == expected
