"""The report row of the URL detector: UrlFilterReportObject."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.malicious_urls.findings import UrlFinding
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action


def report(options: MaliciousUrlsOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """URLs of a known or suspicious category, malicious ones first; [] when there are none."""
    del options, context
    found = [finding for part in findings for finding in part if isinstance(finding, UrlFinding) and finding.url]
    rows = [
        {
            "url": finding.url,
            "risk_level": finding.risk_level,
            "action": (finding.action if finding.flagged else Action.ALLOW).value,
            "categories": list(finding.categories),
        }
        for finding in sorted(found, key=lambda finding: not finding.flagged)
    ]
    return {"urlf_report": rows}
