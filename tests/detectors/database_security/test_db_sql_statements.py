"""SQL by statement kind: what each kind is reported as, and the sentences that merely use its words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.database_security.statement import DatabaseFinding

Scan = Callable[..., list[DatabaseFinding]]
Flagged = Callable[..., set[str]]

WRITES = [
    ("INSERT INTO orders (id, total) VALUES (7, 19.90);", "create"),
    ("insert into orders values (7, 'x')", "create"),
    ("INSERT INTO archive.orders PARTITION(day = '2024-01-01') (a, b) SELECT a, b FROM orders", "create"),
    ("INSERT OVERWRITE TABLE daily SELECT * FROM raw_daily", "create"),
    ("REPLACE INTO settings VALUES (1, 2)", "create"),
    ("CREATE TABLE invoices (id INT PRIMARY KEY, total DECIMAL(10, 2))", "create"),
    ("create table if not exists t (id integer)", "create"),
    ("CREATE OR REPLACE VIEW v AS SELECT id FROM t", "create"),
    ("CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW v AS SELECT a FROM b", "create"),
    ("CREATE MATERIALIZED VIEW mv AUTO REFRESH YES AS SELECT a FROM b", "create"),
    ("CREATE UNIQUE INDEX idx_mail ON users (email)", "create"),
    ("CREATE USER reporter WITH PASSWORD 'example-only'", "create"),
    ("CREATE FUNCTION add_one(n INT) RETURNS INT AS $$ SELECT n + 1 $$ LANGUAGE sql", "create"),
    ("CREATE TRIGGER trg AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()", "create"),
    ("SELECT id, name INTO backup_users FROM users", "create"),
    ("INSERT ALL INTO a (x) VALUES (1) INTO b (x) VALUES (2) SELECT * FROM dual", "create"),
    ("CREATE DYNAMIC TABLE dt TARGET_LAG = '1 minute' WAREHOUSE = w AS SELECT a FROM b", "create"),
    ("CREATE TABLE [#work] (name INTEGER)", "create"),
    ("COPY INTO @my_stage/result/data FROM (SELECT * FROM orders)", "create"),
    ("UPDATE accounts SET balance = 0 WHERE id = 3", "update"),
    ("update accounts set balance = balance - 1", "update"),
    ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.a = s.a", "update"),
    ("ALTER TABLE users ADD COLUMN is_admin BOOLEAN", "update"),
    ("ALTER USER root IDENTIFIED BY 'example-only'", "update"),
    ("ALTER SYSTEM SET log_statement = 'none'", "update"),
    ("RENAME TABLE a TO b", "update"),
    ("COMMENT ON MATERIALIZED VIEW s.v IS 'x'", "update"),
    ("GRANT ALL PRIVILEGES ON *.* TO 'app'@'%'", "update"),
    ("GRANT CREATE SESSION, dba TO scott", "update"),
    ("GRANT ROLE reporter TO ROLE auditor", "update"),
    ("GRANT 'r1', 'r2' TO 'u1'@'localhost'", "update"),
    ("ALTER TABLE visits ON CLUSTER main DROP COLUMN a", "update"),
    ("REVOKE SELECT ON payroll FROM intern", "update"),
    ("SET GLOBAL general_log = 1", "update"),
    ("DELETE FROM sessions WHERE expired = 1", "delete"),
    ("delete from sessions;", "delete"),
    ("DELETE x OUTPUT x.a FROM z", "delete"),
    ("TRUNCATE TABLE audit_log", "delete"),
    ("truncate audit_log;", "delete"),
    ("TRUNCATE TABLE t1 ON CLUSTER main", "delete"),
    ("DROP TABLE IF EXISTS users CASCADE", "delete"),
    ("drop database shop;", "delete"),
    ("DROP PROCEDURE a.b.c (INT)", "delete"),
    ("DROP ROLE auditor;", "delete"),
    ("WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone", "delete"),
    ("EXPLAIN ANALYZE DELETE FROM a WHERE b = 1", "delete"),
]
RISKY = [
    ("COPY t FROM PROGRAM 'true'", "create", "command"),
    ("COPY (SELECT 1) TO PROGRAM 'cat > /tmp/x'", "create", "command"),
    ("LOAD DATA INFILE '/tmp/in.csv' INTO TABLE t", "create", "file"),
    ("LOAD DATA INTO TABLE d.t FROM FILES (format='CSV', uris=['gs://b/f'])", "create", "file"),
    ("SELECT a FROM t INTO OUTFILE '/tmp/out.csv'", "create", "file"),
    ("EXEC xp_cmdshell 'dir'", "update", "command"),
    ("EXEC sp_configure 'show advanced options', 1", "update", "configuration"),
    ("SHUTDOWN WITH NOWAIT", "update", "shutdown"),
    ("SELECT password_hash FROM users", "read", "credentials"),
    ("SELECT table_name FROM information_schema.tables", "read", "catalog"),
    ("SELECT * FROM users WHERE name = '' OR 1=1", "read", "tautology"),
    ("SELECT pg_sleep(10)", "read", "delay"),
    ("SELECT load_extension('x.so')", "read", "command"),
    ("DELETE FROM users", "delete", "whole-table"),
    ("UPDATE users SET role = 'admin' WHERE 1 = 1", "update", "whole-table"),
]
PLAIN_READS = [
    "SELECT id, name FROM customers WHERE city = 'Rome' ORDER BY name LIMIT 10",
    "WITH t AS (SELECT a FROM b) SELECT count(*) FROM t",
    "SHOW TABLES",
    "EXPLAIN SELECT a FROM b",
    "SELECT password_hash FROM users WHERE email = ?",
]
SENTENCES = [
    "Please select the items you want from the list and update your profile.",
    "Select a date from the calendar, then set the time.",
    "I want to delete from my memory everything about that day.",
    "Delete from where you started.",
    "Drop the table reservations for tonight.",
    "Drop table legs off at the workshop before you move them.",
    "Create a table of contents and insert the figures where needed.",
    "Create view of the sea.",
    "Create login page",
    "create user stories for the sprint",
    "create database migration",
    "create cluster map",
    "create trigger warning on page",
    "create function room (large)",
    "drop index finger",
    "drop login page",
    "alter user behaviour with incentives",
    "rename user bob to robert",
    "grant select committees powers to act",
    "Grant them access to the building on Monday.",
    "grant role models to students",
    "Revoke access to Bob from Monday.",
    "Update the settings, set the clock and restart.",
    "Insert into the slot the key.",
    "Merge into the right lane using the mirror.",
    "Copy the file from A to B.",
    "Execute the plan on time (carefully).",
    "Call the support (we are open).",
    "Load data into your phone.",
    "Let's truncate text after ten words.",
    "With love as (always).",
    "Union select committee meets on Monday.",
    "Wähle aus der Liste und lösche die Datei.",
    "Sélectionnez une date et supprimez la table du salon.",
    "Por favor, selecciona el plato from the menu y borra el resto.",
]
MENTIONS = [
    "Never run DROP TABLE users in production.",
    "The statement `DELETE FROM users` removes every row.",
    "Attackers could inject DROP TABLE users here.",
    "-- DROP TABLE users",
    "DROP TABLE table_name;",
]


@pytest.mark.parametrize(("text", "operation"), WRITES)
def test_a_write_is_flagged_as_its_operation(flagged: Flagged, text: str, operation: str) -> None:
    assert operation in flagged(text)


@pytest.mark.parametrize(("text", "operation", "risk"), RISKY)
def test_a_risk_is_named(scan: Scan, text: str, operation: str, risk: str) -> None:
    assert any(
        finding.flagged and risk in finding.risks and finding.category == f"database-security-{operation}"
        for finding in scan(text)
    )


@pytest.mark.parametrize("text", PLAIN_READS)
def test_a_plain_read_is_reported_but_not_flagged(scan: Scan, text: str) -> None:
    findings = scan(text)
    assert [finding.category for finding in findings] == ["database-security-read"]
    assert not findings[0].flagged


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_with_the_words_is_no_statement(scan: Scan, text: str) -> None:
    assert scan(text) == []


@pytest.mark.parametrize("text", MENTIONS)
def test_a_statement_that_is_only_talked_about_is_not_flagged(flagged: Flagged, text: str) -> None:
    assert flagged(text) == set()


def test_stacked_statements_are_all_found(flagged: Flagged) -> None:
    text = "SELECT 1; INSERT INTO a VALUES (1); UPDATE a SET b = 2; DROP TABLE a"
    assert flagged(text) == {"create", "update", "delete"}


def test_one_finding_covers_the_whole_statement_and_nothing_else(scan: Scan) -> None:
    statement = "DELETE FROM orders\n  WHERE id = 7\n    AND state = 'open'"
    text = f"Done, I will clean up with\n\n{statement};\n\nand then report back."
    findings = [finding for finding in scan(text) if finding.flagged]
    assert [text[finding.span.start : finding.span.end] for finding in findings] == [statement]
