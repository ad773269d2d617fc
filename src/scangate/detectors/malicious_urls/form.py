"""Judges a URL that no list knows by its form alone. Precision first: one sign makes it suspicious, a strong one flags it.

Every sign has a rule, a score and the category that it speaks for; the scores are the author's, checked on lists of benign and
malicious hosts (README.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

import re2

from scangate.detectors.malicious_urls.brands import Brands, skeleton
from scangate.detectors.malicious_urls.findings import UrlRule
from scangate.matching.documents import read_yaml
from scangate.matching.public_suffixes import HostParts, PublicSuffixes, from_punycode
from scangate.matching.urls import UrlForm, UrlMatch

FLAG_SCORE: Final = 0.7

_POSING_STARTS: Final = ("com-", "gov-", "net-", "org-")
_TELLING_STARTS: Final = ("com-", "gov-")
"""Honest names begin with `net-` and `org-`: those need a brand in front."""
_POSING_LABELS: Final = frozenset({"com", "gov", "net", "org", "co"})
_EXECUTABLES: Final = b"exe|scr|hta|ps1|vbs|vbe|msi|bat|elf|lnk|wsf|cpl"
_ALSO_EXECUTABLE: Final = b"dll|jar|apk|iso|cmd|sh|py|pl|bin"
_BOT_BUILDS: Final = b"arm[4-7]|armv[4-7]l|mips|mipsel|mpsl|m68k|sh4|spc|ppc"
_ANY_BUILD: Final = _BOT_BUILDS + b"|arm|arc|x86|x86_64|x86_32|i[3-6]86|sparc"
_NAMES_MAX: Final = 200
FORGE_PAGES: Final = frozenset({"codeberg.page", "github.io", "gitlab.io"})
"""Pages of code forges: most of them are honest projects, with names of every kind."""
_INSIDE_MIN: Final = 5
_SEGMENTS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class FormWords:
    """Lower-case words and domains; data/form_words.yaml says what each set is for."""

    bait: frozenset[str]
    bait_inside: tuple[str, ...]
    harmless: frozenset[str]
    delivery_networks: frozenset[str]
    shared_hosting: frozenset[str]
    mirrored: frozenset[str]


@cache
def load_form_words() -> FormWords:
    """The words that come with the package."""
    document = read_yaml(files(__package__).joinpath("data/form_words.yaml").read_text("utf-8"))
    words = {name: frozenset(text.split()) for name, text in document.items()}
    inside = tuple(sorted(word for word in words["bait"] if len(word) >= _INSIDE_MIN and word not in ("online", "center")))
    return FormWords(
        words["bait"], inside, words["harmless"], words["delivery_networks"], words["shared_hosting"], words["mirrored"]
    )


@dataclass(frozen=True, slots=True)
class Suspicion:
    """`score` in [0, 1]; from FLAG_SCORE on it is enough to flag the URL. `category` is what the URL is suspected of."""

    rule: UrlRule
    score: float
    category: str


class FormJudge:
    """Immutable; safe to share between threads."""

    def __init__(self, brands: Brands, suffixes: PublicSuffixes) -> None:
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = False
        self._brands = brands
        self._words = load_form_words()
        self._suffixes = suffixes
        self._executable = re2.compile(rb"\.(?:" + _EXECUTABLES + rb")$", options)
        self._also_executable = re2.compile(rb"\.(?:" + _ALSO_EXECUTABLE + rb")$", options)
        self._bot = re2.compile(
            rb"/(?:" + _BOT_BUILDS + rb")$|\.(?:" + _ANY_BUILD + rb")$|/mozi\.[am]$|/bins/|/bins?\.sh$|/mirai[^/]*$", options
        )

    def judge(self, match: UrlMatch, parts: HostParts | None) -> Suspicion | None:
        """The strongest sign, or None. `parts` of the host; None for an IP address."""
        signs = self._address(match) if parts is None else self._name(match, parts)
        if match.userinfo:
            signs.extend(self._userinfo(match))
        return max(signs, key=lambda sign: sign.score, default=None)

    def _address(self, match: UrlMatch) -> list[Suspicion]:
        signs: list[Suspicion] = []
        if match.host.is_routable:
            path = match.path.partition("?")[0]
            encoded = path.encode("utf-8", "replace")
            if self._bot.search(encoded):
                signs.append(Suspicion(UrlRule.EXECUTABLE_FROM_ADDRESS, 0.9, "malware"))
            elif self._executable.search(encoded):
                signs.append(Suspicion(UrlRule.EXECUTABLE_FROM_ADDRESS, 0.85, "malware"))
            elif self._also_executable.search(encoded):
                signs.append(Suspicion(UrlRule.EXECUTABLE_FROM_ADDRESS, 0.6, "malware"))
            signs.extend(self._brand_below_address(path))
        if match.host.obscured and match.form is UrlForm.SCHEME:
            signs.append(Suspicion(UrlRule.OBSCURED_ADDRESS, 0.75 if len(match.path) > 1 else 0.6, "malware"))
        return signs

    def _brand_below_address(self, path: str) -> list[Suspicion]:
        """A bank's name in the path of a bare address: no bank does that."""
        segments = [segment.lower() for segment in path.split("/")[1:_SEGMENTS_MAX] if segment]
        bait = {
            word for segment in segments for word in segment.replace(".", "-").replace("_", "-").split("-")
        } & self._words.bait
        for segment in segments:
            whole = segment.removeprefix("www.")
            brand = self._brands.named(segment) or (whole in self._brands.domains and whole.partition(".")[0]) or ""
            if brand and brand not in self._words.mirrored and (bait or not self._brands.is_common_word(brand)):
                return [Suspicion(UrlRule.BRAND_BELOW_ADDRESS, 0.75, "phishing")]
        return [Suspicion(UrlRule.BRAND_BELOW_ADDRESS, 0.75, "phishing")] if "banks" in segments[:-1] else []

    def _userinfo(self, match: UrlMatch) -> list[Suspicion]:
        """`http://paypal.com@evil.com`: a host in front of the real one."""
        name = match.userinfo.partition(":")[0].lower().rpartition("@")[2].partition("/")[0]
        if "." not in name or name == match.host.text:
            return []
        parts = self._suffixes.split(name)
        if not parts.listed or not parts.domain:
            return []
        real = "" if match.host.is_ip else self._suffixes.split(match.host.text).domain
        if parts.domain == real or match.scheme.startswith(("ftp", "sftp")):
            return []
        return [Suspicion(UrlRule.USERINFO_DISGUISE, 0.95 if parts.domain in self._brands.domains else 0.75, "phishing")]

    def _name(self, match: UrlMatch, parts: HostParts) -> list[Suspicion]:
        host = match.host.text
        if len(host) > _NAMES_MAX or not parts.domain or self.is_exempt(parts):
            return []
        signs: list[Suspicion] = []
        if "xn--" in host:
            signs.extend(self._homoglyph(parts))
        labels = parts.labels[: len(parts.labels) - parts.suffix_labels]
        signs.extend(self._posing(labels, parts))
        signs.extend(self._brand_words(labels, parts))
        return signs

    def _homoglyph(self, parts: HostParts) -> list[Suspicion]:
        for label in parts.labels:
            if not label.startswith("xn--") or from_punycode(label) == label:
                continue
            seen = skeleton(label)
            if not seen.isascii():
                continue
            if self._brands.named(seen) or any(self._brands.named(word) for word in seen.split("-")):
                return [Suspicion(UrlRule.IDN_HOMOGLYPH, 0.95, "phishing")]
            if self._brands.inside(seen):
                return [Suspicion(UrlRule.IDN_HOMOGLYPH, 0.85, "phishing")]
        return []

    def _posing(self, labels: tuple[str, ...], parts: HostParts) -> list[Suspicion]:
        """A whole domain in front of another one's: `paypal.com.verify.xyz`, `usps.com-track.top`."""
        signs: list[Suspicion] = []
        for label, following in pairwise(labels):
            brands = self._brands
            brand = brands.named(label) or brands.imitated(label) or brands.misspelt(label)
            if following.startswith(_POSING_STARTS) and following == parts.owner_label and label != "www":
                if brand or following.startswith(_TELLING_STARTS):
                    signs.append(Suspicion(UrlRule.DECEPTIVE_DOMAIN, 0.95 if brand else 0.75, "phishing"))
            elif brand and following in _POSING_LABELS and following != parts.owner_label:
                signs.append(Suspicion(UrlRule.BRAND_IN_SUBDOMAIN, 0.95, "phishing"))
        return signs

    def _brand_words(self, labels: tuple[str, ...], parts: HostParts) -> list[Suspicion]:
        own_words = set(parts.owner_label.split("-"))
        words = {word for label in labels for word in label.replace("_", "-").split("-") if word}
        bait = words & self._words.bait
        # Whoever hosts pages for everybody lends the name below to anybody; elsewhere a subdomain belongs to one owner.
        near = words if parts.private or parts.domain in self._words.shared_hosting else own_words
        found = [self._brand_word(word, word in near, bait, near) for word in words]
        return [sign for sign in found if sign is not None and not words & self._words.harmless]

    def _brand_word(self, word: str, is_near: bool, bait: set[str], near: set[str]) -> Suspicion | None:
        brands = self._brands
        if brand := brands.imitated(word):
            certain = bait or (len(brand) > 5 and not word.startswith("1"))
            return Suspicion(UrlRule.BRAND_LOOKALIKE, 0.9 if certain else 0.5, "phishing")
        if brands.misspelt(word):
            return Suspicion(UrlRule.BRAND_LOOKALIKE, 0.75 if bait else 0.5, "phishing")
        if brand := brands.named(word):
            lures = bait - {brand}
            only_lures = {part.strip("0123456789") for part in near} <= lures | {brand, ""}
            enough = bool(lures) and (len(lures) > 1 or only_lures or not brands.is_common_word(brand))
            return Suspicion(UrlRule.BRAND_BAIT, 0.8 if enough and lures & near else 0.4, "phishing")
        if brand := brands.inside(word):
            rest = word.replace(brand, "-")
            baited = is_near and (bool(bait & near) or any(lure in rest for lure in self._words.bait_inside))
            return Suspicion(UrlRule.BRAND_BAIT, 0.75 if baited else 0.4, "phishing")
        return None

    def is_third_party(self, labels: tuple[str, ...]) -> bool:
        """A brand's name beside a word that honest third parties use: `netflix-clone`, `paypal-sdk`."""
        words = {word for label in labels for word in label.replace("_", "-").split("-")}
        return not words.isdisjoint(self._words.harmless) and any(self._brands.named(word) for word in words)

    def is_exempt(self, parts: HostParts) -> bool:
        """A brand's own domain or a delivery network's, or a host below one; not what customers put below a brand's hosting service.

        A code forge's pages under a brand's very name (`google.github.io`) are the brand's.
        """
        labels = parts.labels
        suffix_start = len(labels) - parts.suffix_labels if parts.private else len(labels)
        for start in range(len(labels) - 1):
            name = ".".join(labels[start:])
            if name in self._words.delivery_networks or (start < suffix_start and name in self._brands.domains):
                return True
        return parts.private and parts.suffix in FORGE_PAGES and parts.owner_label in self._brands.names
