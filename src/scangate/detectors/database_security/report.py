"""The report row of the detector: `dbs_report` and `dbs_snippets`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.database_security.options import DatabaseSecurityOptions
from scangate.detectors.database_security.statement import DatabaseFinding
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Verdict

MAX_SNIPPETS: Final = 10
MAX_STATEMENTS: Final = 50
MAX_SNIPPET_CHARACTERS: Final = 1000


def report(
    options: DatabaseSecurityOptions,  # noqa: ARG001 - the signature of every detector's report
    findings: Sequence[Sequence[Finding]],
    context: ReportContext,
) -> JsonObject:
    """One row per operation that was found, and the statements themselves, flagged ones first; `dbs_statements`, an extension, says
    what each is, in the order of the text.

    The scan API knows no third action: an alert is reported as allow, with a malicious verdict.
    """
    everything = [finding for part in findings for finding in part]
    rows = []
    for category in sorted({finding.category for finding in everything}, key=_ORDER.index):
        flagged = [finding for finding in everything if finding.category == category and finding.flagged]
        blocked = any(finding.action is Action.BLOCK for finding in flagged)
        rows.append(
            {
                "sub_type": category,
                "verdict": (Verdict.MALICIOUS if flagged else Verdict.BENIGN).value,
                "action": (Action.BLOCK if blocked else Action.ALLOW).value,
            }
        )
    detail: JsonObject = {"dbs_report": rows}
    if statements := [_statement(finding) for finding in everything if isinstance(finding, DatabaseFinding)]:
        detail["dbs_statements"] = statements[:MAX_STATEMENTS]
    snippets = _snippets(findings, context)
    if snippets:
        detail["dbs_snippets"] = snippets
    return detail


def _statement(finding: DatabaseFinding) -> JsonObject:
    """What one statement is. `risks` are words of this product (`credentials`, `whole-table`, …), `location` is inclusive."""
    return {
        "sub_type": finding.category,
        "rule": finding.rule,
        "engine": finding.engine,
        "dialect": finding.dialect,
        "tables": list(finding.tables),
        "risks": list(finding.risks),
        "verdict": (Verdict.MALICIOUS if finding.flagged else Verdict.BENIGN).value,
        "is_mention": finding.is_mention,
        "location": [finding.span.start, max(finding.span.start, finding.span.end - 1)],
    }


_ORDER: Final = [f"database-security-{operation}" for operation in ("create", "read", "update", "delete")]


def _snippets(findings: Sequence[Sequence[Finding]], context: ReportContext) -> list[str]:
    pairs = [(finding, part.text) for part, found in zip(context.parts, findings, strict=False) for finding in found]
    pairs.sort(key=lambda pair: not pair[0].flagged)
    texts = (text[finding.span.start : finding.span.end][:MAX_SNIPPET_CHARACTERS] for finding, text in pairs)
    return list(dict.fromkeys(texts))[:MAX_SNIPPETS]
