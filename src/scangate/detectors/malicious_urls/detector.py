"""URLs of every view, looked up in the lists and judged by their form."""

from __future__ import annotations

from dataclasses import dataclass

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.malicious_urls.brands import Brands, load_brands
from scangate.detectors.malicious_urls.categories import UNKNOWN, risk_of
from scangate.detectors.malicious_urls.feed_set import FeedSet
from scangate.detectors.malicious_urls.findings import UrlFinding, UrlRule
from scangate.detectors.malicious_urls.known import known_hosts
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.detectors.malicious_urls.rulings import Rulings
from scangate.detectors.malicious_urls.shape import judge
from scangate.domain.taxonomy import Action, Confidence
from scangate.matching.host_index import HostIndex, look_up
from scangate.matching.public_suffixes import PublicSuffixes, load_public_suffixes
from scangate.matching.urls import UrlExtractor, UrlForm, UrlMatch
from scangate.matching.views import View

FEEDS_DIRECTORY = "feeds"


@dataclass(frozen=True, slots=True)
class UrlKnowledge:
    """What all profiles share: lists, suffixes, brands, the extractor."""

    suffixes: PublicSuffixes
    brands: Brands
    extractor: UrlExtractor
    built_in: HostIndex
    feeds: FeedSet

    @classmethod
    def load(cls, resources: Resources) -> UrlKnowledge:
        suffixes = load_public_suffixes()
        directory = resources.data_dir / FEEDS_DIRECTORY if resources.data_dir else None
        return cls(suffixes, load_brands(), UrlExtractor(suffixes), known_hosts(), FeedSet(directory))


class MaliciousUrlsDetector:
    def __init__(self, options: MaliciousUrlsOptions, knowledge: UrlKnowledge) -> None:
        self._options = options
        self._knowledge = knowledge
        self._rulings = Rulings(options)

    def detect(self, subject: Subject) -> list[UrlFinding]:
        """One finding per listed or suspicious URL and one where URLs were left unexamined; the limit holds for all views together."""
        found: dict[tuple[int, str], UrlFinding] = {}
        left = self._options.max_urls
        seen: set[str] = set()
        for view in subject.text.views:
            if left <= 0:
                break
            scan = self._knowledge.extractor.extract(view.text, left, subject.checkpoint)
            for match in (*scan.urls, *scan.weak):
                if match.url in seen:
                    continue
                seen.add(match.url)
                left -= match.form is not UrlForm.WEAK
                finding = self._examine(match, view)
                if finding is not None:
                    found.setdefault((finding.span.start, finding.url), finding)
            if scan.beyond_limit and scan.urls:
                last = scan.urls[-1]
                note = self._note(view, last, scan.beyond_limit)
                found.setdefault((note.span.start, UrlRule.URLS_NOT_EXAMINED), note)
        return sorted(found.values(), key=lambda finding: finding.span)

    def _examine(self, match: UrlMatch, view: View) -> UrlFinding | None:
        knowledge = self._knowledge
        indexes = (knowledge.built_in, *knowledge.feeds.indexes())
        listing = look_up(indexes, match.host, match.port, match.path, knowledge.suffixes)
        if listing is not None and listing.excepted:
            return None
        if listing is not None:
            return self._finding(UrlRule.LISTED, match, view, listing.categories, known=True)
        judged = judge(match, knowledge.suffixes, knowledge.brands)
        if judged is not None:
            return self._finding(judged[0], match, view, judged[1], known=False)
        if match.form is UrlForm.WEAK or self._rulings.on((UNKNOWN,)) is None:
            return None
        return self._finding(UrlRule.UNLISTED, match, view, (UNKNOWN,), known=False)

    def _finding(self, rule: UrlRule, match: UrlMatch, view: View, categories: tuple[str, ...], *, known: bool) -> UrlFinding:
        action = self._rulings.on(categories)
        return UrlFinding(
            rule=rule.value,
            span=view.to_raw(match.start, match.end),
            confidence=Confidence.HIGH if known else Confidence.MEDIUM,
            score=0.99 if known else 0.8,
            action=action or Action.ALLOW,
            severity=self._options.severity,
            category=categories[0],
            flagged=action is not None,
            encodings=view.encodings,
            url=match.url,
            risk_level=risk_of(categories),
            categories=categories,
            known=known,
        )

    def _note(self, view: View, last: UrlMatch, count: int) -> UrlFinding:
        return UrlFinding(
            rule=UrlRule.URLS_NOT_EXAMINED.value,
            span=view.to_raw(last.start, last.end),
            confidence=Confidence.LOW,
            score=0.0,
            action=Action.ALLOW,
            flagged=False,
            url="",
            risk_level="Not Given",
            categories=(),
            known=False,
            count=count,
        )


def compile_malicious_urls(options: MaliciousUrlsOptions, resources: Resources) -> MaliciousUrlsDetector:
    """Lists and tables are loaded once a process."""
    knowledge = resources.shared("malicious_urls.knowledge", lambda: UrlKnowledge.load(resources))
    return MaliciousUrlsDetector(options, knowledge)
