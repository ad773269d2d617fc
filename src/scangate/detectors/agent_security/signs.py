"""Where the rules hold in a part: in what it declares, in what a tool returned, or in the values of a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from scangate.detectors.agent_security.rulebook import Place, Rule, RuleBook
from scangate.detectors.contract import Subject
from scangate.domain.content import Span
from scangate.domain.taxonomy import Side
from scangate.matching.readings import Reading

MAX_VALUES: Final = 2000
"""Values of a call that are looked at."""
_LONGEST_VALUE: Final = 4096
_QUOTED_WITHIN: Final = 300
_PAIRS: Final = (("“", "”"), ("«", "»"), ("„", "“"), ("「", "」"), ('"', '"'), ("`", "`"))


class Sign(NamedTuple):
    """A rule and the place where it holds, in the text that was looked at."""

    rule: Rule
    span: Span


def signs_in(reading: Reading, subject: Subject, rules: RuleBook) -> list[Sign]:
    """Of a visible or decoded text. Of what a tool returned, what is quoted is no sign: reports about attacks quote them."""
    if subject.part.side is not Side.TOOL_OUTPUT and not subject.text.declarations:
        return []
    declares = bool(subject.text.declarations)
    folded = reading.folded()
    signs = []
    for rule, span in rules[Place.DECLARATION if declares else Place.RESULT].hits(folded.text):
        place = folded.offsets.to_raw(span.start, span.end)
        if declares or not _is_quoted(reading.text, place.start):
            signs.append(Sign(rule, place))
    return signs


def signs_beside(subject: Subject, rules: RuleBook) -> Iterator[Sign]:
    """Of the JSON itself, in code points of the part: values of a call, names of parameters."""
    text = subject.text
    if text.declarations:
        view = text.folded
        yield from (Sign(rule, view.to_raw(span.start, span.end)) for rule, span in rules[Place.DOCUMENT].hits(view.text))
    elif subject.part.side is Side.TOOL_INPUT:
        for index, segment in enumerate(text.segments[:MAX_VALUES]):
            if index % 100 == 0:
                subject.checkpoint()
            value = text.raw.text[segment.span.start : min(segment.span.end, segment.span.start + _LONGEST_VALUE)].lower()
            for rule, _ in rules[Place.ARGUMENT].hits(value, _key(segment.path)):
                yield Sign(rule, text.raw.to_raw(segment.span.start, segment.span.end))


def _key(path: str) -> str:
    """The last name of a path, in snake case: `$.request.baseUrl[0]` is under `base_url`."""
    name = path.rstrip("]0123456789[").rpartition(".")[2]
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _is_quoted(text: str, start: int) -> bool:
    """Whether a quotation is open where a match begins."""
    before = text[max(0, start - _QUOTED_WITHIN) : start].rpartition("\n")[2]
    for opening, closing in _PAIRS:
        if opening == closing:
            if before.count(opening) % 2:
                return True
        elif before.rfind(opening) > before.rfind(closing):
            return True
    return False
