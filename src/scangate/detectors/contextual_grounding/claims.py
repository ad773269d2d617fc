"""The response cut into claims: what it says about the context, sentence by sentence, without what claims nothing.

Left out: questions, greetings, offers of help, opinions, lead-ins, code, and that the context does not say something. Sentences that
lean on what stands before them are read with it: a short answer with its question, a pronoun with the sentence before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

import re2

from scangate.detectors.contextual_grounding.lexicon import read_lexicon
from scangate.detectors.contextual_grounding.sentences import clauses, sentences, without_marker
from scangate.detectors.contextual_grounding.terms import terms
from scangate.domain.content import Span

MAX_CLAIMS: Final = 5000
SHORT_WORDS: Final = 6
"""An answer below this is read with its question, as the model learned it."""
_ASKED: Final = "?？"
_FENCE: Final = "```"
_MEMORY: Final = 240
"""Letters of what stands before that are read with a sentence that leans on it."""
_QUESTION_LETTERS: Final = 300
_STANCE_LETTERS: Final = 24
_AFTER_STANCE: Final = ",;:，、：；–—"
_ECHO: Final = 0.9
_LEANS: Final = re2.compile(
    r"^(?:it|its|they|their|them|he|she|his|her|this|that|these|those|the (?:former|latter|same)|both|there|then|otherwise|instead|also|so"
    r"|él|ella|ellos|ellas|esto|eso|este|esta|estos|estas|su|sus|lo|la|allí|además|también|entonces"
    r"|er|sie|es|dies|diese|dieser|dieses|das|deren|dessen|dort|dann|außerdem|auch|sonst"
    r"|il|elle|ils|elles|cela|ceci|ce|cette|ces|celui-ci|celle-ci|son|sa|ses|leur|leurs|y|en|aussi|puis|sinon"
    r"|egli|esso|essa|essi|lui|lei|loro|questo|questa|questi|queste|ciò|suo|sua|inoltre|anche|poi"
    r"|ele|ela|eles|elas|isto|isso|esse|essa|este|esta|seu|sua|também|depois|além disso"
    r"|он|она|оно|они|это|этот|эта|эти|его|её|ее|их|там|тогда|также|потом|иначе)\b"
    r"|^(?:これ|それ|あれ|この|その|彼|彼女|そこ|また|さらに|ただし|なお|它|他|她|它们|他们|这|那|该|其|另外|此外|同时|然后|不过|但)"
)


_HEDGE: Final = re2.compile(
    r"^(?:i (?:think|believe|guess|suppose)(?: that)?|creo que|pienso que|ich (?:denke|glaube|vermute),?(?: dass)?|je (?:pense|crois) que"
    r"|(?:credo|penso) che|(?:acho|penso|creio) que|(?:я (?:думаю|считаю|полагаю)|мне кажется),?(?: что)?|我(?:认为|觉得|想|猜)[，,]?)"
)


class Kind(StrEnum):
    """What a sentence of a response is."""

    CLAIM = "claim"
    QUESTION = "question"
    GREETING = "greeting"
    OFFER = "offer"
    REFUSAL = "refusal"
    OPINION = "opinion"
    LEAD_IN = "lead_in"
    YES_NO = "yes_no"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class Claim:
    """`text` is what was said, `reading` the same so that it can be understood alone. `span` is in the response; `answers` says that the
    reading begins with the question: that the words stand in the context proves little then."""

    text: str
    reading: str
    span: Span
    answers: bool = False


def claims(response: str, question: str = "") -> list[Claim]:
    """At most `MAX_CLAIMS`, in order. Linear in the response."""
    found: list[Claim] = []
    before, stance = "", None
    asked = question.strip()[-_QUESTION_LETTERS:]
    for span in _sentences(response):
        for clause in clauses(without_marker(response[span.start : span.end])):
            kind = kind_of(clause, asked)
            if kind is Kind.OPINION:
                clause, kind = _without_hedge(clause)
            if kind is Kind.CLAIM:
                reading = _reading(clause, before, asked, after_stance=stance is not None)
                found.append(Claim(_without_stance(clause), reading, span, bool(asked) and reading.startswith(f"{asked} ")))
                if len(found) >= MAX_CLAIMS:
                    return found
            stance = Claim(clause, f"{asked} {clause}".strip(), span) if kind is Kind.YES_NO else None
            if kind in (Kind.CLAIM, Kind.LEAD_IN, Kind.YES_NO, Kind.ECHO):
                before = clause[-_MEMORY:]
    return found or ([stance] if stance is not None and asked else [])


def _sentences(response: str) -> Iterator[Span]:
    """Without those inside of fenced code."""
    fenced = False
    for span in sentences(response):
        text = response[span.start : span.end]
        if text.startswith(_FENCE):
            fenced = not fenced and text.count(_FENCE) % 2 == 1
            continue
        if not fenced:
            yield span


def kind_of(sentence: str, question: str = "") -> Kind:
    """What a sentence without its list marker is. An empty one is a lead-in."""
    lowered = sentence.casefold().replace("’", "'").strip()
    bare = lowered.strip(".!。！,， \t*_\"'«»“”:：…")
    if not any(char.isalnum() for char in lowered):
        return Kind.LEAD_IN
    if lowered[-1] in _ASKED:
        return Kind.QUESTION
    for kind in _PHRASED:
        pattern, whole = _phrases()[kind.value]
        if (pattern.fullmatch(bare) if whole else pattern.search(lowered)) is not None:
            return kind
    if question and _is_echo(lowered, question):
        return Kind.ECHO
    return Kind.CLAIM


_PHRASED: Final = (Kind.GREETING, Kind.YES_NO, Kind.OFFER, Kind.REFUSAL, Kind.OPINION, Kind.LEAD_IN)


@cache
def _phrases() -> dict[str, tuple[Any, bool]]:
    return {
        kind: (re2.compile("(?:" + "|".join(f"(?:{pattern})" for pattern in entry["patterns"]) + ")"), bool(entry.get("whole")))
        for kind, entry in read_lexicon("phrases.yaml").items()
    }


def _without_hedge(clause: str) -> tuple[str, Kind]:
    """A statement that "I think" only softens is one all the same; advice, hopes and tastes stay opinions."""
    found = _HEDGE.match(clause.casefold())
    rest = clause[found.end() :].strip() if found is not None else ""
    long_enough = len(rest.split()) >= SHORT_WORDS or (" " not in rest and len(rest) // 3 >= SHORT_WORDS)
    return (rest, Kind.CLAIM) if long_enough and kind_of(rest) is Kind.CLAIM else (clause, Kind.OPINION)


def _is_echo(sentence: str, question: str) -> bool:
    """Whether a sentence says nothing that the question does not."""
    mine = set(terms(sentence))
    return len(mine) >= 3 and len(mine & set(terms(question))) >= _ECHO * len(mine) and not any(map(str.isdigit, sentence))


def _without_stance(clause: str) -> str:
    """What follows a yes or no: it stands there for the question, and denies nothing of what follows."""
    for at, char in enumerate(clause[:_STANCE_LETTERS]):
        if char in _AFTER_STANCE:
            if kind_of(clause[:at]) is Kind.YES_NO and any(map(str.isalnum, clause[at:])):
                return clause[at + 1 :].strip()
            break
    return clause


def _reading(text: str, before: str, question: str, *, after_stance: bool) -> str:
    words = len(text.split())
    if " " not in text:
        words = len(text) // 3
    if words < SHORT_WORDS:
        lean = question or before
        return f"{lean} {text}" if lean else text
    if before and (after_stance or _LEANS.search(text.casefold()) is not None):
        return f"{before} {text}"
    return text
