"""The `database-security` list of a profile, and what its actions do to findings and the report row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scangate.detectors.contract import CompiledDetector, JsonObject, ReportContext, Resources
from scangate.detectors.database_security import SPEC
from scangate.detectors.database_security.options import DatabaseSecurityOptions, from_protections
from scangate.detectors.database_security.report import MAX_SNIPPET_CHARACTERS, MAX_SNIPPETS
from scangate.detectors.database_security.statement import DatabaseFinding
from scangate.domain.content import Part
from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, PartKind, Severity, Side

Scan = Callable[..., list[DatabaseFinding]]

EVERYTHING = "INSERT INTO a VALUES (1); SELECT name FROM a; UPDATE a SET b = 2; DELETE FROM a;"


def options_of(*entries: dict[str, Any]) -> DatabaseSecurityOptions | None:
    return from_protections(Protections.model_validate({"data-protection": {"database-security": list(entries)}}))


def entry(operation: str, action: str, **more: Any) -> dict[str, Any]:
    return {"name": f"database-security-{operation}", "action": action, **more}


def compiled(resources: Resources, *entries: dict[str, Any]) -> CompiledDetector:
    options = options_of(*entries)
    assert options is not None
    return SPEC.compile(options, resources)


def report_of(options: DatabaseSecurityOptions, scan: Scan, text: str) -> JsonObject:
    detector = SPEC.compile(options, Resources())
    part = Part(Side.RESPONSE, PartKind.TEXT, text)
    return SPEC.report(options, [scan(text, detector=detector)], ReportContext(parts=(part,)))


def test_a_profile_without_the_list_switches_the_detector_off() -> None:
    assert from_protections(Protections.model_validate({})) is None
    assert options_of() is None


@pytest.mark.parametrize(
    ("operation", "severity"),
    [
        ("create", Severity.MEDIUM),
        ("read", Severity.LOW),
        ("update", Severity.MEDIUM),
        ("delete", Severity.HIGH),
    ],
)
def test_an_operation_without_a_severity_gets_the_documented_one(operation: str, severity: Severity) -> None:
    options = options_of(entry(operation, "block"))
    assert options is not None
    rule = getattr(options, operation)
    assert (rule.action, rule.severity) == (Action.BLOCK, severity)


def test_of_two_entries_for_one_operation_the_later_holds() -> None:
    options = options_of(entry("delete", "block"), entry("delete", "alert"))
    assert options is not None
    assert options.delete is not None
    assert options.delete.action is Action.ALERT


def test_an_operation_without_an_entry_is_not_reported(scan: Scan, database_resources: Resources) -> None:
    found = scan(EVERYTHING, detector=compiled(database_resources, entry("delete", "block")))
    assert {finding.category for finding in found} == {"database-security-delete"}


def test_each_operation_carries_its_own_action(scan: Scan, database_resources: Resources) -> None:
    detector = compiled(
        database_resources, entry("create", "allow"), entry("update", "alert"), entry("delete", "block", severity="critical")
    )
    found = {
        finding.category.removeprefix("database-security-"): (finding.flagged, finding.action)
        for finding in scan(EVERYTHING, detector=detector)
    }
    assert found == {
        "create": (False, Action.ALLOW),
        "update": (True, Action.ALERT),
        "delete": (True, Action.BLOCK),
    }
    severities = {finding.severity for finding in scan("DELETE FROM a;", detector=detector)}
    assert severities == {Severity.CRITICAL}


@pytest.mark.parametrize(
    ("entries", "verdict", "action"),
    [
        ([entry("read", "block")], "malicious", "block"),
        ([entry("read", "block", **{"plain-reads": True})], "malicious", "block"),
        ([entry("read", "alert")], "malicious", "allow"),
        ([entry("read", "allow")], "benign", "allow"),
        ([entry("read", "block", **{"plain-reads": False})], "benign", "allow"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT name FROM a WHERE id = 1;",
        "The query is below.\n\n```sql\nSELECT o.id,\n       c.name\nFROM orders o\nJOIN customers c ON c.id = o.customer_id\n```",
        'db.orders.find({ status: "open" })',
        "redis-cli GET cart:7",
    ],
)
def test_a_plain_read_is_reported_and_blocked_where_the_profile_says_so(
    scan: Scan, text: str, entries: list[dict[str, Any]], verdict: str, action: str
) -> None:
    options = options_of(*entries)
    assert options is not None
    assert report_of(options, scan, text)["dbs_report"] == [
        {"sub_type": "database-security-read", "verdict": verdict, "action": action}
    ]


def test_a_profile_that_wants_risky_reads_only_still_flags_those(scan: Scan, database_resources: Resources) -> None:
    detector = compiled(database_resources, entry("read", "block", **{"plain-reads": False}))
    text = "SELECT name FROM a; SELECT login, password FROM accounts;"
    found = {finding.span.start: finding.flagged for finding in scan(text, detector=detector)}
    assert list(found.values()) == [False, True]


@pytest.mark.parametrize(
    "text",
    [
        "Select the best option from the menu, then group the cards by colour.",
        "Please select your favourite from the list and order by Friday.",
        "We select candidates from all regions where demand is high.",
        "Find one more (or get another) from the box; describe table manners to the children.",
        "Show me the way from the station with the map you have.",
        "Wählen Sie bitte eine Farbe aus; select, from und where sind englische Wörter.",
        'MsgBox "Please select some text first.", vbExclamation',
        'Select Case UCase(kind)\n  Case "REG_SZ"\n    Show kind\nEnd Select\nEnd Function\n',
        "Never write SELECT * FROM users in an example without a limit, it reads the whole table.",
    ],
)
def test_prose_is_no_read_even_where_reads_are_blocked(scan: Scan, database_resources: Resources, text: str) -> None:
    detector = compiled(database_resources, entry("read", "block"))
    assert not [finding for finding in scan(text, detector=detector) if finding.flagged]


def test_a_risky_fragment_is_not_hidden_by_the_plain_read_around_it(scan: Scan, database_resources: Resources) -> None:
    detector = compiled(database_resources, *(entry(operation, "block") for operation in ("create", "read", "update", "delete")))
    found = scan("SELECT name FROM a WHERE id = 'x' OR 1=1", detector=detector)
    assert any("tautology" in finding.risks for finding in found)


def test_what_a_writing_statement_reads_is_part_of_it(scan: Scan, database_resources: Resources) -> None:
    detector = compiled(database_resources, *(entry(operation, "block") for operation in ("create", "read", "update", "delete")))
    texts = {
        "INSERT INTO a (b) SELECT c FROM d WHERE e = 1": {"create"},
        'CALL apoc.periodic.iterate("MATCH (n) RETURN n", "DETACH DELETE n", {batchSize: 100})': {"delete"},
        "CALL apoc.cypher.doIt('MATCH (a:Old) SET a.x = 1', {})": {"update"},
    }
    found = {
        text: {finding.category.removeprefix("database-security-") for finding in scan(text, detector=detector)} for text in texts
    }
    assert found == texts


def test_the_report_has_one_row_per_operation_in_the_documented_order(scan: Scan) -> None:
    options = options_of(entry("create", "allow"), entry("read", "block"), entry("update", "alert"), entry("delete", "block"))
    assert options is not None
    detail = report_of(options, scan, EVERYTHING)
    assert detail["dbs_report"] == [
        {"sub_type": "database-security-create", "verdict": "benign", "action": "allow"},
        {"sub_type": "database-security-read", "verdict": "malicious", "action": "block"},
        {"sub_type": "database-security-update", "verdict": "malicious", "action": "allow"},
        {"sub_type": "database-security-delete", "verdict": "malicious", "action": "block"},
    ]
    assert set(detail["dbs_snippets"]) == {
        "INSERT INTO a VALUES (1)",
        "SELECT name FROM a",
        "UPDATE a SET b = 2",
        "DELETE FROM a",
    }


def test_a_report_without_findings_has_no_rows_and_no_snippets(scan: Scan) -> None:
    options = options_of(entry("delete", "block"))
    assert options is not None
    assert report_of(options, scan, "Good morning.") == {"dbs_report": []}


def test_snippets_are_distinct_flagged_first_and_bounded(scan: Scan) -> None:
    options = options_of(entry("read", "block", **{"plain-reads": False}), entry("delete", "block"), entry("create", "block"))
    assert options is not None
    reads = "".join(f"SELECT c{number} FROM t{number};\n" for number in range(20))
    values = ", ".join(f"({number}, 'x')" for number in range(400))
    detail = report_of(options, scan, f"{reads}DELETE FROM a;\nDELETE FROM a;\nINSERT INTO b VALUES {values};")
    snippets = detail["dbs_snippets"]
    assert len(snippets) == MAX_SNIPPETS
    assert snippets[0] == "DELETE FROM a"
    assert snippets.count("DELETE FROM a") == 1
    assert max(map(len, snippets)) == MAX_SNIPPET_CHARACTERS
