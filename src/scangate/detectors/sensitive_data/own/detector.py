"""Own data profiles on top of the predefined patterns: what both found goes through the rules, and is flagged as they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from scangate.detectors.contract import CompiledDetector, Subject
from scangate.detectors.sensitive_data.data_profiles import DataProfile, Selection
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import OwnMember, SensitiveDataOptions
from scangate.detectors.sensitive_data.own.definition import Condition
from scangate.detectors.sensitive_data.own.profile import OwnDataProfile, OwnMatch, comparable
from scangate.detectors.sensitive_data.own.rules import Counted, covers, met
from scangate.detectors.sensitive_data.thresholds import judged
from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding, Severity
from scangate.matching.literals import lower_same_length
from scangate.matching.views import View

OWN_CATEGORY = "own"
"""`category` of findings of own patterns."""
_UNRELIABLE = frozenset({Encoding.REVERSED, Encoding.ROT13, Encoding.SPELLING})


def needed_profiles(options: SensitiveDataOptions) -> tuple[DataProfile, ...]:
    """The predefined data profiles of the options, and what rules of own ones need to know of predefined patterns."""
    return (*options.data_profiles, *(profile for own in options.own for profile in _selected_by(own.profile)))


def _selected_by(own: OwnDataProfile) -> Iterator[DataProfile]:
    selections = tuple(
        Selection(
            categories=(condition.category,) if condition.category else (),
            patterns=(condition.pattern,) if condition.pattern else (),
            minimum=condition.confidence,
        )
        for rule in own.document.rules
        for condition in (rule.conditions if rule else ())
        if condition.pattern is None or own.document.pattern(condition.pattern) is None
    )
    if selections:
        yield DataProfile(name=own.document.data_profile_name, select=selections)


class OwnProfilesDetector:
    """`predefined` looks for all patterns of `needed_profiles`, None where there are none. Immutable."""

    __slots__ = ("_options", "_predefined")

    def __init__(self, options: SensitiveDataOptions, predefined: CompiledDetector | None) -> None:
        self._options = options
        self._predefined = predefined

    def detect(self, subject: Subject) -> Sequence[SensitiveDataFinding]:
        """Findings by place: those of predefined patterns that a predefined data profile flags, and those that count for a rule that is
        matched, flagged; other matches, unflagged.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()` and the predefined patterns.
        """
        found = list(self._predefined.detect(subject)) if self._predefined is not None else []
        of_predefined = [finding for finding in found if isinstance(finding, SensitiveDataFinding)]
        findings = judged(of_predefined, self._options.data_profiles, self._options.minimum_confidence, subject.part.text)
        for own in self._options.own:
            subject.checkpoint()
            findings = self._under(own, findings, subject)
        return sorted(findings, key=lambda finding: (finding.span, finding.rule))

    def _under(self, own: OwnMember, findings: list[SensitiveDataFinding], subject: Subject) -> list[SensitiveDataFinding]:
        """All findings, with those of one own data profile, after its rules."""
        profile = own.profile
        matches = list(_matches(profile, subject))
        counted = [_counted(finding, subject) for finding in findings]
        allowed = [value is None or value.value in profile.allowed for value in counted]
        of_own = [Counted(match.pattern, "", match.confidence, match.value) for match, _, _ in matches]
        known = [value for value, excused in zip(counted, allowed, strict=True) if value is not None and not excused] + of_own
        conditions = [met(rule, known) if rule is not None else () for rule in profile.document.rules]
        matched = tuple(number for number, holding in enumerate(conditions, start=1) if holding)
        holding = [condition for group in conditions for condition in group]
        reported = [
            finding if finding.flagged or excused or value is None or not _counts(value, holding) else replace(
                finding, flagged=True, data_profile_id=own.data_profile_id, matched_rules=matched
            )
            for finding, value, excused in zip(findings, counted, allowed, strict=True)
        ]  # fmt: skip
        for (match, span, encodings), value in zip(matches, of_own, strict=True):
            flagged = _counts(value, holding)
            reported.append(self._finding(own, match, span, encodings, matched if flagged else ()))
        return reported

    def _finding(
        self, own: OwnMember, match: OwnMatch, span: Span, encodings: tuple[Encoding, ...], matched: tuple[int, ...]
    ) -> SensitiveDataFinding:
        return SensitiveDataFinding(
            rule=match.pattern,
            span=span,
            confidence=match.confidence,
            score=match.score,
            action=self._options.action,
            severity=self._options.severity or own.profile.document.severity or Severity.MEDIUM,
            category=OWN_CATEGORY,
            flagged=bool(matched),
            encodings=encodings,
            pattern_name=match.pattern,
            pattern_id=own_pattern_id(own.data_profile_id, match.pattern),
            rule_id=own.data_profile_id,
            version=own.revision,
            data_profile_id=own.data_profile_id,
            matched_rules=matched,
        )


def own_pattern_id(data_profile_id: str, name: str) -> str:
    """The id of an own pattern: 24 hexadecimal digits, as those of predefined ones."""
    return sha256(f"{data_profile_id}:{name}".encode()).hexdigest()[:24]


def _counted(finding: SensitiveDataFinding, subject: Subject) -> Counted | None:
    """A finding of a predefined pattern as rules see it; None for those of other own data profiles, which are nobody else's business."""
    if finding.category == OWN_CATEGORY:
        return None
    value = subject.part.text[finding.span.start : finding.span.end]
    return Counted(finding.pattern_name, finding.category, finding.confidence, comparable(value))


def _counts(value: Counted, conditions: Iterable[Condition]) -> bool:
    return any(covers(condition, value) for condition in conditions)


def _matches(profile: OwnDataProfile, subject: Subject) -> Iterator[tuple[OwnMatch, Span, tuple[Encoding, ...]]]:
    """`(match, span in the raw text, what was undone)`; what several views show of one pattern at one place, once."""
    taken: dict[str, list[Span]] = {}
    for view, text, expressions, words, folded in _readings(subject):
        subject.checkpoint()
        fresh: dict[str, list[Span]] = {}
        for match in profile.find(text, subject.checkpoint, expressions=expressions, words=words, folded=folded):
            if not match.settled and not _UNRELIABLE.isdisjoint(view.encodings):
                continue
            span = view.to_raw(match.start, match.end)
            if not _overlaps(span, taken.get(match.pattern, ())):
                fresh.setdefault(match.pattern, []).append(span)
                yield match, span, view.encodings
        for pattern, spans in fresh.items():
            taken[pattern] = sorted([*taken.get(pattern, ()), *spans])


def _readings(subject: Subject) -> Iterator[tuple[View, str, bool, bool, bool]]:
    """Views with the text to read, whether expressions and all others read it, and whether it is folded: the raw one is for expressions, which may be about
    case, the folded one for all others and, where it differs in more than case, for expressions too."""
    prepared = subject.text
    yield prepared.raw, prepared.raw.text, True, False, False
    differs = prepared.folded.text not in (prepared.raw.text, prepared.raw.text.lower())
    yield prepared.folded, lower_same_length(prepared.folded.text), differs, True, True
    for view in prepared.decoded:
        yield view, view.text, True, False, False
        yield view, lower_same_length(view.text), False, True, True


def _overlaps(span: Span, taken: Sequence[Span]) -> bool:
    """`taken` is sorted; spans of one view hardly ever overlap, so the neighbours are enough."""
    low, high = 0, len(taken)
    while low < high:
        middle = (low + high) // 2
        if taken[middle].end <= span.start:
            low = middle + 1
        else:
            high = middle
    return low < len(taken) and taken[low].start < span.end
