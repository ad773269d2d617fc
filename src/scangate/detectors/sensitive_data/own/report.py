"""What a report says of own data profiles: the row has room for one."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.detectors.contract import JsonObject
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import SensitiveDataOptions


def own_rows(options: SensitiveDataOptions, flagged: Sequence[SensitiveDataFinding]) -> JsonObject | None:
    """The fields of `dlp_report` that name the data profile: an own one where one of its rules is matched, or where there are no others;
    None where the predefined ones have the row."""
    if not options.own:
        return None
    rules = {finding.data_profile_id: finding.matched_rules for finding in flagged if finding.data_profile_id}
    shown = next((own for own in options.own if own.data_profile_id in rules), None)
    if shown is None:
        if options.data_profiles:
            return None
        shown = options.own[0]
    matched = rules.get(shown.data_profile_id, ())
    has_second = shown.profile.document.rule2 is not None
    return {
        "dlp_profile_name": shown.name,
        "dlp_profile_id": shown.data_profile_id,
        "dlp_profile_version": shown.revision,
        "data_pattern_rule1_verdict": "MATCHED" if 1 in matched else "NOT_MATCHED",
        "data_pattern_rule2_verdict": ("MATCHED" if 2 in matched else "NOT_MATCHED") if has_second else "",
    }
