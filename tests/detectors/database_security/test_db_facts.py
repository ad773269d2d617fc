"""What is said of a statement beside its operation: dialect, tables, risks, and whether it is only talked about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.contract import ReportContext, Resources
from scangate.detectors.database_security import SPEC
from scangate.detectors.database_security.options import DatabaseSecurityOptions, OperationRule
from scangate.detectors.database_security.statement import KINDS, DatabaseFinding
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Severity, Side

Scan = Callable[..., list[DatabaseFinding]]

DIALECTS = [
    ("SELECT TOP 5 [Name] FROM [dbo].[Depots] WITH (NOLOCK)", "tsql"),
    ("EXEC xp_cmdshell 'dir'", "tsql"),
    ("INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2", "mysql"),
    ("SELECT `a` FROM `t` LIMIT 5, 10", "mysql"),
    ("UPDATE t SET a = b::int WHERE c ILIKE 'x%' RETURNING id", "postgres"),
    ("SELECT NVL(a, 0) FROM dual", "oracle"),
    ("INSERT OR REPLACE INTO t VALUES (1)", "sqlite"),
    ("COPY INTO parcels FROM @stage/parcels FILE_FORMAT = (TYPE = CSV)", "snowflake"),
    ("SELECT * FROM `acme.shop.orders` WHERE n = SAFE_CAST(x AS INT64)", "bigquery"),
    ("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a", "clickhouse"),
    ("SELECT * FROM t WHERE a = 1 ALLOW FILTERING", "cql"),
    ("INSERT INTO \"T\" VALUE {'a': 1}", "partiql"),
    ("DELETE FROM t WHERE a = 1", "generic"),
]


@pytest.mark.parametrize(("text", "dialect"), DIALECTS)
def test_a_statement_betrays_its_dialect_or_is_generic(scan: Scan, text: str, dialect: str) -> None:
    assert [finding.dialect for finding in scan(text)] == [dialect]


TABLES = [
    ("SELECT a FROM orders o JOIN shop.customers AS c ON o.c = c.id, depots", ("orders", "shop.customers")),
    ("SELECT a FROM orders, customers c, [dbo].[Depots]", ("orders", "customers", "dbo.Depots")),
    ("INSERT INTO archive (a) SELECT a FROM orders", ("archive", "orders")),
    ('UPDATE Orders SET a = 1 WHERE b IN (SELECT b FROM "Lots")', ("Orders", "Lots")),
    ("WITH r AS (SELECT a FROM orders) DELETE FROM carts WHERE a IN (SELECT a FROM r)", ("carts", "orders")),
    ("SELECT EXTRACT(year FROM placed) FROM orders WHERE placed > now()", ("orders",)),
    ("DROP TABLE IF EXISTS orders", ("orders",)),
    ("GRANT SELECT ON TABLE orders TO clerk", ("orders",)),
    ("SELECT version()", ()),
]


@pytest.mark.parametrize(("text", "tables"), TABLES)
def test_the_tables_that_a_statement_touches_are_named(scan: Scan, text: str, tables: tuple[str, ...]) -> None:
    found = scan(text)
    assert len(found) == 1
    assert found[0].tables == tables


RISKS = [
    ("DELETE FROM orders", "whole-table"),
    ("UPDATE orders SET a = 1 WHERE 1 = 1", "whole-table"),
    ("SELECT * FROM users WHERE name = '' OR 1=1 --", "tautology"),
    ("SELECT lo_export(16500, '/tmp/x')", "file"),
    ("SELECT * FROM OPENROWSET('SQLNCLI', 'x', 'SELECT 1')", "network"),
    ("GRANT ALL PRIVILEGES ON *.* TO 'a'@'%'", "privilege"),
    ("ALTER USER bob WITH SUPERUSER", "account"),
    ("MATCH (n) DETACH DELETE n", "whole-table"),
]


@pytest.mark.parametrize(("text", "risk"), RISKS)
def test_what_makes_a_statement_risky_is_noted(scan: Scan, text: str, risk: str) -> None:
    found = scan(text)
    assert found
    assert any(risk in finding.risks for finding in found)


KINDS_OF = [
    ("SELECT a FROM t; DELETE FROM t WHERE a = 1;", {"read", "delete"}),
    ("CREATE PROCEDURE tidy AS BEGIN DELETE FROM log; SELECT 1; END", {"create"}),
    ("EXPLAIN DELETE FROM t WHERE a = 1", {"read"}),
    ("INSERT ALL WHEN a > 1 THEN INTO b (x) VALUES (a) SELECT a FROM c", {"create"}),
    ("FROM orders |> WHERE a > 1 |> SELECT a", {"read"}),
    ("DESCRIBE orders", {"read"}),
    ("SELECT a NOT LIKE ALL (b)", {"read"}),
    ("db.t.bulkWrite([{ updateOne: { filter: {}, update: {} } }])", {"update"}),
    ("dn: uid=ann,dc=example\nchangetype: add\nobjectClass: person", {"create"}),
    ("import redis\nr.get('a')\nr.delete('b')", {"read", "delete"}),
    ("Never run DROP TABLE users on a Friday.", set()),
    ("Please describe the orders and select one.", set()),
    ("SELECT COMMITTEE REPORT ON TABLES", set()),
    ("Get-Process | select Name, Id", set()),
    ("<sql>SELECT version()</sql>", {"read"}),
    ("$ssh->exec('pwd')", set()),
    ("tab = self.note.select()", set()),
]


@pytest.mark.parametrize(("text", "kinds"), KINDS_OF)
def test_kinds_are_the_operations_of_statements_that_are_not_only_mentioned(scan: Scan, text: str, kinds: set[str]) -> None:
    assert KINDS.of(scan(text)) == kinds


def test_the_report_says_what_each_statement_is(scan: Scan) -> None:
    text = "Now: DELETE FROM orders; and SELECT a FROM b;"
    rule = OperationRule(action=Action.BLOCK, severity=Severity.HIGH)
    options = DatabaseSecurityOptions(read=rule, delete=rule, plain_reads=False)
    found = scan(text, detector=SPEC.compile(options, Resources()))
    detail = SPEC.report(options, [found], ReportContext(parts=(Part(Side.RESPONSE, PartKind.TEXT, text),)))
    first, second = detail["dbs_statements"]
    assert first["sub_type"] == "database-security-delete"
    assert (first["rule"], first["tables"], first["verdict"]) == ("sql.delete", ["orders"], "malicious")
    assert "whole-table" in first["risks"]
    assert text[first["location"][0] : first["location"][1] + 1] == "DELETE FROM orders"
    assert (second["sub_type"], second["verdict"]) == ("database-security-read", "benign")


def test_a_text_that_folding_changes_in_one_place_is_read_there_and_not_reported_twice(scan: Scan) -> None:
    filler = "Nothing of note happened on that day. " * 400
    text = f"DELETE FROM carts WHERE a = 1;\n{filler}\nD\u0415LETE FROM orders WHERE a = 1;\n{filler}"
    found = [finding for finding in scan(text) if finding.category == "database-security-delete"]
    assert [text[finding.span.start :][:5] for finding in found] == ["DELET", "D\u0415LET"]
