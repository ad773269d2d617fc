"""Reasons not to believe a match: a plugin kind of its own, one small function each. A rule names those that apply to it.

A suppressor sees one candidate and drops it (it is certainly something else), lowers it to low confidence, or keeps it. Words near
the value that speak for the rule outweigh the weaker reasons: a number in sequence that is called a social security number is one.
A new one is a function in the file of its subject, a name in the list below, and at least one text that it suppresses and one that it
leaves alone in `tests/detectors/sensitive_data/test_sd_suppressors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect
from scangate.detectors.sensitive_data.suppressors.amounts import amount
from scangate.detectors.sensitive_data.suppressors.digits import repeated_digits, sequence
from scangate.detectors.sensitive_data.suppressors.documentation import documentation_key, fictional_phone, role_address
from scangate.detectors.sensitive_data.suppressors.hashes import inside_hash
from scangate.detectors.sensitive_data.suppressors.other_numbers import in_url, other_number, version_number
from scangate.detectors.sensitive_data.suppressors.times import calendar_day, log_line, timestamp

Suppressor = Callable[[Candidate], Effect]

SUPPRESSORS: Final[Mapping[str, Suppressor]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            repeated_digits,
            sequence,
            inside_hash,
            amount,
            timestamp,
            calendar_day,
            log_line,
            other_number,
            in_url,
            version_number,
            documentation_key,
            role_address,
            fictional_phone,
        )
    }
)
"""By the name that rules use."""
