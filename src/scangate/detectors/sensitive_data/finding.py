"""What the sensitive-data detector reports beyond a plain finding."""

from __future__ import annotations

from dataclasses import dataclass

from scangate.domain.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveDataFinding(Finding):
    """`rule` and `pattern_name` are the data pattern's name, `rule_id` the rule that found it. `context_keyword` is a word of the
    rule's own list, never a copy of the text."""

    pattern_name: str
    pattern_id: str
    rule_id: str
    context_keyword: str = ""
    version: int = 1
    data_profile_id: str = ""
    """The tenant's own data profile that made it count; "" where a predefined one did."""
    matched_rules: tuple[int, ...] = ()
    """Of that data profile: 1, 2 or both."""
