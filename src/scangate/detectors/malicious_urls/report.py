"""The `result_detail` of the `uf` row."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.malicious_urls.categories import UNKNOWN
from scangate.detectors.malicious_urls.findings import UrlFinding, UrlRule
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.domain.finding import Finding


def report(_options: MaliciousUrlsOptions, findings: Sequence[Sequence[Finding]], _context: ReportContext) -> JsonObject:
    """`urlf_report`: one row per flagged or categorised URL, flagged ones first; unlisted harmless ones are left out.

    `reasons` stand beside the documented fields where the model for unlisted URLs spoke. The URLs that were too many to be looked up have one row together.
    """
    rows: dict[str, JsonObject] = {}
    for finding in sorted((f for part in findings for f in part if isinstance(f, UrlFinding)), key=_flagged_first):
        if finding.rule == UrlRule.IMAGE_EXFILTRATION and not finding.flagged:
            continue
        url = finding.url
        if finding.rule == UrlRule.URLS_NOT_EXAMINED:
            url = f"({finding.count} more, not looked up)"
        if finding.flagged or (finding.categories and finding.categories != (UNKNOWN,)):
            row: JsonObject = {
                "url": url,
                "risk_level": finding.risk_level,
                "action": finding.action.value,
                "categories": list(finding.categories),
            }
            rows.setdefault(url, row | {"reasons": list(finding.reasons)} if finding.reasons else row)
    return {"urlf_report": list(rows.values())}


def _flagged_first(finding: UrlFinding) -> bool:
    return not finding.flagged
