"""URLs that give themselves away by their form. Few and strong reasons: a wrong alarm costs more than a list costs to import."""

from __future__ import annotations

from typing import Final

from scangate.detectors.malicious_urls.brands import Brands
from scangate.detectors.malicious_urls.categories import HIGH_RISK, JUDGED_BY_FORM
from scangate.detectors.malicious_urls.findings import UrlRule
from scangate.matching.public_suffixes import PublicSuffixes
from scangate.matching.urls import UrlForm, UrlMatch

_PROGRAMS: Final = (
    ".exe", ".scr", ".msi", ".bat", ".ps1", ".vbs", ".hta", ".apk", ".jar", ".dll", ".sh", ".arm", ".arm5", ".arm6", ".arm7",
    ".mips", ".mipsel", ".mpsl", ".x86", ".m68k", ".ppc", ".sh4", ".i686", "/mozi.m", "/mozi.a",
)  # fmt: skip
_BAIT: Final = (
    "login",
    "signin",
    "verify",
    "verification",
    "secure",
    "account",
    "update",
    "support",
    "billing",
    "wallet",
    "unlock",
)
_MALWARE: Final = ("malware", JUDGED_BY_FORM, HIGH_RISK)
_PHISHING: Final = ("phishing", JUDGED_BY_FORM, HIGH_RISK)

Judgement = tuple[UrlRule, tuple[str, ...]]


def judge(url: UrlMatch, suffixes: PublicSuffixes, brands: Brands) -> Judgement | None:
    """The rule and the categories; None where the form says nothing."""
    if url.form is UrlForm.WEAK:
        return None
    if url.host.is_ip:
        return _address(url)
    parts = suffixes.split(url.host.text)
    if not parts.domain or parts.domain in brands.domains or url.host.text in brands.domains:
        return None
    if url.userinfo and any(url.userinfo.lower().partition(":")[0].endswith(domain) for domain in brands.domains):
        return UrlRule.USERINFO_DISGUISE, _PHISHING
    for brand in brands.owned:
        if len(brand) >= 5 and any(
            f"{brand}.{tld}" in ".".join(parts.subdomain_labels) + "." for tld in ("com.", "net.", "org.")
        ):
            return UrlRule.BRAND_IN_SUBDOMAIN, _PHISHING
    label = parts.owner_label
    pieces = label.split("-")
    if len(pieces) >= 2 and any(p in brands.owned and len(p) >= 5 for p in pieces) and sum(p in _BAIT for p in pieces) >= 1:
        return UrlRule.BRAND_BAIT, _PHISHING
    return None


def _address(url: UrlMatch) -> Judgement | None:
    if not url.host.is_routable:
        return None
    if url.path.partition("?")[0].lower().endswith(_PROGRAMS):
        return UrlRule.EXECUTABLE_FROM_ADDRESS, _MALWARE
    if url.host.obscured and url.scheme:
        return UrlRule.OBSCURED_ADDRESS, _MALWARE
    return None
