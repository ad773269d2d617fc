"""What the detector reports about a URL, and the closed list of its rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from scangate.detectors.malicious_urls.categories import RiskLevel
from scangate.domain.finding import Finding

URL_MAX: Final = 2048
"""Characters of a URL that are kept."""


class UrlRule(StrEnum):
    """Why a URL is in the findings. All may flag it, where the profile wants so."""

    LISTED = "listed-url"
    """A feed, the test pages or the known hosts carry it."""
    BRAND_IN_SUBDOMAIN = "brand-in-subdomain"
    BRAND_LOOKALIKE = "brand-lookalike"
    BRAND_BAIT = "brand-bait"
    IDN_HOMOGLYPH = "idn-homoglyph"
    DECEPTIVE_DOMAIN = "deceptive-domain"
    USERINFO_DISGUISE = "userinfo-disguise"
    OBSCURED_ADDRESS = "obscured-address"
    EXECUTABLE_FROM_ADDRESS = "executable-from-address"
    BRAND_BELOW_ADDRESS = "brand-below-address"
    SCRIPT_URI = "script-uri"
    IMAGE_EXFILTRATION = "image-exfiltration"
    """An image whose address carries data out."""
    OWN_LIST = "own-list"
    """The profile's own list of URLs says what to do."""
    LEARNED = "learned-form"
    """The model for unlisted URLs; the finding's `reasons` say what it went by."""
    UNLISTED = "unlisted-url"
    URLS_NOT_EXAMINED = "urls-not-examined"
    """More URLs than are looked up in one text, as `not-resolved`; the span starts at the last one that was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlFinding(Finding):
    """`url` is as written in the text (as decoded, where the text hid it), at most `URL_MAX` characters; `known`: it is in some list.

    `reasons` are those of the model for unlisted URLs, strongest first. `count` is 1, or the number of candidates that were not examined.
    """

    url: str
    risk_level: RiskLevel
    categories: tuple[str, ...]
    known: bool
    reasons: tuple[str, ...] = ()
    count: int = 1

    def hidden(self, raw: str, masked: str) -> Self:
        """With the URL as the masked text has it, where some of it is masked."""
        place = slice(self.span.start, self.span.end)
        return self if raw[place] == masked[place] else replace(self, url=masked[place][:URL_MAX])
