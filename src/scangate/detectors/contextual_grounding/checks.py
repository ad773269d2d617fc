"""What can be seen without a model: numbers, names, quotations and negations of a claim beside the context's.

Each check is a `Sign`: what it is, and how often a claim that shows it is not grounded. The certainties were measured, see README.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import re2

from scangate.detectors.contextual_grounding import amounts
from scangate.detectors.contextual_grounding.alignment import Alignment, align, tokens
from scangate.detectors.contextual_grounding.amounts import Pool
from scangate.detectors.contextual_grounding.claims import Claim
from scangate.detectors.contextual_grounding.names import KnownWords, capitalised, names
from scangate.detectors.contextual_grounding.passages import Passage, Passages
from scangate.detectors.contextual_grounding.quantities import quantities
from scangate.detectors.contextual_grounding.sentences import comma_parts
from scangate.detectors.contextual_grounding.terms import language_of, plain, script_of, terms
from scangate.domain.content import Span

CONTRADICTION: Final = "contradiction"
NOT_IN_CONTEXT: Final = "not_in_context"
WRONG_NUMBER: Final = "wrong_number"
WRONG_DATE: Final = "wrong_date"
WRONG_UNIT: Final = "wrong_unit"
WRONG_ENTITY: Final = "wrong_entity"
WRONG_QUOTATION: Final = "wrong_quotation"
CATEGORIES: Final = (CONTRADICTION, NOT_IN_CONTEXT, WRONG_NUMBER, WRONG_DATE, WRONG_UNIT, WRONG_ENTITY, WRONG_QUOTATION)

_QUOTED: Final = re2.compile(r'"([^"\n]+)"|“([^”\n]+)”|«([^»\n]+)»|„([^“”\n]+)[“”]|「([^」\n]+)」|『([^』\n]+)』')
_QUOTED_WORDS: Final = 4
_QUOTED_SIGNS: Final = 8
_ALIGNED: Final = 3
"""Sentences of the context that a claim is laid beside."""
_PARTS: Final = 8
_PASSAGES: Final = 3
_NAME_TOKENS: Final = 6


@dataclass(frozen=True, slots=True)
class Sign:
    """`certainty` in [0, 1]."""

    name: str
    category: str
    certainty: float
    detail: str = ""


KINDS: Final[dict[str, tuple[str, float]]] = {
    amounts.NUMBER_ABSENT: (WRONG_NUMBER, 0.85),
    amounts.NUMBER_ELSEWHERE: (WRONG_NUMBER, 0.3),
    amounts.SMALL_NUMBER_ABSENT: (WRONG_NUMBER, 0.4),
    amounts.UNIT: (WRONG_UNIT, 0.85),
    amounts.DATE_ABSENT: (WRONG_DATE, 0.6),
    amounts.DATE_WRONG: (WRONG_DATE, 0.85),
    amounts.DATE_RECKONED: (WRONG_DATE, 0.4),
    amounts.CLOCK_ABSENT: (WRONG_NUMBER, 0.45),
    amounts.WEEKDAY_ABSENT: (WRONG_DATE, 0.45),
    "name_absent": (WRONG_ENTITY, 0.8),
    "code_absent": (WRONG_ENTITY, 0.85),
    "name_absent_foreign": (WRONG_ENTITY, 0.4),
    "quotation": (WRONG_QUOTATION, 0.85),
    "aligned_number": (WRONG_NUMBER, 0.95),
    "aligned_name": (WRONG_ENTITY, 0.9),
    "aligned_negation": (CONTRADICTION, 0.9),
    "aligned_opposite": (CONTRADICTION, 0.9),
    "aligned_order": (CONTRADICTION, 0.85),
}
"""Category and certainty of every sign."""


class Beside:
    """What the checks know of a context and a question, worked out once a scan."""

    def __init__(self, passages: Passages, question: str) -> None:
        self.passages = passages
        self.question = question
        self.language = language_of(passages.context)
        self.script = script_of(passages.context)
        self.everywhere = Pool(quantities(passages.context))
        self.asked = Pool(quantities(question))
        self.known = KnownWords(passages.context, question)
        self.plain = plain(passages.context + "\n" + question)
        self.wanted = terms(question)
        self._pools: dict[int, Pool] = {}

    def near(self, chosen: Sequence[Passage]) -> Pool:
        """The quantities of some passages."""
        if len(self.passages.sentences) <= _FEW:
            return self.everywhere
        numbers = {number for passage in chosen for number in range(passage.first, passage.last)}
        return Pool(one for number in sorted(numbers) for one in self._of(number).all)

    def _of(self, number: int) -> Pool:
        if number not in self._pools:
            self._pools[number] = Pool(quantities(self.passages.sentence(number)))
        return self._pools[number]


_FEW: Final = 12


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim with its passages, best first, the sentence nearest to it and what was seen."""

    claim: Claim
    passages: tuple[Passage, ...]
    signs: tuple[Sign, ...]
    is_verbatim: bool
    coverage: float
    """Share of the claim's terms, by rarity, that the best passage has."""
    near: float
    nearest_span: Span | None
    """In the context: the sentence that shares most with the claim."""


def check(claim: Claim, beside: Beside) -> Checked:
    """Every check on one claim."""
    passages = beside.passages
    wanted = terms(claim.text)
    worth = passages.fits(wanted, terms(claim.reading) + beside.wanted)
    chosen = tuple(passages.best(worth, _PASSAGES))
    nearest = passages.nearest(passages.fits(wanted), _ALIGNED)
    language = language_of(claim.text) or beside.language
    alignments = [pair for number in nearest for pair in _alignments(claim, number, passages, language)]
    aligned = max(alignments, key=lambda pair: (pair[1].near, pair[1].same_words), default=None)
    verbatim = any(one.is_same for _, one in alignments)
    verbatim = verbatim or (plain(claim.text) in beside.plain and not any(one.is_negated for _, one in alignments))
    signs: list[Sign] = []
    if not verbatim:
        signs += _number_signs(claim, beside, chosen)
        signs += _name_signs(claim, beside, language)
        signs += _quotation_signs(claim, beside)
        for number, alignment in alignments:
            if aligned is not None and alignment.near >= aligned[1].near:
                signs += _aligned_signs(claim, alignment, passages.sentence(number), language)
    return Checked(
        claim,
        chosen,
        tuple(signs),
        verbatim and not claim.answers,
        _coverage(wanted, chosen, passages),
        aligned[1].near if aligned else 0.0,
        passages.sentences[aligned[0]] if aligned else None,
    )


def _alignments(claim: Claim, number: int, passages: Passages, language: str) -> Iterator[tuple[int, Alignment]]:
    """The claim beside a sentence and beside its parts, short ones first: of two that are as near the first counts."""
    mine = tokens(claim.text)
    for part in sorted(comma_parts(passages.sentence(number))[:_PARTS], key=len):
        theirs = tokens(part)
        if 2 * len(theirs) >= len(mine):
            yield number, align(mine, theirs, language)


def _sign(name: str, detail: str = "") -> Sign:
    category, certainty = KINDS[name]
    return Sign(name, category, certainty, detail)


def _number_signs(claim: Claim, beside: Beside, chosen: Sequence[Passage]) -> list[Sign]:
    mine = quantities(claim.text)
    if not mine:
        return []
    return [
        _sign(kind, quantity.text)
        for kind, quantity in amounts.faults(mine, beside.near(chosen), beside.everywhere, beside.asked)
    ]


def _name_signs(claim: Claim, beside: Beside, language: str) -> list[Sign]:
    found = []
    foreign = language != beside.language
    for name in names(claim.text, language):
        if not name.sure or beside.known.has(name):
            continue
        if name.is_code:
            found.append(_sign("code_absent", name.text))
        elif not foreign:
            found.append(_sign("name_absent", name.text))
        elif script_of(claim.text) == beside.script:
            found.append(_sign("name_absent_foreign", name.text))
    return found


def _quotation_signs(claim: Claim, beside: Beside) -> list[Sign]:
    found = []
    for match in _QUOTED.finditer(claim.text):
        quoted = next(group for group in match.groups() if group)
        long_enough = len(quoted.split()) >= _QUOTED_WORDS or (
            " " not in quoted and len(quoted) >= _QUOTED_SIGNS and quoted[0] >= "\u2e80"
        )
        if long_enough and language_of(quoted) in ("", beside.language) and plain(quoted) not in beside.plain:
            found.append(_sign("quotation", quoted))
    return found


def _aligned_signs(claim: Claim, alignment: Alignment, sentence: str, language: str) -> list[Sign]:
    found = []
    if alignment.is_negated:
        found.append(_sign("aligned_negation"))
    opposite = alignment.opposite
    if opposite is not None:
        found.append(_sign("aligned_opposite", f"{opposite[0]} / {opposite[1]}"))
    if alignment.is_reordered:
        found.append(_sign("aligned_order"))
    if alignment.is_near:
        found += _changed_amounts(alignment)
        found += _changed_names(claim, alignment, sentence, language)
    return found


def _changed_amounts(alignment: Alignment) -> list[Sign]:
    for change in alignment.changes:
        mine, theirs = (quantities(" ".join(part)) for part in (change.claim, change.sentence))
        if (
            mine
            and theirs
            and not any(amounts.agree(one, other) or one.values == other.values for one in mine for other in theirs)
        ):
            return [_sign("aligned_number", mine[0].text)]
    return []


def _changed_names(claim: Claim, alignment: Alignment, sentence: str, language: str) -> list[Sign]:
    if language == "de":
        mine, theirs = ({word for name in names(text, language) for word in name.words} for text in (claim.text, sentence))
    else:
        mine, theirs = set(capitalised(claim.text)), set(capitalised(sentence))
    for change in alignment.changes:
        come = [token for token in change.claim if token in mine and token not in theirs]
        gone = [token for token in change.sentence if token in theirs and token not in mine]
        if come and gone and len(change.claim) <= _NAME_TOKENS and len(change.sentence) <= _NAME_TOKENS:
            return [_sign("aligned_name", " ".join(come))]
    return []


def _coverage(wanted: Sequence[str], chosen: Sequence[Passage], passages: Passages) -> float:
    if not wanted or not chosen:
        return 0.0
    held = set(terms(passages.text(chosen[0])))
    weights = {term: passages.rarity(term) for term in set(wanted)}
    return sum(weight for term, weight in weights.items() if term in held) / sum(weights.values())
