"""Stores beside SQL: MongoDB, Redis, Elasticsearch, Cypher, object mappers; and fragments of injection."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.database_security.rulebook import load_rules
from scangate.detectors.database_security.statement import DatabaseFinding, Effect

Scan = Callable[..., list[DatabaseFinding]]
Flagged = Callable[..., set[str]]

RULES = load_rules().rules
MATCHES = [(rule.model.id, text) for rule in RULES for text in rule.model.matches]
BENIGN = [(rule.model.id, text) for rule in RULES for text in rule.model.benign]

STATEMENTS = [
    ('db.users.insertOne({ name: "Ada" })', "mongodb", "create"),
    ("db.accounts.updateMany({}, { $set: { balance: 0 } })", "mongodb", "update"),
    ("db.users.drop()", "mongodb", "delete"),
    ('{"delete": "users", "deletes": [{"q": {}, "limit": 0}]}', "mongodb", "delete"),
    ('{"username": "a", "password": {"$ne": null}}', "mongodb", "read"),
    ("HSET user:1 name Ada", "redis", "create"),
    ("SET session:42 expired EX 60", "redis", "create"),
    ("INCRBY stock:7 5", "redis", "update"),
    ("redis-cli -h 10.0.0.1 config set dir /var/www", "redis", "update"),
    ("127.0.0.1:6379> set a b", "redis", "create"),
    ("FLUSHALL", "redis", "delete"),
    ("DEL user:1 user:2", "redis", "delete"),
    ("r.flushdb()", "redis", "delete"),
    ('POST /orders/_delete_by_query\n{"query": {"match_all": {}}}', "elasticsearch", "delete"),
    ("DELETE /orders-2024", "elasticsearch", "delete"),
    ("MATCH (n) DETACH DELETE n", "cypher", "delete"),
    ("CREATE (p:Person {name: 'Ada'})", "cypher", "create"),
    ("MATCH (p:Person {id: 1}) SET p.name = 'B'", "cypher", "update"),
    ("User.objects.filter(active=False).delete()", "mapper", "delete"),
    ("User.objects.raw('DELETE FROM auth_user')", "sql", "delete"),
    ("sequelize.query('UPDATE users SET admin = 1')", "sql", "update"),
    ("session.execute(text('DROP TABLE a'))", "sql", "delete"),
]
PLAIN_READS = [
    ('db.orders.find({ status: "open" }).sort({ at: -1 })', "mongodb"),
    ("HGETALL user:1", "redis"),
    ('r.get("visits:today")', "redis"),
    ("SCAN 0 MATCH user:* COUNT 100", "redis"),
    ("MATCH (n:Person) RETURN n.name LIMIT 5", "cypher"),
]
NEAR_MISSES = [
    "GET ready and SET the table.",
    "MOVE on to the next KEYS of success.",
    "GET /users/42 HTTP/1.1",
    "DELETE /users/{id} removes a user from the team.",
    "const gone = map.delete(key)",
    "document.createElement('p'); canvas.save();",
    "list.insert(0, 'first'); settings.update({'theme': 'dark'})",
    "const found = items.find((item) => item.id === 3)",
    "Match the (blue) socks and return them.",
    "get value\nset value\nobject keys\ntype name",
    "He said 'yes' or 'no', and 1 of 2 left.",
    "if (a == 'x' or b == 'y') { run(); }",
    "time.sleep(5)",
    'r.get("https://example.com/a")',
    'name = r.get("name")',
]
FRAGMENTS = [
    "' OR '1'='1",
    "admin' or 1=1--",
    "admin'--",
    "x'; DROP TABLE users; --",
    "-1' UNION SELECT 1,2,3-- -",
    "1) or sleep(5)#",
    "'; WAITFOR DELAY '0:0:5'--",
    "id=' && this.password.match(/.*/)//",
]


@pytest.mark.parametrize(("rule", "text"), MATCHES)
def test_the_examples_of_a_rule_are_found(scan: Scan, rule: str, text: str) -> None:
    plain = {item.model.id for item in RULES if item.model.effect is Effect.PLAIN}
    found = scan(text)
    assert any(finding.flagged for finding in found) or (rule in plain and found)


@pytest.mark.parametrize(("rule", "text"), BENIGN)
def test_the_benign_examples_of_a_rule_are_not_its_own(scan: Scan, rule: str, text: str) -> None:
    assert rule not in {finding.rule for finding in scan(text) if finding.flagged}


def test_rule_ids_are_unique() -> None:
    ids = [rule.model.id for rule in RULES]
    assert len(ids) > 20
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("text", "engine", "operation"), STATEMENTS)
def test_a_statement_of_a_store_is_flagged(scan: Scan, text: str, engine: str, operation: str) -> None:
    found = {(finding.engine, finding.category) for finding in scan(text) if finding.flagged}
    assert (engine, f"database-security-{operation}") in found


@pytest.mark.parametrize(("text", "engine"), PLAIN_READS)
def test_a_plain_read_of_a_store_is_reported_but_not_flagged(scan: Scan, text: str, engine: str) -> None:
    assert [(finding.engine, finding.category, finding.flagged) for finding in scan(text)] == [
        (engine, "database-security-read", False)
    ]


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_what_looks_like_a_store_is_left_alone(scan: Scan, text: str) -> None:
    assert not [finding for finding in scan(text) if not finding.is_mention]


@pytest.mark.parametrize("text", FRAGMENTS)
def test_a_fragment_of_injection_is_flagged(flagged: Flagged, text: str) -> None:
    assert flagged(text)
