"""Finds URLs in every reading of a text, looks them up, judges the unlisted ones by their form, and applies the profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.malicious_urls.categories import (
    HIGH_RISK,
    JUDGED_BY_FORM,
    NOT_RESOLVED,
    PRIVATE_ADDRESS,
    UNKNOWN,
    malicious_categories,
    risk_of,
)
from scangate.detectors.malicious_urls.features import Reason
from scangate.detectors.malicious_urls.feed_set import FeedSet
from scangate.detectors.malicious_urls.findings import UrlFinding, UrlRule
from scangate.detectors.malicious_urls.form import FLAG_SCORE, FORGE_PAGES, Suspicion
from scangate.detectors.malicious_urls.knowledge import UrlKnowledge, load_knowledge
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.detectors.malicious_urls.own_lists import OwnLists
from scangate.detectors.malicious_urls.payloads import PayloadReader
from scangate.detectors.malicious_urls.reading import Reading
from scangate.detectors.malicious_urls.rulings import Rulings
from scangate.detectors.malicious_urls.services import is_below
from scangate.detectors.malicious_urls.unlisted import Opinion
from scangate.domain.content import Span
from scangate.domain.taxonomy import Action, Confidence
from scangate.matching.host_index import HostIndex, Listing, look_up
from scangate.matching.public_suffixes import HostParts
from scangate.matching.urls import URL_MAX, UrlForm, UrlMatch
from scangate.matching.views import Identity, View

KNOWLEDGE_KEY: Final = "malicious_urls.knowledge"
FEEDS_KEY: Final = "malicious_urls.feeds"
FEEDS_DIRECTORY: Final = "feeds"

_WEAK_SCORE: Final = 0.85
_SUSPICIOUS_SCORE: Final = 0.5
_LISTED_DEFANGED_SCORE: Final = 0.8
_UNLISTED_WANTED_SCORE: Final = 0.5
_WEAK_FINDINGS_MAX: Final = 100
_CHECK_EVERY: Final = 100
_NOT_EXAMINED: Final = (NOT_RESOLVED,)
_BLANKS_MAX: Final = 100
_ADDRESS_SCORE: Final = 0.5
"""A bare public address: nothing in it tells one kind from the other."""
_CARRIED_OUT: Final = ("command-and-control", JUDGED_BY_FORM)
_FOR_EVERYBODY: Final = frozenset(
    "content-delivery-networks dynamic-dns file-converter online-storage-and-backup parked personal-sites-and-blogs proxy-avoidance-and-anonymizers"  # noqa: SIM905
    " shareware-and-freeware unknown web-hosting".split()
)
"""Categories of sites below which anybody may put anything."""
_SCRIPT_CATEGORIES: Final = ("browser-runtime-attack", JUDGED_BY_FORM)

_Indexes = tuple[HostIndex, ...]


def compile_malicious_urls(options: MaliciousUrlsOptions, resources: Resources) -> MaliciousUrlsDetector:
    """Shares the suffix list, the shipped hosts and the imported feeds (`data_dir/feeds/*.idx`) with all profiles."""
    directory = resources.data_dir / FEEDS_DIRECTORY if resources.data_dir else None
    knowledge = resources.shared(KNOWLEDGE_KEY, load_knowledge)
    feeds = resources.shared(FEEDS_KEY, lambda: FeedSet(directory))
    return MaliciousUrlsDetector(options, knowledge, feeds, resources.max_urls)


class MaliciousUrlsDetector:
    """Immutable but for the feeds, which follow their directory; safe to share between threads."""

    def __init__(self, options: MaliciousUrlsOptions, knowledge: UrlKnowledge, feeds: FeedSet, max_urls: int) -> None:
        self._options = options
        self._knowledge = knowledge
        self._feeds = feeds
        self._max_urls = max_urls
        self._rulings = Rulings(options)
        own = {Action.BLOCK: options.block_urls, Action.ALERT: options.alert_urls, Action.ALLOW: options.allow_urls}
        self._own = OwnLists(own, knowledge.suffixes)
        self._payloads = PayloadReader()

    def detect(self, subject: Subject) -> Sequence[UrlFinding]:
        """One finding per distinct URL, flagged or not, in the order raw text, folded text, decoded views."""
        reading = Reading(self._max_urls)
        indexes = (*self._knowledge.shipped, *self._feeds.indexes())
        text = subject.text
        self._read(text.raw, reading, indexes, subject)
        if not text.raw.text.isascii() and text.folded.text != text.raw.text.casefold():
            self._read(text.folded, reading, indexes, subject)
        for view in text.decoded:
            self._read(view, reading, indexes, subject)
        if reading.beyond_limit:
            reading.findings.append(self._not_examined(reading))
        return reading.findings

    def score(self, subject: Subject) -> float:
        """The likelihood of the worst URL of the text, whatever the profile wants: 1 for a listed one, else what form and model say."""
        indexes = (*self._knowledge.shipped, *self._feeds.indexes())
        text, worst = subject.text, 0.0
        folded = () if text.raw.text.isascii() or text.folded.text == text.raw.text.casefold() else (text.folded,)
        for view in (text.raw, *folded, *text.decoded):
            subject.checkpoint()
            scan = self._knowledge.extractor.extract(view.text, self._max_urls, subject.checkpoint)
            meant = [match for match in scan.weak if _is_all(view.text, match)]
            for match in (*scan.urls, *meant):
                worst = max(worst, self._danger(match, indexes), self._payloads.carries_data_out(view.text, match))
            worst = max([worst, *(uri.score for uri in self._payloads.script_uris(view.text))])
        return worst

    def _danger(self, match: UrlMatch, indexes: _Indexes) -> float:
        parts = self._parts(match)
        listing = look_up(indexes, match.host, match.port, match.path, parts)
        if listing is not None and (listing.excepted or not malicious_categories().isdisjoint(listing.categories)):
            return 0.0 if listing.excepted else 1.0
        sign = self._knowledge.judge.judge(match, parts)
        opinion = self._opinion(match, parts, sign, listing)
        learned = opinion.probability if opinion else _ADDRESS_SCORE if match.host.is_routable else 0.0
        form = sign.score if sign else 0.0
        flag = self._knowledge.model.flag
        return max(learned, flag + (1.0 - flag) * form if form >= FLAG_SCORE else form * _SUSPICIOUS_SCORE)

    def _read(self, view: View, reading: Reading, indexes: _Indexes, subject: Subject) -> None:
        subject.checkpoint()
        is_raw = view is subject.text.raw
        scan = self._knowledge.extractor.extract(view.text, max(1, reading.remaining), subject.checkpoint)
        reading.beyond_limit += scan.beyond_limit
        for match in scan.urls:
            span = view.to_raw(match.start, match.end)
            if not reading.take(match, span, is_raw):
                continue
            parts = self._parts(match)
            listing = look_up(indexes, match.host, match.port, match.path, parts)
            finding = self._examine(match, view, span, parts, listing)
            reading.findings.append(finding)
            self._read_image(view, match, parts, finding, reading)
        for number, match in enumerate(scan.weak):
            if number % _CHECK_EVERY == 0:
                subject.checkpoint()
            if is_raw and _is_all(view.text, match):
                match = replace(match, form=UrlForm.BARE)
            self._read_weak(match, view, reading, indexes, is_raw)
        if is_raw or view.encodings:
            self._read_scripts(view, reading)

    def _read_weak(self, match: UrlMatch, view: View, reading: Reading, indexes: _Indexes, is_raw: bool) -> None:
        """A dotted name counts when a list carries it, or when its form leaves no doubt."""
        if reading.weak_findings >= _WEAK_FINDINGS_MAX:
            return
        parts = self._parts(match)
        listing = look_up(indexes, match.host, match.port, match.path, parts)
        if match.form is UrlForm.BARE or self._own.ruling(match, parts) is not None:
            pass
        elif listing is None:
            sign = self._knowledge.judge.judge(match, parts) if is_raw else None
            if sign is None or sign.score < _WEAK_SCORE or match.defanged:
                return
        elif listing.excepted:
            return
        span = view.to_raw(match.start, match.end)
        if reading.take_weak(match, span, is_raw):
            reading.findings.append(self._examine(match, view, span, parts, listing))

    def _read_image(self, view: View, match: UrlMatch, parts: HostParts | None, finding: UrlFinding, reading: Reading) -> None:
        """Notes an image that carries data out, unless it goes where pictures are made, or to a brand's or known site."""
        score = self._payloads.carries_data_out(view.text, match)
        if not score or self._own.ruling(match, parts) is Action.ALLOW:
            return
        is_trusted = match.host.is_private or (
            parts is not None
            and (self._knowledge.judge.is_exempt(parts) or is_below(parts.labels, self._knowledge.services.pictures))
        )
        if is_trusted or (finding.known and not finding.flagged):
            return
        categories = _CARRIED_OUT if score >= FLAG_SCORE and not match.defanged else (HIGH_RISK,)
        reading.findings.append(self._finding(UrlRule.IMAGE_EXFILTRATION, finding.url, finding.span, view, categories, score))

    def _read_scripts(self, view: View, reading: Reading) -> None:
        for uri in self._payloads.script_uris(view.text):
            span = view.to_raw(uri.span.start, uri.span.end)
            url = view.text[uri.span.start : uri.span.end]
            categories = _SCRIPT_CATEGORIES if uri.score >= FLAG_SCORE else (HIGH_RISK,)
            reading.findings.append(self._finding(UrlRule.SCRIPT_URI, url, span, view, categories, uri.score))

    def _parts(self, match: UrlMatch) -> HostParts | None:
        return None if match.host.is_ip else self._knowledge.suffixes.split(match.host.text)

    def _examine(self, match: UrlMatch, view: View, span: Span, parts: HostParts | None, listing: Listing | None) -> UrlFinding:
        is_literal = not view.encodings and isinstance(view.offsets, Identity)
        url = (view.text[match.start : match.end] if is_literal else match.url)[:URL_MAX]
        own = self._own.ruling(match, parts)
        if own is not None:
            categories = listing.categories if listing else (UNKNOWN,)
            return self._owned(own, url, span, view, categories)
        if listing is not None and listing.excepted:
            return self._finding(UrlRule.LISTED, url, span, view, (), 0.0, known=True)
        categories = listing.categories if listing else ()
        if listing and not malicious_categories().isdisjoint(categories):
            score = _LISTED_DEFANGED_SCORE if match.defanged else 1.0
            return self._finding(UrlRule.LISTED, url, span, view, categories, score, known=True)
        # Well-known hosting says nothing about a customer's page, so a benign listing does not spare the look at the form.
        sign = self._knowledge.judge.judge(match, parts)
        if sign is not None and sign.score >= FLAG_SCORE and not match.defanged:
            categories = (*categories, sign.category, JUDGED_BY_FORM)
            return self._finding(sign.rule, url, span, view, categories, sign.score, known=listing is not None)
        opinion = self._opinion(match, parts, sign, listing)
        if opinion is not None and not match.defanged and self._convicts(opinion, parts):
            categories = (*categories, _suspected(opinion, match), JUDGED_BY_FORM)
            known, score = listing is not None, opinion.probability
            return self._finding(UrlRule.LEARNED, url, span, view, categories, score, known=known, reasons=opinion.reasons)
        if listing:
            return self._finding(UrlRule.LISTED, url, span, view, categories, 1.0, known=True)
        return self._unlisted(match, url, span, view, sign, opinion)

    def _convicts(self, opinion: Opinion, parts: HostParts | None) -> bool:
        """On a code forge's pages odd names are usual: there a lure or a brand must speak too."""
        if opinion.probability < self._knowledge.model.flag:
            return False
        return opinion.lured or parts is None or parts.suffix not in FORGE_PAGES

    def _opinion(
        self, match: UrlMatch, parts: HostParts | None, sign: Suspicion | None, listing: Listing | None
    ) -> Opinion | None:
        """The model's, which is not asked about brands' own sites and those that a list knows, hosting for everybody aside."""
        if listing is not None and not _FOR_EVERYBODY.issuperset(listing.categories):
            return None
        judge = self._knowledge.judge
        if parts is not None and (judge.is_exempt(parts) or judge.is_third_party(parts.labels)):
            return None
        return self._knowledge.model.judge(match, parts, sign.rule if sign else None)

    def _unlisted(
        self, match: UrlMatch, url: str, span: Span, view: View, sign: Suspicion | None, opinion: Opinion | None
    ) -> UrlFinding:
        if sign is not None and sign.score >= _SUSPICIOUS_SCORE:
            return self._finding(sign.rule, url, span, view, (HIGH_RISK,), sign.score)
        if opinion is not None and opinion.probability >= self._knowledge.model.suspect:
            return self._finding(UrlRule.LEARNED, url, span, view, (HIGH_RISK,), opinion.probability, reasons=opinion.reasons)
        category = PRIVATE_ADDRESS if match.host.is_private else UNKNOWN
        return self._finding(UrlRule.UNLISTED, url, span, view, (category,), 0.0)

    def _owned(self, own: Action, url: str, span: Span, view: View, categories: tuple[str, ...]) -> UrlFinding:
        """What the profile's own list says, whatever the categories."""
        finding = self._finding(UrlRule.OWN_LIST, url, span, view, categories, 1.0, known=True)
        flagged = own is not Action.ALLOW
        return replace(finding, action=own, flagged=flagged, confidence=Confidence.HIGH, score=1.0 if flagged else 0.0)

    def _finding(
        self,
        rule: UrlRule,
        url: str,
        span: Span,
        view: View,
        categories: tuple[str, ...],
        score: float,
        *,
        known: bool = False,
        reasons: tuple[str, ...] = (),
    ) -> UrlFinding:
        action = self._rulings.on(categories)
        if action is not None:
            score = score or _UNLISTED_WANTED_SCORE
        return UrlFinding(
            rule=rule,
            span=span,
            confidence=_confidence(score) if action else Confidence.LOW,
            score=score,
            action=action or Action.ALLOW,
            severity=self._options.severity,
            category=categories[0] if categories else "",
            flagged=action is not None,
            encodings=view.encodings,
            url=url,
            risk_level=risk_of(categories),
            categories=categories,
            known=known,
            reasons=reasons,
        )

    def _not_examined(self, reading: Reading) -> UrlFinding:
        """One finding for all of them; a profile may list their category like any other."""
        start = max((finding.span.start for finding in reading.findings), default=0)
        action = self._rulings.on(_NOT_EXAMINED)
        note = self._note(UrlRule.URLS_NOT_EXAMINED, "", Span(start, start), _NOT_EXAMINED, reading.beyond_limit)
        return note if action is None else replace(note, flagged=True, action=action)

    def _note(self, rule: UrlRule, url: str, span: Span, categories: tuple[str, ...], count: int = 1) -> UrlFinding:
        return UrlFinding(
            rule=rule,
            span=span,
            confidence=Confidence.LOW,
            score=0.5,
            action=Action.ALLOW,
            severity=self._options.severity,
            flagged=False,
            url=url,
            risk_level=risk_of(categories),
            categories=categories,
            known=False,
            count=count,
        )


def _is_all(text: str, match: UrlMatch) -> bool:
    """Whether the text is this one name and nothing else: then it is meant as an address."""
    return (
        match.start < _BLANKS_MAX
        and match.end > len(text) - _BLANKS_MAX
        and text.strip(" \t\r\n/") == text[match.start : match.end]
    )


def _suspected(opinion: Opinion, match: UrlMatch) -> str:
    """The model tells bad from good, not one kind of bad from another: programs and bare addresses point to malware, the rest to phishing."""
    return "malware" if Reason.PROGRAM in opinion.reasons or match.host.is_ip else "phishing"


def _confidence(score: float) -> Confidence:
    if score >= 0.9:
        return Confidence.HIGH
    return Confidence.MEDIUM if score >= FLAG_SCORE else Confidence.LOW
